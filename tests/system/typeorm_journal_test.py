#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine `typeorm`, cut in half: a migration that commits before its row in the ledger, and is killed or fails there, goes
on behind what is committed, or says that it cannot and lets a person decide."""

import hashlib
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

FIRST = 'module.exports = class First1700000000001 { async up(q) { await q.query(`CREATE TABLE first (id int)`); } async down() {} };\n'
LAST = 'module.exports = class Last1700000000003 { async up(q) { await q.query(`CREATE TABLE last (id int)`); } async down() {} };\n'
HELD = "SELECT pg_advisory_lock(4711)"
JOURNAL = "alkemio_init.typeorm_journal"


def half(*statements, members="", before=""):
    """A migration of these statements: SQL, or JavaScript that begins with a blank."""
    lines = [f"    await q.query(`{one}`);" if one[0] != " " else f"   {one}" for one in statements]
    body = "\n".join(lines)
    return (f"{before}module.exports = class Half1700000000002 {{ {members}\n  async up(q) {{\n{body}\n  }}\n"
            "  async down() {}\n};\n")


COMMIT = " await q.commitTransaction(); await q.startTransaction();"


class Journal(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()
        self.server.sql("CREATE DATABASE alkemio")
        self.write("migrations/1-first.js", FIRST)
        self.write("migrations/3-last.js", LAST)

    def configured(self, mode="all", **keys):
        lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
        return self.write("typeorm.toml", f'[postgres]\nhost = "127.0.0.1"\nport = {self.server.port}\n'
                          'password_file = "secrets/superuser"\nexpected_version = ""\n[[database]]\nname = "alkemio"\n'
                          '[[migration]]\ndatabase = "alkemio"\nengine = "typeorm"\nfiles = "migrations/*"\n'
                          f'table = "ledger"\ntransaction = "{mode}"\n{lines}')

    def value(self, sql):
        return self.server.value(sql, "alkemio")

    def ledger(self):
        return [name[:-13] for name in self.value("SELECT name FROM ledger ORDER BY id").split()]

    def journal(self):
        return self.value(f"SELECT count(*) FROM {JOURNAL}")

    def wait_until(self, sql, value):
        deadline = time.monotonic() + 30
        while self.value(sql) != value:
            self.assertLess(time.monotonic(), deadline, sql)
            time.sleep(0.05)

    def kill_at(self, waiting, config):
        """Kills a run while this statement of it is at work."""
        running = self.begin("migrate", "run", config=config)
        active = f"SELECT count(*) FROM pg_stat_activity WHERE query = $${waiting}$$ AND state = 'active'"
        self.wait_until(active, "1")
        running.send(signal.SIGKILL)
        self.assertEqual(running.end().code, 137)
        self.value("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
                   "datname = current_database()")
        self.wait_until("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()", "1")

    def assert_whole(self, config, rows="one"):
        self.expect(0, "migrate", "run", config=config)
        self.assertEqual(self.ledger(), ["First", "Half", "Last"])
        self.assertEqual(self.value("SELECT string_agg(name, ' ' ORDER BY id) FROM half"), rows)
        self.assertEqual(self.journal(), "0")
        self.expect(0, "migrate", "show", "--check", config=config)

    def test_what_was_committed_before_a_kill_is_not_done_again(self):
        sleep = "SELECT pg_sleep(60)"
        text = ["CREATE TABLE half (id serial, name text)", "INSERT INTO half (name) VALUES ('one')", COMMIT,
                "ALTER TABLE half ADD two int", sleep]
        config = self.configured("all")
        self.write("migrations/2-half.js", half(*text))
        self.kill_at(sleep, config)
        self.assertEqual(self.ledger(), ["First"])
        self.assertEqual(self.journal(), "3")
        shown = self.expect(0, "migrate", "show", config=config)
        self.assertIn("half done: its first 3 statements are committed", shown.out)
        self.write("migrations/2-half.js", half(*text[:-1]))
        self.assert_whole(config)

    def test_in_no_transaction_each_statement_is_committed_with_its_row_of_the_journal(self):
        sleep = "SELECT pg_sleep(60)"
        text = ["SET search_path TO public", "CREATE TABLE half (id serial, name text)", "INSERT INTO half (name) VALUES ('one')",
                "CREATE INDEX CONCURRENTLY half_name ON half (name)", "DO $$ BEGIN INSERT INTO half (name) VALUES ('two'); END $$",
                "DO $$ BEGIN INSERT INTO half (name) VALUES ('three'); COMMIT; END $$",
                "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO half (name) VALUES ('four'); COMMIT; END $$",
                "CALL p()", "CREATE TABLE several (id int); INSERT INTO several VALUES (1)", "VACUUM half",
                " const [{ n }] = await q.query('SELECT count(*)::int AS n FROM half'); if (n !== 4) throw new Error(`${n}`);",
                " const gone = await q.query('DELETE FROM several'); if (gone[1] !== 1) throw new Error(JSON.stringify(gone));"]
        for mode, members in (("none", ""), ("each", "transaction = false;")):
            with self.subTest(mode):
                self.clean()
                self.server.sql("CREATE DATABASE alkemio")
                config = self.configured(mode)
                self.write("migrations/2-half.js", half(*text, sleep, members=members))
                self.kill_at(sleep, config)
                self.assertEqual(self.value(f"SELECT max(number) FROM {JOURNAL} WHERE migration LIKE 'Half%'"), "12")
                self.write("migrations/2-half.js", half(*text, "INSERT INTO half (name) VALUES ('five')", members=members))
                self.assert_whole(config, "one two three four five")

    def test_a_kill_at_any_statement_converges(self):
        """Each statement in turn is held by a lock when the run is killed; the very same files go on."""
        steps = ["CREATE TABLE half (id serial, name text)", COMMIT, "INSERT INTO half (name) VALUES ('one')", COMMIT,
                 "CREATE TYPE mood AS ENUM ('sad')", COMMIT, "ALTER TYPE mood ADD VALUE 'happy'", COMMIT,
                 "ALTER TABLE half ADD mood mood DEFAULT 'happy'"]
        wait = " await q.query(`SELECT pg_advisory_xact_lock(4711)`);"
        for mode in ("all", "each", "none"):
            for at in range(1, len(steps) + 1):
                with self.subTest(mode=mode, at=at):
                    self.clean()
                    self.server.sql("CREATE DATABASE alkemio")
                    config = self.configured(mode)
                    used = [step for step in steps if mode != "none" or step != COMMIT]
                    if at > len(used):
                        continue
                    self.write("migrations/2-half.js", half(*used[:at], wait, *used[at:]))
                    holder = self.hold_lock()
                    self.kill_at("SELECT pg_advisory_xact_lock(4711)", config)
                    holder.kill()
                    holder.wait()
                    self.assert_whole(config)
                    self.assertEqual(self.value("SELECT DISTINCT mood FROM half"), "happy")

    def hold_lock(self):
        holder = subprocess.Popen(["psql", "-XqAt", "-c", f"{HELD}; SELECT pg_sleep(100)"],
                                  env=self.server.environment(PGDATABASE="alkemio"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        self.wait_until("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = 4711", "1")
        return holder

    def test_a_failure_behind_a_commit_is_mended_and_goes_on_there(self):
        config = self.configured("all")
        text = ["CREATE TABLE half (id serial, name text)", COMMIT, "INSERT INTO half (name) VALUES ('one')"]
        self.write("migrations/2-half.js", half(*text, "SELECT nothing"))
        ran = self.expect(30, "migrate", "run", config=config)
        self.assertIn("Half1700000000002 committed its first 2 statements itself", ran.err)
        self.assertIn("run it again: it goes on there", ran.err)
        # The very same fails in the same way, and not because of what is there.
        ran = self.expect(30, "migrate", "run", config=config)
        self.assertIn("42703", ran.err)
        self.assertRegex(ran.err, r"2-half\.js:6:\d+\n")
        # An error of the script before it has come there is told as it is.
        self.write("migrations/2-half.js", half(" throw new Error('of its own');"))
        self.assertIn("of its own", self.expect(30, "migrate", "run", config=config).err)
        self.write("migrations/2-half.js", half(*text))
        self.assert_whole(config)

    def test_what_is_not_what_was_committed_is_refused_with_the_statement(self):
        config = self.configured("none")
        text = ["CREATE TABLE half (id serial, name text)", "INSERT INTO half (name) VALUES ('canary of a literal')"]
        random = " await q.query('INSERT INTO half (name) VALUES ($1)', [String(Math.random())]);"
        self.write("migrations/2-half.js", half(*text, random, "SELECT nothing"))
        self.expect(30, "migrate", "run", config=config)
        ran = self.expect(30, "migrate", "run", config=config)
        self.assertIn("cannot go on with migration Half1700000000002 of database \"alkemio\": statement 3, INSERT INTO half (name) VALUES ($1) "
                      "(2-half.js:5) is committed, and differs from that, in its parameters or further down", ran.err)
        self.assertIn("alkemio-init migrate repair Half1700000000002", ran.err)
        self.assertRegex(ran.err, r"--> .*/2-half\.js:5")
        self.assertIn("committed its first 3 statements itself, they stay", ran.err)

        self.write("migrations/2-half.js", half(text[0], "INSERT INTO other (name) VALUES ('canary')"))
        ran = self.expect(30, "migrate", "run", config=config)
        self.assertIn("statement 2, INSERT INTO half (name) VALUES ('…') (2-half.js:4) is committed, and is now INSERT INTO other (name) "
                      "VALUES ('…')", ran.err)
        self.assertNotIn("canary", ran.err)
        # A migration that swallows the refusal does not go on either.
        self.write("migrations/2-half.js", half(text[0], " await q.query('SELECT 1').catch(() => {});"))
        self.assertIn("statement 2", self.expect(30, "migrate", "run", config=config).err)
        self.write("migrations/2-half.js", half(text[0]))
        self.assertIn("is committed, and it ends before", self.expect(30, "migrate", "run", config=config).err)
        self.assertEqual(self.value("SELECT count(*) FROM half"), "2")
        self.assertEqual(self.ledger(), ["First"])
        # Nothing of literals or parameters is kept.
        self.assertEqual(self.value(f"SELECT count(*) FROM {JOURNAL} WHERE title LIKE '%canary%' OR answer LIKE '%canary%'"), "0")

    def test_an_answer_that_is_too_large_is_not_kept(self):
        config = self.configured("none")
        text = ["CREATE TABLE half (id serial, name text)", "SELECT repeat('x', 2000000) AS x"]
        self.write("migrations/2-half.js", half(*text, "SELECT nothing"))
        self.expect(30, "migrate", "run", config=config)
        self.assertEqual(self.value(f"SELECT answer IS NULL FROM {JOURNAL} WHERE number = 2"), "t")
        self.assertIn("its answer was too large to be kept", self.expect(30, "migrate", "run", config=config).err)

    def test_errors_that_a_migration_went_on_after_are_answered_again(self):
        config = self.configured("none")
        text = ["CREATE TABLE half (id serial, name text)",
                " await q.query(`INSERT INTO nowhere VALUES (1)`).catch((error) => { if (error.code !== '42P01') throw error; });",
                "CREATE TABLE nowhere (id int)", "INSERT INTO half (name) VALUES ('one')"]
        self.write("migrations/2-half.js", half(*text, "SELECT nothing"))
        self.expect(30, "migrate", "run", config=config)
        self.write("migrations/2-half.js", half(*text))
        self.assert_whole(config)
        self.assertEqual(self.value("SELECT count(*) FROM nowhere"), "0")

    def test_a_role_that_the_migration_takes_on_does_not_write_the_journal(self):
        self.server.sql("CREATE ROLE poor")
        self.addCleanup(self.server.sql, "DROP ROLE poor")
        config = self.configured("all")
        text = ["CREATE TABLE half (id serial, name text)", "INSERT INTO half (name) VALUES ('one')", "SET ROLE poor", COMMIT,
                " const [{ role }] = await q.query('SHOW role'); if (role !== 'poor') throw new Error(role);"]
        self.write("migrations/2-half.js", half(*text, "SELECT nothing"))
        self.expect(30, "migrate", "run", config=config)
        self.assertEqual(self.journal(), "4")
        self.write("migrations/2-half.js", half(*text, "RESET ROLE"))
        self.assert_whole(config)

    def half_done(self, *statements):
        """A migration in no transaction of which these are committed, and what comes behind them fails."""
        config = self.configured("none")
        self.write("migrations/2-half.js", half(*statements, "SELECT nothing"))
        self.expect(30, "migrate", "run", config=config)
        return config

    RANDOM = " await q.query('INSERT INTO half (name) VALUES ($1)', [String(Math.random())]);"
    NAME = "Half1700000000002"

    def test_a_repair_without_a_choice_shows_what_is_committed_and_changes_nothing(self):
        secret = harness.canary("alkemio").replace("'", "''")
        config = self.half_done("CREATE TABLE half (id serial, name text)", self.RANDOM,
                                f" await q.query({('SELECT ' + chr(39) + secret + chr(39) + ' AS secret')!r});")
        repair = ("migrate", "repair")
        ran = self.expect(0, *repair, config=config)
        self.assertRegex(ran.out, r"MIGRATION +N +STATEMENT +PLACE +COMMITTED AT +NOTE\n"
                         r"Half1700000000002 +1 +CREATE TABLE half \(id serial, name text\) +2-half\.js:3 +\d{4}-\S+Z\n"
                         r" +2 +INSERT INTO half \(name\) VALUES \(\$1\) +2-half\.js:4 ")
        self.assertIn("database alkemio: 3 statements are committed of what is half done", ran.out)
        status = self.expect(0, *repair, self.NAME, "--output", "json", config=config).json["migrations"][0]
        self.assertEqual([(line["number"], line["taken"]) for line in status["journal"]], [(1, False), (2, False), (3, False)])
        self.assertIn("Other1 is not half done", self.expect(0, *repair, "Other1", config=config).out)
        self.assertEqual(self.journal(), "3")
        self.assertRegex(self.expect(3, "status", config=config).out, r"1 applied, 2 pending, 1 half done")
        for choice in (("--applied",), ("--from-start",), ("--continue-at", "2")):
            self.assertEqual(self.run_program(*repair, *choice, config=config).code, 2)
        ran = self.expect(2, *repair, "Half1700000000003", "--from-start", config=config)
        self.assertIn("it is not half done", ran.err)
        self.assertIn("did you mean Half1700000000002?", ran.err)
        self.assertIn("it is applied", self.expect(2, *repair, "First1700000000001", "--applied", config=config).err)
        self.assertIn("no migration of that name", self.expect(2, *repair, "Half1700000000003", "--applied", config=config).err)

    def test_a_person_may_say_that_all_of_it_is_done(self):
        config = self.half_done("CREATE TABLE half (id serial, name text)", self.RANDOM)
        ran = self.expect(0, "migrate", "repair", self.NAME, "--applied", config=config)
        self.assertEqual(ran.out, "database alkemio: Half1700000000002 is recorded as applied\n")
        self.assertEqual(self.value("SELECT timestamp, name FROM ledger ORDER BY id DESC LIMIT 1"), "1700000000002|Half1700000000002")
        self.assertEqual(self.journal(), "0")
        checksum = hashlib.sha256((self.folder / "migrations/2-half.js").read_bytes()).hexdigest()
        self.assertEqual(self.value(f"SELECT checksum FROM alkemio_init.typeorm_migrations WHERE name = '{self.NAME}'"), checksum)
        self.expect(0, "migrate", "run", config=config)
        self.assertEqual(self.ledger(), ["First", "Half", "Last"])
        self.assertEqual(self.value("SELECT count(*) FROM half"), "1")

    def test_a_person_may_say_that_nothing_of_it_is_there(self):
        config = self.half_done("CREATE TABLE half (id serial, name text)", self.RANDOM)
        self.value("DROP TABLE half")
        # What is broken is no reason not to.
        self.write("migrations/2-half.js", "this is no JavaScript")
        ran = self.expect(0, "migrate", "repair", self.NAME, "--from-start", "--migration", "alkemio", config=config)
        self.assertIn("Half1700000000002 runs from its first statement", ran.out)
        self.assertEqual(self.journal(), "0")
        self.write("migrations/2-half.js", half("CREATE TABLE half (id serial, name text)", "INSERT INTO half (name) VALUES ('one')"))
        self.assert_whole(config)

    def test_a_person_may_say_with_which_statement_it_goes_on(self):
        text = ["CREATE TABLE half (id serial, name text)", self.RANDOM]
        config = self.half_done(*text)
        text.append(" const [{ n }] = await q.query('SELECT count(*)::int AS n FROM half'); if (n !== 1) throw new Error(`${n}`);")
        self.write("migrations/2-half.js", half(*text))
        self.assertIn("statement 2", self.expect(30, "migrate", "run", config=config).err)
        ran = self.expect(0, "migrate", "repair", self.NAME, "--continue-at", "3", config=config)
        self.assertEqual(ran.out, "database alkemio: Half1700000000002 goes on with statement 3\n")
        self.assertIn("taken as done", self.expect(0, "migrate", "repair", config=config).out)
        self.value("UPDATE half SET name = 'one'")
        self.assert_whole(config)

    def test_a_person_who_names_a_statement_that_is_not_there_is_told_so(self):
        text = ["CREATE TABLE half (id serial, name text)", self.RANDOM]
        config = self.half_done(*text)
        self.write("migrations/2-half.js", half(*text))
        self.expect(0, "migrate", "repair", self.NAME, "--continue-at", "33", config=config)
        ran = self.expect(30, "migrate", "run", config=config)
        self.assertRegex(ran.err, f"cannot go on with migration {self.NAME} of database \"alkemio\": it was to go on at statement 33, but has only [0-9]+\n")
        self.assertNotIn("Half", self.ledger())

    def test_a_person_may_say_so_of_one_that_another_program_left(self):
        self.value("CREATE TABLE half (id serial, name text)")
        self.write("migrations/2-half.js", half("CREATE TABLE half (id serial, name text)", "SELECT now()",
                                                "INSERT INTO half (name) VALUES ('one')"))
        config = self.configured("all")
        self.assertIn("42P07", self.expect(30, "migrate", "run", config=config).err)
        self.expect(0, "migrate", "repair", self.NAME, "--continue-at", "2", config=config)
        self.assert_whole(config)

    def test_of_several_the_one_that_has_it_is_found(self):
        config = self.half_done("CREATE TABLE half (id serial, name text)", self.RANDOM)
        self.server.sql("CREATE DATABASE kratos")
        self.write("others/4-other.js", FIRST.replace("First1700000000001", "Other1700000000004").replace("first", "other"))
        self.write("typeorm.toml", config.read_text() + '[[database]]\nname = "kratos"\n[[migration]]\ndatabase = "kratos"\n'
                   'engine = "typeorm"\nfiles = ["others/*", "migrations/1*"]\n')
        repair = ("migrate", "repair")
        ran = self.expect(0, *repair, config=config)
        self.assertIn("database alkemio: 2 statements are committed of what is half done", ran.out)
        self.assertIn("database kratos: nothing is half done", ran.out)
        self.assertIn("name it: alkemio-init migrate revert NAME", self.expect(2, "migrate", "revert", config=config).err)
        self.assertIn("2 statements are committed", self.expect(0, *repair, self.NAME, config=config).out)
        # Also where both have its file, or its file cannot be read: what is half done tells.
        broken = self.write("others/2-half.js", "this is no JavaScript")
        ran = self.expect(0, *repair, self.NAME, "--from-start", config=config)
        self.assertEqual(ran.out, f"database alkemio: {self.NAME} runs from its first statement\n")
        broken.unlink()
        # By its file alone.
        ran = self.expect(0, *repair, "Other1700000000004", "--applied", config=config)
        self.assertEqual(ran.out, "database kratos: Other1700000000004 is recorded as applied\n")
        self.assertEqual(self.server.value("SELECT name FROM migrations", "kratos"), "Other1700000000004")
        ran = self.expect(2, *repair, "First1700000000001", "--applied", config=config)
        self.assertIn("several have it: alkemio, kratos", ran.err)
        self.assertIn("--migration NAME", ran.err)
        ran = self.expect(2, *repair, "Other1700000000005", "--applied", config=config)
        self.assertIn("none of them has it: alkemio, kratos", ran.err)
        self.assertIn("did you mean Other1700000000004?", ran.err)
        self.expect(0, *repair, "First1700000000001", "--applied", "--migration", "kratos", config=config)

    def test_what_is_not_done_behind_the_statement_is_done_again(self):
        text = ["CREATE TABLE half (id serial, name text)", "INSERT INTO half (name) VALUES ('one')"]
        config = self.half_done(*text)
        self.value("DELETE FROM half")
        self.expect(0, "migrate", "repair", self.NAME, "--continue-at", "2", config=config)
        self.write("migrations/2-half.js", half(*text))
        self.expect(0, "migrate", "run", config=config)
        self.assertEqual(self.value("SELECT string_agg(name, ' ') FROM half"), "one")
        self.assertEqual(self.ledger(), ["First", "Half", "Last"])

    def test_ordinary_migrations_leave_nothing_of_a_journal(self):
        self.write("migrations/2-half.js", half("CREATE TABLE half (id serial, name text)", "INSERT INTO half (name) VALUES ('one')"))
        for mode in ("all", "each"):
            with self.subTest(mode):
                self.clean()
                self.server.sql("CREATE DATABASE alkemio")
                self.expect(0, "migrate", "run", config=self.configured(mode))
                self.assertEqual(self.ledger(), ["First", "Half", "Last"])
                self.assertEqual(self.value(f"SELECT to_regclass('{JOURNAL}')"), "")


if __name__ == "__main__":
    harness.main()
