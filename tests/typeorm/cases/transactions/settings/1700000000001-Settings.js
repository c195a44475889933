// SPDX-License-Identifier: Apache-2.0
// What a migration sets in the session, and what the next one finds of it.
'use strict';

const notes = require('../notes');

const names = ['work_mem', 'search_path', 'timezone', 'datestyle', 'intervalstyle', 'bytea_output', 'extra_float_digits', 'standard_conforming_strings', 'client_encoding', 'default_transaction_isolation', 'statement_timeout', 'row_security', 'role'];

async function look(runner) {
  const values = [];
  for (const name of names) values.push(`${name}=${Object.values((await runner.query(`SHOW ${name}`))[0])[0]}`);
  return values;
}

exports.Before1700000000001 = class Before1700000000001 {
  async up(runner) {
    const note = await notes(runner);
    await note('before', await look(runner));
    await runner.query('CREATE TEMPORARY TABLE temporary_one (id int)');
    await runner.query("SET timezone TO 'Asia/Tokyo'");
    await runner.query("SET intervalstyle TO 'iso_8601'");
    await runner.query("SET work_mem TO '5MB'; SET statement_timeout TO '90s'");
    await runner.query("SET LOCAL bytea_output TO 'escape'");
    await runner.query('PREPARE prepared AS SELECT 1 AS one');
    await note('after', await look(runner));
    await note('values', await runner.query("SELECT '2024-01-01T00:00:00Z'::timestamptz::text AS t, '1 day 2 hours'::interval::text AS i, '\\x00ff'::bytea::text AS b, 0.1::float8 + 0.2 AS f, '2024-01-01T00:00:00Z'::timestamptz AS d"));
  }

  async down() {}
};

exports.Next1700000000002 = class Next1700000000002 {
  async up(runner) {
    const note = await notes(runner);
    await note('next', await look(runner));
    await note('temporary', await runner.query('SELECT count(*) FROM temporary_one'));
    await note('prepared', await runner.query('EXECUTE prepared'));
    await note('interval', (await runner.query("SELECT '1 day 2 hours'::interval::text AS i"))[0]);
    await runner.query('RESET ALL');
  }

  async down() {}
};
