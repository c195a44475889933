#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`exec` provisions and becomes the command: the same process, the environment less our secrets, the signals as they were."""

import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402


class Exec(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()

    def test_the_command_takes_the_process_over(self):
        config = self.config()
        run = self.begin("exec", "--", "sh", "-c", "echo $$; exit 7", config=config)
        ran = run.end()
        self.assertEqual(ran.code, 7, ran.err)
        self.assertEqual(ran.out.strip().splitlines()[-1], str(run.pid))
        self.assertEqual(self.server.value("SELECT count(*) FROM table1", "alkemio"), "1")

    def test_the_command_gets_no_secret_and_no_descriptor_of_ours(self):
        config = self.config()
        text = config.read_text().replace('password_file = "secrets/superuser"', 'password = "${env:OUR_SECRET}"')
        config.write_text(text)
        # No pipeline: its descriptors would be the shell's for a moment.
        ran = self.expect(0, "exec", "--", "sh", "-c", "env; ls /proc/$$/fd; echo end", config=config,
                          OUR_SECRET=harness.canary("superuser"), HARMLESS="stays")
        self.assertNotIn("OUR_SECRET", ran.out)
        self.assertIn("HARMLESS=stays", ran.out)
        self.assertEqual(ran.out.split()[-4:], ["0", "1", "2", "end"])

    def test_what_is_behind_the_dashes_is_the_commands(self):
        config = self.config()
        for options in ([], ["--keep-env", "HOME"]):
            ran = self.expect(0, "exec", *options, "--", "echo", "-t", "5s", "--help", "--", config=config)
            self.assertEqual(ran.out.splitlines()[-1], "-t 5s --help --")

    def test_a_password_of_the_services_own_stays(self):
        config = self.config()
        ran = self.expect(0, "exec", "--", "sh", "-c", 'echo "$DATABASE_PASSWORD"', config=config,
                          DATABASE_PASSWORD="the-services-own")
        self.assertIn("the-services-own", ran.out)

    def test_as_database_gives_the_owners_login(self):
        config = self.config()
        self.write("bin/show", """\
            #!/bin/sh
            test "$(PGPASSWORD="$DATABASE_PASSWORD" psql -XqAt -h "$DATABASE_HOST" -p "$DATABASE_PORT" \\
              -U "$DATABASE_USERNAME" "$DATABASE_NAME" -c 'SELECT current_user')" = kratos && echo logged in
            """, 0o755)
        ran = self.expect(0, "exec", "--as-database", "kratos", "--", self.folder / "bin/show", config=config)
        self.assertIn("logged in", ran.out)

    def test_variables_of_the_services_own_names_get_the_login(self):
        config = self.config()
        self.write("bin/show", """\
            #!/bin/sh
            test "$KEY" = 'a ${dsn} as it is' || exit 1
            test "$(psql -XqAt "$DSN" -c 'SELECT current_user')" = kratos && test "$PGPASSWORD" = "$DATABASE_PASSWORD" &&
              test "$NOTE" = 'as ${dsn} of kratos' && echo logged in
            """, 0o755)
        key = self.write("key", "a ${dsn} as it is\n")
        ran = self.expect(0, "exec", "--as-database", "kratos", "--env", "DSN=${dsn}", "--env", "PGPASSWORD=${password}",
                          "--env", "NOTE=as $${dsn} of ${database}", "--env", f"KEY=${{file:{key}}}", "--", self.folder / "bin/show", config=config)
        self.assertIn("logged in", ran.out)

    def test_variables_that_nobody_could_fill_are_refused_at_once(self):
        config = self.config()
        as_kratos = ["exec", "--as-database", "kratos"]
        for code, arguments, word in ((10, [*as_kratos, "--env", "DSN=${dsm}"], 'did you mean "${dsn}"?'),
                                      (10, [*as_kratos, "--env", "KEY=${file:/nowhere}"], 'cannot read the secret file "/nowhere"'),
                                      (2, [*as_kratos, "--env", "DSN"], "not of the form"),
                                      (2, ["exec", "--env", "DSN=${dsn}"], "--as-database")):
            self.assertIn(word, self.expect(code, *arguments, "--", "true", config=config).err)

    def test_of_several_hosts_the_one_that_serves_is_named(self):
        config = self.config()
        text = config.read_text().replace('host = "127.0.0.1"', 'host = ["localhost", "127.0.0.1"]')
        ports = f"port = [{harness.cluster.free_port()}, {self.server.port}]"
        config.write_text(text.replace(f"port = {self.server.port}", ports))
        for options in ([], ["--wait-only"]):
            ran = self.expect(0, "exec", *options, "--as-database", "kratos", "--", "sh", "-c",
                              'echo "$DATABASE_HOST:$DATABASE_PORT"', config=config)
            self.assertEqual(ran.out.splitlines()[-1], f"127.0.0.1:{self.server.port}")

    def without_password(self, *names):
        config = self.config()
        text = config.read_text()
        for name in names:
            text = text.replace(f'password_file = "secrets/{name}"\n', "")
        config.write_text(text)
        return config

    def test_a_role_without_a_password_never_gets_the_maintenance_login(self):
        config = self.without_password("alkemio")
        show = ["--", "sh", "-c", 'echo "$DATABASE_USERNAME:${DATABASE_PASSWORD-none}"']
        ran = self.expect(12, "exec", "--as-database", "alkemio", *show, config=config)
        self.assertIn('give role "alkemio" a password', ran.err)
        self.assertIn("The command was not started.", ran.err)
        # Its own part of the work was done with its rights.
        self.assertEqual(self.server.value("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'", "alkemio"),
                         "alkemio")
        self.expect(0, "verify", config=config)
        # Whom the server lets in without one, it tells so.
        self.server.sql("ALTER ROLE alkemio PASSWORD 'plain'")
        passfile = self.write("pass", "*:*:*:alkemio:plain\n", 0o600)
        ran = self.expect(0, "exec", "--as-database", "alkemio", *show, config=config, PGPASSFILE=str(passfile))
        self.assertEqual(ran.out.splitlines()[-1], "alkemio:none")

    def test_a_tool_whose_role_has_no_password_is_not_started(self):
        config = self.without_password("kratos")
        self.assertIn('logs in as role "kratos" without a password', self.expect(0, "config", "check", config=config).err)
        ran = self.expect(12, "once", config=config)
        self.assertIn('give role "kratos" a password', ran.err)
        self.assertFalse((self.folder / "kratos.runs").exists())
        # By name the maintenance user may be given.
        text = config.read_text().replace('database = "kratos"\nengine', 'database = "kratos"\nrole = "postgres"\nengine')
        config.write_text(text)
        self.expect(0, "once", config=config)
        self.assertEqual((self.folder / "kratos.runs").read_text(), "run\n")

    def test_ignored_and_blocked_signals_are_as_they_were(self):
        config = self.config()
        self.expect(0, "once", config=config)
        look = "grep -E '^Sig(Blk|Ign)' /proc/self/status"

        def before():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        def states(command):
            done = subprocess.run(command, capture_output=True, text=True, env=self.environment(), cwd=self.folder,
                                  preexec_fn=before, timeout=60)
            return done.stdout.strip().splitlines()[-2:]

        plain = states(["sh", "-c", look])
        ours = states([harness.PROGRAM, "--config", str(config), "exec", "--", "sh", "-c", look])
        self.assertEqual(ours, plain)

    def test_commands_that_cannot_be_run(self):
        config = self.config()
        self.expect(127, "exec", "--", "no-such-command", config=config)
        self.write("not-executable", "x")
        self.expect(126, "exec", "--", self.folder / "not-executable", config=config)

    def test_a_failure_before_it_starts_nothing(self):
        config = self.config(password_file="secrets/kratos")
        ran = self.expect(12, "exec", "--", "touch", self.folder / "started", config=config)
        self.assertFalse((self.folder / "started").exists(), ran.out)

    def test_wait_only_waits_for_another_run(self):
        config = self.config()
        waiting = self.begin("exec", "--wait-only", "--timeout", "60s", "--", "echo", "started", config=config)
        self.assertIsNone(waiting.process.poll())
        self.expect(0, "once", config=config)
        ran = waiting.end()
        self.assertEqual(ran.code, 0, ran.err)
        self.assertIn("started", ran.out)

    def test_terminated_while_it_waits(self):
        waiting = self.begin("exec", "--", "echo", "never", config=self.config(port=harness.cluster.free_port()))
        self.assert_logs_something(waiting)
        waiting.send(signal.SIGTERM)
        ran = waiting.end()
        self.assertEqual(ran.code, 143)
        self.assertNotIn("never", ran.out)

    def assert_logs_something(self, running):
        self.assertTrue(os.read(running.process.stderr.fileno(), 1))


if __name__ == "__main__":
    harness.main()
