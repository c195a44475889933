// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three((runner) => runner.query(`DO $$ BEGIN RAISE EXCEPTION 'no %', 'way' USING ERRCODE = 'AB123', DETAIL = 'the detail', HINT = 'the hint'; END $$`));
