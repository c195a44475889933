// SPDX-License-Identifier: Apache-2.0
// Foreign keys: all rules, several columns, other schemas, and what their renames do.
'use strict';

const { Table, TableForeignKey } = require('typeorm');
const steps = require('../steps');

module.exports.ForeignKeys1700000000001 = class ForeignKeys1700000000001 {
  async up(runner) {
    const step = await steps(runner);
    await runner.createSchema('other', true);
    await step('parent', () => runner.createTable(new Table({ name: 'parent', columns: [{ name: 'id', type: 'int', isPrimary: true }, { name: 'x', type: 'int' }, { name: 'y', type: 'int' }], uniques: [{ columnNames: ['x', 'y'] }] })));
    await step('other parent', () => runner.createTable(new Table({ name: 'other.parent', columns: [{ name: 'id', type: 'int', isPrimary: true }] })));
    await step('child', () => runner.createTable(new Table({ name: 'child', columns: [{ name: 'id', type: 'int', isPrimary: true }, ...['p', 'q', 'r', 'x', 'y'].map((name) => ({ name, type: 'int', isNullable: true }))] })));
    await step('one', () => runner.createForeignKey('child', new TableForeignKey({ columnNames: ['p'], referencedTableName: 'parent', referencedColumnNames: ['id'] })));
    await step('several', () => runner.createForeignKeys('child', [
      new TableForeignKey({ name: 'named', columnNames: ['q'], referencedTableName: 'parent', referencedColumnNames: ['id'], onDelete: 'SET NULL', onUpdate: 'RESTRICT' }),
      new TableForeignKey({ columnNames: ['x', 'y'], referencedTableName: 'parent', referencedColumnNames: ['x', 'y'], onDelete: 'SET DEFAULT', onUpdate: 'CASCADE', deferrable: 'INITIALLY IMMEDIATE' }),
    ]));
    await step('of another schema', () => runner.createForeignKey('child', new TableForeignKey({ columnNames: ['r'], referencedTableName: 'other.parent', referencedColumnNames: ['id'], deferrable: 'INITIALLY DEFERRED' })));
    await step('with a schema', () => runner.createForeignKey('child', new TableForeignKey({ name: 'schema', columnNames: ['r'], referencedSchema: 'other', referencedTableName: 'parent', referencedColumnNames: ['id'] })));
    await step('itself', () => runner.createForeignKey('parent', new TableForeignKey({ columnNames: ['x'], referencedTableName: 'parent', referencedColumnNames: ['id'] })));
    await step('loaded', async () => (await runner.getTable('child')).foreignKeys);
    await step('no such table', () => runner.createForeignKey('child', new TableForeignKey({ columnNames: ['p'], referencedTableName: 'nothing', referencedColumnNames: ['id'] })));
    await step('not unique', () => runner.createForeignKey('child', new TableForeignKey({ columnNames: ['p'], referencedTableName: 'parent', referencedColumnNames: ['y'] })));
    await step('violated', () => runner.query('INSERT INTO child (id, p) VALUES (1, 99)'));
    await step('violated when it ends', async () => {
      await runner.query('INSERT INTO child (id, r) VALUES (1, 99)');
      await runner.query('SET CONSTRAINTS ALL IMMEDIATE');
    });
    await step('rename column', () => runner.renameColumn('child', 'p', 'parent_id'));
    await step('rename column of the parent', () => runner.renameColumn('parent', 'y', 'why'));
    await step('rename table', () => runner.renameTable('child', 'kid'));
    await step('rename parent', () => runner.renameTable('parent', 'elder'));
    await step('rename in the schema', () => runner.renameTable('other.parent', 'elder'));
    await step('drop by name', () => runner.dropForeignKey('kid', 'named'));
    await step('drop missing', () => runner.dropForeignKey('kid', 'named'));
    await step('drop two', async () => runner.dropForeignKeys('kid', (await runner.getTable('kid')).foreignKeys.slice(0, 2)));
    await step('drop column', () => runner.dropColumn('kid', 'parent_id'));
    await step('left', async () => (await runner.getTables(['kid', 'elder', 'other.elder'])).map((table) => [table.name, table.foreignKeys.map((key) => key.name).sort()]));
  }

  async down() {}
};
