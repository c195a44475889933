#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A run that is killed leaves its sessions behind: the server ends them by itself, and until it has, the next run waits."""

import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

TYPEORM = """\
module.exports.Slow1700000000001 = class {
  name = 'Slow1700000000001';
  async up(q) { await q.query('CREATE TABLE slow (n int)'); await q.query('SELECT pg_sleep(%s)'); }
  async down(q) {}
};
"""


class Leftover(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()

    def configure(self, engine, seconds=60, **more):
        config = self.one_migration("a.toml", engine, f"slow/*.{'sql' if engine == 'sql' else 'js'}", **more)
        self.write("slow/0001_before.sql", "SELECT 1;\n")
        self.write("slow/0002_slow.sql", f"CREATE TABLE slow (n int);\nSELECT pg_sleep({seconds});\n")
        self.write("slow/1700000000001-Slow.js", TYPEORM % seconds)
        return config

    def until(self, sql, wanted, what):
        end = time.monotonic() + 20
        while self.server.value(sql) != wanted:
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)

    def sleeping(self, wanted, what):
        self.until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active'", wanted,
                   what)

    def test_the_server_ends_it_and_the_next_run_waits_for_that(self):
        for engine in ("sql", "typeorm"):
            with self.subTest(engine=engine):
                self.clean()
                config = self.configure(engine)
                run = self.begin("once", config=config)
                self.sleeping("1", "the migration does not run")
                run.send(signal.SIGKILL)
                run.end()
                self.configure(engine, seconds=0)
                # The statement that was left behind holds locks that the migration wants.
                ran = self.expect(0, "once", config=config)
                # The look at TypeORM's ledger may take as long as the server takes to notice.
                if engine == "sql":
                    self.assertIn("waiting for its end", ran.err)
                self.assertNotIn("55P03", ran.err)
                self.sleeping("0", "the server goes on with it")
                self.assertEqual(self.server.value("SELECT count(*) FROM slow", "alkemio"), "0")

    def test_one_that_does_not_end_is_named(self):
        config = self.configure("sql", seconds=0, timeout="1s")
        self.server.sql("CREATE DATABASE alkemio")
        left = subprocess.Popen(["psql", "-XqAt", "-c", "SELECT pg_advisory_lock_shared(1634299497, 1835624306)", "-c",
                                 "SELECT pg_backend_pid(); SELECT pg_sleep(120)"],
                                env=self.server.environment(PGDATABASE="alkemio", PGAPPNAME="left behind"),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.until("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1835624306", "1", "no lock")
            pid = self.server.value("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 1835624306")
            ran = self.expect(30, "once", config=config)
            self.assertIn(f"is still at work: process {pid} of the server (left behind, at work for", ran.err)
            self.assertIn(f"SELECT pg_terminate_backend({pid})", ran.err)
            waiting = self.begin("once", "--timeout", "60s", config=self.configure("sql", seconds=0))
            time.sleep(0.5)
            self.assertIsNone(waiting.process.poll())
            self.server.sql(f"SELECT pg_terminate_backend({pid})")
            self.assertEqual(waiting.end().code, 0)
        finally:
            left.kill()
            left.wait()


if __name__ == "__main__":
    harness.main()
