// SPDX-License-Identifier: Apache-2.0
// What a migration saw, in a table of the database.
'use strict';

/** The table, if it is not there, and a function that writes to it; `what` fails: its error is written. */
module.exports = async function notes(runner) {
  await runner.query('CREATE TABLE IF NOT EXISTS seen (id serial PRIMARY KEY, what text, value text)');
  const note = async (what, value) => {
    let seen = value;
    if (typeof value === 'function') {
      seen = await Promise.resolve().then(value).catch((error) => `${error?.name} ${error?.code} ${error?.message ?? error}`);
    }
    await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [what, seen === undefined ? 'undefined' : JSON.stringify(seen)]);
  };
  return note;
};
