// SPDX-License-Identifier: Apache-2.0
// What each type of PostgreSQL becomes.
'use strict';

function kind(value) {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (value instanceof Date) return `Date ${value.getTime()} ${value.getTimezoneOffset()}`;
  if (Buffer.isBuffer(value)) return `Buffer ${value.toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(kind).join(', ')}]`;
  if (typeof value === 'object') return `${value.constructor?.name} {${Object.entries(value).map(([k, v]) => `${k}: ${kind(v)}`).join(', ')}}`;
  return `${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`;
}

const expressions = [
  '1::int2', '(-2147483648)::int4', '9223372036854775807::int8', '4294967295::oid', '1.5::float4', "'NaN'::float8", "'-Infinity'::float8",
  '1e300::float8', '-0.0::float8', '12345678901234567890.123456789::numeric', "'NaN'::numeric", 'true', "'f'::bool", "'text with ü € 🎉'::text",
  "'x'::char(5)", "'v'::varchar", "'n'::name", "'\"c'::\"char\"", "'\\xdeadbeef00'::bytea", "''::bytea", "'2024-03-31'::date",
  "'infinity'::date", "'-infinity'::timestamp", "'infinity'::timestamptz", "'2024-03-31 01:59:59.999'::timestamp", "'2024-03-31 02:30:00'::timestamp",
  "'2024-10-27 02:30:00'::timestamp", "'2024-03-31 01:00:00Z'::timestamptz", "'2024-10-27 00:59:59.123456Z'::timestamptz",
  "'1970-01-01'::date", "'9999-12-31 23:59:59'::timestamp", "'12:34:56.789'::time", "'12:34:56+02'::timetz",
  "'1 year 2 mons 3 days 04:05:06.789'::interval", "'-1 day'::interval", "'00:00:00'::interval", "'{\"a\": [1, 2.5, null, \"x\"]}'::json",
  "'{\"b\": {\"c\": true}}'::jsonb", "'null'::json", "'\"text\"'::jsonb", "'5'::jsonb", "'(1,2)'::point", "'<(1,2),3>'::circle", "'((0,0),(1,1))'::box",
  "'{1,2,3}'::line", "'[(0,0),(1,1)]'::lseg", "'((0,0),(1,1))'::path", "'((0,0),(1,1))'::polygon", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
  "'12.34'::money", "'192.168.0.1/24'::inet", "'10.0.0.0/8'::cidr", "'08:00:2b:01:02:03'::macaddr", "'[1,5)'::int4range",
  "'[2024-01-01,2024-02-01)'::daterange", "'[2024-01-01 00:00,)'::tstzrange", "'{[1,3),[5,7)}'::int4multirange", "B'101'", "B'1'::bit varying",
  "'a b'::tsvector", "'a & b'::tsquery", "'<a/>'::xml", "'pg_class'::regclass", "'1/2'::pg_lsn", "'1'::xid", 'ROW(1, $$a$$)', "'ok'::mood",
  "'{1,2,NULL}'::int4[]", "'{{1,2},{3,4}}'::int4[]", "'{9223372036854775807}'::int8[]", "'{1.5,2.25}'::numeric[]", "'{1.5,NaN}'::float8[]",
  "'{t,f,NULL}'::bool[]", "ARRAY['a', 'b,c', 'd\"e', 'f\\g', '', NULL]::text[]", "'{a,b}'::varchar[]", "'{x}'::char(2)[]", "'{n}'::name[]",
  "ARRAY['\\x00ff'::bytea, NULL]", "'{2024-03-31,infinity}'::date[]", "'{2024-03-31 02:30}'::timestamp[]", "'{2024-03-31 00:30Z}'::timestamptz[]",
  "'{1 day}'::interval[]", "ARRAY['{\"a\":1}'::json]", "ARRAY['{\"a\":1}'::jsonb, NULL]", "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'::uuid[]",
  "'{10.0.0.1}'::inet[]", "'{12:00}'::time[]", "'{ok,bad}'::mood[]", "'{\"(1,2)\"}'::point[]", "'{}'::int4[]", "'[2:3]={1,2}'::int4[]",
  "'{\"[1,3)\"}'::int4range[]", "'{1.00}'::money[]", 'NULL', 'NULL::jsonb', 'count(*)', 'sum(1.5)', 'avg(2)', 'now() - now()',
];

module.exports.Values1700000000001 = class Values1700000000001 {
  async up(runner) {
    await runner.query(`CREATE TYPE mood AS ENUM ('ok', 'bad')`);
    await runner.query('CREATE TABLE seen (id serial, what text, value text)');
    for (const expression of expressions) {
      const [row] = await runner.query(`SELECT ${expression} AS value`);
      await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [expression, kind(row.value)]);
    }
    const [row] = await runner.query('SELECT 1 AS a, 2 AS a, 3, 4, $1::text AS "with space"', ['x']);
    await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', ['columns', kind(row)]);
    const many = await runner.query('SELECT i, i::text AS t, NULL AS n FROM generate_series(1, 20000) AS i');
    await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', ['many', `${many.length} ${kind(many[19999])}`]);
  }

  async down() {}
};
