// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    const client = await runner.connect();
    const error = await new Promise((resolve) => client.query('SAVEPOINT s; CREATE TABLE first (id int)', (refused) => resolve(refused)));
    await runner.query('ROLLBACK TO SAVEPOINT s');
    await runner.query(`INSERT INTO first VALUES (2, $1)`, [error.message]);
  }

  async down() {}
};
