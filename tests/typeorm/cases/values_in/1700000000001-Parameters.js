// SPDX-License-Identifier: Apache-2.0
// What each value of JavaScript becomes as a parameter.
'use strict';

const when = new Date(2024, 2, 31, 2, 30, 0, 123);

class Money {
  constructor(amount) { this.amount = amount; }
  toPostgres(prepare) { return prepare(this.amount.toFixed(2)); }
}

const parameters = [
  ['null', 'text', null], ['undefined', 'text', undefined], ['string', 'text', 'it\'s "quoted" \\ ü 🎉'], ['empty', 'text', ''],
  ['number', 'text', 1.5], ['integer', 'int4', 42], ['large', 'numeric', 12345678901234567890], ['small', 'float8', 1e-7], ['NaN', 'float8', NaN],
  ['infinity', 'float8', -Infinity], ['negative zero', 'float8', -0], ['bigint', 'int8', 9223372036854775807n], ['true', 'bool', true], ['boolean as text', 'text', false],
  ['date', 'timestamptz', when], ['date as timestamp', 'timestamp', when], ['date as date', 'date', when], ['date as text', 'text', when],
  ['winter', 'timestamptz', new Date(2024, 11, 1, 12)], ['before the epoch', 'timestamptz', new Date(-1)],
  ['far', 'timestamp', new Date(253402300799999)], ['buffer', 'bytea', Buffer.from([0, 1, 2, 255])], ['empty buffer', 'bytea', Buffer.alloc(0)],
  ['typed array', 'bytea', new Uint8Array([5, 6, 7]).subarray(1)], ['view', 'bytea', new DataView(new ArrayBuffer(3))], ['buffer as text', 'text', Buffer.from('plain')],
  ['object', 'jsonb', { a: 1, b: [true, null, 'x'], c: { d: when } }], ['object as text', 'text', { z: undefined, y: 2 }], ['array of int', 'int4[]', [1, 2, null]],
  ['array of text', 'text[]', ['a', 'b,c', 'd"e', 'f\\g', '', 'NULL', null, undefined]], ['nested', 'int4[]', [[1, 2], [3, 4]]], ['empty array', 'text[]', []],
  ['array of dates', 'timestamptz[]', [when]], ['array of buffers', 'bytea[]', [Buffer.from([1, 2]), new Uint8Array([3])]], ['array of objects', 'jsonb[]', [{ a: 1 }, { b: '"' }]],
  ['array of booleans', 'bool[]', [true, false]], ['toPostgres', 'numeric', new Money(3)],
  ['symbol description', 'text', String(Symbol('s'))], ['json string', 'jsonb', '"text"'], ['enum', 'mood', 'bad'], ['number as numeric', 'numeric', 0.1],
  ['Map', 'jsonb', new Map([[1, 2]])], ['URL', 'text', new URL('http://x/y?z=1')], ['uuid', 'uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'],
];

const wrong = [
  ['NUL in text', 'text', 'a\0b'], ['lone surrogate', 'text', 'a\ud800b'], ['text for a number', 'int4', 'x'], ['array for json', 'jsonb', [1, 2]], ['wrong enum', 'mood', 'nice'],
  ['too large', 'int2', 70000], ['fraction for an integer', 'int4', 1.5], ['invalid bytes', 'text', Buffer.from([0xff, 0xfe])],
];

module.exports.Parameters1700000000001 = class Parameters1700000000001 {
  async up(runner) {
    await runner.query(`CREATE TYPE mood AS ENUM ('ok', 'bad')`);
    await runner.query('CREATE TABLE seen (id serial, what text, value text)');
    for (const [what, type, value] of parameters) {
      const [row] = await runner.query(`SELECT ($1::${type})::text AS value`, [value]);
      await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [what, row.value]);
    }
    for (const [what, type, value] of wrong) {
      await runner.startTransaction();
      let outcome = 'no error';
      try {
        outcome += ` ${(await runner.query(`SELECT ($1::${type})::text AS value`, [value]))[0].value}`;
      } catch (error) {
        outcome = `${error.name} ${error.code} ${error.message}`;
      }
      await runner.rollbackTransaction();
      await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [what, outcome]);
    }
  }

  async down() {}
};
