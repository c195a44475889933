// SPDX-License-Identifier: Apache-2.0
// Node's string_decoder: the package string_decoder.
'use strict';

module.exports = require('string_decoder/');
