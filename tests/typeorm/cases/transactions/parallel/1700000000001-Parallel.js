// SPDX-License-Identifier: Apache-2.0
// Statements that are not waited for one by one, and the order in which their answers come.
'use strict';

const notes = require('../notes');

exports.Parallel1700000000001 = class Parallel1700000000001 {
  async up(runner) {
    const note = await notes(runner);
    await runner.query('CREATE TABLE t (id serial, n int)');
    await Promise.all(Array.from({ length: 20 }, (_, n) => runner.query('INSERT INTO t (n) VALUES ($1)', [n])));
    await note('in order', await runner.query('SELECT array_agg(n ORDER BY id) AS n FROM t'));
    const order = [];
    const ask = (n) => runner.query('SELECT $1::int AS n', [n]).then(([row]) => order.push(`answer ${row.n}`));
    const asked = [ask(1), ask(2)];
    process.nextTick(() => order.push('tick'));
    Promise.resolve().then(() => order.push('microtask'));
    setImmediate(() => order.push('immediate'));
    await Promise.all(asked);
    await note('order', order.filter((what) => what !== 'immediate'));
    const settled = await Promise.allSettled([1, 2].map((n) => runner.query('SELECT $1::int AS n', [n])));
    await note('settled', settled.map(({ status }) => status));
    await note('race', await Promise.race([runner.query("SELECT 'first' AS won"), new Promise((resolve) => { setTimeout(resolve, 5000, 'timer').unref(); })]));
    const results = [];
    for await (const [row] of (async function* ask() { for (let n = 0; n < 3; n++) yield runner.query('SELECT $1::int AS n', [n]); })()) results.push(row.n);
    await note('generator', results);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
    await note('after a timer', runner.isTransactionActive);
  }

  async down() {}
};
