// SPDX-License-Identifier: Apache-2.0
// The module `pg` of scripts: pg's own, over our Connection.
'use strict';

module.exports = require('pg/lib/index.js');
