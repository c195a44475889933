// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.First1700000000001 = class First1700000000001 {
  async up(runner) {
    await runner.query('CREATE TABLE first (id int PRIMARY KEY, name text NOT NULL)');
    await runner.query('CREATE UNIQUE INDEX first_name ON first (name)');
    await runner.query(`INSERT INTO first VALUES (1, 'one')`);
  }

  async down() {}
};
