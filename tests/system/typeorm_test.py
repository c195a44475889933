#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine `typeorm`: TypeScript and JavaScript migrations are applied once, in TypeORM's own ledger, without Node; a
failure names the migration, the line of its source and the statement."""

import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

FIRST = """\
const { Table } = require("typeorm");
class First1700000000001 {
  async up(q) {
    await q.query(`CREATE TABLE "space" ("id" SERIAL PRIMARY KEY, "name" text)`);
    await q.createTable(new Table({ name: "user", columns: [
      { name: "id", type: "int", isPrimary: true }, { name: "name", type: "varchar", isNullable: true }] }));
    const rows = await q.query("SELECT count(*) AS n FROM space");
    if (rows[0].n !== "0") throw new Error(`int8 must be a string, and is ${typeof rows[0].n}`);
  }
  async down(q) { await q.query(`DROP TABLE "space"`); }
}
module.exports = { First1700000000001 };
"""

SECOND = """\
import { MigrationInterface, QueryRunner } from "typeorm";

export class Second1700000000002 implements MigrationInterface {
  name = "Second1700000000002";
  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "space" ADD "extra" jsonb DEFAULT '{}'`);
    await queryRunner.query(`INSERT INTO "space" ("name", "extra") VALUES ($1, $2)`, ["one", { a: [1, null] }]);
  }
  public async down(queryRunner: QueryRunner): Promise<void> {}
}
"""

THIRD = """\
export class Third1700000000003 {
  async up(q) {
    await q.query(`CREATE TABLE third (id int)`);
  }
  async down(q) {
    await q.query(`DROP TABLE third`);
  }
}
"""

WRONG = """\
export class Third1700000000003 {
  async up(q) {
    await q.query(`SELECT nothing FROM space`);
  }
  async down() {}
}
"""


def third(up, members=""):
    return f"module.exports = class Third1700000000003 {{ {members}\n  async up(q) {{ {up} }}\n  async down() {{}}\n}};\n"


DATA_SOURCE = """\
const { DataSource } = require("typeorm");
const path = require("path");
module.exports = new DataSource({
  type: "postgres", host: "nowhere.invalid", username: "nobody", password: "none", database: "other",
  migrations: [path.join(__dirname, "..", "migrations", "*.{js,ts}")], migrationsTableName: "of_the_data_source",
});
"""


class TypeOrm(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()

    def variables(self, **more):
        """What the container of a service has."""
        return {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(self.server.port), "DATABASE_USERNAME": "postgres",
                "DATABASE_PASSWORD": harness.canary("superuser"), "DATABASE_NAME": "alkemio", **more}

    def ledger(self, table="migrations_typeorm"):
        return self.server.value(f"SELECT name FROM {table} ORDER BY id", "alkemio").split()

    def test_a_project_needs_no_configuration_file(self):
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("migrations/1700000000002-Second.ts", SECOND)
        self.write("config/data-source.js", DATA_SOURCE)
        self.write("package.json", "{}")
        files = ("--files", "migrations/*.{js,ts}", "--table", "migrations_typeorm")
        self.expect(3, "plan", *files, **self.variables())
        self.assertIn("kept", self.expect(0, "exec", *files, "--", "echo", "kept", **self.variables()).out)
        self.assertEqual(self.ledger(), ["First1700000000001", "Second1700000000002"])
        self.expect(0, "status", *files, **self.variables())
        by_variable = self.variables(ALKEMIO_INIT_FILES="migrations/*", ALKEMIO_INIT_TABLE="migrations_typeorm")
        self.expect(0, "migrate", "show", "--check", **by_variable)
        self.expect(0, "wait", "--for", "migrations=alkemio", **by_variable)

        self.clean()
        self.expect(0, "once", "--data-source", "config/data-source.js", **self.variables())
        self.assertEqual(self.ledger("of_the_data_source"), ["First1700000000001", "Second1700000000002"])

        # One after the other, the first stays.
        self.write("migrations/1700000000002-Second.ts", SECOND.replace("async up(", "async up(runner) { await runner.query('SELECT nothing'); }\n async other("))
        for mode, there in (("all", []), ("each", ["First1700000000001"])):
            self.clean()
            self.expect(30, "once", "--data-source", "config/data-source.js", "--transaction", mode, **self.variables())
            self.assertEqual(self.ledger("of_the_data_source"), there, mode)

        refused = self.expect(2, "once", *files, config=self.config())
        self.assertIn("cannot use --data-source, --files, --table or --transaction", refused.err)

    def project(self, third=None):
        """Two migrations, of which the second has a down that does nothing; and the options that name them."""
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("migrations/1700000000002-Second.ts", SECOND)
        if third:
            self.write("migrations/1700000000003-Third.ts", third)
        return "--files", "migrations/*", "--table", "migrations_typeorm"

    def once(self, *files):
        self.expect(0, "once", *files, **self.variables())

    def test_the_last_migrations_are_reverted_one_by_one(self):
        files = self.project(THIRD)
        self.once(*files)
        ran = self.expect(0, "migrate", "revert", *files, **self.variables())
        self.assertEqual(ran.out, "reverted Third1700000000003\ndatabase alkemio: 2 of 3 applied\n")
        self.assertEqual(self.ledger(), ["First1700000000001", "Second1700000000002"])
        self.assertEqual(self.server.value("SELECT to_regclass('third')", "alkemio"), "")

        self.once(*files)
        ran = self.expect(0, "migrate", "revert", "alkemio", "--to", "First1700000000001", "--output", "json", *files,
                          **self.variables())
        status = ran.json["migrations"][0]
        self.assertEqual(status["reverted_now"], ["Third1700000000003", "Second1700000000002"])
        self.assertEqual(status["did_nothing"], ["Second1700000000002"])
        self.assertEqual((status["applied"], status["pending"], status["state"]), (1, 2, "1 of 3 applied"))
        self.assertIn("the down of Second1700000000002 did nothing", ran.err)

        self.expect(0, "migrate", "revert", *files, **self.variables())
        self.assertEqual(self.server.value("SELECT to_regclass('space')", "alkemio"), "")
        ran = self.expect(0, "migrate", "revert", *files, **self.variables())
        self.assertIn("nothing to revert", ran.out)

    def test_a_reverted_migration_is_applied_again_and_its_old_checksum_forgotten(self):
        files = self.project(THIRD)
        self.once(*files)
        self.expect(0, "migrate", "revert", *files, **self.variables())
        self.assertEqual(self.server.value("SELECT count(*) FROM alkemio_init.typeorm_migrations", "alkemio"), "2")
        self.write("migrations/1700000000003-Third.ts", THIRD + "// changed\n")
        self.assertNotIn("changed after", self.expect(0, "once", *files, **self.variables()).err)

    def test_a_way_back_that_fails_says_what_stays(self):
        files = self.project(THIRD.replace("DROP TABLE third", "DROP TABLE nothing"))
        self.once(*files)
        ran = self.expect(30, "migrate", "revert", "--count", "2", *files, **self.variables())
        self.assertIn("cannot revert migration Third1700000000003 of database \"alkemio\"", ran.err)
        self.assertRegex(ran.err, r"1700000000003-Third\.ts:6\n")
        self.assertIn("42P01", ran.err)
        self.assertIn("Third1700000000003 is applied as before; 3 of 3 applied.", ran.err)
        self.assertEqual(len(self.ledger()), 3)

        # What is reverted before a failure stays so.
        self.write("migrations/1700000000004-Fourth.ts", THIRD.replace("Third1700000000003", "Fourth1700000000004")
                   .replace("third", "fourth"))
        self.once(*files)
        ran = self.expect(30, "migrate", "revert", "--count", "2", *files, **self.variables())
        self.assertIn("reverted Fourth1700000000004\n", ran.out)
        self.assertIn("1 migration of this run stays reverted", ran.err)
        self.assertEqual(len(self.ledger()), 3)

        self.expect(0, "migrate", "revert", "--fake", *files, **self.variables())
        self.assertEqual(len(self.ledger()), 2)
        self.assertEqual(self.server.value("SELECT to_regclass('third')", "alkemio"), "third")

    def test_what_cannot_be_reverted_is_refused_before_anything(self):
        files = self.project(THIRD)
        self.once(*files)
        ran = self.expect(2, "migrate", "revert", "--count", "4", *files, **self.variables())
        self.assertIn("cannot revert 4 migrations of database \"alkemio\": only 3 are applied", ran.err)
        ran = self.expect(2, "migrate", "revert", "--to", "First1700000000002", *files, **self.variables())
        self.assertIn("did you mean First1700000000001?", ran.err)
        ran = self.expect(2, "migrate", "revert", "alkemoi", *files, **self.variables())
        self.assertIn("did you mean \"alkemio\"?", ran.err)
        (self.folder / "migrations/1700000000002-Second.ts").unlink()
        ran = self.expect(32, "migrate", "revert", "--count", "2", *files, **self.variables())
        self.assertIn("cannot revert migration Second1700000000002", ran.err)
        self.assertEqual(len(self.ledger()), 3)
        ran = self.expect(2, "migrate", "revert", "kratos", config=self.config())
        self.assertIn("the engine command cannot do that, only the engine typeorm can", ran.err)
        ran = self.expect(2, "migrate", "run", "--fake", "--database", "alkemio", config=self.config())
        self.assertIn("cannot record without running migration \"alkemio\"", ran.err)

    def test_sigterm_ends_a_revert_and_leaves_the_migration_applied(self):
        files = self.project(THIRD.replace("DROP TABLE third", "DROP TABLE third`); await q.query(`SELECT pg_sleep(60)"))
        self.once(*files)
        running = self.begin("migrate", "revert", *files, **self.variables())
        self.wait_until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'", "1")
        running.send(signal.SIGTERM)
        ran = running.end()
        self.assertEqual(ran.code, 143, ran.err)
        self.assertIn("Third1700000000003 is applied as before", ran.err)
        self.assertEqual(self.server.value("SELECT to_regclass('third')", "alkemio"), "third")
        ran = self.expect(30, "migrate", "revert", "--timeout", "2s", *files, **self.variables())
        self.assertIn("E402", ran.err)

    def wait_until(self, sql, value):
        deadline = time.monotonic() + 30
        while self.server.value(sql) != value:
            self.assertLess(time.monotonic(), deadline, sql)
            time.sleep(0.05)

    def test_a_run_goes_no_further_than_it_is_told(self):
        files = self.project(THIRD)
        self.server.sql('CREATE DATABASE alkemio')
        run = ("migrate", "run", *files)
        ran = self.expect(2, *run, "--to", "Second1700000000003", **self.variables())
        self.assertIn("did you mean Second1700000000002?", ran.err)
        ran = self.expect(0, *run, "--to", "Second1700000000002", **self.variables())
        self.assertIn("2 of 3 applied", ran.out)
        self.assertEqual(self.ledger(), ["First1700000000001", "Second1700000000002"])
        self.expect(0, *run, "--to", "First1700000000001", **self.variables())
        self.assertEqual(len(self.ledger()), 2)

        ran = self.expect(0, *run, "--fake", **self.variables())
        self.assertIn("recorded Third1700000000003 as applied; it was not run", ran.err)
        self.assertEqual(len(self.ledger()), 3)
        self.assertEqual(self.server.value("SELECT to_regclass('third')", "alkemio"), "")

    def test_a_new_migration_looks_like_its_neighbours(self):
        files = self.project(THIRD)
        path = self.expect(0, "migrate", "create", "add-space", *files, **self.variables()).out.strip()
        self.assertRegex(path, r"/migrations/\d{13}-add-space\.ts$")
        text = pathlib.Path(path).read_text()
        self.assertRegex(text, r"export class AddSpace\d{13} implements MigrationInterface \{\n  public async up")
        # It runs, and where no server is needed none is asked.
        self.once(*files)
        self.assertRegex(self.ledger()[-1], r"^AddSpace\d{13}$")
        (self.folder / "other").mkdir()
        created = self.expect(0, "migrate", "create", "First", "--dir", "other", "--output", "json").json
        self.assertRegex(created["file"], r"^other/\d{13}-First\.js$")
        self.assertIn(f"module.exports = class {created['name']} {{", (self.folder / created["file"]).read_text())

        self.write("dist/1700000000001-First.js", '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n' + FIRST)
        ran = self.expect(2, "migrate", "create", "Other", "--files", "dist/*.js", **self.variables())
        self.assertIn("was compiled from another file", ran.err)
        self.assertIn("--dir", ran.err)
        self.assertIn("there is no folder", self.expect(2, "migrate", "create", "Other", "--dir", "nowhere").err)
        self.assertIn("could not have that name", self.expect(2, "migrate", "create", "../x", "--dir", "other").err)

    def configured(self, **keys):
        """A configuration file with these keys of the migration besides."""
        lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
        return self.write("typeorm.toml", f'[postgres]\nhost = "127.0.0.1"\nport = {self.server.port}\n'
                          'password_file = "secrets/superuser"\nexpected_version = ""\n[[database]]\nname = "alkemio"\n'
                          '[[migration]]\ndatabase = "alkemio"\nengine = "typeorm"\nfiles = "migrations/*"\n'
                          f'table = "migrations_typeorm"\n{lines}')

    def hold(self, statement, seconds):
        """A session with a transaction that keeps what the statement locks for so long."""
        holder = subprocess.Popen(["psql", "-XqAt", "-c", f"BEGIN; {statement}; SELECT pg_sleep({seconds}); COMMIT"],
                                  env=self.server.environment(PGDATABASE="alkemio"), stdout=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        self.wait_until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND wait_event = 'PgSleep'", "1")

    def test_what_gives_way_to_others_is_tried_again(self):
        files = self.project()
        self.once(*files)
        self.write("migrations/1700000000003-Third.js", third("await q.query(`CREATE TABLE third (id int)`);"))
        self.write("migrations/1700000000004-Fourth.js", third("await q.query(`ALTER TABLE space ADD fourth int`);")
                   .replace("Third1700000000003", "Fourth1700000000004"))
        for mode in ("all", "each"):
            with self.subTest(mode):
                config = self.configured(transaction=f'"{mode}"', lock_timeout='"200ms"', retries=20)
                self.hold("LOCK TABLE space", 1)
                ran = self.expect(0, "once", config=config)
                self.assertIn("Fourth1700000000004 gave way and is tried again", ran.err)
                self.assertIn("4 of 4 applied", ran.out)
                self.assertEqual(len(self.ledger()), 4)
                self.assertEqual(self.server.value("SELECT count(*) FROM alkemio_init.typeorm_migrations", "alkemio"), "4")
                self.server.value("DELETE FROM migrations_typeorm WHERE timestamp > 1700000000002; DROP TABLE third; "
                                  "ALTER TABLE space DROP fourth", "alkemio")

    def test_what_has_committed_by_itself_is_not_tried_again(self):
        files = self.project()
        self.once(*files)
        self.write("migrations/1700000000003-Third.js", third(
            "await q.query(`CREATE TABLE third (id int)`); await q.commitTransaction(); await q.startTransaction();"
            "await q.query(`ALTER TABLE space ADD fourth int`);"))
        self.hold("LOCK TABLE space", 2)
        ran = self.expect(30, "once", config=self.configured(lock_timeout='"200ms"', retries=20))
        self.assertNotIn("tried again", ran.err)
        self.assertIn("55P03", ran.err)
        self.assertIn("Third1700000000003 committed its first 2 statements itself", ran.err)

    def test_a_commit_within_a_string_is_one_and_in_the_body_of_a_function_is_none(self):
        files = self.project()
        self.once(*files)
        config = self.configured(lock_timeout='"200ms"', retries=20)
        alter = "await q.query(`ALTER TABLE space ADD fourth int`);"
        body = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$"
        self.write("migrations/1700000000003-Third.js", third(f"await q.query(`{body}`); {alter}"))
        self.hold("LOCK TABLE space", 1)
        self.assertIn("tried again", self.expect(0, "once", config=config).err)
        self.write("migrations/1700000000004-Fourth.js", third(
            "await q.query(`CREATE TABLE fourth (id int)`); await q.query(`END; BEGIN`);" + alter.replace("fourth", "fifth"))
            .replace("Third1700000000003", "Fourth1700000000004"))
        self.hold("LOCK TABLE space", 2)
        ran = self.expect(30, "once", config=config)
        self.assertNotIn("tried again", ran.err)
        self.assertIn("Fourth1700000000004 committed its first", ran.err)

    def test_a_revert_that_gives_way_to_others_is_tried_again(self):
        files = self.project(THIRD.replace("DROP TABLE third", "DROP TABLE third; ALTER TABLE space DROP extra"))
        self.once(*files)
        self.hold("LOCK TABLE space", 1)
        ran = self.expect(0, "migrate", "revert", "--count", "2", config=self.configured(lock_timeout='"200ms"', retries=20))
        self.assertIn("Third1700000000003 gave way and is tried again", ran.err)
        self.assertEqual(self.ledger(), ["First1700000000001"])

    def test_a_way_back_that_commits_by_itself_is_not_tried_again_and_says_what_stays(self):
        files = self.project(THIRD.replace(
            "await q.query(`DROP TABLE third`);",
            "await q.query(`DROP TABLE third`); await q.query(`COMMIT;`); await q.query(`BEGIN`);\n"
            "    await q.query(`ALTER TABLE space DROP extra`);"))
        self.once(*files)
        self.hold("LOCK TABLE space", 2)
        ran = self.expect(30, "migrate", "revert", config=self.configured(lock_timeout='"200ms"', retries=20))
        self.assertNotIn("tried again", ran.err)
        self.assertIn("the down of Third1700000000003 committed its first 2 statements itself, they stay", ran.err)
        self.assertIn("take back by hand what is left of Third1700000000003 and revert it with --fake", ran.err)

    def test_a_migration_without_up_is_blamed_by_its_own_name(self):
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("migrations/1700000000003-Third.js", "exports.Third1700000000003 = class { name = 'Third1700000000003'; up = 1; };\n")
        for mode in ("all", "each", "none"):
            with self.subTest(mode):
                self.clean()
                ran = self.expect(30, "once", config=self.configured(transaction=f'"{mode}"'))
                self.assertIn('cannot apply migration Third1700000000003 of database "alkemio": TypeError: migration.instance.up is not',
                              ran.err)

    def test_what_is_refused_behind_the_end_of_a_script_is_blamed_on_its_migration(self):
        files = self.project()
        fourth, handled = (third(up).replace("Third1700000000003", "Fourth1700000000004") for up in (
            "await q.query(`CREATE TABLE fourth (id int)`);",
            "try { await q.query(`CREATE TABLE fourth (id int)`); } catch { await q.query(`CREATE TABLE instead ()`); }"))
        slow, wrong = "await q.query(`ALTER TABLE space ADD slow text DEFAULT pg_sleep(0.2)::text`);", "await q.query(`ALTER TABLE nowhere ADD a int`);"
        for mode, next_one, before in (("all", fourth, slow), ("all", handled, slow), ("each", fourth, slow), ("all", fourth, ""), ("all", handled, "")):
            with self.subTest(mode, next=next_one, before=before):
                self.clean()
                for written in ("1700000000003-Third.js", "1700000000004-Fourth.js"):
                    (self.folder / "migrations" / written).unlink(missing_ok=True)
                self.once(*files)
                self.write("migrations/1700000000003-Third.js", third(f"{before}\n{wrong}"))
                self.write("migrations/1700000000004-Fourth.js", next_one)
                ran = self.expect(30, "once", config=self.configured(transaction=f'"{mode}"'))
                self.assertIn('cannot apply migration Third1700000000003 of database "alkemio": relation "nowhere" does not exist', ran.err)
                self.assertRegex(ran.err, r"1700000000003-Third\.js:3:\d+")
                self.assertIn("Third1700000000003 was rolled back; 2 of 4 applied", ran.err)
                self.assertNotIn("Fourth", ran.err + ran.out)
                self.assertNotIn("applied Third1700000000003", ran.err)

    def test_what_is_broken_off_is_blamed_on_its_migration_though_the_script_went_on(self):
        files = self.project()
        self.once(*files)
        self.write("migrations/1700000000003-Third.js", third("await q.query(`ALTER TABLE space ADD third int`);"))
        self.write("migrations/1700000000004-Fourth.js", third("await q.query(`CREATE TABLE fourth (id int)`);").replace(
            "Third1700000000003", "Fourth1700000000004"))
        self.hold("LOCK TABLE space", 5)
        ran = self.expect(30, "once", config=self.configured(timeout='"2s"', lock_timeout='"60s"'))
        self.assertIn('cannot apply migration Third1700000000003 of database "alkemio"', ran.err)
        self.assertIn("Third1700000000003 was rolled back; 2 of 4 applied", ran.err)
        self.assertNotIn("Fourth", ran.err)

    def test_what_stays_is_told_though_somebody_locks_the_ledger_at_the_end(self):
        files = self.project()
        self.once(*files)
        for why, slow, timeout in (("refused", 1.5, "60s"), ("out of time", 60, "3s")):
            with self.subTest(why):
                self.write("migrations/1700000000003-Third.js",
                           third(f"await q.query(`SELECT pg_sleep({slow}) AS slow`); await q.query(`SELECT nothing`);"))
                run = self.begin("once", config=self.configured(timeout=f'"{timeout}"'))
                self.wait_until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%AS slow' AND state = 'active'", "1")
                # Behind the run, and before it reads what stays.
                self.hold("LOCK TABLE migrations_typeorm", 2)
                ran = run.end()
                self.assertEqual(ran.code, 30, ran.err)
                self.assertIn("Third1700000000003 was rolled back; 2 of 3 applied", ran.err)
                if why == "out of time":
                    self.assertIn("1 | SELECT pg_sleep(60) AS slow", ran.err)
                    self.assertRegex(ran.err, r"1700000000003-Third\.js:\d+:\d+")
                self.wait_until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE migrations_typeorm%' AND state = 'active'", "0")

    def test_one_that_throws_at_once_does_not_hide_what_was_refused_before_it(self):
        files = self.project()
        self.once(*files)
        self.write("migrations/1700000000003-Third.js", third(
            "await q.query(`ALTER TABLE space ADD slow text DEFAULT pg_sleep(0.2)::text`); await q.query(`ALTER TABLE nowhere ADD a int`);"))
        self.write("migrations/1700000000004-Fourth.js", "exports.Fourth1700000000004 = class Fourth1700000000004 "
                   "{ up() { throw new TypeError('at once'); } async down() {} };\n")
        ran = self.expect(30, "once", config=self.configured())
        self.assertIn('cannot apply migration Third1700000000003 of database "alkemio": relation "nowhere" does not exist (SQLSTATE 42P01)', ran.err)
        self.assertNotIn("at once", ran.err)

    def test_what_is_refused_in_a_transaction_that_a_script_leaves_open_fails_the_run(self):
        files = self.project()
        self.once(*files)
        self.write("migrations/1700000000003-Third.js", third(
            "await q.query(`BEGIN`); await q.query(`ALTER TABLE space ADD slow text DEFAULT pg_sleep(0.2)::text`);"
            "await q.query(`ALTER TABLE nowhere ADD a int`);"))
        ran = self.expect(30, "once", config=self.configured(transaction='"none"'))
        self.assertIn('relation "nowhere" does not exist', ran.err)
        self.assertNotIn("applied Third1700000000003", ran.err)

    def write_third_and_fourth(self, up, fourth="await q.query(`CREATE TABLE fourth (id int)`);", down=""):
        self.write("migrations/1700000000003-Third.js", third(up).replace("async down() {}", f"async down(q) {{ {down} }}"))
        self.write("migrations/1700000000004-Fourth.js", third(fourth).replace("Third1700000000003", "Fourth1700000000004"))

    def test_what_breaks_the_transaction_is_not_told_as_applied(self):
        files = self.project()
        for mode in ("all", "none"):
            with self.subTest(mode):
                self.clean()
                (self.folder / "migrations/1700000000003-Third.js").unlink(missing_ok=True)
                (self.folder / "migrations/1700000000004-Fourth.js").unlink(missing_ok=True)
                self.once(*files)
                self.write_third_and_fourth("await q.startTransaction(); await q.query(`CREATE TABLE third (id int)`);")
                ran = self.expect(30, "once", config=self.configured(transaction=f'"{mode}"'))
                self.assertIn('cannot apply migration Third1700000000003 of database "alkemio": it left a transaction open', ran.err)
                self.assertIn("Third1700000000003, Fourth1700000000004 are not in the ledger, though TypeORM ran them to the end; 2 of 4 applied",
                              ran.err)
                self.assertNotIn("applied Third", ran.err)
                self.assertNotIn("applied Fourth", ran.err)
                self.assertEqual(len(self.ledger()), 2)
        self.write_third_and_fourth("await q.query(`CREATE TABLE third (id int)`);", "await q.query(`ROLLBACK`);")
        ran = self.expect(30, "once", config=self.configured())
        self.assertIn('cannot apply migration Fourth1700000000004 of database "alkemio": it rolled back the transaction that it ran in', ran.err)
        self.assertIn("Third1700000000003 is not in the ledger, though TypeORM ran it to the end; 3 of 4 applied", ran.err)

    def test_a_migration_that_rolls_back_what_it_did_is_named(self):
        self.once(*self.project())
        self.write_third_and_fourth("await q.query(`CREATE TABLE third (id int)`); await q.query(`ROLLBACK`);")
        ran = self.expect(0, "once", config=self.configured(transaction='"each"'))
        self.assertIn("Third1700000000003 rolled back the transaction that it ran in: it is in the ledger, but what it did before that is undone", ran.err)

    def test_a_down_that_breaks_the_transaction_is_not_told_as_reverted(self):
        self.once(*self.project())
        self.write("migrations/1700000000003-Third.js",
                   third("await q.query(`CREATE TABLE third (id int)`);").replace(
                "async down() {}", "async down(q) { await q.startTransaction(); await q.query(`DROP TABLE third`); }"))
        for mode in ("all", "each", "none"):
            with self.subTest(mode):
                config = self.configured(transaction=f'"{mode}"')
                self.expect(0, "once", config=config)
                ran = self.expect(30, "migrate", "revert", config=config)
                self.assertIn('cannot revert migration Third1700000000003 of database "alkemio": its down left a transaction open', ran.err)
                self.assertNotIn("reverted Third", ran.err + ran.out)
                self.assertEqual(len(self.ledger()), 3)
        self.write("migrations/1700000000003-Third.js", third("").replace("async down() {}", "async down(q) { await q.query(`ROLLBACK`); }"))
        ran = self.expect(0, "migrate", "revert", config=self.configured())
        self.assertIn("the down of Third1700000000003 rolled back the transaction that it ran in: what its up has made is still there", ran.err)

    def test_an_index_that_was_left_unfinished_is_not_taken_for_one(self):
        self.once(*self.project())
        self.server.value("CREATE TABLE twice AS SELECT 1 AS id FROM generate_series(1, 2)", "alkemio")
        self.write("migrations/1700000000003-Third.js", third(
            "await q.query(`CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS twice_id ON twice (id)`);", "transaction = false;"))
        config = self.configured(transaction='"each"')
        self.assertIn("could not create unique index", self.expect(30, "once", config=config).err)
        self.server.value("DELETE FROM twice", "alkemio")
        ran = self.expect(30, "once", config=config)
        self.assertIn('the INVALID index "public"."twice_id" is there already, and no query uses it', ran.err)
        self.assertIn('DROP INDEX CONCURRENTLY "public"."twice_id"', ran.err)
        self.server.value('DROP INDEX CONCURRENTLY twice_id', "alkemio")
        self.expect(0, "once", config=config)
        self.assertEqual(self.server.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'twice_id'::regclass", "alkemio"), "t")

    def test_an_index_of_that_name_elsewhere_is_nobodys_business(self):
        self.once(*self.project())
        for statement in ("CREATE SCHEMA other", "CREATE TABLE other.twice AS SELECT 1 AS id FROM generate_series(1, 2)",
                          "CREATE TABLE twice (id int)"):
            self.server.value(statement, "alkemio")
        with self.assertRaises(RuntimeError):
            self.server.value("CREATE UNIQUE INDEX CONCURRENTLY twice_id ON other.twice (id)", "alkemio")
        self.write("migrations/1700000000003-Third.js", third(
            "await q.query(`DROP INDEX CONCURRENTLY IF EXISTS public.twice_id`);"
            "await q.query(`CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS twice_id ON ONLY \"public\".twice(id)`);", "transaction = false;"))
        self.expect(0, "once", config=self.configured(transaction='"each"'))

    def test_what_rolls_back_over_another_session_breaks_nothing(self):
        self.once(*self.project())
        self.write_third_and_fourth(
            "const other = q.connection.createQueryRunner(); await other.startTransaction(); await other.query(`CREATE TABLE gone (id int)`);"
            "await other.rollbackTransaction(); await other.release(); await q.query(`CREATE TABLE third (id int)`);",
            "await q.query(`SAVEPOINT here`); await q.query(`CREATE TABLE fourth (id int)`); await q.query(`ROLLBACK WORK TO SAVEPOINT here`);")
        ran = self.expect(0, "once", config=self.configured())
        self.assertNotIn("rolled back the transaction", ran.err)
        self.assertEqual(len(self.ledger()), 4)

    def test_who_began_without_a_transaction_is_not_blamed_for_the_next(self):
        self.once(*self.project())
        self.write("migrations/1700000000003-Third.js", third("await q.query(`CREATE TABLE third (id int)`);", "transaction = false;"))
        self.write("migrations/1700000000004-Fourth.js", third("await q.query(`CREATE TABLE fourth (id int)`); await q.startTransaction();").replace(
            "Third1700000000003", "Fourth1700000000004"))
        ran = self.expect(30, "once", config=self.configured(transaction='"each"'))
        self.assertIn("cannot apply migration Fourth1700000000004", ran.err)

    def test_a_setting_alone_is_nothing_that_stays(self):
        self.once(*self.project())
        self.write("migrations/1700000000003-Third.js", third(
            "await q.query(`SET lock_timeout = '5s'`); await q.query(`ALTER TABLE nowhere ADD a int`);", "transaction = false;"))
        ran = self.expect(30, "once", config=self.configured(transaction='"each"'))
        self.assertIn("Third1700000000003 was rolled back; 2 of 3 applied", ran.err)
        self.assertIn("it goes on with this one", ran.err)

    def test_a_file_that_asks_others_for_its_migrations_is_asked_again(self):
        self.write("package.json", "{}")
        self.write("migrations/1700000000001-Many.js", """const { readdirSync } = require("fs");
for (const file of readdirSync(__dirname + "/../sql")) {
  const name = `Made170000000000${file[0]}`;
  exports[name] = { [name]: class { async up(q) {} async down() {} } }[name];
}
""")
        self.write("sql/1.sql", "")
        config = self.configured()
        self.expect(0, "once", config=config)
        self.assertIn("nothing was done", self.expect(0, "once", config=config).out)
        self.write("sql/2.sql", "")
        self.expect(3, "migrate", "show", "--check", config=config)
        self.expect(0, "once", config=config)
        self.assertEqual(self.ledger(), ["Made1700000000001", "Made1700000000002"])

    def test_what_others_committed_before_a_failure_is_named(self):
        self.once(*self.project())
        self.write_third_and_fourth("await q.query(`CREATE TABLE third (id int)`); await q.commitTransaction(); await q.startTransaction();",
                                    "await q.query(`SELECT nothing`);")
        ran = self.expect(30, "once", config=self.configured())
        self.assertIn("Third1700000000003 committed its first 2 statements itself, they stay; Fourth1700000000004 was rolled back; 2 of 4 applied",
                      ran.err)
        self.assertIn("run it again: it goes on with Third1700000000003", ran.err)

    def test_what_no_journal_has_is_named_all_the_same(self):
        self.once(*self.project())
        for statement in ("DROP SCHEMA alkemio_init CASCADE", "CREATE ROLE poor LOGIN PASSWORD 'poor'", "GRANT ALL ON SCHEMA public TO poor",
                          "GRANT ALL ON ALL TABLES IN SCHEMA public TO poor", "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO poor"):
            self.server.value(statement, "alkemio")
        self.addCleanup(self.server.value, "DROP OWNED BY poor; DROP ROLE poor", "alkemio")
        self.write("migrations/1700000000003-Third.js", third(
            "await q.query(`CREATE TABLE third (id int)`); await q.query(`INSERT INTO third VALUES (1)`); await q.query(`SELECT nothing`);",
            "transaction = false;"))
        poor = self.variables(DATABASE_USERNAME="poor", DATABASE_PASSWORD="poor")
        ran = self.expect(30, "migrate", "run", *self.project(), "--transaction", "each", **poor)
        self.assertIn("Third1700000000003 committed its first 2 statements itself, they stay", ran.err)
        self.assertIn("no journal has what it committed", ran.err)

    def test_who_may_not_make_the_ledger_is_told_so(self):
        self.project()
        self.server.sql("CREATE DATABASE alkemio", "CREATE ROLE poor LOGIN PASSWORD 'poor'")
        self.server.value("REVOKE CREATE ON SCHEMA public FROM PUBLIC", "alkemio")
        self.addCleanup(self.server.value, "DROP ROLE poor")
        ran = self.expect(30, "migrate", "run", *self.project(), **self.variables(DATABASE_USERNAME="poor", DATABASE_PASSWORD="poor"))
        self.assertIn('cannot begin the migrations of database "alkemio": permission denied for schema public', ran.err)
        self.assertIn("grant the role CREATE on the schema", ran.err)

    def test_what_typeorm_sends_itself_is_blamed_on_no_line(self):
        self.once(*self.project())
        self.write_third_and_fourth(
            "await q.query(`CREATE TABLE a (id int PRIMARY KEY)`); await q.query(`CREATE TABLE b (id int REFERENCES a DEFERRABLE INITIALLY DEFERRED)`);"
            "await q.query(`INSERT INTO b VALUES (4)`);")
        ran = self.expect(30, "once", config=self.configured())
        self.assertIn('cannot commit the migrations of database "alkemio": insert or update on table "b" violates foreign key constraint', ran.err)
        self.assertIn("any of them may be the cause", ran.err)
        self.assertNotIn(".js:", ran.err)

    def test_who_releases_the_runner_is_blamed_though_others_are_on_their_way(self):
        self.once(*self.project())
        self.write_third_and_fourth("await q.query(`CREATE TABLE third (id int)`);", "await q.release();")
        ran = self.expect(30, "once", config=self.configured())
        self.assertIn('cannot apply migration Fourth1700000000004 of database "alkemio": QueryRunnerAlreadyReleasedError', ran.err)

    def test_a_data_source_that_wants_a_secret_is_told_that_it_gets_none(self):
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("package.json", "{}")
        self.write("config/data-source.js", "if (!process.env.DATABASE_PASSWORD) throw new Error('set DATABASE_PASSWORD');\n" + DATA_SOURCE)
        ran = self.expect(30, "once", "--data-source", "config/data-source.js", **self.variables())
        self.assertIn("DATABASE_PASSWORD holds a secret, which scripts do not get", ran.err)

    def test_a_module_that_a_data_source_misses_is_named_with_the_way_out(self):
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("package.json", "{}")
        self.write("config/data-source.js", "require('reflect-metadata-of-nobody');\n" + DATA_SOURCE)
        ran = self.expect(30, "once", "--data-source", "config/data-source.js", **self.variables())
        self.assertIn("reflect-metadata-of-nobody", ran.err)
        self.assertIn('in the project\'s folder or a node_modules above it, or run it with Node (engine = "command")', ran.err)

    def test_a_file_that_changed_is_a_warning_that_says_so(self):
        self.once(*self.project())
        self.write("migrations/1700000000001-First.js", FIRST + "// changed\n")
        ran = self.expect(0, "once", config=self.configured())
        self.assertIn("files that changed after they were applied: First1700000000001", ran.err)
        self.assertNotIn("cannot migrate", ran.err)

    def test_an_index_that_is_made_concurrently_waits_as_long_as_it_takes(self):
        files = self.project()
        self.once(*files)
        self.write("migrations/1700000000003-Third.js", third(
            "await q.query(`CREATE INDEX CONCURRENTLY space_name ON space (name)`);"
            "const [{ lock_timeout }] = await q.query(`SHOW lock_timeout`);"
            "if (lock_timeout !== '200ms') throw new Error(lock_timeout);", "transaction = false;"))
        config = self.configured(transaction='"each"', lock_timeout='"200ms"', retries=0)
        self.hold("UPDATE space SET name = 'two'", 1.5)
        self.expect(0, "once", config=config)
        self.assertEqual(self.server.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'space_name'::regclass",
                                           "alkemio"), "t")
        # What a script says itself holds.
        self.write("migrations/1700000000004-Fourth.js", third(
            "await q.query(`SET lock_timeout = '100ms'`); await q.query(`CREATE INDEX CONCURRENTLY other ON space (name)`);",
            "transaction = false;").replace("Third1700000000003", "Fourth1700000000004"))
        self.hold("UPDATE space SET name = 'three'", 2)
        ran = self.expect(30, "once", config=config)
        self.assertIn("55P03", ran.err)
        self.assertIn('DROP INDEX CONCURRENTLY "public"."other" before the next run', ran.err)

    def test_what_blocks_a_statement_is_named(self):
        files = self.project()
        self.once(*files)
        self.write("migrations/1700000000003-Third.js", third("await q.query(`ALTER TABLE space ADD third int`);"))
        blocker = r"session \d+ \(psql, role postgres, active since [\d.]+ s\)"
        self.hold("LOCK TABLE space", 12)
        ran = self.expect(30, "once", config=self.configured(timeout='"4s"', lock_timeout='"60s"'))
        self.assertRegex(ran.err, rf"warn +migrate +a statement waits for {blocker}.*migration=Third1700000000003")
        self.assertRegex(ran.err, rf"took longer than its timeout of 4\.0 s; a statement waited for {blocker}")
        ran = self.expect(30, "once", config=self.configured(lock_timeout='"4s"', retries=0))
        self.assertRegex(ran.err, rf"canceling statement due to lock timeout; it waited for {blocker}")

    def test_the_api_of_entities_is_refused_with_the_way_out(self):
        files = self.project()
        for body in ("await q.manager.getRepository(Member).find();", "await q.manager.save(Object.assign(new Member(), { id: 1 }));",
                     "await q.manager.find('Member');"):
            with self.subTest(body):
                self.write("migrations/1700000000003-Third.js", "class Member {}\n" + third(body))
                ran = self.expect(30, "once", *files, **self.variables())
                self.assertIn("cannot apply migration Third1700000000003 of database \"alkemio\": "
                              "EntityMetadataNotFoundError: No metadata for \"Member\" was found", ran.err)
                self.assertIn('run it with Node (engine = "command")', ran.err)
                self.assertRegex(ran.err, r"--> .*/1700000000003-Third\.js")

    def test_a_package_of_a_workspace_finds_what_lies_above_it(self):
        whole = self.configured().read_text()
        self.write("work/pnpm-workspace.yaml", "packages: ['packages/*']\n")
        self.write("work/pnpm-lock.yaml", "packages:\n  typeorm@1.1.1:\n    resolution: {}\n")
        self.write("work/node_modules/hoisted/index.js", "exports.name = 'hoisted';\n")
        self.write("work/node_modules/.pnpm/linked@1/node_modules/linked/index.js", "exports.name = 'linked';\n")
        self.write("work/packages/contracts/index.js", "exports.name = 'contracts';\n")
        self.write("work/packages/server/package.json", '{"dependencies": {"typeorm": "catalog:"}}')
        modules = self.folder / "work/packages/server/node_modules"
        modules.mkdir()
        (modules / "linked").symlink_to("../../../node_modules/.pnpm/linked@1/node_modules/linked")
        (modules / "contracts").symlink_to("../../contracts")
        self.write("outside/secret.txt", "x")
        self.write("work/packages/server/migrations/1700000000003-Third.js", """\
            const names = ['hoisted', 'linked', 'contracts'].map((name) => require(name).name);
            const inside = require('fs').existsSync(__dirname + '/../../../../outside/secret.txt');
            """ + third("await q.query('CREATE TABLE said AS SELECT $1::text AS what', [[...names, inside].join()])"))
        text = whole.replace('files = "migrations/*"', 'files = "work/packages/server/migrations/*"')
        config = self.write("workspace.toml", text)
        ran = self.expect(0, "--log-level", "debug", "once", config=config)
        self.assertEqual(self.server.value("SELECT what FROM said", "alkemio"), "hoisted,linked,contracts,false")
        self.assertIn("TypeORM 1.", ran.err)

    def test_what_a_project_lacks_is_named_with_who_wants_it(self):
        config = self.configured()
        self.write("package.json", "{}")
        self.write("helper.js", "require('nowhere-to-be-found');\n")
        self.write("migrations/1700000000003-Third.js", "require('../helper');\n" + third(""))
        failed = self.expect(30, "once", config=config)
        self.assertIn("Cannot find module 'nowhere-to-be-found'", failed.err)
        self.assertIn("- " + str(self.folder / "migrations/1700000000003-Third.js"), failed.err)
        self.assertIn("put what migrations load beside them", failed.err)
        self.write("migrations/1700000000003-Third.js", third("", "transaction = false;"))
        failed = self.expect(30, "once", config=config)
        self.assertIn("ForbiddenTransactionModeOverrideError", failed.err)
        self.assertIn('transaction = "each"', failed.err)

    def test_what_typeorm_makes_for_entities_is_named_where_it_is_missing(self):
        config = self.configured()
        tries = {"CREATE TABLE one (id uuid DEFAULT uuid_generate_v4())": 'extensions = ["uuid-ossp"] in [[database]]',
                 'INSERT INTO "typeorm_metadata"("type") VALUES (1)': "for entities that are views",
                 "DELETE FROM public.typeorm_metadata": "for entities that are views"}
        for statement, hint in tries.items():
            with self.subTest(statement):
                self.write("migrations/1700000000003-Third.js", third(f"await q.query(`{statement}`);"))
                self.assertIn(hint, self.expect(30, "once", config=config).err)

    def test_paths_are_relative_to_the_configuration_file_wherever_the_program_starts(self):
        self.write("project/migrations/1700000000001-First.js", FIRST)
        self.write("project/package.json", "{}")
        self.write("project/data-source.js", DATA_SOURCE.replace('"..", ', ""))
        whole = self.configured().read_text().replace("secrets/", "../secrets/")
        self.write("project/files.toml", whole)
        self.write("project/source.toml", whole.replace('files = "migrations/*"', 'data_source = "data-source.js"'))
        self.write("project/folder.toml", whole + 'directory = "."\n')
        for name in ("files", "source", "folder"):
            with self.subTest(name):
                self.assertIn("First1700000000001", self.expect(3, "plan", config=f"project/{name}.toml").out)

    def looks_without_typeorm(self, config, code=0):
        ran = self.expect(code, "--log-level", "debug", "migrate", "show", "--check", config=config)
        return "TypeORM was not started" in ran.err

    def test_typeorm_is_not_started_where_all_files_were_applied_as_they_are(self):
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("migrations/1700000000002-Second.ts", SECOND)
        self.write("migrations/index.d.ts", "export {};\n")
        config = self.configured()
        self.expect(0, "once", config=config)
        self.assertTrue(self.looks_without_typeorm(config))
        self.assertIn("done: 0 changes", self.expect(0, "once", config=config).out)

        def seen_by_typeorm(code, why):
            self.assertFalse(self.looks_without_typeorm(config, code), why)

        self.write("migrations/1700000000003-Third.js", THIRD.replace("export class", "exports.Third1700000000003 = class"))
        seen_by_typeorm(3, "a new file")
        self.expect(0, "once", config=config)
        self.assertTrue(self.looks_without_typeorm(config))
        self.write("migrations/1700000000004-Copy.js", (self.folder / "migrations/1700000000003-Third.js").read_text())
        seen_by_typeorm(30, "the same class twice")
        (self.folder / "migrations/1700000000004-Copy.js").unlink()
        self.server.value("DELETE FROM migrations_typeorm WHERE name LIKE 'Third%'", "alkemio")
        seen_by_typeorm(3, "a row that someone took out of the ledger")
        self.server.value("INSERT INTO migrations_typeorm (timestamp, name) VALUES (1700000000003, 'Third1700000000003')", "alkemio")
        self.assertTrue(self.looks_without_typeorm(config))
        self.write("migrations/1700000000001-First.js", FIRST + "// another word\n")
        ran = self.expect(0, "migrate", "show", config=config)
        self.assertIn("changed since it was applied", ran.out)

    def test_of_eight_at_once_one_works_and_all_end_well(self):
        count = 12
        for number in range(1, count + 1):
            name = f"Step17000000000{number:02}"
            self.write(f"migrations/17000000000{number:02}-Step.{'js' if number % 2 else 'ts'}",
                       f"{'exports.' + name + ' =' if number % 2 else 'export'} class {name} {{\n"
                       f"  async up(q) {{ await q.query('CREATE TABLE step{number} (id int)'); await q.query('SELECT pg_sleep(0.02)'); }}\n"
                       "  async down() {}\n}\n")
        for mode in ("all", "each"):
            self.clean()
            config = self.configured(transaction=f'"{mode}"')
            runs = [self.begin("once", "--output", "json", config=config) for _ in range(8)]
            ended = [run.end() for run in runs]
            self.assertEqual([ran.code for ran in ended], [0] * 8, "\n".join(ran.err for ran in ended))
            self.assertEqual(self.ledger(), [f"Step17000000000{number:02}" for number in range(1, count + 1)])
            self.assertEqual(sum(1 for ran in ended if ran.json["changed"] > 0), 1)

    def test_a_file_that_loads_others_is_always_asked_of_typeorm(self):
        self.write("package.json", "{}")
        self.write("migrations/1700000000001-First.js", 'module.exports = require("../src/all.js");\n')
        one = "exports.First1700000000001 = class First1700000000001 { async up(q) { await q.query('SELECT 1'); } async down() {} };\n"
        self.write("src/all.js", one)
        config = self.configured()
        self.expect(0, "once", config=config)
        self.assertFalse(self.looks_without_typeorm(config))
        self.write("src/all.js", one + one.replace("0001", "0002"))
        self.assertFalse(self.looks_without_typeorm(config, 3))
        self.expect(0, "once", config=config)
        self.assertEqual(self.ledger(), ["First1700000000001", "First1700000000002"])

    def test_of_a_file_with_two_migrations_both_must_have_been_recorded(self):
        one = "exports.First1700000000001 = class First1700000000001 { async up(q) { await q.query('SELECT 1'); } async down() {} };\n"
        self.write("migrations/both.js", one + one.replace("0001", "0002"))
        config = self.configured()
        self.expect(0, "once", config=config)
        self.assertTrue(self.looks_without_typeorm(config))
        self.server.value("DELETE FROM migrations_typeorm WHERE name = 'First1700000000002'", "alkemio")
        self.assertFalse(self.looks_without_typeorm(config, 3))

    def test_migrations_are_applied_once_and_failures_name_their_place(self):
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("migrations/1700000000002-Second.ts", SECOND)
        config = self.configured()
        self.assertIn("First1700000000001, Second1700000000002", self.expect(3, "plan", config=config).out)
        self.expect(0, "once", config=config)
        self.assertEqual(self.server.value("SELECT * FROM migrations_typeorm ORDER BY id", "alkemio"),
                         "1|1700000000001|First1700000000001\n2|1700000000002|Second1700000000002")
        self.assertEqual(self.server.value("SELECT name, extra FROM space", "alkemio"), 'one|{"a": [1, null]}')
        self.assertIn("done: 0 changes", self.expect(0, "once", config=config).out)

        self.write("migrations/1700000000003-Third.ts", WRONG)
        failed = self.expect(30, "once", config=config)
        self.assertRegex(failed.err, r"1700000000003-Third\.ts:3\n")
        self.assertIn("42703", failed.err)
        self.assertIn("Third1700000000003 was rolled back", failed.err)
        self.assertEqual(self.server.value("SELECT count(*) FROM migrations_typeorm", "alkemio"), "2")

    def test_what_is_refused_after_it_was_answered_is_named_with_its_place(self):
        self.write("migrations/1700000000001-First.js", FIRST)
        config = self.configured()
        self.expect(0, "once", config=config)
        up = ["await q.query(`ALTER TABLE space ADD a int`);", "await q.query(`ALTER TABLE nowhere ADD a int`);",
              "await q.query(`ALTER TABLE space ADD b int`);", "await q.query(`CREATE TABLE third (id int)`);"]
        ends = {"its end": "", "a question": "await q.query(`SELECT 1`);", "an error of its own": "throw new Error(`behind`);",
                "many": "for (let i = 0; i < 100; ++i) await q.query(`CREATE TABLE t${i} (id int)`);"}
        for end, last in ends.items():
            with self.subTest(end=end):
                self.write("migrations/1700000000003-Third.js", third("\n".join(["", *up, last, ""])))
                failed = self.expect(30, "once", config=config)
                self.assertRegex(failed.err, r"1700000000003-Third\.js:4:14\n")
                self.assertIn('relation "nowhere" does not exist', failed.err)
                self.assertIn("1 | ALTER TABLE nowhere ADD a int", failed.err)
                self.assertIn("42P01", failed.err)
                self.assertNotIn("behind", failed.err)
                self.assertIn("Third1700000000003 was rolled back", failed.err)
                self.assertEqual(self.server.value("SELECT count(*) FROM pg_class WHERE relname IN ('third', 't1')", "alkemio"), "0")

        # Who would be told of it does not go on.
        self.write("migrations/1700000000003-Third.js", third("\n".join([*up[:2], "console.log(`it is altered`);"])))
        failed = self.expect(30, "once", config=config)
        self.assertIn('relation "nowhere" does not exist', failed.err)
        self.assertNotIn("it is altered", failed.err)

    def test_a_session_that_ends_behind_what_was_answered_leaves_nothing_half_done(self):
        files = self.project()
        self.once(*files)
        many = "for (let i = 0; i < 100; ++i) await q.query(`CREATE TABLE third${i} (id int)`);"
        self.write("migrations/1700000000003-Third.js", third(f"{many} await q.query(`ALTER TABLE space ADD a int`); {many.replace('third', 'more')}"))
        waiting = "FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE space%' AND wait_event_type = 'Lock'"
        self.hold("LOCK TABLE space", 3)
        running = self.begin("once", config=self.configured(lock_timeout='"60s"'))
        self.wait_until(f"SELECT count(*) {waiting}", "1")
        self.server.value(f"SELECT pg_terminate_backend(pid) {waiting}")
        ran = running.end()
        self.assertEqual(ran.code, 30, ran.err)
        self.assertIn("terminating connection due to administrator command", ran.err)
        self.assertIn("1 | ALTER TABLE space ADD a int", ran.err)
        tables = "SELECT count(*) FROM pg_class WHERE relname ~ '^(third|more)[0-9]+$'"
        self.assertEqual(self.server.value(tables, "alkemio"), "0")
        self.wait_until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE space%' AND state = 'active' "
                        "AND pid <> pg_backend_pid()", "0")
        self.assertIn("3 of 3 applied", self.expect(0, "once", config=self.configured()).out)
        self.assertEqual(self.server.value(tables, "alkemio"), "200")


if __name__ == "__main__":
    harness.main()
