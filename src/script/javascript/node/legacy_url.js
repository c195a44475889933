// SPDX-License-Identifier: Apache-2.0
// The old functions of Node's url.
'use strict';

module.exports = require('url/');
