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

    def hold(self):
        """A session that locks the table; returns what ends it."""
        holder = subprocess.Popen(["psql", "-XqAt", "-c", "BEGIN; LOCK TABLE space; SELECT pg_sleep(600)"],
                                  env=self.server.environment(PGDATABASE="alkemio"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        held = "SELECT pid FROM pg_locks WHERE relation = 'space'::regclass AND mode = 'AccessExclusiveLock' AND granted"
        while not self.server.value(held, "alkemio"):
            time.sleep(0.05)
        pid = self.server.value(held, "alkemio")
        return lambda: self.server.value(f"SELECT pg_terminate_backend({pid})")

    def is_blocked(self):
        return self.server.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != "0"

    def on_terminal(self, *arguments, columns=160, when=None, then=None, **environment):
        """Its exit code, what a terminal got of stderr, and the seconds it took. `then` is called when that holds of what was shown."""
        terminal, end = pty.openpty()
        self.addCleanup(os.close, terminal)
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        began = time.monotonic()
        process = subprocess.Popen([harness.PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=end, cwd=self.folder, env=self.environment(**{"TERM": "xterm", **environment}))
        self.process = process
        self.addCleanup(process.kill)
        os.close(end)
        text = b""
        while True:
            late = time.monotonic() - began > harness.PATIENCE
            if then and (late or process.poll() is not None or when(text.decode(errors="replace"))):
                then()
                then = None
            self.assertFalse(late, text)
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    text += os.read(terminal, 65536)
                except OSError:  # The other end is closed.
                    break
        code, shown = process.wait(), text.decode()
        self.no_secret(shown, "the terminal")
        return code, shown, time.monotonic() - began

    def assert_gone(self, shown):
        """What stands there at the end is the log alone."""
        lines = [line.rsplit(ERASE, 1)[-1].rstrip("\r") for line in shown.split("\n")]
        self.assertEqual([line for line in lines if line.startswith("migrate ")], [])

    def painted(self, shown):
        return [piece for piece in shown.split(ERASE) if piece.startswith("migrate alkemio")]

    def test_a_blocked_migration_is_one_line_that_goes_away(self):
        config = self.typeorm()
        line = rf"migrate alkemio  2 of 2  {NAME}  ([\d.]+ m?s)  "
        blocked = rf"{line}waits for {BLOCKER}: ALTER TABLE"
        code, shown, _ = self.on_terminal("--config", config, "--color", "never", "migrate", "run", then=self.hold(),
                                          when=lambda text: len(set(re.findall(blocked, text))) > 1)
        self.assertEqual(code, 0, shown)
        self.assertRegex(shown, rf"{line}ALTER TABLE space ADD name text DEFAULT '…'")
        self.assertFalse(any("a literal" in piece.split("\n")[0] for piece in self.painted(shown)), shown)
        self.assertEqual(re.findall(r"\x1b(?!\[K)", shown), [], shown)
        # A line of the log stands alone, and the status comes back behind it.
        self.assertRegex(shown, r"\r\x1b\[K[\d:.]+ warn +migrate +a statement waits for [^\n]*\n\r\x1b\[Kmigrate alkemio")
        self.assert_gone(shown)

    def test_a_narrow_terminal_and_a_failure(self):
        config = self.typeorm()
        self.write("migrations/3-third.js", "module.exports = class Third1700000000003 { async up(q) { await q.query(`SELECT nothing`); } "
                   "async down() {} };\n")
        code, shown, _ = self.on_terminal("--config", config, "--color", "always", "migrate", "run", columns=40, then=self.hold(),
                                          when=lambda text: "2 of 2" in text or "2 of 3" in text)
        self.assertEqual(code, 30, shown)
        painted = re.findall(r"\r\x1b\[K\x1b\[2m([^\x1b]*)\x1b\[0m", shown)
        self.assertTrue(painted, shown)
        self.assertLess(max(map(len, painted)), 40)
        self.assertTrue(any(one.endswith("…") for one in painted), painted)
        self.assert_gone(shown)

    def test_it_is_not_written_more_often_than_ten_times_a_second(self):
        self.write("migrations/1-many.js", "module.exports = class Many1700000000001 { async up(q) { for (let i = 0; i < 2000; ++i) "
                   "await q.query(`SELECT ${i}`); } async down() {} };\n")
        code, shown, seconds = self.on_terminal("--config", self.configured("typeorm", "migrations/*"), "--color", "never", "migrate",
                                                "run")
        self.assertEqual(code, 0, shown)
        self.assertGreater(len(self.painted(shown)), 0, shown)
        self.assertLess(len(self.painted(shown)), 10 * seconds + 2)
        self.assert_gone(shown)

    def test_files_of_sql_have_it_too(self):
        self.write("sql/0001_space.sql", "ALTER TABLE space ADD name text;\n")
        line = r"migrate alkemio  1 of 1  0001_space.sql  [\d.]+ m?s  ALTER TABLE space"
        code, shown, _ = self.on_terminal("--config", self.configured("sql", "sql/*.sql"), "--color", "never", "migrate",
                                          "run", then=self.hold(),
                                          when=lambda text: re.search(line, text))
        self.assertEqual(code, 0, shown)
        self.assert_gone(shown)

    def test_it_ends_where_a_service_begins_to_write(self):
        config = self.typeorm()
        config.write_text(config.read_text() + f'[health]\nlisten = "unix:{self.folder}/health"\n'
                          '[[database]]\nname = "kratos"\n[[service]]\nname = "talker"\nneeds = ["kratos"]\n'
                          'command = ["sh", "-c", "echo started >&2; exec sleep 600"]\n')
        self.hold()
        code, shown, _ = self.on_terminal("--config", config, "--color", "never", "run", when=lambda text: "started" in text and self.is_blocked(),
                                          then=lambda: (time.sleep(2), self.process.terminate()))
        self.assertEqual(code, 143, shown)
        self.assertNotIn(f"{ERASE}migrate", shown[shown.index("started"):])

    def test_elsewhere_there_is_nothing_of_it(self):
        config = self.typeorm()
        for options, environment in ((("--log-format", "json"), {}), (("--log-level", "error"), {}), (("--log-level", "off"), {}),
                                     (("--color", "never"), {"TERM": "dumb"})):
            with self.subTest(options):
                self.server.value("DROP TABLE IF EXISTS migrations, space; DROP SCHEMA IF EXISTS alkemio_init CASCADE; "
                                  "CREATE TABLE space (id int)", "alkemio")
                release = self.hold()
                code, shown, _ = self.on_terminal("--config", config, *options, "migrate", "run", when=lambda _: self.is_blocked(),
                                                  then=lambda release=release: (time.sleep(0.5), release()), **environment)
                self.assertEqual(code, 0, shown)
                self.assertNotIn("\x1b", shown)
                self.assertNotIn("2 of 2  Second", shown)

    def test_a_pipe_sees_no_escape(self):
        config = self.typeorm()
        release = self.hold()
        running = self.begin("migrate", "run", config=config, TERM="xterm")
        while not self.is_blocked() and running.process.poll() is None:
            time.sleep(0.05)
        time.sleep(0.5)
        release()
        ran = running.end()
        self.assertEqual(ran.code, 0, ran.err)
        self.assertNotIn("\x1b", ran.err)
        self.assertNotIn("\r", ran.err)
        self.assertNotIn("2 of 2  Second", ran.err)


if __name__ == "__main__":
    harness.main()
