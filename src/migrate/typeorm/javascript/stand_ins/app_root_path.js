// SPDX-License-Identifier: Apache-2.0
// In the place of app-root-path: scripts run in the project's folder.
'use strict';

module.exports = { path: process.cwd() };
