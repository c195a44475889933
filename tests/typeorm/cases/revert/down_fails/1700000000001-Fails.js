// SPDX-License-Identifier: Apache-2.0
exports.Fails1700000000001 = class Fails1700000000001 {
  async up(runner) { await runner.query('CREATE TABLE t (id int)'); }

  async down(runner) {
    await runner.query('INSERT INTO t VALUES (1)');
    await runner.query('DROP TABLE nothing');
  }
};
