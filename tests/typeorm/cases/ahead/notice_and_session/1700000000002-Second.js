// SPDX-License-Identifier: Apache-2.0
// Notices of statements that are on their way, and another session behind them.
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    for (let i = 0; i < 5; ++i) {
      await runner.query('DROP TABLE IF EXISTS nothing');
      await runner.query('ALTER TABLE IF EXISTS nothing ADD COLUMN a int');
      const [{ n }] = await runner.connection.query(`SELECT count(*)::int AS n FROM pg_class WHERE relname = 'first'`);
      await runner.query(`INSERT INTO first VALUES ($1, $2)`, [i + 2, `${i}: ${n}`]);
    }
  }

  async down() {}
};
