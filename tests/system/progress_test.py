#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a terminal shows while a migration runs: one line, rewritten in place, that is gone at the end; and nothing of it in pipes."""

import fcntl
import os
import pathlib
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

ERASE = "\r\x1b[K"
NAME = "Second1700000000002"
BLOCKER = r"session \d+ \(psql, role postgres, [^)]*\)"


class Progress(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()
        self.server.sql("CREATE DATABASE alkemio")
        self.server.value("CREATE TABLE space (id int)", "alkemio")

    def configured(self, engine, files):
        return self.write("progress.toml", f'[postgres]\nhost = "127.0.0.1"\nport = {self.server.port}\n'
                          'password_file = "secrets/superuser"\nexpected_version = ""\n[[database]]\nname = "alkemio"\n'
                          f'[[migration]]\ndatabase = "alkemio"\nengine = "{engine}"\nfiles = "{files}"\nlock_timeout = "60s"\n')

    def typeorm(self):
        self.write("migrations/1-first.js", "module.exports = class First1700000000001 { async up(q) { await q.query(`SELECT 1`); } "
                   "async down() {} };\n")
        self.write("migrations/2-second.js", f"module.exports = class {NAME} {{ async up(q) {{ await q.query(`ALTER TABLE space ADD "
                   "name text DEFAULT 'a literal'`); } async down() {} };\n")
        return self.configured("typeorm", "migrations/*")

    def hold(self, seconds):
        holder = subprocess.Popen(["psql", "-XqAt", "-c", f"BEGIN; LOCK TABLE space; SELECT pg_sleep({seconds}); COMMIT"],
                                  env=self.server.environment(PGDATABASE="alkemio"), stdout=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        held = "SELECT count(*) FROM pg_locks WHERE relation = 'space'::regclass AND mode = 'AccessExclusiveLock' AND granted"
        while self.server.value(held, "alkemio") != "1":
            time.sleep(0.05)

    def on_terminal(self, *arguments, columns=160, **environment):
        """Its exit code, and what a terminal got of stderr."""
        terminal, end = pty.openpty()
        self.addCleanup(os.close, terminal)
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([harness.PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=end, cwd=self.folder, env=self.environment(**{"TERM": "xterm", **environment}))
        os.close(end)
        text, deadline = b"", time.monotonic() + harness.PATIENCE
        while time.monotonic() < deadline and select.select([terminal], [], [], 1)[0] or process.poll() is None:
            try:
                text += os.read(terminal, 65536)
            except OSError:  # The other end is closed.
                break
        shown = text.decode()
        self.no_secret(shown, "the terminal")
        return process.wait(), shown

    def assert_gone(self, shown):
        """What stands there at the end is the log alone."""
        lines = [line.rsplit(ERASE, 1)[-1].rstrip("\r") for line in shown.split("\n")]
        self.assertEqual([line for line in lines if line.startswith("migrate ")], [])

    def test_a_blocked_migration_is_one_line_that_goes_away(self):
        config = self.typeorm()
        self.hold(6)
        code, shown = self.on_terminal("--config", config, "--color", "never", "migrate", "run")
        self.assertEqual(code, 0, shown)
        painted = [piece for piece in shown.split(ERASE) if piece.startswith("migrate alkemio")]
        ages = re.findall(rf"migrate alkemio  2 of 2  {NAME}  ([\d.]+ m?s)  ALTER TABLE space ADD name text DEFAULT '…'", shown)
        self.assertGreaterEqual(len(set(ages)), 2, shown)
        self.assertRegex(shown, rf"2 of 2  {NAME}  [\d.]+ s  waits for {BLOCKER}: ALTER TABLE")
        self.assertLess(len(painted), 20, shown)
        self.assertFalse(any("a literal" in piece for piece in painted), painted)
        self.assertEqual(re.findall(r"\x1b(?!\[K)", shown), [], shown)
        # A line of the log stands alone, and the status comes back behind it.
        self.assertRegex(shown, rf"\r\x1b\[K[\d:.]+ warn +migrate +a statement waits for [^\n]*\n(\r\x1b\[Kmigrate alkemio|(?!migrate))")
        self.assert_gone(shown)

    def test_a_narrow_terminal_and_a_failure(self):
        config = self.typeorm()
        self.hold(3)
        self.write("migrations/3-third.js", "module.exports = class Third1700000000003 { async up(q) { await q.query(`SELECT nothing`); } "
                   "async down() {} };\n")
        code, shown = self.on_terminal("--config", config, "--color", "always", "migrate", "run", columns=40)
        self.assertEqual(code, 30, shown)
        painted = re.findall(r"\r\x1b\[K\x1b\[2m([^\x1b]*)\x1b\[0m", shown)
        self.assertTrue(painted, shown)
        self.assertLess(max(map(len, painted)), 40)
        self.assertTrue(any(one.endswith("…") for one in painted), painted)
        self.assert_gone(shown)

    def test_files_of_sql_have_it_too(self):
        self.write("sql/0001_space.sql", "ALTER TABLE space ADD name text;\n")
        self.hold(2)
        code, shown = self.on_terminal("--config", self.configured("sql", "sql/*.sql"), "migrate", "run")
        self.assertEqual(code, 0, shown)
        self.assertRegex(shown, r"migrate alkemio  1 of 1  0001_space.sql  [\d.]+ s  ALTER TABLE space")
        self.assert_gone(shown)

    def test_elsewhere_there_is_nothing_of_it(self):
        config = self.typeorm()
        for options, environment in ((("--log-format", "json"), {}), (("--log-level", "error"), {}), (("--log-level", "off"), {}),
                                     (("--color", "never"), {"TERM": "dumb"})):
            with self.subTest(options):
                self.server.value("DROP TABLE IF EXISTS migrations, space; DROP SCHEMA IF EXISTS alkemio_init CASCADE; "
                                  "CREATE TABLE space (id int)", "alkemio")
                self.hold(1)
                code, shown = self.on_terminal("--config", config, *options, "migrate", "run", **environment)
                self.assertEqual(code, 0, shown)
                self.assertNotIn("\x1b", shown)
                self.assertNotIn("2 of 2  Second", shown)

    def test_a_pipe_sees_no_escape(self):
        config = self.typeorm()
        self.hold(2)
        ran = self.expect(0, "migrate", "run", config=config, TERM="xterm")
        self.assertNotIn("\x1b", ran.err)
        self.assertNotIn("\r", ran.err)
        self.assertNotIn("2 of 2  Second", ran.err)


if __name__ == "__main__":
    harness.main()
