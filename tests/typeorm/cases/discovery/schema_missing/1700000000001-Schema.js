// SPDX-License-Identifier: Apache-2.0
'use strict';

const { Table, TableIndex } = require('typeorm');

exports.Schema1700000000001 = class Schema1700000000001 {
  async up(runner) {
    await runner.createTable(new Table({ name: 't', columns: [{ name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' }, { name: 'e', type: 'enum', enum: ['a', 'b'] }] }));
    await runner.createIndex('t', new TableIndex({ columnNames: ['e'] }));
    await runner.renameColumn('t', 'id', 'key');
    await runner.renameTable('t', 'tt');
    await runner.query('CREATE TABLE seen (what text, value text)');
    const seen = [await runner.getCurrentSchema(), await runner.hasTable('tt'), await runner.hasTable('app.tt'), await runner.hasTable('public.tt'), (await runner.getTable('tt')).name, runner.connection.options.schema];
    await runner.query('INSERT INTO seen VALUES ($1, $2)', ['seen', JSON.stringify(seen)]);
  }

  async down() {}
};
