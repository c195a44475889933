// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    const assert = require('assert');
    await runner.query('SAVEPOINT s');
    await assert.rejects(() => runner.query('CREATE TABLE first (id int)'));
    await runner.query('ROLLBACK TO SAVEPOINT s');
  }

  async down() {}
};
