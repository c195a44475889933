// SPDX-License-Identifier: Apache-2.0
// Primary keys, unique, check and exclusion constraints.
'use strict';

const { Table, TableColumn, TableUnique, TableCheck, TableExclusion } = require('typeorm');
const steps = require('../steps');

const columns = () => ['a', 'b', 'c', 'd'].map((name) => new TableColumn({ name, type: 'int', isNullable: name > 'b' }));

module.exports.Constraints1700000000001 = class Constraints1700000000001 {
  async up(runner) {
    const step = await steps(runner);
    await step('table', () => runner.createTable(new Table({ name: 't', columns: [...columns(), new TableColumn({ name: 'r', type: 'tsrange', isNullable: true })] })));
    await step('primary', () => runner.createPrimaryKey('t', ['a']));
    await step('primary again', () => runner.createPrimaryKey('t', ['b']));
    await step('primary updated', async () => {
      const table = await runner.getTable('t');
      await runner.updatePrimaryKeys('t', table.columns.filter(({ name }) => name === 'a' || name === 'b'));
    });
    await step('primary dropped', () => runner.dropPrimaryKey('t'));
    await step('primary dropped again', () => runner.dropPrimaryKey('t'));
    await step('primary named', () => runner.createPrimaryKey('t', ['a', 'b'], 'the key'));
    await step('primary named dropped', () => runner.dropPrimaryKey('t', 'the key'));
    await step('unique', () => runner.createUniqueConstraint('t', new TableUnique({ columnNames: ['c'] })));
    await step('uniques', () => runner.createUniqueConstraints('t', [new TableUnique({ name: 'named', columnNames: ['d', 'c'] }), new TableUnique({ columnNames: ['d'], deferrable: 'INITIALLY DEFERRED' })]));
    await step('unique on nothing', () => runner.createUniqueConstraint('t', new TableUnique({ columnNames: ['nothing'] })));
    await step('unique twice', () => runner.createUniqueConstraint('t', new TableUnique({ name: 'named', columnNames: ['a'] })));
    await step('unique dropped', () => runner.dropUniqueConstraint('t', 'named'));
    await step('unique missing', () => runner.dropUniqueConstraint('t', 'named'));
    await step('uniques dropped', async () => runner.dropUniqueConstraints('t', (await runner.getTable('t')).uniques));
    await step('check', () => runner.createCheckConstraint('t', new TableCheck({ expression: '"a" > 0' })));
    await step('checks', () => runner.createCheckConstraints('t', [new TableCheck({ name: 'positive', expression: 'b > 0' }), new TableCheck({ expression: "c IS NULL OR d::text LIKE 'x%''y'" })]));
    await step('check that is wrong', () => runner.createCheckConstraint('t', new TableCheck({ expression: 'nothing > 0' })));
    await step('check dropped', () => runner.dropCheckConstraint('t', 'positive'));
    await step('check missing', () => runner.dropCheckConstraint('t', 'positive'));
    await step('violated', () => runner.query('INSERT INTO t (a, b) VALUES (-1, 0)'));
    await step('checks loaded', async () => (await runner.getTable('t')).checks);
    await step('checks dropped', async () => runner.dropCheckConstraints('t', (await runner.getTable('t')).checks));
    await step('exclusion', () => runner.createExclusionConstraint('t', new TableExclusion({ expression: 'USING gist ("r" WITH &&)' })));
    await step('exclusions', () => runner.createExclusionConstraints('t', [new TableExclusion({ name: 'apart', expression: 'USING gist (r WITH -|-) WHERE (a > 1)' })]));
    await step('exclusion violated', () => runner.query("INSERT INTO t (a, b, r) VALUES (1, 1, '[2024-01-01,2024-02-01)'), (1, 1, '[2024-01-15,2024-03-01)')"));
    await step('exclusion dropped', () => runner.dropExclusionConstraint('t', 'apart'));
    await step('exclusion missing', () => runner.dropExclusionConstraint('t', 'apart'));
    await step('exclusions loaded', async () => (await runner.getTable('t')).exclusions);
    await step('exclusions dropped', async () => runner.dropExclusionConstraints('t', (await runner.getTable('t')).exclusions));
    await step('on nothing', () => runner.createUniqueConstraint('nothing', new TableUnique({ columnNames: ['c'] })));
    await step('last', () => runner.createUniqueConstraint('t', new TableUnique({ columnNames: ['b', 'a'] })));
  }

  async down() {}
};
