// SPDX-License-Identifier: Apache-2.0
// Statements that are only remembered, forth and back.
'use strict';

const { Table, TableColumn, TableForeignKey, TableIndex, TableUnique } = require('typeorm');
const steps = require('../steps');

module.exports.Memory1700000000001 = class Memory1700000000001 {
  async up(runner) {
    const step = await steps(runner);
    const table = () => new Table({ name: 't', columns: [{ name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' }, { name: 'e', type: 'enum', enum: ['a', "b'c"], default: "'a'" }, { name: 'n', type: 'varchar', isUnique: true }] });
    const remembered = (what, work) => step(what, async () => {
      runner.enableSqlMemory();
      try {
        await work();
        return runner.getMemorySql();
      } finally {
        runner.clearSqlMemory();
        runner.disableSqlMemory();
      }
    });
    await remembered('table', () => runner.createTable(table()));
    await step('table', () => runner.createTable(table()));
    await remembered('column', () => runner.addColumn('t', new TableColumn({ name: 'x', type: 'int', isUnique: true, comment: "it's" })));
    await remembered('rename', () => runner.renameTable('t', 'tt'));
    await remembered('index', () => runner.createIndex('t', new TableIndex({ columnNames: ['n'] })));
    await remembered('key', () => runner.createForeignKey('t', new TableForeignKey({ columnNames: ['id'], referencedTableName: 't', referencedColumnNames: ['id'] })));
    await remembered('unique', () => runner.createUniqueConstraint('t', new TableUnique({ columnNames: ['e'] })));
    await remembered('drop', () => runner.dropTable('t'));
    await step('executed', async () => {
      runner.enableSqlMemory();
      await runner.createTable(new Table({ name: 'u', columns: [{ name: 'id', type: 'int' }] }));
      await runner.executeMemoryUpSql();
      runner.disableSqlMemory();
      return runner.hasTable('u');
    });
    await step('taken back', async () => {
      runner.enableSqlMemory();
      await runner.createIndex('u', new TableIndex({ columnNames: ['id'] }));
      await runner.executeMemoryUpSql();
      await runner.executeMemoryDownSql();
      runner.clearSqlMemory();
      runner.disableSqlMemory();
    });
    await step('the rest', async () => [runner.isReleased, runner.getReplicationMode(), runner.connection === runner.manager.connection, typeof runner.data, await runner.getVersion?.().then((version) => typeof version)]);
    await step('template', async () => (runner.sql ? runner.sql`SELECT ${1}::int AS one, ${'x'} AS two` : 'none'));
    await step('stream', async () => {
      const stream = await runner.stream('SELECT 1 AS a').catch((error) => error);
      return stream instanceof Error ? stream.name : 'a stream';
    });
  }

  async down() {}
};
