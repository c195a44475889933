// SPDX-License-Identifier: Apache-2.0
// changeColumn and changeColumns: each property of a column, alone and with others.
'use strict';

const { Table, TableColumn } = require('typeorm');
const steps = require('../steps');

module.exports.Change1700000000001 = class Change1700000000001 {
  async up(runner) {
    const step = await steps(runner);
    await step('table', () => runner.createTable(new Table({
      name: 'thing', columns: [
        { name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' }, { name: 'name', type: 'varchar', length: '10', isUnique: true }, { name: 'amount', type: 'int', default: 1 },
        { name: 'price', type: 'numeric', precision: 6, scale: 2 }, { name: 'state', type: 'enum', enum: ['new', 'old'], default: "'new'" }, { name: 'note', type: 'text', isNullable: true, comment: 'first' },
        { name: 'moment', type: 'timestamp', isNullable: true }, { name: 'plain', type: 'int', isNullable: true },
      ], indices: [{ columnNames: ['amount'] }], checks: [{ expression: 'amount > 0' }],
    })));
    const change = (what, name, difference) => step(what, async () => {
      const table = await runner.getTable('thing');
      const changed = table.findColumnByName(name).clone();
      Object.assign(changed, difference);
      await runner.changeColumn('thing', name, changed);
    });
    await change('name', 'name', { name: 'title' });
    await change('length', 'title', { length: '99' });
    await change('type', 'amount', { type: 'bigint' });
    await change('nullable', 'amount', { isNullable: true });
    await change('default', 'amount', { default: '5' });
    await change('default gone', 'amount', { default: undefined });
    await change('not null', 'note', { isNullable: false });
    await change('precision', 'price', { precision: 10, scale: 4 });
    await change('comment', 'note', { comment: "it's" });
    await change('comment gone', 'note', { comment: undefined });
    await change('unique', 'note', { isUnique: true });
    await change('unique no more', 'title', { isUnique: false });
    await change('primary too', 'plain', { isPrimary: true, isNullable: false });
    await change('primary no more', 'plain', { isPrimary: false });
    await change('array', 'moment', { isArray: true });
    await change('enum value', 'state', { enum: ['new', 'old', 'gone'] });
    await change('enum name', 'state', { enumName: 'state_of_things' });
    await change('enum less, default too', 'state', { enum: ['new', 'gone'], default: "'gone'" });
    await change('generated', 'plain', { isGenerated: true, generationStrategy: 'increment' });
    await change('generated no more', 'plain', { isGenerated: false, generationStrategy: undefined, default: undefined });
    await change('computed', 'plain', { asExpression: 'length(note)', generatedType: 'STORED' });
    await change('collation', 'title', { collation: 'C' });
    await change('identity', 'amount', { isGenerated: true, generationStrategy: 'identity', generatedIdentity: 'ALWAYS', isNullable: false });
    await change('all at once', 'note', { name: 'remark', type: 'varchar', length: '20', isNullable: true, default: "'none'", comment: 'all', isUnique: false });
    await step('missing', () => runner.changeColumn('thing', 'nothing', new TableColumn({ name: 'x', type: 'int' })));
    await step('missing table', () => runner.changeColumn('nothing', 'x', new TableColumn({ name: 'x', type: 'int' })));
    await step('several', async () => {
      const table = await runner.getTable('thing');
      const [title, price] = ['title', 'price'].map((name) => table.findColumnByName(name));
      const [one, two] = [title, price].map((column) => column.clone());
      one.isNullable = true;
      two.name = 'cost';
      await runner.changeColumns(table, [{ oldColumn: title, newColumn: one }, { oldColumn: price, newColumn: two }]);
    });
    await step('columns', async () => (await runner.getTable('thing')).columns);
  }

  async down(runner) {
    await runner.dropTable('thing');
    await runner.dropTable('seen');
  }
};
