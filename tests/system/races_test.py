#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many runs at once, kills at random instants, a server that restarts in the middle: the end is always the same."""

import os
import pathlib
import random
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

RUNS_AT_ONCE = 20
# On the servers of the matrix fewer: where a run is killed has little to do with the server's version.
KILLS = int(os.environ.get("ALKEMIO_INIT_KILLS") or ("20" if os.environ.get("PG_LIB") else "200"))
SEED = int(os.environ.get("ALKEMIO_INIT_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)


class Races(harness.StackTest):
    settings = {"max_connections": "200"}

    def setUp(self):
        super().setUp()
        self.clean()

    def expected(self, config):
        """What an undisturbed run leaves, on a cluster emptied again afterwards."""
        self.expect(0, "once", config=config)
        fingerprint = self.fingerprint()
        self.clean()
        return fingerprint

    def test_twenty_at_once_end_well_and_one_does_the_work(self):
        config = self.config()
        wanted = self.expected(config)
        for name in ("kratos", "hydra"):
            (self.folder / f"{name}.runs").unlink()
        runs = [self.begin("once", config=config) for _ in range(RUNS_AT_ONCE)]
        ends = [run.end() for run in runs]
        for ran in ends:
            self.assertEqual(ran.code, 0, ran.out + ran.err)
        working = [ran for ran in ends if not re.search(r"done: 0 changes", ran.out)]
        self.assertEqual(len(working), 1, [ran.out.splitlines()[-1] for ran in ends])
        self.assertEqual(self.fingerprint(), wanted)
        for name in ("kratos", "hydra"):
            self.assertEqual((self.folder / f"{name}.runs").read_text(), "run\n", f"{name} migrated once")

    def test_killed_at_random_instants_the_next_run_converges(self):
        config = self.config()
        wanted = self.expected(config)
        began = time.monotonic()
        self.expect(0, "once", config=config)
        whole = time.monotonic() - began
        self.clean()
        chance = random.Random(SEED)
        kills = finished = 0
        for kill in range(KILLS):
            # A third of the kills falls on what a kill has left.
            for _ in range(chance.choice((1, 1, 2))):
                run = self.begin("once", config=config)
                time.sleep(chance.uniform(0, whole))
                kills += 1
                finished += run.process.poll() is not None
                run.send(signal.SIGKILL)
                run.end()
            self.expect(0, "once", config=config)
            self.assertEqual(self.fingerprint(), wanted, f"seed {SEED}, kill {kill}")
            if kill % 10 == 9:
                self.assertIn("done: 0 changes", self.expect(0, "once", config=config).out)
            self.clean()
        print(f"seed {SEED}: {kills} kills within {whole:.2f} s of a run, {finished} came too late", flush=True)
        self.assertLess(finished, kills * 0.9, "kills must hit runs")

    def test_a_server_that_restarts_in_the_middle_is_waited_for(self):
        config = self.config()
        wanted = self.expected(config)
        self.write("alkemio/0004_slow.sql", "SELECT pg_sleep(2);\n")
        run = self.begin("once", config=config)
        self.wait_for_query("pg_sleep")
        self.server.stop()
        time.sleep(0.3)
        self.server.start()
        ran = run.end()
        self.assertEqual(ran.code, 0, ran.out + ran.err)
        self.assertIn("the server went away", ran.err)
        # 11 steps, 4 files and 2 versions of each tool, whichever pass made them.
        self.assertIn("done: 19 changes", ran.out)
        self.assertEqual(self.fingerprint(), wanted)

    def test_sigterm_cancels_the_migration_and_says_how_things_stand(self):
        config = self.config()
        self.write("alkemio/0004_slow.sql", "CREATE TABLE four (id int);\nSELECT pg_sleep(60);\n")
        run = self.begin("once", config=config)
        self.wait_for_query("pg_sleep")
        asked = time.monotonic()
        run.send(signal.SIGTERM)
        ran = run.end()
        self.assertLess(time.monotonic() - asked, 5)
        self.assertEqual(ran.code, 143, ran.err)
        self.assertIn("SIGTERM", ran.err)
        self.assertIn("0004_slow", ran.err)
        self.assertRegex(ran.err, r"state: .*rolled back")
        self.assertEqual(self.server.value("SELECT to_regclass('four') IS NULL", "alkemio"), "t")
        self.assertEqual(self.server.value(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ~ 'pg_sleep' AND pid <> "
            "pg_backend_pid()"), "0")

    def test_a_run_that_loses_the_lock_leaves_its_migration_to_whoever_has_it(self):
        config = self.config()
        self.write("alkemio/0004_slow.sql", "CREATE TABLE four (id int);\n"
                   "SELECT pg_sleep(60) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'go_on');\n")
        run = self.begin("once", config=config)
        self.wait_for_query("pg_sleep")
        self.server.sql("CREATE ROLE go_on")
        self.addCleanup(self.server.sql, "DROP ROLE go_on")
        ended = time.monotonic()
        # The lock alone: the migration's session marks itself by one in its own database, and goes on.
        self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database d ON d.oid = database "
                        "WHERE locktype = 'advisory' AND datname = 'postgres'")
        ran = run.end()
        self.assertLess(time.monotonic() - ended, 20)
        self.assertEqual(ran.code, 0, ran.out + ran.err)
        self.assertIn("the cluster lock was lost while it ran", ran.err)
        self.assertEqual(self.server.value("SELECT count(*) FROM schema_migrations WHERE name ~ '0004'", "alkemio"), "1")

    def test_a_run_that_hangs_does_not_hold_up_others_for_ever(self):
        config = self.config()
        text = config.read_text().replace('ready_timeout = "60s"', 'ready_timeout = "60s"\nlock_wait = "1s"')
        config.write_text(text)
        self.write("alkemio/0004_slow.sql", "SELECT pg_sleep(60);\n")
        holder = self.begin("once", config=config)
        self.wait_for_query("pg_sleep")
        ran = self.expect(11, "once", config=config)
        self.assertIn("error[E210]", ran.err)
        self.assertRegex(ran.err, r"process \d+ of the server")
        holder.send(signal.SIGTERM)
        self.assertEqual(holder.end().code, 143)

    def wait_for_query(self, text):
        for _ in range(400):
            count = self.server.value("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
                                      f"'%{text}%' AND pid <> pg_backend_pid()")
            if count != "0":
                return
            time.sleep(0.05)
        self.fail(f"no statement with {text} is running")


if __name__ == "__main__":
    harness.main()
