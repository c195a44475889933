// SPDX-License-Identifier: Apache-2.0
// Runs a project's migrations as TypeORM itself does under Node, and says what came of it as JSON.
//   node oracle.mjs OPTIONS      JSON: way (run, revert, show), database, files, schema, transaction
// Login by PGHOST, PGPORT, PGUSER, PGPASSWORD.
import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/[project]`);
const { DataSource } = require('typeorm');
const { way, ...options } = JSON.parse(process.argv[2]);

const dataSource = new DataSource({
  type: 'postgres', host: process.env.PGHOST, port: Number(process.env.PGPORT), username: process.env.PGUSER, password: process.env.PGPASSWORD,
  database: options.database, migrations: options.files, schema: options.schema,
});
const shown = [];

try {
  await dataSource.initialize();
  try {
    if (way === 'run') await dataSource.runMigrations({ transaction: options.transaction });
    if (way === 'revert') await dataSource.undoLastMigration({ transaction: options.transaction });
    if (way === 'show') {
      dataSource.logger.logSchemaBuild = (line) => shown.push(line);
      await dataSource.showMigrations();
    }
  } finally {
    await dataSource.destroy();
  }
  process.stdout.write(`\n${JSON.stringify({ shown })}\n`);
} catch (error) {
  process.stdout.write(`\n${JSON.stringify({ shown, error: { message: error.message, code: error.code } })}\n`);
}
