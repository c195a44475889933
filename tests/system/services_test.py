#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# matrix: no
"""`run` with services: each is started as soon as its own needs are met, kept as its rules say, and all end in reverse order."""

import fcntl
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

# In each service's script: `tell TEXT` adds a line to the file of the test; `serve` runs until TERM.
PRELUDE = """\
tell() { echo "$NAME $1" >>"$FOLDER/told"; }
serve() { trap 'tell ended; exit 0' TERM; tell started; while :; do sleep 0.05; done; }
"""
PYTHON = """\
import http.server, os, socket, sys, time
def tell(text):
    with open(os.environ["FOLDER"] + "/told", "a") as file: file.write(os.environ["NAME"] + " " + text + "\\n")
tell("started")
time.sleep(0.2)
"""


class Services(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()
        self.folder.chmod(0o777)
        self.variables = {}
        (self.folder / "told").touch()
        (self.folder / "told").chmod(0o666)

    def service(self, name, script="serve", command=None, environment="", **keys):
        """A [[service]] that runs this script with a shell."""
        lines = [f'name = "{name}"', f"command = {json.dumps(command or ['sh', '-c', PRELUDE + script])}",
                 f'environment = {{ NAME = "{name}", FOLDER = "{self.folder}"{environment} }}']
        lines += [f"{key} = {self.toml(value)}" for key, value in keys.items()]
        return "[[service]]\n" + "\n".join(lines) + "\n"

    @staticmethod
    def toml(value):
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{key} = {json.dumps(one)}" for key, one in value.items()) + " }"
        return json.dumps(value)

    def with_services(self, *services, run=""):
        return self.config(f'[health]\nlisten = "unix:{self.folder}/health"\n[run]\nrecheck = "200ms"\n{run}\n' + "\n".join(services))

    def told(self):
        return (self.folder / "told").read_text().splitlines()

    def until(self, true, what, patience=60):
        end = time.monotonic() + patience
        while not true():
            if time.monotonic() > end:
                self.fail(f"{what}; told: {self.told()}")
            time.sleep(0.05)

    def until_told(self, *lines):
        self.until(lambda: set(lines) <= set(self.told()), f"not all of {lines} happen")

    def until_said(self, run, *texts):
        """Takes what it reads off the log of this run."""
        log, source = b"", run.process.stderr.fileno()

        def hear():
            nonlocal log
            if select.select([source], [], [], 0)[0]:
                log += os.read(source, 65536)
            return all(text.encode() in log for text in texts)
        self.until(hear, f"not all of {texts} are said")

    def answer(self, config, path="/readyz"):
        ran = self.run_program("healthcheck", path, config=config, **self.variables)
        return ran.code, (ran.out + ran.err).strip()

    def until_ready(self, config, code=0):
        self.until(lambda: self.answer(config)[0] == code, f"/readyz is not {code}: {self.answer(config)}")

    def ends(self, run, code=0, number=signal.SIGTERM):
        run.send(number)
        ran = run.end()
        self.assertEqual(ran.code, code, ran.err)
        return ran

    def test_a_service_need_not_wait_for_other_databases_migrations(self):
        config = self.with_services(self.service("kratos", database="kratos"), self.service("chat", needs=["synapse"]),
                                    self.service("all", needs=["alkemio", "database=hydra", "service=kratos"]), self.service("hydra", needs="migrations=hydra"))
        self.tool("hydra", before=f'while [ ! -e "{self.folder}/go" ]; do sleep 0.05; done')
        run = self.begin("run", config=config)
        self.until_told("kratos started", "chat started")
        self.assertEqual(self.server.value("SELECT to_regclass('schema_migration') IS NULL", "hydra"), "t")
        self.assertEqual(set(self.told()), {"kratos started", "chat started"})
        self.assertEqual(self.answer(config)[0], 1)
        (self.folder / "go").touch()
        self.until_told("all started", "hydra started")
        self.until_ready(config)
        # Looking again and again starts nothing again.
        time.sleep(1)
        ran = self.ends(run)
        self.assertEqual(sorted(one for one in self.told() if one.endswith("started")),
                         ["all started", "chat started", "hydra started", "kratos started"])
        self.assertNotIn("kratos started again", ran.err)

    def pid_of(self, config, name):
        ran = self.run_program("healthcheck", "/status", config=config)
        return next(one.get("pid") for one in ran.json["services"] if one["name"] == name)

    def test_nobody_who_reads_its_report_holds_up_nothing(self):
        config = self.with_services(self.service("api", database="kratos"))
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        # Full from the beginning.
        os.write(write, b"." * fcntl.fcntl(write, fcntl.F_GETPIPE_SZ))
        with open(self.folder / "log", "wb") as log:
            process = subprocess.Popen([harness.PROGRAM, "--config", str(config), "run", "--timeline"], stdin=subprocess.DEVNULL, stdout=write, stderr=log,
                                       env=self.environment(), start_new_session=True)
        os.close(write)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.until(lambda: "api started" in self.told() or process.poll() is not None, "the service does not start")
        self.assertIsNone(process.poll(), (self.folder / "log").read_text()[:2000])
        self.until_ready(config)
        # After its patience it looks again, with what is new.
        before = self.pid_of(config, "api")
        self.write("secrets/kratos", "canary-renewed")
        process.send_signal(signal.SIGHUP)
        self.until(lambda: self.pid_of(config, "api") not in (before, None), "it does not look again")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 1)
        self.assertLess(time.monotonic() - began, 5)
        self.until_told("api ended")
        self.assertIn("cannot write the result to stdout", (self.folder / "log").read_text())

    def test_a_new_password_restarts_who_has_the_old_one_in_the_order_of_needs(self):
        serve = 'tell "with $PASSWORD"; serve'
        login = ', PASSWORD = "${password}"'
        config = self.with_services(self.service("web", serve, environment=login, database="kratos", needs=["service=api"]),
                                    self.service("api", serve, environment=login, database="kratos", ready="alive:300ms"),
                                    self.service("other", database="synapse"),
                                    self.service("stays", database="kratos", restart_on_change=False))
        run = self.begin("run", config=config)
        self.until_ready(config)
        names = ("web", "api", "other", "stays")
        before = {name: self.pid_of(config, name) for name in names}
        old = harness.canary("kratos")
        self.until_told(f"api with {old}", f"web with {old}")
        # Nothing is new: nothing is restarted.
        run.send(signal.SIGHUP)
        time.sleep(1)
        self.assertEqual({name: self.pid_of(config, name) for name in names}, before)
        self.write("secrets/kratos", "canary-renewed")
        run.send(signal.SIGHUP)
        self.until_told("api with canary-renewed", "web with canary-renewed")
        self.until(lambda: self.answer(config, "/readyz")[0] == 0, "it does not become ready again")
        after = {name: self.pid_of(config, name) for name in names}
        self.assertEqual([name for name in names if after[name] != before[name]], ["web", "api"])
        ran = self.ends(run)
        told = [one.split(" with")[0] for one in self.told() if one.startswith(("web", "api"))]
        self.assertEqual(told[-8:], ["api ended", "api", "api started", "web ended", "web", "web started", "web ended", "api ended"], self.told())
        self.assertRegex(ran.err, "stays goes on with the command and environment that it was started with; they are others now")
        self.assertNotIn("other is restarted", ran.err)
        self.assertNotIn("canary-renewed", ran.out + ran.err)

    def test_what_another_sighup_mends_is_restarted_though_it_never_became_ready(self):
        config = self.with_services(self.service("api", 'tell "$MODE"; [ "$MODE" = bad ] || echo up; serve', environment=', MODE = "first"', ready="log:up",
                                                 ready_timeout="0"))
        run = self.begin("run", config=config)
        self.until_ready(config)
        text = config.read_text()
        config.write_text(text.replace('"first"', '"bad"'))
        run.send(signal.SIGHUP)
        self.until_told("api bad")
        self.until_ready(config, code=1)
        config.write_text(text.replace('"first"', '"good"'))
        run.send(signal.SIGHUP)
        self.until_told("api good")
        self.until_ready(config)
        self.ends(run)

    def test_a_service_that_sighup_takes_away_goes_on_and_is_started_again(self):
        one, other = self.service("api", 'tell "as $$"; serve', backoff="100ms"), self.service("other")
        config = self.with_services(one, other)
        run = self.begin("run", config=config)
        self.until_ready(config)
        config.write_text(config.read_text().replace('name = "api"', 'name = "renamed"'))
        run.send(signal.SIGHUP)
        self.until_said(run, "renamed is new in the configuration", "api is not in the configuration any more; it goes on")
        pid = self.pid_of(config, "api")
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: self.pid_of(config, "api") not in (pid, None), "it is not started again")
        self.until_ready(config)
        self.ends(run)

    def test_a_new_password_that_cannot_be_set_restarts_nobody(self):
        config = self.with_services(self.service("api", 'tell "with $PASSWORD"; serve', environment=', PASSWORD = "${password}"', database="kratos"))
        run = self.begin("run", config=config)
        self.until_ready(config)
        before = self.pid_of(config, "api")
        # The migrations' file of another name for one that is applied: the look fails before anything is done.
        (self.folder / "alkemio/0003_table3.sql").rename(self.folder / "alkemio/0003_other.sql")
        self.until_ready(config, code=1)
        self.write("secrets/kratos", "canary-renewed")
        run.send(signal.SIGHUP)
        time.sleep(1.5)
        self.assertEqual(self.pid_of(config, "api"), before)
        (self.folder / "alkemio/0003_other.sql").rename(self.folder / "alkemio/0003_table3.sql")
        self.until_told("api with canary-renewed")
        self.until_ready(config)
        self.ends(run)

    def test_grants_and_roles_that_migrations_make_possible_are_there_before_the_service(self):
        grant = '[[role]]\nname = "reader"\nafter_migrations_of = "alkemio"\nlogin = true\n'
        config = self.with_services(grant, self.service("web", needs=["alkemio", "role=reader"]))
        config.write_text(config.read_text().replace(
            '[[database]]\nname = "kratos"', '[[database.grant]]\non = "table"\nschema = "public"\nobjects = ["table1"]\n'
            'privileges = ["SELECT"]\nroles = ["reader"]\n\n[[database]]\nname = "kratos"'))
        self.write("alkemio/0000_reader.sql", "CREATE ROLE reader;\n")
        self.server.sql("DROP ROLE IF EXISTS reader")
        self.addCleanup(self.server.sql, "DROP DATABASE alkemio WITH (FORCE)", "DROP ROLE IF EXISTS reader")
        config.write_text(config.read_text().replace('[[role]]\nname = "alkemio"', '[[role]]\nname = "alkemio"\ncreaterole = true', 1))
        self.tool("hydra", before=f'while [ ! -e "{self.folder}/go" ]; do sleep 0.05; done')
        run = self.begin("run", config=config)
        self.until_told("web started")
        self.assertEqual(self.server.value("SELECT has_table_privilege('reader', 'table1', 'SELECT')", "alkemio"), "t")
        (self.folder / "go").touch()
        self.until_ready(config)
        self.ends(run)

    def test_a_database_that_grants_to_another_ones_role_is_there_after_that_one(self):
        role = '[[role]]\nname = "reader"\nafter_migrations_of = "alkemio"\nlogin = true\n'
        config = self.with_services(role, self.service("chat", needs=["synapse"]))
        text = config.read_text().replace('[[role]]\nname = "alkemio"', '[[role]]\nname = "alkemio"\ncreaterole = true', 1)
        config.write_text(text.replace('[[migration]]\ndatabase = "alkemio"', '[[database.grant]]\nprivileges = ["CREATE"]\nroles = ["reader"]\n\n'
                                       '[[migration]]\ndatabase = "alkemio"', 1))
        self.write("alkemio/0000_reader.sql", "CREATE ROLE reader;\n")
        self.server.sql("DROP ROLE IF EXISTS reader")
        self.addCleanup(self.server.sql, "DROP DATABASE synapse WITH (FORCE)", "DROP DATABASE alkemio WITH (FORCE)", "DROP ROLE IF EXISTS reader")
        self.tool("hydra", before=f'while [ ! -e "{self.folder}/go" ]; do sleep 0.05; done')
        run = self.begin("run", config=config)
        self.until_told("chat started")
        self.assertEqual(self.server.value("SELECT has_database_privilege('reader', 'synapse', 'CREATE')"), "t")
        (self.folder / "go").touch()
        self.until_ready(config)
        self.ends(run)

    def test_each_kind_of_readiness_holds_up_who_needs_it(self):
        port, web = harness.cluster.free_port(), harness.cluster.free_port()
        listens = PYTHON + f"tell('ready')\ns = socket.create_server(('127.0.0.1', {port}))\ntime.sleep(600)"
        # Three times it is asked in vain.
        answers = PYTHON + f"""
class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        if Handler.asked == 4: tell("ready")
        self.send_response(204 if Handler.asked >= 4 and self.path == "/health?a=b" else 503)
        self.end_headers()
    def log_message(self, *arguments): pass
http.server.HTTPServer(("127.0.0.1", {web}), Handler).serve_forever()
"""
        notifies = PYTHON + """
tell("ready")
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"STATUS=warm\\nREADY=1", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
time.sleep(600)
"""
        wait = "tell started; sleep 0.3; tell ready; "
        kinds = [("fd:5", dict(script=wait + "echo >&5; exec sleep 600")),
                 ("log:is listening", dict(script=wait + "echo now it is listening >&2; exec sleep 600")),
                 (f"file:{self.folder}/there", dict(script=wait + 'touch "$FOLDER/there"; exec sleep 600')),
                 ("notify", dict(command=["python3", "-c", notifies])),
                 (f"tcp://localhost:{port}", dict(command=["python3", "-c", listens])),
                 (f"http://127.0.0.1:{web}/health?a=b", dict(command=["python3", "-c", answers])),
                 ("alive:3s", dict(script="tell started; sleep 0.2; tell ready; exec sleep 600"))]
        services = [self.service(f"s{i}", ready=how, needs=[f"s{i - 1}"] if i else [], **more) for i, (how, more) in enumerate(kinds)]
        config = self.with_services(*services, self.service("last", needs=[f"s{len(kinds) - 1}"]))
        run = self.begin("run", config=config)
        self.until_told("last started")
        self.assertEqual(self.told(), [f"s{i} {what}" for i in range(len(kinds)) for what in ("started", "ready")] + ["last started"])
        self.until_ready(config)
        self.ends(run)

    def test_a_service_that_fails_too_often_ends_all_with_its_last_lines(self):
        # Its last words are in the pipe when it ends.
        script = "tell started; i=0; while [ $i -lt 25 ]; do i=$((i+1)); echo line $i of $NAME; done; exit 3"
        config = self.with_services(self.service("bad", script, needs="other", restart_limit=2, backoff="10ms"), self.service("other"))
        log = self.folder / "termination-log"
        log.touch()
        ran = self.expect(50, "run", config=config, ALKEMIO_INIT_TERMINATION_LOG=str(log))
        self.assertEqual(sorted(self.told()[:-1]), ["bad started"] * 3 + ["other started"])
        self.assertEqual(self.told()[-1], "other ended")
        self.assertIn('error[E606]: cannot keep service "bad" running: it exited with 3, and was started again 2 times', ran.err)
        self.assertRegex(ran.err, r"--> .*alkemio.toml:\d+:\d+\n  line 6 of bad\n")
        self.assertIn("  line 25 of bad\n", ran.err)
        self.assertNotIn("  line 5 of bad\n", ran.err)
        self.assertIn('cannot keep service "bad" running', log.read_text())
        self.assertEqual(ran.out.count("line 25 of bad\n"), 3)

    def test_a_service_that_is_not_ready_in_time_has_failed(self):
        port = harness.cluster.free_port()
        config = self.with_services(self.service("late", ready=f"tcp://127.0.0.1:{port}", ready_timeout="2s", restart_limit=1, backoff="10ms"))
        ran = self.expect(50, "run", config=config)
        self.assertIn(f"it was not ready within 2.0 s (tcp://127.0.0.1:{port}: Connection refused), and was started again 1 time", ran.err)
        self.assertEqual(self.told(), ["late started", "late ended"] * 2)

    def test_a_service_is_started_again(self):
        script = 'if [ ! -e "$FOLDER/second" ]; then touch "$FOLDER/second"; tell fails; exit 1; fi; serve'
        config = self.with_services(self.service("shaky", script, backoff="10ms"), self.service("once", "tell done", restart="never"),
                                    self.service("after", needs="once"))
        run = self.begin("run", config=config)
        self.until_told("shaky started", "after started")
        self.until_ready(config)
        ran = self.ends(run)
        self.assertEqual(self.told().count("shaky fails"), 1)
        self.assertEqual(self.told().count("once done"), 1)
        self.assertIn("shaky is started again in 10 ms", ran.err)

    def test_one_that_is_not_critical_fails_alone(self):
        config = self.with_services(self.service("extra", "echo I give up; exit 1", restart="never", critical=False), self.service("web"))
        run = self.begin("run", config=config)
        self.until_told("web started")
        self.until_ready(config)
        ran = self.ends(run)
        self.assertIn('cannot keep service "extra" running: it exited with 1', ran.err)
        self.assertIn("  I give up\n", ran.err)
        self.assertIn("the other services go on", ran.err)

    def test_a_command_that_is_not_there_is_127_with_its_place(self):
        config = self.with_services(self.service("lost", command=["/nowhere/to/be/found"]), self.service("web"))
        ran = self.expect(127, "run", config=config)
        self.assertRegex(ran.err, r'error\[E603\]: cannot execute "/nowhere/to/be/found": No such file or directory \(service "lost"\)\n'
                                  r"  --> .*alkemio.toml:\d+")

    def test_a_user_that_is_not_there_is_told_before_anything(self):
        config = self.with_services(self.service("web", user="nobody-knows"))
        ran = self.expect(126, "run", config=config)
        self.assertIn('cannot start service "web": cannot run as user "nobody-knows": the system knows no such user', ran.err)
        self.assertEqual(self.server.value("SELECT count(*) FROM pg_database WHERE datname = 'kratos'"), "0")

    def test_they_end_in_reverse_order(self):
        config = self.with_services(self.service("c", needs=["b"]), self.service("a"), self.service("b", needs=["a"]))
        run = self.begin("run", config=config)
        self.until_told("a started", "b started", "c started")
        self.until_ready(config)
        self.ends(run, number=signal.SIGINT)
        # They count as ready before they can tell it.
        self.assertEqual(sorted(self.told()[:3]), ["a started", "b started", "c started"])
        self.assertEqual(self.told()[3:], ["c ended", "b ended", "a ended"])

    def test_the_exit_code_is_the_main_services(self):
        for script, run_keys, code in (("trap 'exit 7' TERM; tell started; while :; do sleep 0.05; done", "", 7),
                                       ("tell started; exec sleep 600", "", 143),
                                       ("tell started; exec sleep 600", "zero_when_stopped = true", 0)):
            with self.subTest(script, run=run_keys):
                (self.folder / "told").write_text("")
                config = self.with_services(self.service("web", script, main=True), self.service("side"), run=run_keys)
                run = self.begin("run", config=config)
                self.until_told("web started", "side started")
                self.until_ready(config)
                self.ends(run, code)

    def test_the_main_services_end_is_the_end_of_all(self):
        config = self.with_services(self.service("web", 'while [ ! -e "$FOLDER/go" ]; do sleep 0.05; done; exit 5', main=True, restart="never"),
                                    self.service("side"))
        self.tool("hydra", before="sleep 600")
        run = self.begin("run", config=config)
        self.until_told("side started")
        # Also in the middle of a migration.
        self.until((self.folder / "hydra.runs").exists, "hydra is not migrated")
        (self.folder / "go").touch()
        ran = run.end()
        self.assertEqual(ran.code, 5, ran.err)
        self.assertEqual(self.told(), ["side started", "side ended"])
        self.assertNotIn("error[", ran.err)

    def test_a_second_term_hurries(self):
        stubborn = "trap 'tell asked' TERM; tell started; while :; do sleep 0.05; done"
        config = self.with_services(self.service("stubborn", stubborn), run='stop_timeout = "10m"')
        run = self.begin("run", config=config)
        self.until_told("stubborn started")
        self.until_ready(config)
        run.send(signal.SIGTERM)
        self.until_told("stubborn asked")
        ran = self.ends(run)
        self.assertIn("killed: stubborn", ran.err)

    def test_what_does_not_end_is_killed_after_its_time(self):
        config = self.with_services(self.service("stubborn", "trap '' TERM; tell started; while :; do sleep 0.05; done", stop_timeout="100ms"),
                                    self.service("slow", "trap 'sleep 0.5; tell flushed; exit 0' TERM; tell started; while :; do sleep 0.05; done"))
        run = self.begin("run", config=config)
        self.until_told("stubborn started", "slow started")
        self.until_ready(config)
        ran = self.ends(run)
        self.assertIn("killed: stubborn\n", ran.err)
        self.assertIn("slow flushed", self.told())

    def test_first_it_is_not_ready_any_more_and_the_services_go_on(self):
        config = self.with_services(self.service("web"), run='stop_timeout = "10m"\nstop_delay = "5m"')
        run = self.begin("run", config=config)
        self.until_told("web started")
        self.until_ready(config)
        run.send(signal.SIGTERM)
        self.until_ready(config, 1)
        self.assertIn("it is stopping", self.answer(config)[1])
        self.assertEqual(self.told(), ["web started"])
        # A second one does not wait for the rest of the five minutes.
        self.ends(run)
        self.assertEqual(self.told(), ["web started", "web ended"])

    def test_a_start_that_fails_stops_the_services_that_run(self):
        config = self.with_services(self.service("chat", needs=["synapse"]), self.service("web", needs=["alkemio"]))
        self.write("alkemio/0004_wrong.sql", f"DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_class WHERE relname = 'go') LOOP PERFORM pg_sleep(0.05); END LOOP; END $$;\nSELECT nothing;\n")
        run = self.begin("run", config=config)
        self.until_told("chat started")
        self.server.value("CREATE TABLE go ()", "alkemio")
        ran = run.end()
        self.assertEqual(ran.code, 30, ran.err)
        self.assertEqual(self.told(), ["chat started", "chat ended"])

    def test_when_told_so_they_go_on_and_the_start_is_tried_again(self):
        config = self.with_services(self.service("chat", needs=["synapse"]), self.service("web", needs=["alkemio"]), run='on_failed_start = "stay"')
        wrong = self.write("alkemio/0004_wrong.sql", "SELECT nothing;\n")
        run = self.begin("run", config=config)
        self.until_told("chat started")
        self.until(lambda: "0004_wrong" in self.answer(config)[1], "it does not fail")
        self.assertIsNone(run.process.poll())
        wrong.write_text("SELECT 1;\n")
        self.until_told("web started")
        self.until_ready(config)
        self.ends(run)
        self.assertEqual(self.told().count("chat started"), 1)

    def test_what_a_service_is_given(self):
        canary = harness.canary("kratos")
        dump = "env >$NAME.env; id -u >$NAME.id; id -g >>$NAME.id; pwd >>$NAME.id; serve"
        place = self.folder / "place"
        place.mkdir()
        place.chmod(0o777)
        root = os.geteuid() == 0
        identity = dict(user="65534", group="12345") if root else {}
        config = self.with_services(
            self.service("kratos", dump, database="kratos", working_directory="place",
                         environment=', ANOTHER = "${dsn}?x=1", PLAIN = "$${dsn}", ONLY = "${user}@${database}"', **identity),
            self.service("chat", dump, working_directory="place", needs="synapse", keep_env=["KEPT"]))
        text = config.read_text().replace('password_file = "secrets/superuser"', 'password = "${env:SUPER}"')
        text = text.replace('password_file = "secrets/hydra"', 'password = "${env:KEPT}"')
        config.write_text(text)
        self.variables = {"SUPER": harness.canary("superuser"), "KEPT": harness.canary("hydra"), "PLAINLY": "yes"}
        run = self.begin("run", config=config, **self.variables)
        self.until_told("kratos started", "chat started")
        self.until_ready(config)
        given = dict(line.split("=", 1) for line in (place / "kratos.env").read_text().splitlines() if "=" in line)
        self.assertEqual(given["DATABASE_PASSWORD"], canary)
        self.assertEqual((given["DATABASE_HOST"], given["DATABASE_PORT"], given["DATABASE_USERNAME"], given["DATABASE_NAME"]),
                         ("127.0.0.1", str(self.server.port), "kratos", "kratos"))
        self.assertEqual(given["ANOTHER"], given["DSN"] + "?x=1")
        self.assertEqual(given["DSN"], given["DATABASE_URL"])
        self.assertEqual(self.server.value("SELECT current_user") and given["ONLY"], "kratos@kratos")
        self.assertEqual((given["PLAIN"], given["PLAINLY"]), ("${dsn}", "yes"))
        psql = harness.subprocess.run(["psql", "-XqAtc", "SELECT current_user", given["DSN"]], capture_output=True, text=True)
        self.assertEqual(psql.stdout.strip(), "kratos", psql.stderr)
        for name in ("superuser", "hydra", "alkemio", "synapse"):
            for spelling in harness.spellings(harness.canary(name)):
                self.assertNotIn(spelling, (place / "kratos.env").read_text())
        others = (place / "chat.env").read_text()
        self.assertIn(f"KEPT={harness.canary('hydra')}\n", others)
        for name in ("superuser", "kratos"):
            self.assertNotIn(harness.canary(name), others)
        self.assertNotIn("DATABASE_", others)
        own = [str(os.geteuid()), str(os.getegid())]
        self.assertEqual((place / "kratos.id").read_text().split(), (["65534", "12345"] if root else own) + [str(place)])
        self.assertEqual((place / "chat.id").read_text().split(), own + [str(place)])
        # Nobody can read them in a command line either.
        lines = [line for pid in self.family(run.pid) if (line := self.command_line(pid))]
        self.assertGreater(len(lines), 2)
        self.assertFalse([one for one in lines if b"canary" in one])
        self.ends(run)

    @staticmethod
    def command_line(pid):
        """Nothing of one that has ended."""
        try:
            return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return b""

    def family(self, pid):
        found = [pid]
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            try:
                found += self.family(int(child))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def test_signals_go_to_the_main_service(self):
        script = "trap 'tell hup' HUP; trap 'tell usr2' USR2; trap 'tell winch' WINCH; serve"
        config = self.with_services(self.service("web", script, main=True, rewrite={"USR1": "HUP", "WINCH": "0"}), self.service("side"))
        run = self.begin("run", config=config)
        self.until_told("web started", "side started")
        run.send(signal.SIGWINCH)
        run.send(signal.SIGUSR1)
        self.until_told("web hup")
        run.send(signal.SIGUSR2)
        self.until_told("web usr2")
        self.until_ready(config)
        self.ends(run)
        self.assertNotIn("web winch", self.told())
        self.assertEqual([one for one in self.told() if one.startswith("side")], ["side started", "side ended"])

    def test_output_is_passed_on_as_it_is_with_its_name_or_as_json(self):
        script = "echo out; echo err >&2; serve"
        config = self.with_services(self.service("plain", script), self.service("named", script, output="prefix"),
                                    self.service("told", script, output="json"))
        run = self.begin("run", config=config)
        self.until_told("plain started", "named started", "told started")
        self.until_ready(config)
        ran = self.ends(run)
        lines = ran.out.splitlines()
        self.assertIn("out", lines)
        self.assertIn("named | out", lines)
        told = [json.loads(line) for line in lines + ran.err.splitlines() if line.startswith("{")]
        # Its shell says of a child that got the signal too that it is terminated.
        self.assertEqual([(one["service"], one["stream"], one["line"]) for one in told[:2]], [("told", "stdout", "out"), ("told", "stderr", "err")])
        self.assertIn("named | err", ran.err.splitlines())

    def test_nothing_that_was_written_is_lost_though_nobody_reads_yet(self):
        script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo this is the line number $i of them all; done; tell ended; exit 3"
        config = self.with_services(self.service("bad", script, restart="never"), run='stop_timeout = "10m"')
        # The report of a start that is over would wait for the reader, too.
        self.tool("hydra", before="sleep 600")
        run = self.begin("run", config=config)
        self.until_told("bad ended")
        time.sleep(0.5)
        ran = run.end()
        self.assertEqual(ran.code, 50, ran.err)
        self.assertEqual([line for line in ran.out.splitlines() if line.startswith("this is")],
                         [f"this is the line number {number} of them all" for number in range(1, 3001)])
        self.assertIn("  this is the line number 3000 of them all\n", ran.err)

    def test_what_a_service_leaves_behind_is_heard_to_the_end(self):
        script = """setsid sh -c "trap 'sleep 0.3; echo flushed; exit' TERM; touch $FOLDER/set; while :; do sleep 0.05; done" & serve"""
        config = self.with_services(self.service("web", script))
        run = self.begin("run", config=config)
        self.until_told("web started")
        self.until((self.folder / "set").exists, "the other is not started")
        self.until_ready(config)
        self.assertIn("flushed", self.ends(run).out.splitlines())

    def test_term_before_the_cluster_is_there(self):
        config = self.with_services(self.service("web", needs="kratos"), self.service("free"))
        config.write_text(config.read_text().replace(f"port = {self.server.port}", f"port = {harness.cluster.free_port()}"))
        run = self.begin("run", config=config)
        self.until_told("free started")
        ran = self.ends(run, 143)
        self.assertEqual(self.told(), ["free started", "free ended"])
        self.assertIn("asked to stop by SIGTERM", ran.err)


if __name__ == "__main__":
    harness.main()
