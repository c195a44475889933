// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    const all = [];
    for (let i = 0; i < 50; ++i) all.push(runner.query(`CREATE TABLE t${i} (id int)`));
    all.push(runner.query(`INSERT INTO first SELECT 2, count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$'`));
    for (let i = 0; i < 50; i += 2) all.push(runner.query(`DROP TABLE t${i}`));
    await Promise.all(all);
    await runner.query(`INSERT INTO first SELECT 3, 'left: ' || count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$'`);
  }

  async down() {}
};
