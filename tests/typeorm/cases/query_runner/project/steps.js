// SPDX-License-Identifier: Apache-2.0
// Steps of a migration that tell in a table what they returned or threw, and how the catalog looks then.
'use strict';

const CATALOG = `
  SELECT string_agg(line, E'\\n' ORDER BY line) AS lines FROM (
    SELECT format('%s.%s %s %s null=%s default=%s', c.relnamespace::regnamespace, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
      pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' AND c.relname NOT IN ('seen', 'migrations')
    UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid <> 0 AND connamespace::regnamespace::text !~ '^(pg_|information_schema)'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname !~ '^pg_') AS lines`;

function plain(value) {
  if (value === undefined) return 'undefined';
  const seen = new WeakSet();
  return JSON.stringify(value, function (key, one) {
    if (typeof one === 'function') return `function ${one.name}`;
    if (typeof one === 'bigint') return `${one}n`;
    if (one === null || typeof one !== 'object') return one;
    if (seen.has(one)) return 'seen';
    seen.add(one);
    return one;
  });
}

module.exports = async function steps(runner) {
  await runner.query(`PREPARE catalog AS ${CATALOG}`);
  await runner.query('CREATE TABLE seen (id serial PRIMARY KEY, what text, value text, changed text[])');
  let before = [];
  const step = async (what, work) => {
    const inside = runner.isTransactionActive;
    if (inside) await runner.query('SAVEPOINT step');
    let value;
    let result;
    try {
      result = await work();
      value = plain(result);
      if (inside) await runner.query('RELEASE step');
    } catch (error) {
      if (inside) await runner.query('ROLLBACK TO step');
      value = `${error.name} ${error.code} ${error.message}`;
    }
    const [{ lines }] = await runner.query('EXECUTE catalog');
    const now = (lines ?? '').split('\n');
    const changed = [...before.filter((line) => !now.includes(line)).map((line) => `-${line}`), ...now.filter((line) => !before.includes(line)).map((line) => `+${line}`)];
    before = now;
    await runner.query('INSERT INTO public.seen (what, value, changed) VALUES ($1, $2, $3)', [what, value, changed]);
    return result;
  };
  return step;
};
module.exports.plain = plain;
