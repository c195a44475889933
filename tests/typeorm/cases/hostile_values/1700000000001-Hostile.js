// SPDX-License-Identifier: Apache-2.0
// Parameters, texts and columns that mean harm: what is refused is refused with an error of the same class, and the session
// can be used as before.
'use strict';

const thrower = () => { throw new RangeError('thrown'); };
const cyclic = { a: 1 };
cyclic.self = cyclic;
const ring = [1];
ring.push(ring);
const later = { then(resolve) { resolve(5); } };

const parameters = {
  'getter throws': { get a() { return thrower(); } }, 'toJSON throws': { toJSON: thrower }, 'toPostgres throws': { toPostgres: thrower }, 'toString throws': Object.assign(Object.create(null), { a: 1, toString: thrower }),
  cyclic, ring, symbol: Symbol('s'), 'toPostgres of itself': { toPostgres() { return this; } }, 'toPostgres of nothing': { toPostgres() {} }, 'toPostgres of a symbol': { toPostgres: () => Symbol('x') },
  proxy: new Proxy({}, { get: thrower, ownKeys: thrower, has: thrower }), 'null prototype': Object.assign(Object.create(null), { a: 1 }), 'invalid date': new Date(NaN), 'far date': new Date(8.64e15), 'early date': new Date(-8.64e15), promise: Promise.resolve(5), later,
  error: new Error('an error'), expression: /x/g, set: new Set([1]), weak: new WeakMap(), iterator: [1, 2][Symbol.iterator](), sparse: [1, , 3], 'array with members': Object.assign([1, 2], { a: 3 }), 'boxed text': new String('boxed'), 'boxed number': new Number(5),
  'array of symbols': [Symbol('x')], 'proto of JSON': JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}'), 'huge array': new Array(1000), 'view of nothing': new DataView(new ArrayBuffer(0)), 'big integers': new BigInt64Array([5n]), 'floats': new Float64Array([1.5]),
  'shared': new Uint8Array(4).subarray(1, 3), 'lone surrogates': '\ud83d\ude00 \udc00', 'all of latin': Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1)).join(''), 'byte order mark': '\ufeffx', 'minus zero': [-0, 0], 'numbers': [1e21, 1e-7, 0.1 + 0.2, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE],
};

const texts = [undefined, null, 5, {}, [], Symbol('x'), { text: 'SELECT 1 AS a' }, 'SELECT 1\0', '\ud800', "SELECT '\u0000'", `SELECT 1 -- ${'x'.repeat(100000)}`, '/* /* */', "SELECT 'it", 'SELECT $1', 'SELECT $2::int', '$$', 'SELECT 1;;;;SELECT 2', '\\d', 'COPY t FROM STDIN', 'COPY (SELECT 1) TO STDOUT', 'BEGIN; SELECT', '\u2028SELECT 1'];

const columns = ['SELECT 1 AS "__proto__", 2 AS constructor, 3 AS "toString", 4 AS "hasOwnProperty"', `SELECT 1 AS "", 2 AS " "`.replace('""', '"x"'), 'SELECT 1 AS "0", 2 AS "length", 3 AS "then"', `SELECT 1 AS "a'b""c", 2 AS "ü€🎉", 3 AS "line
break"`, `SELECT 1 AS "${'l'.repeat(63)}"`, 'SELECT NULL AS "null", NULL AS "undefined"', 'SELECT 1, 2, 3', 'SELECT', 'SELECT FROM generate_series(1, 3)'];

exports.Hostile1700000000001 = class Hostile1700000000001 {
  async up(runner) {
    await runner.query('CREATE TABLE seen (id serial, what text, value text)');
    const note = async (what, work) => {
      if (runner.isTransactionActive) await runner.query('SAVEPOINT s');
      const value = await Promise.resolve().then(work).then((given) => JSON.stringify(given) ?? 'undefined', (error) => `${error?.name} ${error?.code ?? ''}`);
      if (runner.isTransactionActive) await runner.query('ROLLBACK TO s');
      await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [what, value]);
    };
    for (const [what, parameter] of Object.entries(parameters)) {
      await note(`text: ${what}`, () => runner.query('SELECT $1::text AS value', [parameter]));
      await note(`array: ${what}`, () => runner.query('SELECT $1::text AS value', [[parameter, null]]));
      await note(`in an object: ${what}`, () => runner.query('SELECT $1::text AS value', [{ inside: parameter }]));
    }
    for (const text of texts) await note(`statement: ${String(typeof text === 'string' ? encodeURIComponent(text.replace(/\p{Surrogate}/gu, '?')).slice(0, 50) : typeof text)}`, () => runner.query(text));
    for (const given of [5, 'x', {}, new Map(), { length: 1, 0: 5 }, new Set([1]), [undefined], [[]], [,]]) await note(`parameters: ${JSON.stringify(given)}`, () => runner.query('SELECT $1::text AS value', given));
    for (const text of columns) {
      await note(text.slice(0, 40), async () => {
        const rows = await runner.query(text);
        return rows.map((row) => [Object.entries(row), Object.getPrototypeOf(row) === Object.prototype, Object.keys(row)]);
      });
    }
  }

  async down() {}
};
