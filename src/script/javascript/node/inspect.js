// SPDX-License-Identifier: Apache-2.0
// How Node prints values.
'use strict';

module.exports = require('node-inspect-extracted');
