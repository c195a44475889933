// SPDX-License-Identifier: Apache-2.0
// Keeps a TypeORM elsewhere, which knows nothing of our cluster lock, from applying what is applied here. It reads the ledger
// once, without a transaction, and trusts that until its end. So, before a migration runs,
//   - the ledger is locked in the migration's transaction, against readers too: who comes now reads it when we are done;
//   - who may have read it before that lock is waited for: first it works, then we look again;
//   - the ledger is read once more under the lock, since others may have been faster than we.
// Without a transaction nothing can be locked, and only the last of these is done. See docs/migrations.md.
'use strict';

const watch = require('alkemio-init:watch');

/** How long others' transactions that were there before ours can hold it up, and between two looks at them. */
const patience = 3000;
const pause = 20;

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));
const literal = (text) => `'${text.replaceAll("'", "''")}'`;

/** As TypeORM reads it. */
const ledgerRead = '^SELECT \\* FROM .* ORDER BY "id" DESC$';

/** Where somebody reads for long (a dump), or our role may not, a weaker lock has to do. */
const locking = (table) => `DO $alkemio_init$
DECLARE
  before text := pg_catalog.current_setting('lock_timeout');
BEGIN
  LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE;
  PERFORM pg_catalog.set_config('lock_timeout', '1s', true);
  BEGIN
    LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE;
  EXCEPTION WHEN lock_not_available THEN
    RAISE WARNING 'the ledger % is being read for long, so a TypeORM elsewhere that starts now is not kept out', ${literal(table)};
  END;
  PERFORM pg_catalog.set_config('lock_timeout', before, true);
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'the ledger % cannot be locked, so a TypeORM elsewhere is not kept out', ${literal(table)};
END $alkemio_init$`;

/**
 * Sessions that may be a TypeORM that has read the ledger: in a transaction, if it writes or is young; or between two, having
 * just read the ledger or committed; PostgreSQL's own tools are none. `vxid` names the transaction. `writes`, `reads`: it waits for the ledger, to do that.
 */
const others = (table) => `SELECT pg_catalog.pg_stat_clear_snapshot();
SELECT a.pid, coalesce(v.virtualtransaction, '') AS vxid, ledger.writes, ledger.reads,
  CASE WHEN v.virtualtransaction IS NOT NULL THEN EXISTS (
         SELECT FROM pg_catalog.pg_locks WHERE pid = a.pid AND granted AND locktype = 'relation'
         AND mode NOT IN ('AccessShareLock', 'RowShareLock'))
         OR pg_catalog.clock_timestamp() - a.xact_start < interval '1s'
       WHEN a.query ~ '${ledgerRead}' THEN pg_catalog.clock_timestamp() - a.state_change < interval '1s'
       WHEN a.query = 'COMMIT' THEN pg_catalog.clock_timestamp() - a.state_change < interval '0.1s'
       ELSE false END AS suspect
FROM pg_catalog.pg_stat_activity a
LEFT JOIN pg_catalog.pg_locks v ON v.pid = a.pid AND v.locktype = 'virtualxid' AND v.granted AND v.mode = 'ExclusiveLock'
CROSS JOIN LATERAL (
  SELECT coalesce(bool_or(mode = 'RowExclusiveLock'), false) AS writes, coalesce(bool_or(mode = 'AccessShareLock'), false) AS reads
  FROM pg_catalog.pg_locks WHERE pid = a.pid AND NOT granted AND locktype = 'relation' AND relation = ${literal(table)}::pg_catalog.regclass
) ledger
WHERE a.datname = pg_catalog.current_database() AND a.usesysid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
AND a.application_name NOT IN ('psql', 'pg_dump', 'pg_restore')`;

/** Whether the question above can name anybody. To plan that one takes longer than many a migration. */
const perhaps = `SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_get_activity(NULL) a
WHERE a.datid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
AND a.usesysid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid() AND a.application_name NOT IN ('psql', 'pg_dump', 'pg_restore')
AND (a.state IS DISTINCT FROM 'idle' OR (a.query = 'COMMIT' OR a.query ~ '${ledgerRead}')
  AND (a.state_change IS NULL OR pg_catalog.clock_timestamp() - a.state_change < interval '1s'))) AS perhaps`;

const recorded = (table, name) => `SELECT EXISTS (SELECT FROM ${table} WHERE "name" = ${literal(name)}) AS recorded`;

exports.Guard = class Guard {
  /** table: the ledger, as TypeORM names it. */
  constructor(table, mode) {
    this.table = table;
    this.mode = mode;
    this.harmless = new Set();
    this.held = false; // the ledger is locked: nothing has to be waited for
    this.entered = false;
    this.client = undefined;
  }

  /** Before a migration: resolves when it may run. */
  async enter(runner, name) {
    const client = await runner.connect();
    const table = runner.escapePath(this.table);
    if (this.client !== client) {
      this.client = client;
      client.connection.on('commandComplete', ({ text }) => { if (/^(COMMIT|ROLLBACK)/.test(text)) this.held = false; });
    }
    // In `all` a migration that commits by itself leaves one open that has more in it than the lock.
    const fresh = this.mode !== 'all' || !this.entered;
    const there = await (runner.isTransactionActive ? this.hold(runner, client, table, name, fresh) : this.ask(client, table, name));
    this.entered = true;
    if (!there) return;
    watch.overtaken();
    throw new Error(`a TypeORM elsewhere has applied ${name} meanwhile`);
  }

  async ask(client, table, name) {
    const { rows } = await client.query(recorded(table, name));
    return rows[0].recorded;
  }

  /** Locks the ledger, and says whether it has the migration then. Where nobody else is at work that is one answer. */
  async hold(runner, client, table, name, fresh) {
    const [, others, ledger] = await client.query(`${locking(table)};\n${perhaps};\n${recorded(table, name)}`);
    this.held = true;
    if (!fresh || !others.rows[0].perhaps) return ledger.rows[0].recorded;
    while (await this.othersWork(client, table)) {
      await runner.rollbackTransaction();
      await sleep(pause);
      await runner.startTransaction();
      await client.query(locking(table));
    }
    this.held = true;
    return this.ask(client, table, name);
  }

  /** Whether one that has read the ledger before it was locked is at work; it waits for us, then. */
  async othersWork(client, table) {
    const until = Date.now() + patience;
    let suspects;
    for (;;) {
      const [, { rows }] = await client.query(others(table));
      if (rows.some((row) => row.writes)) return true;
      const name = ({ pid, vxid }) => `${pid} ${vxid}`;
      const now = rows.filter((row) => row.suspect && !row.reads && !this.harmless.has(name(row)));
      // Only those that were there at first, and what they have begun since.
      const before = suspects ?? new Map(now.map((row) => [row.pid, row.vxid]));
      suspects = new Map();
      for (const { pid, vxid } of now) if (before.has(pid) && ['', vxid].includes(before.get(pid))) suspects.set(pid, vxid);
      if (suspects.size === 0) return false;
      if (Date.now() > until) {
        for (const [pid, vxid] of suspects) this.harmless.add(name({ pid, vxid }));
        return false;
      }
      await sleep(pause);
    }
  }
};
