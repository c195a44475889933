// SPDX-License-Identifier: Apache-2.0
// What was read is written again: as it comes, and after a change, into a column of its type.
'use strict';

const values = {
  int2: '-32768', int4: '2147483647', int8: '-9223372036854775808', numeric: '1234567890123456789.000100', float4: '3.4028235e38', float8: '5e-324', money: '-12.34', bool: 't',
  text: 'a\\b\'c"d\te\nü🎉', varchar: '', 'char(4)': 'ab', name: 'n', bytea: '\\x00ff5c27', date: '2024-03-31', timestamp: '2024-03-31 02:30:00.123456', 'timestamp(0)': '2024-10-27 02:30:00',
  timestamptz: '2024-10-27 00:30:00.5Z', 'timestamptz ': '1970-01-01 00:00:00Z', time: '23:59:59.999999', timetz: '01:02:03-05:30', interval: '1 year 2 mons -3 days 04:05:06.789', 'interval ': '-00:00:00.000001',
  json: '{"a": [1, {"b": null}], "c": "\\u00fc", "c": 2}', jsonb: '{"a": [1, {"b": null}], "c": "ü"}', 'jsonb ': '[1, 2]', uuid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', inet: '::1/64', cidr: '10.0.0.0/8', macaddr: '08:00:2b:01:02:03',
  point: '(1.5,-2)', circle: '<(1,2),3>', box: '(1,1),(0,0)', lseg: '[(0,0),(1,1)]', path: '((0,0),(1,1))', polygon: '((0,0),(1,1),(1,0))', line: '{1,2,3}', int4range: '[1,5)', 'int4range ': 'empty', numrange: '(,1.5]',
  tsrange: '["2024-01-01 00:00:00","2024-02-01 00:00:00")', tstzrange: '["2024-01-01 00:00:00+00",)', daterange: '[2024-01-01,2024-02-01)', int8multirange: '{[1,3),[5,9)}', bit: '1', 'bit(5)': '10101', varbit: '101', xml: '<a b="c">d</a>',
  tsvector: "'a':1 'b':2", tsquery: "'a' & 'b'", oid: '4294967295', regclass: 'pg_class', mood: 'bad', pair: '(1,"a b")', positive: '5',
  'int4[]': '{1,NULL,3}', 'int4[] ': '{{1,2},{3,4}}', 'int8[]': '{9007199254740993}', 'numeric[]': '{0.1,12345678901234567890}', 'text[]': '{a,"b,c","d\\"e","f\\\\g","",NULL,"NULL","{}"," x "}', 'bool[]': '{t,NULL,f}', 'float8[]': '{1.5,NaN,-Infinity}',
  'date[]': '{2024-03-31}', 'timestamp[]': '{"2024-03-31 02:30:00"}', 'timestamptz[]': '{"2024-10-27 00:30:00+00"}', 'uuid[]': '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', 'json[]': '{"{\\"a\\": 1}",null}', 'jsonb[]': '{"{\\"a\\": [1, \\"x\\"]}"}', 'bytea[]': '{"\\\\x00ff"}',
  'interval[]': '{"1 day"}', 'mood[]': '{ok,bad}', 'pair[]': '{"(1,\\"a b\\")"}', 'int4range[]': '{"[1,5)"}', 'point[]': '{"(1,2)"}', 'varchar[]': '{}', 'inet[]': '{10.0.0.1}', 'time[]': '{12:00:00}', 'char(2)[]': '{a,bc}',
};

function changed(value) {
  if (value instanceof Date) return new Date(value.getTime() + 86400000);
  if (Buffer.isBuffer(value)) return Buffer.concat([value, Buffer.from([1])]);
  if (Array.isArray(value)) return [...value].reverse();
  if (typeof value === 'number') return value / 2;
  if (typeof value === 'boolean') return !value;
  if (value && typeof value === 'object') return { ...value, added: [1, 'x'] };
  return value;
}

exports.Back1700000000001 = class Back1700000000001 {
  async up(runner) {
    await runner.query(`CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN positive AS int CHECK (VALUE > 0)`);
    await runner.query('CREATE TABLE seen (id serial, what text, value text)');
    for (const [given, text] of Object.entries(values)) {
      const type = given.trim();
      const [{ value }] = await runner.query(`SELECT ${`'${text.replaceAll("'", "''")}'`}::${type} AS value`);
      for (const [what, parameter] of [['as it is', value], ['changed', changed(value)], ['as JSON', JSON.stringify(value)], ['in an object', { value }]]) {
        await runner.startTransaction();
        const outcome = await runner.query(`SELECT ($1::${what === 'as it is' || what === 'changed' ? type : 'text'})::text AS back`, [parameter]).then(([{ back }]) => back, ({ code, message }) => `${code} ${message}`);
        await runner.rollbackTransaction();
        await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [`${type} ${what}`, outcome]);
      }
    }
  }

  async down() {}
};
