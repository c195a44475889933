// SPDX-License-Identifier: Apache-2.0
// Indices of tables and materialized views.
'use strict';

const { Table, TableIndex, View } = require('typeorm');
const steps = require('../steps');

module.exports.Indices1700000000001 = class Indices1700000000001 {
  async up(runner) {
    const step = await steps(runner);
    await step('table', () => runner.createTable(new Table({ name: 't', columns: [{ name: 'a', type: 'int' }, { name: 'B', type: 'text' }, { name: 'p', type: 'point', isNullable: true }, { name: 'j', type: 'jsonb', isNullable: true }] })));
    await step('plain', () => runner.createIndex('t', new TableIndex({ columnNames: ['a'] })));
    await step('unique, two columns', () => runner.createIndex('t', new TableIndex({ columnNames: ['B', 'a'], isUnique: true })));
    await step('partial', () => runner.createIndex('t', new TableIndex({ columnNames: ['a'], where: '"B" <> \'\'' })));
    await step('spatial', () => runner.createIndex('t', new TableIndex({ columnNames: ['p'], isSpatial: true })));
    await step('several', () => runner.createIndices('t', [new TableIndex({ name: 'one', columnNames: ['B'] }), new TableIndex({ name: 'nulls', columnNames: ['j'], isNullFiltered: true })]));
    await step('type', () => runner.createIndex('t', new TableIndex({ name: 'typed', columnNames: ['a'], type: 'hash' })));
    await step('taken', () => runner.createIndex('t', new TableIndex({ name: 'one', columnNames: ['a'] })));
    await step('no column', () => runner.createIndex('t', new TableIndex({ columnNames: ['nothing'] })));
    await step('concurrently in a transaction', () => runner.createIndex('t', new TableIndex({ name: 'slow', columnNames: ['a'], isConcurrent: true })));
    await step('expression', () => runner.query('CREATE INDEX expression ON t (lower("B"), (j->>\'x\'))'));
    await step('loaded', async () => (await runner.getTable('t')).indices);
    await step('view', () => runner.createView(new View({ name: 'v', materialized: true, expression: 'SELECT a, "B" FROM t' })));
    await step('view index', () => runner.createViewIndex('v', new TableIndex({ columnNames: ['a'] })));
    await step('view indices', () => runner.createViewIndices('v', [new TableIndex({ name: 'of_view', columnNames: ['B'], isUnique: true }), new TableIndex({ columnNames: ['B', 'a'] })]));
    await step('view loaded', async () => (await runner.getView('v'))?.indices);
    await step('view index dropped', () => runner.dropViewIndex('v', 'of_view'));
    await step('view index missing', () => runner.dropViewIndex('v', 'of_view'));
    await step('dropped', () => runner.dropIndex('t', 'one'));
    await step('missing', () => runner.dropIndex('t', 'one'));
    await step('several dropped', async () => runner.dropIndices('t', (await runner.getTable('t')).indices.slice(0, 2)));
    await step('rename', () => runner.renameTable('t', 'T'));
    await step('rename column', () => runner.renameColumn('T', 'a', 'A'));
    await step('left', async () => (await runner.getTable('T')).indices.map(({ name }) => name));
  }

  async down() {}
};
