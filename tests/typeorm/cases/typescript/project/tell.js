// SPDX-License-Identifier: Apache-2.0
// What a module or migration saw, written to a table.
'use strict';

module.exports = async (runner, what, value) => {
  await runner.query('CREATE TABLE IF NOT EXISTS seen (id serial PRIMARY KEY, what text, value text)');
  await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [what, value === undefined ? 'undefined' : JSON.stringify(value)]);
};
