// SPDX-License-Identifier: Apache-2.0
// More than may be on their way, with questions between them whose answers must count all before.
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    for (let i = 0; i < 100; ++i) {
      await runner.query(`CREATE TABLE t${i} (id int PRIMARY KEY, text text DEFAULT 'a; b')`);
      await runner.query(`COMMENT ON TABLE t${i} IS 'the ${i}th'`);
      if (i % 9 !== 0) continue;
      const [{ n }] = await runner.query(`SELECT count(*)::int AS n FROM pg_class WHERE relname ~ '^t[0-9]+$'`);
      await runner.query(`INSERT INTO first VALUES ($1, $2)`, [i + 2, `${i}: ${n}`]);
      await runner.query(`DROP TABLE t${i}`);
    }
  }

  async down() {}
};
