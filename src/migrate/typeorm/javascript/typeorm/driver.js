// SPDX-License-Identifier: Apache-2.0
// What C++ calls: finds a project's migrations and lets TypeORM run or revert them. TypeORM decides; this only listens, and
// tells `alkemio-init:watch` of it:
//   begin(name, inside)  a migration's up or down is about to run, in a transaction of TypeORM's or not
//   place(text)    a script calls the query runner, with this statement if it is a query
//   end(name, open)      up or down is done, its row in the ledger is not; `open`: it began a transaction that it did not end
//   failed(name)   up or down has thrown
//   overtaken()    a TypeORM elsewhere has applied what was to be applied
//   said(text)     TypeORM's own words on what it does
'use strict';

const typeorm = require('typeorm');
const watch = require('alkemio-init:watch');
const path = require('path');
const { Guard } = require('./guard.js');

const inside = typeorm[Symbol.for('alkemio-init')];

/** TypeORM's logger, which passes on what it says of migrations. */
const logger = {
  logQuery() {},
  logQueryError() {},
  logQuerySlow() {},
  logSchemaBuild(message) { watch.said(String(message)); },
  logMigration(message) { watch.said(String(message)); },
  log() {},
};

/** As typeorm -d FILE has it, else of our own configuration. */
async function makeDataSource(options) {
  const dataSource = options.dataSource ? await inside.CommandUtils.loadDataSource(path.resolve(options.dataSource)) : new typeorm.DataSource({
    type: 'postgres', migrations: options.files, migrationsTableName: options.table || undefined, schema: options.schema || undefined,
  });
  if (dataSource.options.type !== 'postgres') {
    throw new Error(`the data source is of type "${dataSource.options.type}"; only "postgres" is supported`);
  }
  dataSource.setOptions({
    // Loading an application's entities is none of a migration's business; what uses them is refused.
    entities: [], subscribers: [], synchronize: false, migrationsRun: false, dropSchema: false, cache: false, logger, logging: true,
    // Whom scripts log in to is not theirs to say; the name is part of what TypeORM asks the catalog for.
    url: undefined, host: undefined, port: undefined, username: undefined, password: undefined, ssl: undefined,
    replication: undefined, database: options.database, driver: undefined, nativeDriver: undefined,
    ...(options.table ? { migrationsTableName: options.table } : {}),
    ...(options.schema ? { schema: options.schema } : {}),
  });
  return dataSource;
}

/** The classes that a module exports, as TypeORM looks for them. */
function classesOf(exported, found = []) {
  if (typeof exported === 'function') found.push(exported);
  else if (Array.isArray(exported)) exported.forEach((one) => classesOf(one, found));
  else if (inside.ObjectUtils.isObject(exported)) Object.values(exported).forEach((one) => classesOf(one, found));
  return found;
}

/** What a file exports that is loaded already: of CommonJS as it is, ES modules have to be asked for. */
async function exportsOf(file) {
  const module = require.cache[file];
  return module?.loaded ? module.exports : (await inside.importOrRequireFile(file))[0];
}

/** The files of globs, as TypeORM finds them. */
function filesOf(globs) {
  return globs.flatMap((glob) => inside.findFiles(path.normalize(glob)))
    .filter((name) => /\.[mc]?[jt]s$/.test(name) && !name.endsWith('.d.ts')).map((name) => path.resolve(name));
}

/** TypeORM reads the nearest package.json once a folder, but asks of all files at once: then each of them reads it. So it is
 *  asked of a file before that is not there. */
async function readPackagesOf(files) {
  for (const folder of new Set(files.map((file) => path.dirname(file)))) {
    await inside.importOrRequireFile(path.join(folder, '.alkemio-init-no-such-file.js')).catch(() => {});
  }
}

/** From which file each class is. The files are loaded already. */
async function originsOf(files) {
  const origins = new Map();
  for (const file of files) {
    for (const one of classesOf(await exportsOf(file))) origins.set(one, file);
  }
  return origins;
}

/** All that is there, in TypeORM's order; throws what TypeORM throws for names without timestamp or twice the same. */
async function list(dataSource) {
  const given = inside.ObjectUtils.mixedListToArray(dataSource.options.migrations ?? []);
  const globs = given.filter((one) => typeof one === 'string');
  const files = filesOf(globs);
  await readPackagesOf(files);
  dataSource.migrations = await new inside.ConnectionMetadataBuilder(dataSource).buildMigrations(given);
  const origins = await originsOf(files);
  const found = new inside.MigrationExecutor(dataSource).getMigrations();
  return {
    version: inside.version,
    table: dataSource.options.migrationsTableName || 'migrations',
    schema: dataSource.options.schema ?? '',
    transaction: dataSource.options.migrationsTransactionMode ?? 'all',
    globs,
    migrations: found.map(({ name, timestamp, instance }) => ({
      name, timestamp, file: origins.get(instance.constructor) ?? '', transaction: instance.transaction,
    })),
  };
}

