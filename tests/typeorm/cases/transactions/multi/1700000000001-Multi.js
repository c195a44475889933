// SPDX-License-Identifier: Apache-2.0
// Several statements in one string.
'use strict';

const notes = require('../notes');

exports.Multi1700000000001 = class Multi1700000000001 {
  async up(runner) {
    const note = await notes(runner);
    await note('two', () => runner.query('CREATE TABLE a (id int); CREATE TABLE b (id int);'));
    await note('with text', () => runner.query("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); SELECT ';' AS x, $$ ; $$ AS y; -- done;"));
    await note('function', () => runner.query('CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 2; END $$; SELECT f()'));
    await note('with results', () => runner.query('SELECT 1 AS a; SELECT 2 AS b; SELECT 3 AS c WHERE false'));
    await note('structured', async () => {
      const { raw, records, affected } = await runner.query('INSERT INTO a VALUES (5), (6); SELECT 1 AS x', undefined, true);
      return [raw, records, affected];
    });
    const inside = runner.isTransactionActive;
    if (inside) await runner.query('SAVEPOINT s');
    await note('with parameters', async () => {
      try {
        return await runner.query('SELECT $1::int; SELECT 2', [1]);
      } finally {
        if (inside) await runner.query('ROLLBACK TO s');
      }
    });
    await note('in the middle', async () => {
      try {
        return await runner.query('INSERT INTO a VALUES (7); SELECT 1/0; INSERT INTO a VALUES (8)');
      } finally {
        if (inside) await runner.query('ROLLBACK TO s');
      }
    });
    await note('rows', await runner.query('SELECT id FROM a ORDER BY id'));
  }

  async down() {}
};

exports.Ends1700000000002 = class Ends1700000000002 {
  async up(runner) {
    const note = await notes(runner);
    await note('ends itself', () => runner.query('COMMIT; BEGIN; INSERT INTO a VALUES (20); COMMIT; BEGIN; INSERT INTO a VALUES (21)'));
    await note('state', runner.isTransactionActive);
    if (!runner.isTransactionActive) await runner.query('COMMIT');
  }

  async down() {}
};
