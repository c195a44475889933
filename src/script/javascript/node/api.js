// SPDX-License-Identifier: Apache-2.0
// What api.mjs found while building.
'use strict';

module.exports = require('api.json');
