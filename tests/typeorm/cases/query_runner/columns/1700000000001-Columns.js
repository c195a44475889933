// SPDX-License-Identifier: Apache-2.0
// Columns: added, renamed, dropped.
'use strict';

const { Table, TableColumn } = require('typeorm');
const steps = require('../steps');

const types = ['int2', 'int4', 'int8', 'smallint', 'integer', 'bigint', 'decimal', 'numeric', 'real', 'float', 'float4', 'float8', 'double precision', 'money', 'character varying', 'varchar', 'character', 'char', 'text',
  'citext', 'hstore', 'bytea', 'bit', 'varbit', 'bit varying', 'timetz', 'timestamptz', 'timestamp', 'timestamp without time zone', 'timestamp with time zone', 'date', 'time', 'time without time zone',
  'time with time zone', 'interval', 'bool', 'boolean', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'cidr', 'inet', 'macaddr', 'macaddr8', 'tsvector', 'tsquery', 'uuid', 'xml', 'json', 'jsonb', 'jsonpath',
  'int4range', 'int8range', 'numrange', 'tsrange', 'tstzrange', 'daterange', 'int4multirange', 'datemultirange', 'name', 'oid', 'regclass', 'nothing'];

module.exports.Columns1700000000001 = class Columns1700000000001 {
  async up(runner) {
    const step = await steps(runner);
    await step('table', () => runner.createTable(new Table({ name: 'thing', columns: [{ name: 'id', type: 'int', isPrimary: true }] })));
    for (const type of types) await step(type, () => runner.addColumn('thing', new TableColumn({ name: `as_${type}`, type, isNullable: true })));
    for (const type of ['int4', 'text', 'timestamptz', 'jsonb', 'uuid', 'numeric']) {
      await step(`${type}[]`, () => runner.addColumn('thing', new TableColumn({ name: `many_${type}`, type, isArray: true, isNullable: true })));
    }
    await step('several', () => runner.addColumns('thing', [
      new TableColumn({ name: 'one', type: 'varchar', length: '10', default: "'x'", comment: 'first' }), new TableColumn({ name: 'two', type: 'numeric', precision: 10, scale: 3, isUnique: true, isNullable: true }),
      new TableColumn({ name: 'three', type: 'timestamp', precision: 0, default: 'CURRENT_TIMESTAMP' }), new TableColumn({ name: 'four', type: 'int', default: 4 }),
    ]));
    await step('generated', () => runner.addColumn('thing', new TableColumn({ name: 'serial', type: 'int', isGenerated: true, generationStrategy: 'increment' })));
    await step('identity', () => runner.addColumn('thing', new TableColumn({ name: 'identity', type: 'int', isGenerated: true, generationStrategy: 'identity', generatedIdentity: 'BY DEFAULT' })));
    await step('uuid', () => runner.addColumn('thing', new TableColumn({ name: 'guid', type: 'uuid', isGenerated: true, generationStrategy: 'uuid' })));
    await step('computed', () => runner.addColumn('thing', new TableColumn({ name: 'twice', type: 'int', asExpression: '"four" * 2', generatedType: 'STORED', isNullable: true })));
    await step('primary too', () => runner.addColumn('thing', new TableColumn({ name: 'part', type: 'int', isPrimary: true, default: 0 })));
    await step('twice the same', () => runner.addColumn('thing', new TableColumn({ name: 'one', type: 'int' })));
    await step('no such table', () => runner.addColumn('nothing', new TableColumn({ name: 'one', type: 'int' })));
    await step('wrong default', () => runner.addColumn('thing', new TableColumn({ name: 'wrong', type: 'int', default: "'x'" })));
    await step('not null with rows', async () => {
      await runner.query('INSERT INTO thing (id) VALUES (1)');
      await runner.addColumn('thing', new TableColumn({ name: 'wrong', type: 'int' }));
    });
    await step('rename', () => runner.renameColumn('thing', 'one', 'uno'));
    await step('rename unique', () => runner.renameColumn('thing', 'two', 'due'));
    await step('rename primary', () => runner.renameColumn('thing', 'id', 'key'));
    await step('rename serial', () => runner.renameColumn('thing', 'serial', 'running'));
    await step('rename to a column', () => runner.renameColumn('thing', 'four', new TableColumn({ name: 'quattro', type: 'int', default: 4 })));
    await step('rename missing', () => runner.renameColumn('thing', 'nothing', 'x'));
    await step('rename to taken', () => runner.renameColumn('thing', 'uno', 'due'));
    await step('drop', () => runner.dropColumn('thing', 'uno'));
    await step('drop unique', () => runner.dropColumn('thing', 'due'));
    await step('drop of primary', () => runner.dropColumn('thing', 'part'));
    await step('drop missing', () => runner.dropColumn('thing', 'nothing'));
    await step('drop used', () => runner.dropColumn('thing', 'quattro'));
    await step('drop several', () => runner.dropColumns('thing', ['as_int2', 'as_text', new TableColumn({ name: 'as_json', type: 'json' })]));
    await step('drop several, one missing', () => runner.dropColumns('thing', ['as_int4', 'nothing']));
    await step('has', async () => [await runner.hasColumn('thing', 'as_int8'), await runner.hasColumn('thing', 'as_int2'), await runner.hasColumn(await runner.getTable('thing'), 'key')]);
    await step('columns', async () => (await runner.getTable('thing')).columns);
  }

  async down(runner) {
    await runner.dropTable('thing');
    await runner.dropTable('seen');
  }
};