// TypeORM 0.3 keeps instances beyond a data source's end.
const watched = new WeakSet();

let inCall = false;

/** Tells of each call of a script, so that failures can name the line. */
function watchRunner(runner) {
  if (watched.has(runner)) return;
  watched.add(runner);
  for (let of = Object.getPrototypeOf(runner); of && of !== Object.prototype; of = Object.getPrototypeOf(of)) {
    for (const name of Object.getOwnPropertyNames(of)) {
      const { value } = Object.getOwnPropertyDescriptor(of, name);
      if (name === 'constructor' || typeof value !== 'function' || Object.hasOwn(runner, name)) continue;
      Object.defineProperty(runner, name, {
        value(...given) {
          const text = name === 'query' && typeof given[0] === 'string' ? given[0] : '';
          const nested = inCall;
          // What a call calls is at the same place: that of a statement is told again, since it has a text.
          if (!nested || text) watch.place(text);
          inCall = true;
          try {
            return value.apply(this, given);
          } finally {
            inCall = nested;
          }
        },
        configurable: true, writable: true, enumerable: false,
      });
    }
  }
}

/** As TypeORM calls it, which needs a promise. */
const later = (result) => result.catch((error) => { throw error; });

// What scripts have, and not one that is bundled with this.
const connection = () => require(String('pg')).Connection;

const settle = () => connection().settled().catch(([text, error]) => { throw new typeorm.QueryFailedError(text, undefined, error); });

/** What the server refuses goes before what the script threw behind it. What it sent last may be on its way at its end: then what
 *  TypeORM sends behind it fails. */
async function settled(result) {
  try {
    return await result;
  } catch (error) {
    await settle();
    throw error;
  }
}

/** V8's words, of this migration and not of the one before. */
const missing = (way) => () => { throw new TypeError(`migration.instance.${way} is not a function`); };

let guard;

function watchMigrations(dataSource) {
  for (const instance of dataSource.migrations) {
    if (watched.has(instance)) continue;
    watched.add(instance);
    const name = instance.name || instance.constructor.name;
    for (const way of ['up', 'down']) {
      const given = instance[way];
      if (!Object.isExtensible(instance)) continue;
      const original = typeof given === 'function' ? given : missing(way);
      Object.defineProperty(instance, way, {
        value(runner, ...more) {
          const go = () => {
            const depth = runner?.transactionDepth ?? 0;
            const end = () => watch.end(name, (runner?.transactionDepth ?? 0) > depth);
            watch.begin(name, Boolean(runner?.isTransactionActive));
            watchRunner(runner);
            let result;
            try {
              result = original.call(this, runner, ...more);
            } catch (error) {
              result = Promise.reject(error);
            }
            if (typeof result?.then === 'function') {
              return (result instanceof Promise ? settled(result) : result).then((value) => { end(); return value; }, (error) => { watch.failed(name); throw error; });
            }
            end();
            return result;
          };
          // The guard asks the server itself.
          if (way === 'up' && guard && !guard.held) return settle().then(() => guard.enter(runner, name)).then(() => later(go()));
          return connection().isBehind(name) ? settle().then(() => later(go())) : go();
        },
        configurable: true, writable: true, enumerable: false,
      });
    }
  }
}

let current;

exports.open = async (options) => {
  current = await makeDataSource(options);
  return list(current);
};

async function connected(work) {
  await current.initialize();
  watchMigrations(current);
  const result = await work(current);
  // After a failure C++ closes the sessions: what that breaks off must not hide the failure.
  await current.destroy().catch(() => {});
  return result;
}

/** `to`: up to and with this one, in TypeORM's order; `only`: this one alone; neither: all. */
exports.run = ({ transaction, fake, to, only }) => connected(async (dataSource) => {
  if (to) {
    const all = new inside.MigrationExecutor(dataSource).getMigrations();
    dataSource.migrations = all.slice(0, all.findIndex(({ name }) => name === to) + 1).map(({ instance }) => instance);
  }
  if (only) {
    const all = new inside.MigrationExecutor(dataSource).getMigrations();
    dataSource.migrations = all.filter(({ name }) => name === only).map(({ instance }) => instance);
  }
  guard = new Guard(new inside.MigrationExecutor(dataSource).migrationsTable, transaction);
  const ran = await settled(dataSource.runMigrations({ transaction, fake }));
  // A script that left a transaction open has not been told all.
  await settle();
  return ran.map(({ name }) => name);
});

exports.revert = ({ transaction, fake }) => connected(async (dataSource) => {
  await dataSource.undoLastMigration({ transaction, fake });
});
