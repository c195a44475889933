// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    await runner.query('CREATE TABLE second (id int)');
    const other = runner.connection.createQueryRunner();
    const [{ n }] = await other.query(`SELECT count(*)::int AS n FROM pg_class WHERE relname = 'second'`);
    await runner.query('ALTER TABLE second ADD COLUMN a int');
    await runner.query('ALTER TABLE second ADD COLUMN b int');
    await other.release();
    await runner.query('ALTER TABLE second ADD COLUMN c int');
    await runner.query(`INSERT INTO first VALUES (2, $1)`, [`${n}`]);
  }

  async down() {}
};
