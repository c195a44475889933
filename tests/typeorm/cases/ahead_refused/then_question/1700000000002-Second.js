// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    await runner.query('ALTER TABLE nowhere ADD COLUMN a int');
    await runner.query('ALTER TABLE first ADD COLUMN b int');
    const [row] = await runner.query('SELECT count(*) AS n FROM first');
    await runner.query(`INSERT INTO first VALUES (2, $1)`, [row.n]);
  }

  async down() {}
};
