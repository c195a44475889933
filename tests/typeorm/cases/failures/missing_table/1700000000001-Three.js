// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three((runner) => runner.query('SELECT *\n  FROM nothing\n  WHERE id = $1', [1]));
