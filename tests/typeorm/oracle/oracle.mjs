// SPDX-License-Identifier: Apache-2.0
// Runs projects' migrations as TypeORM itself does under Node, and says what came of each: one line of JSON a request on
// standard input, one line of answer. Login by PGHOST, PGPORT, PGUSER, PGPASSWORD.
//   request   way (run, revert, show), folder of the project, zone, database, files, schema, table, transaction, fake
//   answer    "oracle: " and JSON: shown, the names of what it ran, and error if it failed
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

async function work({ way, folder, zone, transaction, fake, ...options }) {
  process.env.TZ = zone;
  process.chdir(folder);
  const { DataSource } = createRequire(`${folder}/[project]`)('typeorm');
  const dataSource = new DataSource({
    type: 'postgres', host: process.env.PGHOST, port: Number(process.env.PGPORT), username: process.env.PGUSER, password: process.env.PGPASSWORD,
    database: options.database, migrations: options.files, schema: options.schema, migrationsTableName: options.table,
  });
  const shown = [];
  let ran = [];
  await dataSource.initialize();
  try {
    if (way === 'run') ran = (await dataSource.runMigrations({ transaction, fake })).map(({ name }) => name);
    if (way === 'revert') await dataSource.undoLastMigration({ transaction, fake });
    if (way === 'show') {
      dataSource.logger.logSchemaBuild = (line) => shown.push(line);
      await dataSource.showMigrations();
    }
  } finally {
    await dataSource.destroy();
  }
  return { shown, ran };
}

function described(error) {
  if (error instanceof Error) return { name: error.name, message: error.message, code: error.code };
  return { message: String(error) };
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = await work(JSON.parse(line));
  } catch (error) {
    answer = { error: described(error) };
  }
  process.stdout.write(`\noracle: ${JSON.stringify(answer)}\n`);
}
