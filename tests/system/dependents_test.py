#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that others have started are told by `run` when what they need is there, and when it has changed: by a signal,
a command, HTTP and NOTIFY."""

import http.server
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402


class Dependents(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()

    def begin_run(self, dependents, recheck="200ms"):
        config = self.config(f'[health]\nlisten = "unix:{self.folder}/health"\n[run]\nrecheck = "{recheck}"\n{dependents}')
        return config, self.begin("run", config=config)

    def until(self, true, why, patience=30):
        end = time.monotonic() + patience
        while not true():
            self.assertLess(time.monotonic(), end, why)
            time.sleep(0.02)

    def ends(self, run):
        run.send(signal.SIGTERM)
        ran = run.end(10)
        self.assertEqual(ran.code, 0, ran.err)
        return ran

    def logs_in(self, user, password):
        environment = {**self.server.environment(PGDATABASE=user), "PGUSER": user, "PGPASSWORD": password}
        return subprocess.run(["psql", "-Xqc", "SELECT"], env=environment, capture_output=True).returncode == 0

    def said(self, name):
        path = self.folder / name
        return path.read_text().split() if path.exists() else []

    def program(self, name):
        """Writes down each HUP; the file `name`.pid has its number."""
        path = self.write(f"bin/{name}", f"""\
            #!/bin/sh
            trap 'echo hup >>"{self.folder}/{name}.heard"' HUP
            echo $$ >"{self.folder}/{name}.pid"
            while :; do sleep 0.05; done
            """, 0o755)
        process = subprocess.Popen([path], start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.until(lambda: self.said(f"{name}.pid"), "the dependent does not start")
        return process

    def command(self, name, needs, on='["ready", "changed"]'):
        tool = self.write(f"bin/{name}", f'#!/bin/sh\necho "$ALKEMIO_INIT_REASON" >>"{self.folder}/{name}.heard"\n', 0o755)
        return f'[[dependent]]\nname = "{name}"\nneeds = {needs}\non = {on}\ncommand = ["{tool}"]\n'

    def test_by_command_when_it_is_ready_and_when_something_of_it_changed(self):
        config, run = self.begin_run(self.command("all", '["kratos", "synapse"]') + self.command("other", '"kratos"') +
                                     self.command("late", '"synapse"', '"changed"'))
        self.until(lambda: self.said("all.heard") == ["ready"] and self.said("other.heard") == ["ready"], "nobody is told")
        self.server.sql("DROP DATABASE synapse WITH (FORCE)")
        self.until(lambda: self.said("all.heard") == ["ready", "changed"], "the change is not told")
        self.until(lambda: self.said("late.heard") == ["changed"], "the change is not told")
        self.assertEqual(self.said("other.heard"), ["ready"])
        # Of a new password its role's databases are told.
        (self.folder / "secrets/kratos").write_text("canary-renewed")
        run.send(signal.SIGHUP)
        self.until(lambda: self.said("other.heard") == ["ready", "changed"], "the new password is not told")
        ran = self.ends(run)
        self.assertRegex(ran.err, 'told "other".*why=ready')
        self.assertEqual(self.said("late.heard"), ["changed"])

    def test_a_change_is_told_though_something_else_was_not_there_when_it_came(self):
        self.server.sql("CREATE DATABASE alkemio")
        make = ["CREATE TABLE thing ()", "GRANT SELECT ON thing TO public"]
        for statement in make:
            self.server.value(statement, "alkemio")
        config, run = self.begin_run(self.command("both", '["alkemio", "kratos"]') +
                                     '[[check]]\ndatabase = "alkemio"\ntables = ["thing"]\n')
        self.until(lambda: self.said("both.heard") == ["ready"], "nobody is told")
        self.server.value("DROP TABLE thing", "alkemio")
        (self.folder / "secrets/kratos").write_text("canary-renewed")
        run.send(signal.SIGHUP)
        self.until(lambda: self.logs_in("kratos", "canary-renewed"), "the new password is not set")
        self.until(lambda: "thing" in self.run_program("healthcheck", "/readyz", config=config).err, "the missing table is not seen")
        self.assertEqual(self.said("both.heard"), ["ready"])
        for statement in make:
            self.server.value(statement, "alkemio")
        self.until(lambda: self.said("both.heard") == ["ready", "changed"], "the change is not told")
        self.until(lambda: self.run_program("healthcheck", "/readyz", config=config).code == 0, "it does not become ready again")
        self.ends(run)
        self.assertEqual(self.said("both.heard"), ["ready", "changed"])

    def test_by_signal_with_a_pid_file_and_by_name(self):
        # No other test's programs have these names.
        file, name = f"file{os.getpid()}", f"name{os.getpid()}"
        self.program(file)
        self.program(name)
        _, run = self.begin_run(f'[[dependent]]\nname = "file"\nsignal = "HUP"\npid_file = "{self.folder}/{file}.pid"\nprocess = "{file}"\n'
                                f'[[dependent]]\nname = "name"\nsignal = "SIGHUP"\nprocess = "{name}"\n')
        self.until(lambda: self.said(f"{file}.heard") and self.said(f"{name}.heard"), "the signals do not come")
        self.ends(run)
        self.assertEqual(self.said(f"{file}.heard"), ["hup"])
        self.assertEqual(self.said(f"{name}.heard"), ["hup"])

    def test_by_http_again_until_it_is_heard(self):
        heard = []
        answers = [503, 503, 204]

        class Reload(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                heard.append((self.path, self.headers.get("Content-Length")))
                self.send_response(answers[min(len(heard), len(answers)) - 1])
                self.end_headers()

            def log_message(self, *_):
                pass

        web = http.server.HTTPServer(("127.0.0.1", 0), Reload)
        self.addCleanup(web.server_close)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.shutdown)
        _, run = self.begin_run(f'[[dependent]]\nname = "proxy"\nurl = "http://127.0.0.1:{web.server_port}/-/reload"\n')
        self.until(lambda: len(heard) >= 3, "it is not asked again")
        time.sleep(0.7)
        ran = self.ends(run)
        self.assertEqual(heard, [("/-/reload", "0")] * 3)
        # One warning, however often it was tried.
        self.assertEqual(ran.err.count('cannot tell "proxy" that what it needs is there'), 1, ran.err)
        self.assertIn("it answered 503", ran.err)

    def test_by_notify_in_a_database(self):
        self.server.sql("CREATE DATABASE alkemio")
        listener = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], env=self.server.environment(PGDATABASE="alkemio"),
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)
        listener.stdin.write('LISTEN "Provisioned";\nSELECT \'listening\';\n')
        listener.stdin.flush()
        self.assertEqual(listener.stdout.readline().strip(), "listening")
        _, run = self.begin_run('[[dependent]]\nname = "server"\nneeds = "alkemio"\nchannel = "Provisioned"\ndatabase = "alkemio"\n')
        said = ""
        end = time.monotonic() + 30
        while "Provisioned" not in said:
            self.assertLess(time.monotonic(), end, "the notification does not come")
            listener.stdin.write("SELECT pg_sleep(0.05);\n")
            listener.stdin.flush()
            said += listener.stdout.readline()
        self.assertRegex(said, 'Asynchronous notification "Provisioned" with payload "ready"')
        self.ends(run)

    def test_who_is_not_there_is_named_and_the_run_goes_on(self):
        config, run = self.begin_run('[[dependent]]\nname = "nobody"\nneeds = "kratos"\nsignal = "HUP"\nprocess = "no-such-program"\n' +
                                     self.command("somebody", '"kratos"'))
        self.until(lambda: self.said("somebody.heard") == ["ready"], "the others are not told")
        # They are told before the look is over.
        self.until(lambda: self.run_program("healthcheck", "/readyz", config=config).code == 0, "the run does not go on")
        ran = self.ends(run)
        self.assertIn('cannot tell "nobody" that what it needs is there: cannot send SIGHUP: no process called "no-such-program"', ran.err)
        self.assertIn("alkemio.toml:", ran.err)

    def test_a_command_that_hangs_is_ended_by_its_timeout_and_its_children_get_no_secret(self):
        tool = self.write("bin/slow", f'#!/bin/sh\nenv >"{self.folder}/environment"\nsleep 60\n', 0o755)
        config, run = self.begin_run(f'[[dependent]]\nname = "slow"\nneeds = "kratos"\ncommand = ["{tool}"]\ntimeout = "300ms"\n')
        self.until(lambda: self.said("environment"), "the command is not run")
        self.until(lambda: self.run_program("healthcheck", "/readyz", config=config).code == 0, "the run does not go on")
        ran = self.ends(run)
        self.assertIn('cannot tell "slow" that what it needs is there', ran.err)
        self.no_secret((self.folder / "environment").read_text(), "its environment")


if __name__ == "__main__":
    harness.main()
