// SPDX-License-Identifier: Apache-2.0
exports.Throws1700000000001 = class Throws1700000000001 {
  async up(runner) { await runner.query('CREATE TABLE t (id int)'); }

  async down(runner) {
    await runner.query('INSERT INTO t VALUES (1)');
    throw new Error('it cannot be reverted');
  }
};
