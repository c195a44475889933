// SPDX-License-Identifier: Apache-2.0
// Node's punycode: the package punycode.
'use strict';

module.exports = require('punycode/');
