// SPDX-License-Identifier: Apache-2.0
// Transactions within transactions, which are savepoints.
'use strict';

const notes = require('../notes');

exports.Nested1700000000001 = class Nested1700000000001 {
  async up(runner) {
    const note = await notes(runner);
    await runner.query('CREATE TABLE t (id int PRIMARY KEY)');
    const add = (id) => runner.query('INSERT INTO t VALUES ($1)', [id]);
    const ids = async () => (await runner.query('SELECT id FROM t ORDER BY id')).map(({ id }) => id);
    await runner.startTransaction();
    await add(1);
    await runner.startTransaction();
    await add(2);
    await runner.startTransaction('SERIALIZABLE').catch(() => {});
    await add(3);
    await runner.rollbackTransaction();
    await note('without 3', await ids());
    await add(4);
    await runner.commitTransaction();
    await note('with 4', [await ids(), runner.isTransactionActive]);
    await runner.startTransaction();
    const twice = await add(4).catch(({ message }) => message);
    await runner.rollbackTransaction();
    await note('twice', [twice, await ids()]);
  }

  async down() {}
};

exports.Managed1700000000002 = class Managed1700000000002 {
  async up(runner) {
    const note = await notes(runner);
    const ids = async () => (await runner.query('SELECT id FROM t ORDER BY id')).map(({ id }) => id);
    await note('before', [await ids(), runner.isTransactionActive]);
    await note('manager', () => runner.manager.transaction(async (manager) => {
      await manager.query('INSERT INTO t VALUES (10)');
      await manager.transaction(async (inner) => inner.query('INSERT INTO t VALUES (11)'));
      return [manager.queryRunner === runner, manager.queryRunner.isTransactionActive];
    }));
    await note('manager fails', () => runner.manager.transaction(async (manager) => {
      await manager.query('INSERT INTO t VALUES (12)');
      throw new Error('on purpose');
    }));
    await note('inner fails', () => runner.manager.transaction(async (manager) => {
      await manager.query('INSERT INTO t VALUES (13)');
      await manager.transaction((inner) => inner.query('INSERT INTO t VALUES (10)')).catch(() => {});
      await manager.query('INSERT INTO t VALUES (14)');
    }));
    await note('isolation', () => runner.manager.transaction('SERIALIZABLE', (manager) => manager.query('SHOW transaction_isolation')));
    await note('after', [await ids(), runner.isTransactionActive]);
  }

  async down() {}
};
