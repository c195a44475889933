// SPDX-License-Identifier: Apache-2.0
// BEGIN, COMMIT and ROLLBACK as text, of which TypeORM knows nothing.
'use strict';

const notes = require('../notes');

exports.Raw1700000000001 = class Raw1700000000001 {
  async up(runner) {
    const note = await notes(runner);
    await runner.query('CREATE TABLE t (id int)');
    await runner.query('COMMIT');
    await runner.query('BEGIN');
    await runner.query('INSERT INTO t VALUES (1)');
    await runner.query('ROLLBACK');
    await note('after ROLLBACK', await runner.query('SELECT * FROM t'));
    await runner.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE');
    await runner.query('INSERT INTO t VALUES (2)');
    await runner.query('COMMIT AND CHAIN');
    await note('chained', await runner.query('SHOW transaction_isolation'));
    await runner.query('END');
    await note('state', runner.isTransactionActive);
  }

  async down() {}
};

exports.After1700000000002 = class After1700000000002 {
  async up(runner) {
    const note = await notes(runner);
    await note('rows', await runner.query('SELECT * FROM t'));
  }

  async down() {}
};
