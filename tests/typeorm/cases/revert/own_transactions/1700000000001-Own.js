// SPDX-License-Identifier: Apache-2.0
exports.First1700000000001 = class First1700000000001 {
  async up(runner) { await runner.query('CREATE TABLE t (id int)'); }

  async down(runner) { await runner.query('DROP TABLE t'); }
};

exports.Own1700000000002 = class Own1700000000002 {
  async up(runner) {
    const inside = runner.isTransactionActive;
    if (inside) await runner.commitTransaction();
    await runner.query('CREATE INDEX CONCURRENTLY by_id ON t (id)');
    if (inside) await runner.startTransaction();
  }

  async down(runner) {
    const inside = runner.isTransactionActive;
    if (inside) await runner.commitTransaction();
    await runner.query('DROP INDEX CONCURRENTLY by_id');
    if (inside) await runner.startTransaction();
  }
};
