// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three(async (runner) => {
  await runner.query('SELECT nothing').catch(() => {});
  await runner.query('SELECT 1');
  if (!runner.isTransactionActive) throw new Error('no transaction, so nothing was aborted');
});
