// SPDX-License-Identifier: Apache-2.0
// The module `dotenv` of scripts: data source files read their environment with it.
'use strict';

module.exports = require('dotenv');
