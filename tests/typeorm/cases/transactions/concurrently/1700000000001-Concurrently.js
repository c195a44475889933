// SPDX-License-Identifier: Apache-2.0
// What cannot be in a transaction, each way that migrations have to get out of one.
'use strict';

const { TableIndex } = require('typeorm');
const notes = require('../notes');

exports.Table1700000000001 = class Table1700000000001 {
  async up(runner) {
    await notes(runner);
    await runner.query('CREATE TABLE t (id int, name text)');
  }

  async down() {}
};

exports.Out1700000000002 = class Out1700000000002 {
  async up(runner) {
    const note = await notes(runner);
    const inside = runner.isTransactionActive;
    if (inside) await runner.commitTransaction();
    await runner.query('CREATE INDEX CONCURRENTLY by_id ON t (id)');
    await runner.createIndex('t', new TableIndex({ name: 'by_name', columnNames: ['name'], isConcurrent: true }));
    await runner.query('REINDEX INDEX CONCURRENTLY by_id');
    await runner.query('DROP INDEX CONCURRENTLY by_id');
    await runner.query('VACUUM t');
    if (inside) await runner.startTransaction();
    await note('out', inside);
  }

  async down() {}
};

exports.Text1700000000003 = class Text1700000000003 {
  async up(runner) {
    const note = await notes(runner);
    await runner.query('COMMIT');
    await runner.query('CREATE INDEX CONCURRENTLY by_both ON t (id, name)');
    await runner.query('BEGIN');
    await note('by text', runner.isTransactionActive);
    if (!runner.isTransactionActive) await runner.query('COMMIT');
  }

  async down() {}
};
