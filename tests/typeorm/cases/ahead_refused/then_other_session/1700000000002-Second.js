// SPDX-License-Identifier: Apache-2.0
// What comes behind it must not reach the server over another session either.
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    await runner.query('CREATE TABLE first (id int)');
    await runner.connection.query(`INSERT INTO first VALUES (7, 'over another session')`);
    await runner.query('CREATE TABLE second (id int)');
  }

  async down() {}
};
