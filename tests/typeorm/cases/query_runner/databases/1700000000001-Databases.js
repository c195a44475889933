// SPDX-License-Identifier: Apache-2.0
// Databases, which cannot be made in a transaction, and what clearDatabase leaves.
'use strict';

const { Table, TableColumn, View } = require('typeorm');
const steps = require('../steps');

module.exports.Databases1700000000001 = class Databases1700000000001 {
  async up(runner) {
    await runner.createTable(new Table({ name: 'old', columns: [{ name: 'id', type: 'int', isPrimary: true }, { name: 'e', type: 'enum', enum: ['a', 'b'] }] }));
    await runner.createView(new View({ name: 'old_view', expression: 'SELECT id FROM old' }));
    await runner.createView(new View({ name: 'old_mview', materialized: true, expression: 'SELECT id FROM old' }));
    await runner.query('CREATE TABLE typeorm_metadata ("type" varchar NOT NULL, "database" varchar, "schema" varchar, "table" varchar, "name" varchar, "value" text)');
    const kept = await runner.query('SELECT * FROM migrations');
    await runner.clearDatabase();
    const step = await steps(runner);
    await step('kept', () => kept);
    await step('databases', async () => [await runner.getDatabases(), await runner.hasDatabase('postgres'), await runner.hasDatabase('nothing'), (await runner.getCurrentDatabase()).length > 0]);
    await step('made', () => runner.createDatabase('never_made'));
    await step('dropped', () => runner.dropDatabase('never_made'));
    await step('dropped if exists', () => runner.dropDatabase('never_made', true));
    await runner.query('CREATE TABLE migrations (id serial NOT NULL, timestamp bigint NOT NULL, name varchar NOT NULL)');
  }

  async down() {}
};
