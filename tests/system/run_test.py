#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`run` provisions, stays, answers probes and ends on SIGTERM; `wait` waits for what others make."""

import http.server
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402


class Run(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()
        self.health = f'[health]\nlisten = "unix:{self.folder}/health"\n[run]\nrecheck = "200ms"\n'

    def healthy(self, config, path="/readyz", wanted=0, patience=30):
        end = time.monotonic() + patience
        while True:
            ran = self.run_program("healthcheck", path, config=config)
            if ran.code == wanted:
                return ran
            if time.monotonic() > end:
                self.fail(f"healthcheck {path} gives {ran.code}, not {wanted}: {ran.out} {ran.err}")
            time.sleep(0.05)

    def test_it_stays_answers_and_ends_with_0(self):
        config = self.config(self.health)
        self.expect(1, "healthcheck", config=config)
        run = self.begin("run", config=config)
        self.healthy(config, "/livez")
        self.healthy(config)
        self.healthy(config, "/startupz")
        self.assertEqual(self.server.value("SELECT count(*) FROM table3", "alkemio"), "1")
        run.send(signal.SIGTERM)
        self.assertEqual(run.end(10).code, 0)
        self.expect(1, "healthcheck", config=config)

    def test_it_is_alive_but_not_ready_while_it_waits_and_migrates(self):
        config = self.config(self.health)
        self.write("alkemio/0004_slow.sql", "SELECT pg_sleep(1.5);\n")
        run = self.begin("run", config=config)
        self.healthy(config, "/livez")
        self.assertEqual(self.run_program("healthcheck", "/readyz", config=config).code, 1)
        self.healthy(config)
        run.send(signal.SIGTERM)
        self.assertEqual(run.end(10).code, 0)

    def test_a_first_provisioning_that_fails_ends_it(self):
        config = self.config(self.health)
        self.write("alkemio/0004_wrong.sql", "SELECT nothing;\n")
        ran = self.expect(30, "run", config=config)
        self.assertIn("0004_wrong.sql", ran.err)
        # The table shows where things stand after the failure, not before the run.
        self.assertRegex(ran.out, r"alkemio +.*3 applied, 1 pending")

    def test_what_goes_missing_later_is_made_again(self):
        config = self.config(self.health)
        run = self.begin("run", config=config)
        self.healthy(config)
        self.server.sql("DROP DATABASE synapse WITH (FORCE)")
        end = time.monotonic() + 20
        while self.server.value("SELECT count(*) FROM pg_database WHERE datname = 'synapse'") == "0":
            self.assertLess(time.monotonic(), end, "the database is not made again")
            time.sleep(0.05)
        self.healthy(config)
        run.send(signal.SIGTERM)
        self.assertEqual(run.end(10).code, 0)

    def test_it_is_not_ready_while_the_server_is_away(self):
        config = self.config(self.health)
        run = self.begin("run", config=config)
        self.healthy(config)
        self.server.stop()
        try:
            # Long before ready_timeout, which is a minute.
            ran = self.healthy(config, wanted=1, patience=10)
            self.assertIn("not ready: ", ran.out + ran.err)
            self.healthy(config, "/startupz")
        finally:
            self.server.start()
        self.healthy(config)
        run.send(signal.SIGTERM)
        self.assertEqual(run.end(10).code, 0)

    def stays(self, recheck="1h", config=None):
        """A run that has provisioned, and looks again only when it has a reason."""
        config = config or self.config(self.health.replace("200ms", recheck))
        run = self.begin("run", config=config)
        self.healthy(config)
        return config, run

    def until(self, true, why, patience=30):
        end = time.monotonic() + patience
        while not true():
            self.assertLess(time.monotonic(), end, why)
            time.sleep(0.05)

    def ends(self, run):
        run.send(signal.SIGTERM)
        ran = run.end(10)
        self.assertEqual(ran.code, 0, ran.err)
        return ran

    def log_in(self, role, password):
        environment = self.server.environment(PGUSER=role, PGPASSWORD=password, PGDATABASE=role, PGHOST="127.0.0.1")
        return harness.subprocess.run(["psql", "-XqAtc", "SELECT 1"], env=environment, capture_output=True).returncode == 0

    def test_a_restart_of_the_server_is_noticed_at_once(self):
        config, run = self.stays()
        self.server.stop()
        try:
            ran = self.healthy(config, wanted=1, patience=10)
            self.assertIn("not ready", ran.out + ran.err)
        finally:
            self.server.start()
        self.healthy(config)
        self.assertRegex(self.ends(run).err, "the connection to the server broke.*terminating connection due to")

    def test_what_the_server_lost_with_its_restart_is_made_again_long_before_the_next_look(self):
        config, run = self.stays()
        self.server.sql("DROP ROLE IF EXISTS reporter", "DROP DATABASE synapse WITH (FORCE)")
        self.server.stop()
        self.server.start()
        self.until(lambda: self.server.value("SELECT count(*) FROM pg_database WHERE datname = 'synapse'") == "1",
                   "the database is not made again")
        self.healthy(config)
        self.ends(run)

    def test_a_server_that_is_gone_for_longer_than_ready_timeout_is_found_again(self):
        config = self.config(self.health.replace("200ms", "2s"))
        config.write_text(config.read_text().replace('ready_timeout = "60s"', 'ready_timeout = "1s"'))
        self.assertIn('ready_timeout = "1s"', config.read_text())
        config, run = self.stays(config=config)
        self.server.stop()
        try:
            self.healthy(config, wanted=1, patience=10)
            time.sleep(3)
            self.assertIsNone(run.process.poll(), "it stays")
            self.healthy(config, "/livez")
            self.healthy(config, "/readyz", wanted=1)
        finally:
            self.server.start()
        self.healthy(config)
        self.assertIn("error[E201]", self.ends(run).err)

    def test_a_new_password_in_a_file_is_set_at_sighup(self):
        config, run = self.stays()
        (self.folder / "secrets/kratos").write_text(harness.canary("rotated"))
        self.assertFalse(self.log_in("kratos", harness.canary("rotated")))
        run.send(signal.SIGHUP)
        self.until(lambda: self.log_in("kratos", harness.canary("rotated")), "the new password is not set")
        self.assertFalse(self.log_in("kratos", harness.canary("kratos")))
        self.healthy(config)
        ran = self.ends(run)
        self.no_secret(ran.out + ran.err, "the log")
        self.assertNotIn("canary-rotated", ran.out + ran.err)

    def test_a_configuration_that_is_wrong_at_sighup_changes_nothing(self):
        config, run = self.stays()
        good = config.read_text()
        config.write_text(good + "[[rolle]]\nname = 'x'\n")
        run.send(signal.SIGHUP)
        config_of_probe = self.folder / "probe.toml"
        config_of_probe.write_text(good)
        time.sleep(0.5)
        self.healthy(config_of_probe)
        config.write_text(good + '[[role]]\nname = "reporter"\n')
        run.send(signal.SIGHUP)
        self.until(lambda: self.server.value("SELECT count(*) FROM pg_roles WHERE rolname = 'reporter'") == "1",
                   "the new configuration is not used")
        ran = self.ends(run)
        self.assertRegex(ran.err, r"error\[E112\]")
        self.assertIn("alkemio.toml", ran.err)
        self.assertIn("going on with the configuration as it was", ran.err)
        self.server.sql("DROP ROLE reporter")

    def test_a_listen_that_is_changed_at_sighup_is_told_to_wait(self):
        config, run = self.stays()
        good = config.read_text()
        config.write_text(good.replace("/health\"", "/other\""))
        run.send(signal.SIGHUP)
        probe = self.folder / "probe.toml"
        probe.write_text(good)
        time.sleep(0.5)
        self.healthy(probe)
        self.assertIn("[health] listen takes effect when the program is started again", self.ends(run).err)

    def test_a_maintenance_password_that_was_changed_with_its_file_is_used_without_being_asked(self):
        config, run = self.stays()
        file = self.folder / "secrets/superuser"
        before = file.read_text()
        renewed = "canary-renewed"
        try:
            self.server.sql(f"ALTER ROLE postgres PASSWORD '{renewed}'")
            file.write_text(renewed)
            environment = self.server.environment(PGPASSWORD=renewed)
            harness.subprocess.run(["psql", "-XqAtc", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                    "WHERE application_name LIKE 'alkemio-init%'"], env=environment, check=True,
                                   stdout=harness.subprocess.DEVNULL)
            self.until(lambda: self.server.value("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'alkemio-init%'",
                                                 PGPASSWORD=renewed) != "0", "it does not log in again")
            self.healthy(config)
        finally:
            password = before.strip().replace("'", "''")
            harness.subprocess.run(["psql", "-XqAtc", f"ALTER ROLE postgres PASSWORD '{password}'"],
                                   env=self.server.environment(PGPASSWORD=renewed), check=True)
        ran = self.ends(run)
        self.assertNotIn(renewed, ran.out + ran.err)

    def test_it_looks_no_more_by_itself_where_recheck_is_0(self):
        _, run = self.stays(recheck="0")
        self.assertEqual(self.wake_ups(run, 2), 0)
        self.ends(run)

    def wake_ups(self, run, seconds):
        def count():
            return sum(int(line.split()[1]) for task in pathlib.Path(f"/proc/{run.pid}/task").iterdir()
                       for line in (task / "status").read_text().splitlines() if line.startswith("voluntary_ctxt"))
        # What the last probe left to do.
        time.sleep(1)
        before = count()
        time.sleep(seconds)
        return count() - before

    def test_asked_to_look_again_in_the_middle_of_a_look_it_does_so_after_it(self):
        config = self.config(self.health.replace("200ms", "1h") + '[[role]]\nname = "reporter"\n')
        self.write("alkemio/0004_slow.sql", "SELECT pg_sleep(2);\n")
        run = self.begin("run", config=config)
        end = time.monotonic() + 20
        while self.server.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(2)%' AND pid <> pg_backend_pid()") == "0":
            self.assertLess(time.monotonic(), end, "the slow migration does not begin")
            time.sleep(0.02)
        self.server.sql("DROP ROLE reporter")
        run.send(signal.SIGHUP)
        self.healthy(config)
        while self.server.value("SELECT count(*) FROM pg_roles WHERE rolname = 'reporter'") == "0":
            self.assertLess(time.monotonic(), end, "the role is not made again")
            time.sleep(0.05)
        run.send(signal.SIGTERM)
        ran = run.end(10)
        self.assertEqual(ran.code, 0)
        self.assertIn("asked by SIGHUP to read the configuration and look again", ran.err)

    def test_a_tool_that_cannot_be_asked_runs_once_and_not_at_each_look(self):
        config = self.config(self.health)
        config.write_text(config.read_text().replace("status_query", "# status_query"))
        run = self.begin("run", config=config)
        self.healthy(config)
        time.sleep(1.5)
        run.send(signal.SIGTERM)
        self.assertEqual(run.end(10).code, 0)
        self.assertEqual((self.folder / "kratos.runs").read_text(), "run\n")

    def test_sigterm_in_the_first_provisioning_is_143(self):
        config = self.config(self.health, port=harness.cluster.free_port())
        run = self.begin("run", config=config)
        self.healthy(config, "/livez")
        run.send(signal.SIGTERM)
        self.assertEqual(run.end(10).code, 143)


class Wait(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()

    def test_for_postgres_databases_and_migrations(self):
        config = self.config()
        self.assertIn("postgres: ready after", self.expect(0, "wait", config=config).out)
        waiting = [self.begin("wait", "--for", target, "--timeout", "60s", config=config)
                   for target in ("database=kratos", "migrations=alkemio", "migrations=hydra")]
        time.sleep(0.3)
        for one in waiting:
            self.assertIsNone(one.process.poll(), "it must wait")
        self.expect(0, "once", config=config)
        for one in waiting:
            ran = one.end()
            self.assertEqual(ran.code, 0, ran.err)

    def test_for_migrations_of_a_tool_that_cannot_be_asked(self):
        config = self.config()
        config.write_text(config.read_text().replace("status_query", "# status_query"))
        self.server.sql("CREATE ROLE kratos LOGIN PASSWORD '" + harness.canary("kratos").replace("'", "''") + "'",
                        "CREATE DATABASE kratos OWNER kratos")
        # Its ledger tells that much: it has no rows, so nobody has migrated yet.
        ran = self.expect(11, "wait", "--for", "migrations=kratos", "--timeout", "500ms", config=config)
        self.assertIn("state: Nothing was changed.", ran.err)
        config.write_text(config.read_text().replace("ledger_query", "# ledger_query"))
        ran = self.expect(2, "wait", "--for", "migrations=kratos", "--timeout", "5s", config=config)
        self.assertIn("nothing tells whether its tool has run", ran.err)
        ran = self.expect(2, "exec", "--wait-only", "--", "echo", "started", config=config)
        self.assertNotIn("started", ran.out)

    def test_for_what_never_comes(self):
        config = self.config()
        for target in ("database=kratos", "migrations=alkemio", f"tcp://127.0.0.1:{harness.cluster.free_port()}",
                       f"file:{self.folder}/never"):
            ran = self.run_program("wait", "--for", target, "--timeout", "300ms", config=config)
            self.assertEqual(ran.code, 11, f"{target}: {ran.code} {ran.err}")
            self.assertIn("state: ", ran.err)
        self.expect(2, "wait", "--for", "nonsense=1", config=config)
        self.expect(2, "wait", "--for", "migrations=nobody", config=config)

    def test_for_tcp_http_and_files(self):
        config = self.config()
        self.expect(0, "wait", "--for", f"tcp://127.0.0.1:{self.server.port}", config=config)
        port = harness.cluster.free_port()
        path = self.folder / "made-later"
        waiting = self.begin("wait", "--for", f"http://127.0.0.1:{port}/", "--for", f"file:{path}", "--timeout", "30s",
                             config=config)
        time.sleep(0.2)
        web = http.server.HTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.shutdown)
        time.sleep(0.2)
        path.touch()
        ran = waiting.end(40)
        self.assertEqual(ran.code, 0, ran.err)


class FewSlots(harness.StackTest):
    settings = {"max_connections": "12"}

    def test_no_free_slot_is_waited_for_also_after_the_first_login(self):
        config = self.config()
        self.expect(0, "once", config=config)
        environment = self.server.environment(PGUSER="kratos", PGPASSWORD=harness.canary("kratos"), PGDATABASE="kratos")
        holders = [harness.subprocess.Popen(["psql", "-XqAt", "-c", "SELECT pg_sleep(2)"], env=environment,
                                            stdout=harness.subprocess.DEVNULL) for _ in range(9)]
        time.sleep(0.5)
        ran = self.run_program("once", config=config)
        for holder in holders:
            holder.wait()
        self.assertEqual(ran.code, 0, ran.out + ran.err)

    def test_more_databases_than_slots(self):
        names = [f"many_{number}" for number in range(30)]
        text = "\n".join(f'[[role]]\nname = "{name}"\npassword_file = "secrets/kratos"\n[[database]]\nname = "{name}"\n'
                         f'owner = "{name}"\n[[check]]\ndatabase = "{name}"\ncreate_in_public = true\n' for name in names)
        path = self.folder / "many.toml"
        path.write_text(f'[postgres]\nhost = "127.0.0.1"\nport = {self.server.port}\npassword_file = "secrets/superuser"\n'
                        f'ready_timeout = "20s"\nexpected_version = ""\n{text}')
        self.expect(0, "once", config=path)
        ran = self.expect(0, "once", config=path)
        self.assertIn("done: 0 changes", ran.out)
        self.assertIn("30 checks: 30 good", ran.out)


class LateServer(harness.StackTest):
    start = False

    def test_a_server_that_comes_late_is_told_by_its_states(self):
        run = self.begin("once", config=self.config())
        time.sleep(0.7)
        self.server.launch()
        ran = run.end()
        self.assertEqual(ran.code, 0, ran.out + ran.err)
        self.assertRegex(ran.out, r"refused for \d.*ready after ")


if __name__ == "__main__":
    harness.main()
