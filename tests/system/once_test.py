#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`once` takes an empty cluster to a provisioned stack, and a second run changes nothing; what is there already is adopted,
what only a person may change is left alone; each kind of trouble has its exit code and its words."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402


class Once(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()

    def test_an_empty_cluster_is_provisioned_once(self):
        config = self.config()
        plan = self.expect(3, "plan", config=config)
        self.assertIn("create database \"kratos\"", plan.out)
        first = self.expect(0, "once", config=config)
        self.assertIn("done: ", first.out)
        self.assertEqual(self.server.value("SELECT count(*) FROM table2", "alkemio"), "1")
        self.assertEqual(self.server.value("SELECT datcollate FROM pg_database WHERE datname = 'synapse'"), "C")
        self.assertIn("kratos: migrated", first.err)

        offset = self.server.log_size()
        self.server.sql("ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
        second = self.expect(0, "once", config=config)
        self.assertIn("done: 0 changes", second.out)
        said = self.server.log_since(offset)
        self.assertNotIn("pg_try_advisory_lock", said, "a run with nothing to do takes no lock")
        for word in ("CREATE ", "ALTER ROLE", "INSERT", "GRANT"):
            self.assertNotIn(f"statement: {word}", said.replace("ALTER SYSTEM", ""))
        self.server.sql("ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")
        for name in ("kratos", "hydra"):
            self.assertEqual((self.folder / f"{name}.runs").read_text(), "run\n")
        self.assertIn("Nothing to do.", self.expect(0, "plan", config=config).out)
        self.assertIn("Nothing to do.", self.expect(0, "plan", "--output", "text", config=config).out)

    def test_a_syntax_error_is_found_before_anything_is_made(self):
        config = self.config()
        self.write("alkemio/0002_table2.sql", "CREATE TABLE table2 (id int);\nSELEC 1;\n")
        ran = self.expect(30, "once", config=config)
        self.assertIn("E406", ran.err)
        self.assertIn("0002_table2.sql:2:1", ran.err)
        self.assertEqual(self.server.value("SELECT count(*) FROM pg_roles WHERE rolname = 'alkemio'"), "0")

    def test_migrations_of_what_is_not_provisioned_yet_say_what_is_missing(self):
        config = self.config()
        shown = self.expect(0, "migrate", "show", config=config)
        self.assertIn("neither database \"alkemio\" nor role \"alkemio\" exists", shown.err)
        self.assertIn("0 applied, 3 pending", shown.out)
        ran = self.expect(12, "migrate", "run", config=config)
        self.assertIn("neither database \"alkemio\" nor role \"alkemio\" exists", ran.err)
        self.assertIn("alkemio-init once", ran.err)
        for target in ("database=alkemio", "migrations=alkemio"):
            waited = self.expect(11, "wait", "--for", target, "--timeout", "1s", config=config)
            self.assertIn("neither database \"alkemio\" nor role \"alkemio\" exists", waited.err)
            self.assertNotIn("28P01", waited.err)
        self.server.sql("CREATE DATABASE alkemio")
        shown = self.expect(12, "migrate", "show", "--database", "alkemio", config=config)
        self.assertIn("role \"alkemio\" does not exist", shown.err)
        self.expect(0, "once", config=config)
        self.expect(0, "wait", "--for", "migrations=alkemio", "--for", "database=alkemio", config=config)

    def test_without_a_file_the_hint_names_the_variable(self):
        url = f"postgres://postgres@127.0.0.1:{self.server.port}/nowhere"
        environment = {"DATABASE_URL": url, "DATABASE_PASSWORD": harness.canary("superuser")}
        ran = self.expect(12, "once", "--timeout", "2s", **environment)
        self.assertIn("hint: DATABASE_URL names the database", ran.err)
        self.assertIn("DATABASE_NAME", ran.err)

    def test_status_verify_and_show_speak_of_every_database(self):
        config = self.config()
        self.assertIn("missing", self.expect(3, "status", config=config).out)
        for command in (["status"], ["plan"]):
            self.assertEqual(self.expect(3, *command, "--output", "json", config=config).json["exit_code"], 3)
        self.expect(0, "once", config=config)
        status = self.expect(0, "status", config=config).out
        for name in harness.DATABASES:
            self.assertRegex(status, rf"(?m)^{name} +exists +{name} ")
        self.assertRegex(status, r"(?m)^alkemio .* 3 applied, 0 pending")
        self.assertRegex(status, r"(?m)^kratos .*pg_trgm")
        verified = self.expect(0, "verify", config=config).out
        self.assertIn("table \"table1\" can be read", verified)
        self.assertIn(", 0 failed.", verified)
        shown = self.expect(0, "migrate", "show", "--check", config=config).out
        self.assertIn("0003_table3", shown)
        self.assertEqual(self.expect(0, "status", "--output", "json", config=config).json["exit_code"], 0)

    def test_verify_needs_no_checks_to_find_what_is_missing(self):
        config = self.config()
        config.write_text(config.read_text().split("[[check]]")[0])
        empty = self.expect(40, "verify", config=config)
        self.assertRegex(empty.out, r"(?m)^kratos +the database exists +FAILED")
        self.assertIn('cannot verify that database "kratos" exists: it does not exist', empty.err)
        self.expect(0, "once", config=config)
        good = self.expect(0, "verify", config=config).out
        for line in (r'synapse +its owner is "synapse" +good', r"synapse +encoding and locale are as wanted +good +UTF8, C, C",
                     r'alkemio +extension "uuid-ossp" is installed +good +version', r'alkemio +migrations "alkemio" are applied +good +3 applied',
                     r'kratos +migrations "kratos" are applied +good'):
            self.assertRegex(good, f"(?m)^{line}")
        self.write("alkemio/0004_more.sql", "SELECT 1;\n")
        self.server.sql("ALTER DATABASE hydra OWNER TO postgres")
        self.server.value("DROP EXTENSION pg_trgm", "kratos")
        ran = self.expect(40, "verify", config=config)
        for reason in ('its owner is "hydra" in database "hydra": it is "postgres"', 'extension "pg_trgm" is installed in database "kratos": it is not',
                       'migrations "alkemio" are applied in database "alkemio": 3 applied, 1 pending'):
            self.assertIn(f"cannot verify that {reason}", ran.err)
        self.assertIn(", 3 failed.", ran.out)
        self.expect(0, "verify", "--database", "synapse", config=config)
        self.server.sql("DROP DATABASE synapse", "CREATE DATABASE synapse OWNER synapse TEMPLATE template0 LOCALE 'C.UTF-8'")
        ran = self.expect(40, "verify", "--database", "synapse", config=config)
        self.assertIn("lc_collate is C.UTF-8, wanted C", ran.err)

    def test_plan_as_sql_holds_no_secret_and_works_by_hand(self):
        config = self.config()
        sql = self.expect(3, "plan", "--output", "sql", config=config).out
        self.assertIn('CREATE DATABASE "synapse"', sql)
        self.assertIn("-- pending migration of \"alkemio\"", sql)

        def by_hand(*variables):
            return subprocess.run(["psql", "-Xq", *variables], input=sql, text=True, capture_output=True,
                                  env=self.server.environment())
        # Without the passwords it stops before it has done anything.
        done = by_hand()
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("syntax error", done.stderr)
        self.assertEqual(self.server.value("SELECT count(*) FROM pg_roles WHERE rolname = 'alkemio'"), "0")
        done = by_hand(*[f"-vpassword_of_{name}={harness.canary(name)}" for name in harness.DATABASES])
        self.assertEqual(done.returncode, 0, done.stderr)
        plan = self.expect(3, "plan", "--output", "json", config=config).json
        self.assertEqual((plan["steps"], plan["steps_pending"]), ([], 0))

    def test_a_hand_made_cluster_is_adopted(self):
        self.server.sql("CREATE ROLE kratos LOGIN PASSWORD 'another'", "CREATE DATABASE kratos",
                        "CREATE DATABASE alkemio")
        self.server.value("CREATE TABLE precious (n int); INSERT INTO precious VALUES (42)", "alkemio")
        config = self.config()
        self.expect(0, "once", config=config)
        self.assertEqual(self.server.value("SELECT n FROM precious", "alkemio"), "42")
        self.assertEqual(self.server.value("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'kratos'"),
                         "kratos")
        self.assertIn("done: 0 changes", self.expect(0, "once", config=config).out)

    def test_drift_is_exit_21_and_nothing_is_touched(self):
        self.server.sql("CREATE DATABASE synapse LOCALE 'C.UTF-8' TEMPLATE template0")
        before = self.server.value("SELECT oid, datname FROM pg_database ORDER BY 1")
        ran = self.expect(21, "once", config=self.config())
        self.assertIn("database \"synapse\"", ran.err)
        self.assertIn("error[E302]", ran.err)
        self.assertEqual(self.server.value("SELECT oid, datname FROM pg_database ORDER BY 1"), before)
        self.assertEqual(self.server.value("SELECT count(*) FROM pg_roles WHERE rolname = 'kratos'"), "0")

    def test_a_failing_migration_is_exit_30_with_file_line_and_state(self):
        config = self.config()
        self.write("alkemio/0004_wrong.sql", "CREATE TABLE four (id int);\n\nSELECT nothing_like_it\nFROM table1;\n")
        log = self.folder / "termination-log"
        log.touch()
        ran = self.expect(30, "once", config=config, ALKEMIO_INIT_TERMINATION_LOG=str(log))
        self.assertRegex(ran.err, r"0004_wrong\.sql:3:8")
        self.assertIn("42703", ran.err)
        self.assertIn("^", ran.err)
        self.assertIn("state: ", ran.err)
        self.assertIn("0004_wrong.sql", log.read_text())
        self.assertLessEqual(log.stat().st_size, 4096)
        self.assertEqual(self.server.value("SELECT to_regclass('four') IS NULL", "alkemio"), "t")
        # The others are done all the same, and mending the file is all it takes.
        self.assertEqual(self.server.value("SELECT count(*) FROM schema_migration", "kratos"), "2")
        self.write("alkemio/0004_wrong.sql", "CREATE TABLE four (id int);\n")
        self.expect(0, "once", config=config)

    def test_an_inconsistent_set_is_exit_32(self):
        config = self.config()
        self.expect(0, "once", config=config)
        self.write("alkemio/0002_table2.sql", "CREATE TABLE changed ();\n")
        self.assertIn("0002_table2", self.expect(32, "once", config=config).err)
        (self.folder / "alkemio/0002_table2.sql").unlink()
        self.assertIn("0002_table2", self.expect(32, "plan", config=config).err)
        for path in (self.folder / "alkemio").glob("*.sql"):
            path.unlink()
        self.expect(32, "migrate", "show", config=config)

    def test_a_failing_check_is_exit_40(self):
        config = self.config('[[check]]\ndatabase = "hydra"\ntables = ["not_there"]\n')
        ran = self.expect(40, "once", config=config)
        self.assertIn("not_there", ran.err)

    def test_a_wrong_password_is_exit_12(self):
        config = self.config(password_file="secrets/kratos")
        ran = self.expect(12, "once", config=config)
        self.assertIn("28P01", ran.err)
        self.assertIn("Nothing was changed", ran.err)

    def test_no_server_is_exit_11_at_the_timeout(self):
        ran = self.expect(11, "once", "--timeout", "1s", config=self.config(port=harness.cluster.free_port()))
        self.assertIn("refused", ran.err)

    def test_a_tool_that_fails_is_exit_30_with_its_last_words(self):
        config = self.config()
        self.tool("kratos", before='echo "no such column, says the tool" >&2; exit 7')
        ran = self.expect(30, "once", config=config)
        self.assertIn("exited with 7", ran.err)
        self.assertIn("no such column, says the tool", ran.err)

    def test_queries_that_ask_change_nothing(self):
        config = self.config()
        self.expect(0, "once", config=config)
        writing = {"status_query": "CREATE TABLE hacked ()", "ledger_query": "INSERT INTO schema_migration VALUES ('x')"}
        for key, query in writing.items():
            text = harness.re.sub(rf'{key} = "[^"]*"', f'{key} = "{query}"', config.read_text())
            path = self.write(f"{key}.toml", text)
            ran = self.run_program("plan", config=path)
            self.assertEqual(ran.code, 30, ran.out + ran.err)
            self.assertIn("25006", ran.err)
        self.assertEqual(self.server.value("SELECT to_regclass('hacked') IS NULL", "kratos"), "t")
        self.assertEqual(self.server.value("SELECT count(*) FROM schema_migration", "kratos"), "2")

    def test_failures_as_json_lines(self):
        ran = self.expect(12, "--log-format", "json", "once", config=self.config(password_file="secrets/kratos"))
        last = harness.json.loads(ran.err.strip().splitlines()[-1])
        self.assertEqual((last["level"], last["id"], last["exit_code"]), ("error", "E202", "12"))


if __name__ == "__main__":
    harness.main()
