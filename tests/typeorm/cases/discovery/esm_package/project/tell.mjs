// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';

export const tell = async (runner, what, value) => {
  await runner.query('CREATE TABLE IF NOT EXISTS seen (id serial PRIMARY KEY, what text, value text)');
  await runner.query('INSERT INTO seen (what, value) VALUES ($1, $2)', [what, value === undefined ? 'undefined' : JSON.stringify(value)]);
};
export { createRequire as another };
export * as path from 'node:path';
