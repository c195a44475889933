// SPDX-License-Identifier: Apache-2.0
// Further connections beside the migration's own.
'use strict';

const notes = require('../notes');

exports.Second1700000000001 = class Second1700000000001 {
  async up(runner) {
    const note = await notes(runner);
    const source = runner.connection;
    await runner.query('CREATE TABLE t (id int)');
    if (runner.isTransactionActive) {
      await runner.commitTransaction();
      await runner.startTransaction();
    }
    await runner.query('INSERT INTO t VALUES (1)');
    const other = source.createQueryRunner();
    await note('fresh', [other.isReleased, other.isTransactionActive]);
    await other.connect();
    await note('sees', [runner.isTransactionActive, await other.query('SELECT * FROM t')]);
    await other.startTransaction();
    await other.query('INSERT INTO t VALUES (2)');
    await note('before its commit', await runner.query('SELECT * FROM t ORDER BY id'));
    await other.commitTransaction();
    await note('after its commit', await runner.query('SELECT * FROM t ORDER BY id'));
    await note('sessions', (await runner.query('SELECT pg_backend_pid() AS pid'))[0].pid !== (await other.query('SELECT pg_backend_pid() AS pid'))[0].pid);
    await other.release();
    await note('released', [other.isReleased]);
    await note('used when released', () => other.query('SELECT 1'));
    await note('data source', () => source.query('SELECT 3 AS three'));
    await note('data source in a transaction', () => source.transaction(async (manager) => {
      await manager.query('INSERT INTO t VALUES (4)');
      return manager.query('SELECT count(*) FROM t');
    }));
    await note('that fails', () => source.transaction(async (manager) => {
      await manager.query('INSERT INTO t VALUES (5)');
      await manager.query('SELECT 1/0');
    }));
    const many = await Promise.all(Array.from({ length: 8 }, (_, i) => source.query('SELECT pg_sleep(0.01), $1::int AS i', [i])));
    await note('many at once', many.map(([{ i }]) => i));
    await note('manager', () => source.manager.query('SELECT 6 AS six'));
    await note('builder', () => source.createQueryBuilder().select('t.id', 'id').from('t', 't').orderBy('t.id', 'DESC').limit(1).getRawMany());
    await note('builder of the runner', () => runner.manager.createQueryBuilder().insert().into('t').values({ id: 7 }).execute().then(({ raw }) => raw));
    await note('update by builder', () => runner.manager.createQueryBuilder().update('t').set({ id: 70 }).where('id = :id', { id: 7 }).execute().then(({ affected }) => affected));
    await note('delete by builder', () => runner.manager.createQueryBuilder().delete().from('t').where('id IN (:...ids)', { ids: [70, 71] }).execute().then(({ affected }) => affected));
    const locks = [source.createQueryRunner(), source.createQueryRunner()];
    await locks[0].query('SELECT pg_advisory_lock(5)');
    const waits = locks[1].query('SELECT pg_advisory_lock(5), 1 AS got');
    await locks[0].query('SELECT pg_advisory_unlock(5)');
    await note('waited', (await waits)[0].got);
    await locks[1].query('SELECT pg_advisory_unlock_all()');
    await Promise.all(locks.map((one) => one.release()));
    const client = await source.driver.master.connect();
    await note('pool', (await client.query('SELECT 8 AS eight')).rows);
    await note('pool, as an array', (await client.query({ text: 'SELECT $1::int AS a, 2 AS a', values: [1], rowMode: 'array' })).rows);
    await note('pool, named', (await client.query({ name: 'named', text: 'SELECT $1::text AS a', values: ['x'] })).rows);
    const { command, rowCount, oid, fields } = await client.query('INSERT INTO t VALUES (80), (81) RETURNING id AS number');
    await note('pool, all', [command, rowCount, oid, fields.map(({ name, dataTypeID, columnID, dataTypeSize, dataTypeModifier, format }) => [name, dataTypeID, columnID, dataTypeSize, dataTypeModifier, format])]);
    client.release();
  }

  async down() {}
};
