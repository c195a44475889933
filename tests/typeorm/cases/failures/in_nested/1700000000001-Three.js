// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three(async (runner) => {
  await runner.startTransaction();
  await runner.query('INSERT INTO second VALUES (1)');
  await runner.startTransaction();
  await runner.query('INSERT INTO second VALUES (2)');
  throw new Error('in the depth');
});
