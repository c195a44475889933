// SPDX-License-Identifier: Apache-2.0
// Enum columns: their types are made, renamed, changed and dropped with them.
'use strict';

const { Table, TableColumn } = require('typeorm');
const steps = require('../steps');

const columns = (...names) => names.map((name) => ({ name, type: 'enum', enum: ['one', 'two', "it's"], isNullable: true }));
const types = (runner) => runner.query("SELECT t.typname, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY 1 ORDER BY 1");

module.exports.Enums1700000000001 = class Enums1700000000001 {
  async up(runner) {
    const each = await steps(runner);
    const step = async (what, work) => {
      await each(what, work);
      await each(`types after ${what}`, () => types(runner));
    };
    await step('table', () => runner.createTable(new Table({ name: 't', columns: [...columns('a', 'b'), { name: 'c', type: 'enum', enum: ['x', 'y'], enumName: 'shared', default: "'x'" }, { name: 'many', type: 'enum', isArray: true, enum: ['p', 'q'], default: "'{p}'" }] })));
    await step('shared', () => runner.createTable(new Table({ name: 'u', columns: [{ name: 'c', type: 'enum', enum: ['x', 'y'], enumName: 'shared' }] })));
    await step('insert', () => runner.query("INSERT INTO t (a, b, c, many) VALUES ('one', 'it''s', 'y', '{q,p}') RETURNING *"));
    await step('rename column', () => runner.renameColumn('t', 'a', 'alpha'));
    await step('rename table', () => runner.renameTable('t', 'tt'));
    await step('more', () => runner.changeColumn('tt', 'b', new TableColumn({ name: 'b', type: 'enum', enum: ['one', 'two', "it's", 'three'], isNullable: true })));
    await step('less', () => runner.changeColumn('tt', 'alpha', new TableColumn({ name: 'alpha', type: 'enum', enum: ['one'], isNullable: true })));
    await step('less than is used', () => runner.changeColumn('tt', 'b', new TableColumn({ name: 'b', type: 'enum', enum: ['one'], isNullable: true })));
    await step('array', () => runner.changeColumn('tt', 'many', new TableColumn({ name: 'many', type: 'enum', isArray: true, enum: ['q', 'p', 'r'], default: "'{r}'" })));
    await step('shared name', () => runner.changeColumn('tt', 'c', new TableColumn({ name: 'c', type: 'enum', enum: ['x', 'y'], enumName: 'common', default: "'x'" })));
    await step('to text', () => runner.changeColumn('tt', 'alpha', new TableColumn({ name: 'alpha', type: 'text', isNullable: true })));
    await step('from nothing', () => runner.addColumn('tt', new TableColumn({ name: 'later', type: 'enum', enum: ['1', '2'], default: "'1'" })));
    await step('simple-enum', () => runner.addColumn('tt', new TableColumn({ name: 'simple', type: 'simple-enum', enum: ['s'], isNullable: true })));
    await step('drop column', () => runner.dropColumn('tt', 'later'));
    await step('drop', () => runner.dropTable('u'));
    await step('values', () => runner.query('SELECT * FROM tt'));
    await step('loaded', async () => (await runner.getTable('tt')).columns.map(({ name, type, enum: values, enumName, isArray, default: given }) => [name, type, values, enumName, isArray, given]));
  }

  async down() {}
};
