// SPDX-License-Identifier: Apache-2.0
// Which migrations share a transaction.
'use strict';

const notes = require('../notes');

function migration(name) {
  return { [name]: class {
    async up(runner) {
      const note = await notes(runner);
      const [{ same }] = await runner.query('SELECT now()::text AS same');
      await runner.query('CREATE TABLE IF NOT EXISTS moments (name text, moment text)');
      const [{ count }] = await runner.query('SELECT count(*) FROM moments WHERE moment = $1', [same]);
      await runner.query('INSERT INTO moments VALUES ($1, $2)', [name, same]);
      await note(name, [runner.isTransactionActive, runner.isReleased, count, await runner.query('SELECT count(*) FROM migrations')]);
      if (name.startsWith('Fourth')) await runner.query('ALTER TABLE moments DROP COLUMN moment');
    }

    async down() {}
  } }[name];
}

for (const name of ['First1700000000001', 'Second1700000000002', 'Third1700000000003', 'Fourth1700000000004']) exports[name] = migration(name);
