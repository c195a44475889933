// SPDX-License-Identifier: Apache-2.0
// Isolation levels, and conflicts that they bring.
'use strict';

const notes = require('../notes');

exports.Isolation1700000000001 = class Isolation1700000000001 {
  async up(runner) {
    const note = await notes(runner);
    await runner.query('CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2)');
    if (runner.isTransactionActive) {
      await runner.commitTransaction();
      await runner.startTransaction();
    }
    const source = runner.connection;
    for (const level of ['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE', undefined]) {
      const one = source.createQueryRunner();
      await one.startTransaction(level);
      await note(`level ${level}`, await one.query('SHOW transaction_isolation'));
      await one.rollbackTransaction();
      await one.release();
    }
    const [first, second] = [source.createQueryRunner(), source.createQueryRunner()];
    await first.startTransaction('REPEATABLE READ');
    await second.startTransaction('REPEATABLE READ');
    await first.query('SELECT * FROM t');
    await second.query('SELECT * FROM t');
    await first.query('UPDATE t SET n = 10 WHERE id = 1');
    await first.commitTransaction();
    await note('conflict', () => second.query('UPDATE t SET n = 11 WHERE id = 1'));
    await note('then', () => second.query('SELECT 1'));
    await second.rollbackTransaction();
    await first.startTransaction();
    await second.startTransaction();
    await first.query('SELECT * FROM t WHERE id = 1 FOR UPDATE');
    await note('nowait', () => second.query('SELECT * FROM t WHERE id = 1 FOR UPDATE NOWAIT'));
    await second.rollbackTransaction();
    await note('skip locked', () => second.query('SELECT * FROM t ORDER BY id FOR UPDATE SKIP LOCKED'));
    await second.query("SET lock_timeout TO '20ms'");
    await note('timeout', () => second.query('UPDATE t SET n = 12 WHERE id = 1'));
    await second.query("SET statement_timeout TO '20ms'");
    await note('statement timeout', () => second.query('SELECT pg_sleep(5)'));
    await first.rollbackTransaction();
    await second.query("SET statement_timeout TO 0; SET lock_timeout TO 0; SET deadlock_timeout TO '10ms'");
    await first.startTransaction();
    await second.startTransaction();
    await first.query('UPDATE t SET n = 1 WHERE id = 1');
    await second.query('UPDATE t SET n = 1 WHERE id = 2');
    const waits = first.query('UPDATE t SET n = 1 WHERE id = 2');
    await new Promise((resolve) => { setTimeout(resolve, 30); });
    const loses = second.query('UPDATE t SET n = 1 WHERE id = 1').catch((error) => error);
    const outcomes = await Promise.all([waits.then(() => 'done', (error) => error.code), loses.then((error) => error.code)]);
    await note('deadlock', outcomes);
    await first.rollbackTransaction();
    await second.rollbackTransaction();
    await first.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});
    await Promise.all([first.release(), second.release()].map((one) => Promise.resolve(one).catch(() => {})));
    await note('goes on', await runner.query('SELECT 1 AS one'));
  }

  async down() {}
};
