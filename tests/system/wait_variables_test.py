#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Under the name `wait`, and as `alkemio-init wait` without a target, the variables of docker-compose-wait count: what they
mean, the defaults, the exit codes and the command are its own."""
# matrix: no

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import cluster  # noqa: E402
import harness  # noqa: E402

CLOSED = "127.0.0.1:1"


class Listener:
    """A port that accepts; from `delay` seconds on."""

    def __init__(self, test, delay=0.0, family=socket.AF_INET, host="127.0.0.1"):
        self.socket = socket.socket(family)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]
        self.at = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        test.addCleanup(self.socket.close)
        if delay:
            timer = threading.Timer(delay, self.socket.listen)
            timer.start()
            test.addCleanup(timer.join)
        else:
            self.socket.listen()


class WaitVariables(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="alkemio-init-wait."))
        self.addCleanup(shutil.rmtree, self.folder)
        self.program = self.folder / "wait"
        self.program.symlink_to(pathlib.Path(harness.PROGRAM).resolve())

    def start(self, *arguments, program=None, **variables):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("WAIT_", "PG", "DATABASE_", "POSTGRES_", "ALKEMIO_"))}
        process = subprocess.Popen([program or self.program, *arguments], env={**environment, **variables}, cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   start_new_session=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def expect(self, code, *arguments, program=None, **variables):
        began = time.monotonic()
        process = self.start(*arguments, program=program, **variables)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, f"{variables}\n{out}\n{err}")
        self.took = time.monotonic() - began
        return harness.Ran(process.returncode, out, err)

    def test_without_anything_to_wait_for_it_is_done(self):
        ran = self.expect(0)
        self.assertEqual(ran.out, "")
        self.assertLess(self.took, 1)
        self.assertIn("arguments are not looked at", self.expect(0, "--help", "redis:6379").err)

    def test_hosts_and_paths_are_waited_for_in_turn(self):
        first, second = Listener(self), Listener(self, delay=0.5)
        there = self.folder / "there"
        there.mkdir()
        hosts = f" {first.at} , {second.at}, localhost:{first.port},"
        ran = self.expect(0, WAIT_HOSTS=hosts, WAIT_PATHS=f"{there} , {self.program},", WAIT_TIMEOUT="20")
        self.assertEqual(ran.out, "")
        self.assertGreaterEqual(self.took, 0.9, "the interval is a second")
        self.assertIn(f"{second.at} is not there yet", ran.err)
        self.assertLess(ran.err.index(f"{second.at} is there"), ran.err.index(f"{there} is there"))

    @unittest.skipUnless(pathlib.Path("/proc/net/if_inet6").exists(), "the machine has no IPv6")
    def test_addresses_of_ipv6(self):
        listener = Listener(self, family=socket.AF_INET6, host="::1")
        self.expect(0, WAIT_HOSTS=f"{listener.at},::1:{listener.port},localhost:{listener.port}", WAIT_TIMEOUT="2")

    def test_what_is_missing_at_the_timeout_is_named(self):
        there = Listener(self)
        ran = self.expect(1, WAIT_HOSTS=f"{there.at},{CLOSED},localhost:2,{there.at}", WAIT_PATHS="/nowhere", WAIT_TIMEOUT="1")
        self.assertGreaterEqual(self.took, 1)
        self.assertLess(self.took, 4)
        self.assertIn(f"cannot wait any longer for {CLOSED}", ran.err)
        self.assertIn(f"Missing: {CLOSED}, localhost:2, /nowhere.", ran.err)
        self.expect(1, WAIT_PATHS="/nowhere", WAIT_TIMEOUT="0")
        self.assertLess(self.took, 1)

    def test_after_the_timeout_there_is_one_more_look(self):
        """As there: the time is looked at after a try, so a long interval may find what came late."""
        listener = Listener(self, delay=1.5)
        self.expect(0, WAIT_HOSTS=listener.at, WAIT_TIMEOUT="1", WAIT_SLEEP_INTERVAL="2")
        self.assertGreaterEqual(self.took, 2)

    def test_pauses_before_and_after_do_not_count(self):
        path = self.folder / "late"
        timer = threading.Timer(1.2, path.touch)
        timer.start()
        self.addCleanup(timer.join)
        self.expect(0, WAIT_PATHS=str(path), WAIT_BEFORE="1", WAIT_AFTER="1", WAIT_TIMEOUT="1")
        self.assertGreaterEqual(self.took, 3)

    def test_numbers_that_are_none_are_the_defaults(self):
        listener = Listener(self)
        ran = self.expect(0, WAIT_HOSTS=listener.at, WAIT_BEFORE="-1", WAIT_AFTER="0.5s", WAIT_SLEEP_INTERVAL="", WAIT_TIMEOUT=" 3",
                          WAIT_HOST_CONNECT_TIMEOUT="99999999999999999999")
        self.assertLess(self.took, 1)
        for name in ("WAIT_BEFORE", "WAIT_AFTER", "WAIT_TIMEOUT", "WAIT_HOST_CONNECT_TIMEOUT"):
            self.assertIn(f"{name} is ", ran.err)
        self.expect(0, WAIT_HOSTS=listener.at, WAIT_TIMEOUT="18446744073709551615", WAIT_HOST_CONNECT_TIMEOUT="+5")
        self.expect(0, WAIT_HOSTS=listener.at, WAIT_HOST_CONNECT_TIMEOUT="0")

    def test_older_names_count_where_the_newer_are_not_set(self):
        ran = self.expect(1, WAIT_PATHS="/nowhere", WAIT_HOSTS_TIMEOUT="0")
        self.assertIn("WAIT_HOSTS_TIMEOUT is deprecated", ran.err)
        self.expect(1, WAIT_PATHS="/nowhere", WAIT_HOSTS_TIMEOUT="60", WAIT_TIMEOUT="0")
        self.expect(0, WAIT_BEFORE_HOSTS="1", WAIT_AFTER_HOSTS="1")
        self.assertGreaterEqual(self.took, 2)
        self.expect(0, WAIT_BEFORE_HOSTS="30", WAIT_BEFORE="")
        self.assertLess(self.took, 1)

    def test_the_command_takes_its_place(self):
        script = self.folder / "show"
        script.write_text('#!/bin/sh\necho "$$" "$SECRET"\nprintf "<%s>" "$@"\nexit 7\n')
        script.chmod(0o755)
        process = self.start(WAIT_COMMAND=f"  {script} 'a b' \"c $HOME\" d\\ e # not this\n", SECRET="mine",
                             DATABASE_PASSWORD="mine", WAIT_LOGGER_LEVEL="off")
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, err), (7, ""))
        self.assertEqual(out, f"{process.pid} mine\n<a b><c $HOME><d e>")
        self.assertEqual(self.expect(0, WAIT_COMMAND="printf <%s> a\\\n").out, "<a\\>", "the blank at the end goes first")
        ran = self.expect(0, WAIT_COMMAND="env", DATABASE_PASSWORD="mine too", WAIT_HOSTS="")
        self.assertIn("DATABASE_PASSWORD=mine too\n", ran.out)
        self.assertIn("WAIT_COMMAND=env\n", ran.out)

    def test_the_command_has_what_was_open_and_nothing_of_ours(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        os.write(write, b"from outside\n")
        os.close(write)
        listener = Listener(self)
        process = subprocess.run(["sh", "-c", f"exec 9<&{read} {read}<&-; exec {self.program}"], pass_fds=[read], text=True, capture_output=True,
                                 env={**os.environ, "WAIT_HOSTS": f"{listener.at},tcp://{listener.at}", "WAIT_LOGGER_LEVEL": "off",
                                      "WAIT_COMMAND": "sh -c 'cat <&9; for fd in 3 4 5 6 7 8 9 10; do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done'"})
        self.assertEqual((process.returncode, process.stdout, process.stderr), (0, "from outside\n9\n", ""))

    def test_a_command_that_is_none(self):
        ran = self.expect(1, WAIT_COMMAND="echo 'open", WAIT_PATHS="/nowhere")
        self.assertIn("cannot understand WAIT_COMMAND", ran.err)
        self.assertLess(self.took, 1, "it is said before anything is waited for")
        self.expect(1, WAIT_COMMAND="# nothing")
        self.expect(127, WAIT_COMMAND="no-such-program")
        self.expect(126, WAIT_COMMAND=str(self.folder))
        self.expect(0, WAIT_COMMAND=" \t ")

    def test_the_command_is_not_begun_when_something_is_missing(self):
        ran = self.expect(1, WAIT_COMMAND="echo begun", WAIT_PATHS="/nowhere", WAIT_TIMEOUT="0")
        self.assertEqual(ran.out, "")

    def test_the_logger_level(self):
        quiet = self.expect(1, WAIT_PATHS="/nowhere", WAIT_TIMEOUT="0", WAIT_LOGGER_LEVEL="off")
        self.assertEqual(quiet.err, "")
        error = self.expect(1, WAIT_PATHS="/nowhere", WAIT_TIMEOUT="0", WAIT_LOGGER_LEVEL="ERROR")
        self.assertIn("cannot wait any longer", error.err)
        self.assertNotIn("not there yet", error.err)
        self.assertIn("timeout=", self.expect(0, WAIT_LOGGER_LEVEL="wait=debug").err)
        self.assertNotIn("timeout=", self.expect(0, WAIT_LOGGER_LEVEL="info").err)
        self.assertIn("is no level", self.expect(0, WAIT_LOGGER_LEVEL="loud").err)

    def test_an_entry_that_cannot_be_waited_for_is_said_at_once(self):
        for entry in ("redis", "redis:http", "[::1]", ":80"):
            ran = self.expect(1, WAIT_HOSTS=entry)
            self.assertIn(f'cannot wait for host "{entry}"', ran.err)
            self.assertLess(self.took, 1)

    def test_a_signal_ends_it(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            process = self.start(WAIT_HOSTS=CLOSED, WAIT_SLEEP_INTERVAL="60")
            line = ""
            while "not there yet" not in line:
                line = process.stderr.readline()
            process.send_signal(number)
            _, err = process.communicate(timeout=5)
            self.assertEqual(process.returncode, code)
            self.assertIn(f"cannot wait any longer for {CLOSED}", err)

    def test_the_subcommand_takes_the_variables_without_a_target(self):
        ran = self.expect(1, "wait", "--timeout", "0s", program=harness.PROGRAM, WAIT_PATHS="/nowhere")
        self.assertIn("Missing: /nowhere", ran.err)
        ran = self.expect(0, "wait", "--for", f"file:{self.program}", program=harness.PROGRAM, WAIT_PATHS="/nowhere")
        self.assertIn("ready after", ran.out)
        self.expect(0, "--log-level", "off", "wait", program=harness.PROGRAM, WAIT_PATHS=str(self.program), WAIT_COMMAND="true")

    def test_targets_of_ours_stand_among_the_hosts(self):
        listener = Listener(self)
        self.expect(0, WAIT_HOSTS=f"tcp://{listener.at},file:{self.program},{listener.at}")
        ran = self.expect(1, WAIT_HOSTS=f"{listener.at},tcp://{CLOSED}", WAIT_TIMEOUT="1")
        self.assertIn(f"Missing: tcp://{CLOSED}.", ran.err)
        self.assertIn("cannot wait", self.expect(1, WAIT_HOSTS="gopher://redis:70").err)

    def test_postgres_is_waited_for_by_a_login(self):
        server = cluster.Cluster(password="wait-canary")
        self.addCleanup(server.remove)
        secret = self.folder / "password"
        secret.write_text("wait-canary")
        login = {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(server.port), "DATABASE_USERNAME": "postgres",
                 "DATABASE_PASSWORD_FILE": str(secret)}
        with socket.socket() as port:
            # Somebody listens, and is no server.
            port.bind(("127.0.0.1", server.port))
            port.listen()
            self.expect(0, WAIT_HOSTS=f"127.0.0.1:{server.port}", **login)
            self.expect(1, WAIT_HOSTS="postgres", WAIT_TIMEOUT="2", **login)
        server.start()
        ran = self.expect(0, WAIT_HOSTS="postgres", WAIT_TIMEOUT="20", WAIT_COMMAND="env", **login)
        self.assertIn("DATABASE_PASSWORD_FILE=", ran.out)
        self.assertNotIn("wait-canary", ran.out + ran.err)
        ran = self.expect(1, WAIT_HOSTS="migrations=nothing", WAIT_TIMEOUT="20", **login)
        self.assertIn("has no [[migration]]", ran.err)
        self.assertLess(self.took, 5)


if __name__ == "__main__":
    harness.main()
