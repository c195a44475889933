// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three(async (runner) => {
  const cause = await runner.query('SELECT 1/0').catch((error) => error);
  throw new Error('wrapped', { cause });
});
