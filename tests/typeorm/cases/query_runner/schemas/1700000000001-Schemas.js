// SPDX-License-Identifier: Apache-2.0
// Schemas, and tables in them by each spelling.
'use strict';

const { Table, TableColumn, TableIndex, TableUnique } = require('typeorm');
const steps = require('../steps');

module.exports.Schemas1700000000001 = class Schemas1700000000001 {
  async up(runner) {
    const step = await steps(runner);
    await step('current', async () => [await runner.getCurrentSchema(), await runner.hasSchema('public'), await runner.hasSchema('one')]);
    await step('make', () => runner.createSchema('one'));
    await step('make again', () => runner.createSchema('one'));
    await step('make if missing', () => runner.createSchema('one', true));
    await step('odd', () => runner.createSchema('Two "2"', true));
    await step('with dots', () => runner.createTable(new Table({ name: 'one.t', columns: [{ name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' }, { name: 'e', type: 'enum', enum: ['x'] }] })));
    await step('by the option', () => runner.createTable(new Table({ schema: 'one', name: 'u', columns: [{ name: 'id', type: 'int' }] })));
    await step('same name', () => runner.createTable(new Table({ name: 't', columns: [{ name: 'id', type: 'int' }] })));
    await step('has', async () => [await runner.hasTable('one.t'), await runner.hasTable('one.nothing'), await runner.hasTable('t'), await runner.hasColumn('one.t', 'e'), await runner.hasColumn('t', 'e')]);
    await step('column', () => runner.addColumn('one.t', new TableColumn({ name: 'x', type: 'int', isNullable: true })));
    await step('index', () => runner.createIndex('one.t', new TableIndex({ columnNames: ['x'] })));
    await step('unique', () => runner.createUniqueConstraint('one.t', new TableUnique({ columnNames: ['x'] })));
    await step('rename column', () => runner.renameColumn('one.t', 'x', 'y'));
    await step('rename serial', () => runner.renameColumn('one.t', 'id', 'key'));
    await step('rename', () => runner.renameTable('one.t', 'tt'));
    await step('loaded', async () => [await runner.getTable('one.tt'), await runner.getTable('nothing.tt')]);
    await step('search path', async () => {
      await runner.query('SET LOCAL search_path TO one');
      return [await runner.getCurrentSchema(), await runner.hasTable('u'), await runner.hasTable('t'), (await runner.getTable('u'))?.name];
    });
    await step('in the path', () => runner.createTable(new Table({ name: 'v', columns: [{ name: 'id', type: 'int' }] })));
    await step('back', () => runner.query('SET LOCAL search_path TO DEFAULT'));
    await step('not empty', () => runner.dropSchema('one'));
    await step('missing', () => runner.dropSchema('nothing'));
    await step('if exists', () => runner.dropSchema('nothing', true));
    await step('odd dropped', () => runner.dropSchema('Two "2"', true));
    await step('kept', () => runner.createSchema('three'));
    await step('table', () => runner.createTable(new Table({ name: 'three.t', columns: [{ name: 'id', type: 'int' }] })));
    await step('cascade', () => runner.dropSchema('three', true, true));
    await step('all', async () => [await runner.getSchemas().catch(({ message }) => message), (await runner.getTables(['one.tt', 't', 'one.u'])).map(({ name }) => name).sort()]);
  }

  async down() {}
};
