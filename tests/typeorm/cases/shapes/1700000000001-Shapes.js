// SPDX-License-Identifier: Apache-2.0
// What query() returns for each kind of statement, plain and structured, and all fields of an error.
'use strict';

const statements = [
  ['SELECT 1 AS a'], ['SELECT'], ['SELECT 1 WHERE false'], ['VALUES (1), (2)'], ['SHOW server_encoding'], ['TABLE t'],
  ["INSERT INTO t (a) VALUES (1), (2)"], ['INSERT INTO t (a) VALUES (3) RETURNING a, b'], ['INSERT INTO t (a) SELECT 1 WHERE false RETURNING a'], ['UPDATE t SET b = 5'],
  ['UPDATE t SET b = 6 WHERE a = 1 RETURNING a'], ['UPDATE t SET b = 6 WHERE false'], ['DELETE FROM t WHERE a = 3'], ['DELETE FROM t WHERE a = 2 RETURNING a, b'],
  ['WITH x AS (SELECT 1 AS one) SELECT * FROM x'], ['WITH x AS (INSERT INTO t (a) VALUES (9) RETURNING a) SELECT * FROM x'], ['WITH x AS (SELECT 9 AS a) DELETE FROM t USING x WHERE t.a = x.a'],
  ['MERGE INTO t USING (SELECT 1 AS a) s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 7'], ['CREATE TABLE u (a int)'], ['DO $$ BEGIN RAISE NOTICE $x$hello$x$; END $$'],
  ['TRUNCATE u'], ['COPY t TO STDOUT'], [''], ['-- only a comment'], ['; ;'], ['SELECT 1; SELECT 2'], ['INSERT INTO u VALUES (1); UPDATE u SET a = 2; DELETE FROM u'],
  ['SELECT 1;'], ['CREATE TABLE v (); SELECT 3 AS three'], ['SELECT $1::int AS a', [1]], ['UPDATE t SET b = $1', [8]], ['SELECT 1 AS a', []], ['EXPLAIN (COSTS OFF) SELECT 1'],
  ['LISTEN x'], ['NOTIFY x, $$payload$$'], ['SAVEPOINT a'], ['RELEASE a'], ['SET LOCAL work_mem = 1000'], ['PREPARE p AS SELECT 5 AS five'], ['EXECUTE p'], ['DEALLOCATE p'],
  ['DECLARE c CURSOR FOR SELECT 1 AS a'], ['FETCH ALL FROM c'], ['CALL pr()'], ['LOCK TABLE t'], ['ANALYZE t'], ['COMMENT ON TABLE t IS $$c$$'], ['SELECT INTO w FROM t'], ['CREATE TABLE x AS SELECT 1 AS a'],
];

const failing = [
  ['SELECT * FROM nothing'], ['SELEC 1'], ['INSERT INTO t (a) VALUES (NULL)'], ['INSERT INTO p VALUES (1), (1)'], ['INSERT INTO k VALUES (99)'], ["SELECT 'x'::int"], ['SELECT 1/0'],
  ['SELECT $1', [1, 2]], ['SELECT $1::int', []], ['SELECT 1; SELECT 2', ['x']], ["DO $$ BEGIN RAISE EXCEPTION 'own' USING ERRCODE = 'P0042', DETAIL = 'd', HINT = 'h', TABLE = 't', COLUMN = 'c', SCHEMA = 's', CONSTRAINT = 'n', DATATYPE = 'dt'; END $$"],
  ['SELECT f()'], ['CREATE TABLE t ()'], ["INSERT INTO t (a, b) VALUES (1, 'x')"], ['SELECT 1; SELECT nothing; SELECT 3'], ['INSERT INTO chk VALUES (-1)'], ['COPY t FROM STDIN'], ['VACUUM'],
  ['SELECT ü FROM t'],
];

const fields = ['name', 'message', 'code', 'severity', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery', 'where', 'schema', 'table', 'column', 'dataType', 'constraint', 'file', 'routine', 'query', 'parameters'];

module.exports.Shapes1700000000001 = class Shapes1700000000001 {
  async up(runner) {
    await runner.query('CREATE TABLE t (a int NOT NULL, b int)');
    await runner.query('CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE k (id int REFERENCES p); CREATE TABLE chk (a int CONSTRAINT positive CHECK (a > 0))');
    await runner.query("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1/0; END'; CREATE PROCEDURE pr() LANGUAGE sql AS 'SELECT 1'");
    await runner.query('CREATE TABLE seen (id serial, what text, value text)');
    const note = (what, value) => runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [what, value === undefined ? 'undefined' : JSON.stringify(value)]);
    for (const [text, given] of statements) {
      await note(text, await runner.query(text, given));
      if (/^(CREATE|SELECT INTO|RELEASE|SAVEPOINT|DEALLOCATE|PREPARE|DECLARE)/.test(text)) continue;
      const { raw, records, affected } = await runner.query(text, given, true).catch((error) => ({ raw: error.message }));
      await note(`structured ${text}`, { raw, records, affected });
    }
    for (const [text, given] of failing) {
      await runner.startTransaction();
      const error = await runner.query(text, given).then(() => 'none', (failure) => failure);
      await runner.rollbackTransaction();
      await note(text, Object.fromEntries(fields.map((name) => [name, error[name]])));
      await note(`driver ${text}`, Object.fromEntries(fields.map((name) => [name, error.driverError?.[name]])));
    }
    await note('no array', await runner.query('SELECT 1', 'x').catch((error) => error.message));
    await note('manager', await runner.manager.query('SELECT 2 AS two'));
    await note('connection', await runner.connection.query('SELECT 3 AS three'));
    await note('version', [runner.connection.driver.options.type, runner.connection.options.migrationsTableName, runner.isTransactionActive, runner.isReleased]);
  }

  async down() {}
};
