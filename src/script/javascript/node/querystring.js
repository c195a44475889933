// SPDX-License-Identifier: Apache-2.0
// Node's querystring: the package querystring-es3.
'use strict';

module.exports = require('querystring-es3');
