// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three((runner) => runner.query('INSERT INTO second VALUES (1); SELECT 1/0; INSERT INTO second VALUES (2)'));
