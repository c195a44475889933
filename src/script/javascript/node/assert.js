// SPDX-License-Identifier: Apache-2.0
// Node's assert: the package assert.
'use strict';

module.exports = require('assert/');
