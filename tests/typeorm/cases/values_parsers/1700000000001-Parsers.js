// SPDX-License-Identifier: Apache-2.0
// The types of `pg` as scripts change them, its defaults, and queries that are objects.
'use strict';

const pg = require('pg');

exports.Parsers1700000000001 = class Parsers1700000000001 {
  async up(runner) {
    await runner.query('CREATE TABLE seen (id serial, what text, value text)');
    const note = (what, value) => runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [what, JSON.stringify(value)]);
    const one = async (expression) => { const [{ value }] = await runner.query(`SELECT ${expression} AS value`); return [typeof value, value]; };
    const { builtins } = pg.types;
    await note('exports', [typeof pg.Client, typeof pg.Pool, typeof pg.Query, typeof pg.DatabaseError, builtins.INT8, builtins.JSONB, Object.keys(pg.defaults).includes('parseInt8')]);
    const before = [20, 1700, 1114, 1082, 1016].map((oid) => [oid, pg.types.getTypeParser(oid)]);
    try {
      pg.types.setTypeParser(20, Number);
      pg.types.setTypeParser(1700, 'text', (text) => `n${text}`);
      pg.types.setTypeParser(1114, (text) => new Date(`${text}Z`));
      pg.types.setTypeParser(1082, (text) => text);
      await note('changed', [await one('5::int8'), await one('1.50::numeric'), await one("'2024-03-31 02:30'::timestamp"), await one("'2024-03-31'::date"), await one("'{1.5}'::numeric[]"), await one('count(*)')]);
    } finally {
      for (const [oid, parser] of before) pg.types.setTypeParser(oid, parser);
    }
    await note('back', [await one('5::int8'), await one('1.50::numeric')]);
    pg.defaults.parseInputDatesAsUTC = true;
    const date = new Date(Date.UTC(2024, 5, 1, 12));
    await note('as UTC', (await runner.query('SELECT $1::text AS d', [date]))[0].d);
    pg.defaults.parseInputDatesAsUTC = false;
    await note('local', (await runner.query('SELECT $1::text AS d', [date]))[0].d);
    const client = await runner.connect();
    const own = await client.query({ text: 'SELECT $1::int8 AS a, now() - now() AS b', values: [5], types: { getTypeParser: (oid) => (text) => `${oid}:${text}` } });
    await note('own types', own.rows);
    await note('callback', await new Promise((resolve) => { client.query('SELECT 1 AS a', (error, result) => resolve([error, result.rows])); }));
    if (runner.isTransactionActive) await runner.query('SAVEPOINT before');
    await note('callback of an error', await new Promise((resolve) => { client.query('SELECT nothing', (error) => resolve([error.code, error.message, error instanceof pg.DatabaseError])); }).then(async (seen) => { if (runner.isTransactionActive) await runner.query('ROLLBACK TO before').catch(() => {}); return seen; }));
  }

  async down() {}
};
