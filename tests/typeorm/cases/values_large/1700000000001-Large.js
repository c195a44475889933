// SPDX-License-Identifier: Apache-2.0
// Much at once: rows, columns, parameters, bytes, depth.
'use strict';

const crypto = require('crypto');

exports.Large1700000000001 = class Large1700000000001 {
  async up(runner) {
    await runner.query('CREATE TABLE seen (id serial, what text, value text)');
    const digest = (value) => crypto.createHash('md5').update(typeof value === 'string' ? value : JSON.stringify(value)).digest('hex');
    const note = (what, value) => runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [what, JSON.stringify(value)]);
    const text = 'ü€🎉 a\n'.repeat(400000);
    const [{ back, length, md5 }] = await runner.query('SELECT $1::text AS back, length($1) AS length, md5($1) AS md5', [text]);
    await note('text', [back === text, length, md5, digest(text)]);
    const bytes = Buffer.alloc(3000000, 0).map((_, at) => at * 7 % 256);
    const [row] = await runner.query('SELECT $1::bytea AS back, md5($1) AS md5', [bytes]);
    await note('bytes', [bytes.equals(row.back), row.md5]);
    const [wide] = await runner.query(`SELECT ${Array.from({ length: 1600 }, (_, i) => `${i} AS c${i}`).join(', ')}`);
    await note('columns', [Object.keys(wide).length, digest(wide)]);
    const rows = await runner.query("SELECT i, i::text || 'x' AS t, CASE WHEN i % 3 = 0 THEN NULL ELSE i * 1.5 END AS n, ARRAY[i, i + 1] AS a, jsonb_build_object('i', i) AS j FROM generate_series(1, 20000) AS i");
    await note('rows', [rows.length, digest(rows)]);
    const many = Array.from({ length: 20000 }, (_, i) => i);
    await note('parameters', (await runner.query(`SELECT count(*)::int AS n, sum(v)::int AS s FROM (VALUES ${many.map((i) => `($${i + 1}::int)`).join(', ')}) AS t (v)`, many))[0]);
    await runner.query('CREATE TABLE many (id int, name text)');
    await runner.manager.createQueryBuilder().insert().into('many', ['id', 'name']).values(many.slice(0, 5000).map((id) => ({ id, name: `n${id}` }))).execute();
    await note('array', (await runner.query('SELECT array_length($1::int[], 1) AS n', [many]))[0]);
    let deep = {};
    for (let i = 0; i < 500; i++) deep = { i, deep, list: [i] };
    await note('depth', digest((await runner.query('SELECT $1::json AS deep', [deep]))[0].deep) === digest(deep));
    await note('statements', await runner.query(Array.from({ length: 2000 }, (_, i) => `INSERT INTO many VALUES (${i}, 'again')`).join(';\n')));
    await note('long statement', (await runner.query(`SELECT '${'x'.repeat(2000000)}' AS x`))[0].x.length);
    await note('count', await runner.query('SELECT count(*), count(DISTINCT id) AS ids FROM many'));
  }

  async down() {}
};
