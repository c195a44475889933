// SPDX-License-Identifier: Apache-2.0
// Views, plain and materialized, with and without TypeORM's own table about them.
'use strict';

const { Table, View } = require('typeorm');
const steps = require('../steps');

module.exports.Views1700000000001 = class Views1700000000001 {
  async up(runner) {
    const step = await steps(runner);
    await runner.createSchema('other');
    await step('table', () => runner.createTable(new Table({ name: 't', columns: [{ name: 'a', type: 'int' }] })));
    await step('view', () => runner.createView(new View({ name: 'v', expression: 'SELECT a, a * 2 AS twice FROM t' })));
    await step('materialized', () => runner.createView(new View({ name: 'm', materialized: true, expression: 'SELECT a FROM v' })));
    await step('in a schema', () => runner.createView(new View({ name: 'w', schema: 'other', expression: 'SELECT 1 AS one' })));
    await step('by a builder', () => runner.createView(new View({ name: 'b', expression: (source) => source.createQueryBuilder().select('t.a', 'a').addSelect('count(*)', 'n').from('t', 't').groupBy('t.a') })));
    await step('with metadata', () => runner.createView(new View({ name: 'x', expression: 'SELECT 2 AS two' }), true));
    await step('the metadata table', () => runner.query(`CREATE TABLE typeorm_metadata ("type" varchar NOT NULL, "database" varchar, "schema" varchar, "table" varchar, "name" varchar, "value" text)`));
    await step('with metadata', () => runner.createView(new View({ name: 'x', expression: 'SELECT 2 AS two;' }), true));
    await step('loaded', async () => (await runner.getViews(['x', 'm'])).map(({ name, expression, materialized }) => [name, expression, materialized]));
    await step('one', () => runner.getView('x'));
    await step('none', () => runner.getView('nothing'));
    await step('wrong', () => runner.createView(new View({ name: 'y', expression: 'SELECT nothing' })));
    await step('metadata', () => runner.query('SELECT * FROM typeorm_metadata'));
    await step('dropped with metadata', () => runner.dropView('x'));
    await step('used', () => runner.dropView('v'));
    await step('dropped', async () => runner.dropView(new View({ name: 'm', materialized: true, expression: '' })));
    await step('missing', () => runner.dropView('nothing'));
    await step('metadata', () => runner.query('SELECT * FROM typeorm_metadata'));
  }

  async down() {}
};
