#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# matrix: no
"""`exec --supervise` as a container's first process: exit codes, signals, terminals, orphans, and how it ends. No server."""

import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = pathlib.Path(os.environ.get("ALKEMIO_INIT") or sys.argv[1]).resolve()
PATIENCE = 60
# A child that names each signal it gets, and ends at TERM.
LISTENER = """
import os, signal, sys
def told(number, frame):
    os.write(1, f"{number}\\n".encode())
    if number == signal.SIGTERM: os._exit(int(sys.argv[1]))
for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}: signal.signal(number, told)
os.write(1, b"listening\\n")
while True: signal.pause()
"""


def supervised(*command, options=()):
    return [PROGRAM, "exec", "--supervise", *options, "--", *map(str, command)]


def children(pid):
    return [int(one) for one in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def read_if_there(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def switches(pid):
    return re.search(r"^voluntary_ctxt_switches:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE).group(1)


class Supervise(unittest.TestCase):
    def run_it(self, *command, options=(), before=()):
        return subprocess.run([*before, *supervised(*command, options=options)], capture_output=True, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL)

    def begin(self, *command, options=(), until=None, **more):
        process = subprocess.Popen(supervised(*command, options=options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, **more)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        if until is not None:
            self.assertEqual(process.stdout.readline().strip(), until)
        return process

    def end(self, process):
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    def test_the_exit_code_is_the_commands_own(self):
        for command, code in (("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137), ("kill -TERM $$", 143)):
            with self.subTest(command):
                ran = self.run_it("sh", "-c", command)
                self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (code, "", ""))

    def test_what_cannot_be_run_is_126_and_127(self):
        ran = self.run_it("/nonexistent/command")
        self.assertEqual(ran.returncode, 127)
        self.assertIn('cannot execute "/nonexistent/command": No such file or directory', ran.stderr)
        ran = self.run_it("/etc/passwd")
        self.assertEqual(ran.returncode, 126)
        self.assertIn('cannot execute "/etc/passwd": Permission denied', ran.stderr)

    def test_every_signal_reaches_the_command(self):
        process = self.begin(sys.executable, "-c", LISTENER, 5, until="listening")
        numbers = sorted(set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGTERM})
        self.assertGreater(len(numbers), 55)
        for number in numbers:
            process.send_signal(number)
            self.assertEqual(process.stdout.readline().strip(), str(int(number)), signal.strsignal(number))
        process.send_signal(signal.SIGTERM)
        # CONT goes with TERM, for a command that is stopped.
        code, out, err = self.end(process)
        self.assertEqual(code, 5, err)
        self.assertIn("15", out.split())

    def test_signals_are_rewritten_and_kept_back(self):
        process = self.begin(sys.executable, "-c", LISTENER, 0, until="listening", options=(
            "--rewrite", "USR1=HUP", "--rewrite", "SIGUSR2=0"))
        process.send_signal(signal.SIGUSR2)
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(process.stdout.readline().strip(), str(int(signal.SIGHUP)))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(process)[0], 0)

    def test_term_can_be_kept_back_and_rewritten(self):
        process = self.begin(sys.executable, "-c", LISTENER, 0, until="listening", options=("--rewrite", "TERM=0", "--rewrite", "USR1=TERM"))
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(self.end(process)[:2], (0, f"{int(signal.SIGTERM)}\n"))
        process = self.begin(sys.executable, "-c", LISTENER, 0, until="listening", options=("--rewrite", "TERM=INT", "--stop-timeout", "500ms"))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.stdout.readline().strip(), str(int(signal.SIGINT)))
        self.assertEqual(self.end(process)[0], 137)

    def test_a_stop_signal_of_its_own(self):
        process = self.begin("sh", "-c", "trap 'echo quit; exit 6' QUIT; trap '' TERM; echo ready; while :; do sleep 0.05; done",
                             until="ready", options=("--stop-signal", "QUIT"))
        process.send_signal(signal.SIGTERM)
        code, out, err = self.end(process)
        self.assertEqual((code, out), (6, "quit\n"), err)

    def test_zero_when_it_was_stopped(self):
        process = self.begin("sh", "-c", "echo ready; exec sleep 60", until="ready", options=("--zero-when-stopped",))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(process)[0], 0)
        self.assertEqual(self.run_it("sh", "-c", "exit 3", options=("--zero-when-stopped",)).returncode, 3)

    def test_who_ignores_term_is_killed_and_named(self):
        process = self.begin("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done", until="ready",
                             options=("--stop-timeout", "500ms"))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, _, err = self.end(process)
        self.assertEqual(code, 137)
        self.assertIn("killed: sh", err)
        self.assertGreaterEqual(time.monotonic() - began, 0.45)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_second_term_does_not_wait(self):
        process = self.begin("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done", until="ready",
                             options=("--stop-timeout", "50s"))
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        self.assertIsNone(process.poll())
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(process)[0], 137)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_stopped_command_hears_term(self):
        process = self.begin("sh", "-c", "echo ready; kill -STOP $$; sleep 60", until="ready")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(process)[0], 143)

    def test_a_sibling_has_the_time_to_flush(self):
        ran = self.run_it("sh", "-c", "(trap 'sleep 1; echo flushed; exit 0' TERM; echo up; while :; do sleep 0.05; done) & sleep 0.3; exit 5")
        self.assertEqual((ran.returncode, ran.stdout), (5, "up\nflushed\n"), ran.stderr)

    def test_processes_in_sessions_of_their_own_are_ended_too(self):
        ran = self.run_it("sh", "-c", "setsid sh -c 'trap \"echo ended; exit\" TERM; echo up; while :; do sleep 0.05; done' & sleep 0.3; exit 4")
        self.assertEqual((ran.returncode, ran.stdout), (4, "up\nended\n"), ran.stderr)
        ran = self.run_it("sh", "-c", "setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 61' & sleep 0.3; exit 4",
                          options=("--stop-timeout", "500ms"))
        self.assertEqual(ran.returncode, 4)
        self.assertIn(f"killed: sleep ({ran.stdout.strip()})", ran.stderr)
        self.assertFalse(pathlib.Path(f"/proc/{ran.stdout.strip()}").exists())

    def test_signals_go_to_the_group_or_to_the_command_alone(self):
        script = "sh -c 'trap \"echo inner; exit\" USR1; while :; do sleep 0.05; done' & trap 'echo outer' USR1; echo ready; while :; do wait; done"
        for options, heard in (((), {"inner", "outer"}), (("--process-only",), {"outer"})):
            with self.subTest(options):
                process = self.begin("sh", "-c", script, until="ready", options=(*options, "--stop-timeout", "300ms"))
                time.sleep(0.2)
                process.send_signal(signal.SIGUSR1)
                time.sleep(0.5)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(set(self.end(process)[1].split()), heard)

    def test_a_thousand_orphans_are_reaped(self):
        process = self.begin("sh", "-c", "i=0; while [ $i -lt 1000 ]; do (true &); i=$((i+1)); done; echo done; exec sleep 60", until="done")
        until = time.monotonic() + 20
        while len(children(process.pid)) > 1 and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(len(children(process.pid)), 1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(process)[0], 143)

    def test_a_storm_of_forks_ends_with_it(self):
        # Deaf to TERM, so that they are killed while they fork.
        mark = f"storm{os.getpid()}"
        storm = f": {mark}; trap '' TERM; for i in 1 2 3 4; do (while :; do setsid sh -c ': {mark}; sleep 0.05' & sleep 0.01; done) & done; echo up; wait"
        process = self.begin("sh", "-c", storm, until="up", options=("--stop-timeout", "500ms"))
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(process)[0], 137)
        left = [path.parent.name for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if mark.encode() in read_if_there(path)]
        self.assertEqual(left, [])

    def test_as_pid_1(self):
        inside = ["unshare", "--pid", "--fork", "--mount", "--propagation", "unchanged", "sh", "-c", 'mount -t proc proc /proc && exec "$@"', "sh"]
        ran = self.run_it("sh", "-c", "echo $PPID; for i in 1 2 3; do (setsid true &); done; sleep 0.3; ps -eo stat= | grep -c Z; exit 9",
                          before=inside)
        self.assertEqual((ran.returncode, ran.stdout.split()), (9, ["1", "0"]), ran.stderr)
        ran = self.run_it("sh", "-c", "setsid sh -c 'trap \"echo ended; exit\" TERM; while :; do sleep 0.05; done' & sleep 0.3; exit 4", before=inside)
        self.assertEqual((ran.returncode, ran.stdout), (4, "ended\n"), ran.stderr)

    def test_masks_and_ignored_signals_are_as_we_got_them(self):
        look = "grep -E '^Sig(Blk|Ign)' /proc/self/status"

        def before():
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGQUIT, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGRTMIN})

        plain = subprocess.run(["sh", "-c", look], capture_output=True, text=True, preexec_fn=before)
        ours = subprocess.run(supervised("sh", "-c", look), capture_output=True, text=True, preexec_fn=before, timeout=PATIENCE)
        self.assertEqual(ours.stdout, plain.stdout)
        self.assertEqual(ours.returncode, 0)

    def test_the_command_gets_no_descriptor_of_ours(self):
        extra = os.open("/dev/null", os.O_RDONLY)
        self.addCleanup(os.close, extra)
        process = self.begin("sh", "-c", "ls /proc/$$/fd; echo end", pass_fds=(extra,))
        self.assertEqual(self.end(process)[1].split(), ["0", "1", "2", "end"])

    def test_idle_means_no_wake_ups_and_little_memory(self):
        process = self.begin("sh", "-c", "echo ready; exec sleep 60", until="ready")
        time.sleep(0.5)
        before = switches(process.pid)
        time.sleep(10)
        self.assertEqual(switches(process.pid), before)
        resident = int(re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE).group(1))
        self.assertLess(resident, 6 * 1024)
        process.send_signal(signal.SIGTERM)
        self.end(process)

    def test_without_a_server_it_is_a_plain_init(self):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "DATABASE_", "POSTGRES_", "ALKEMIO_INIT_"))}
        ran = subprocess.run(supervised("sh", "-c", "echo $SECRET"), capture_output=True, text=True, timeout=PATIENCE, env={**clean, "SECRET": "stays"})
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, "stays\n", ""))
        # With one it provisions, unless it is told not to.
        there = {**clean, "DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "1", "DATABASE_PASSWORD": "x"}
        ran = subprocess.run(supervised("echo", "never", options=("--timeout", "500ms")), capture_output=True, text=True, timeout=PATIENCE, env=there)
        self.assertEqual((ran.returncode, ran.stdout), (11, ""), ran.stderr)
        ran = subprocess.run(supervised("sh", "-c", "echo $DATABASE_PASSWORD", options=("--no-provision",)), capture_output=True, text=True,
                             timeout=PATIENCE, env=there)
        self.assertEqual((ran.returncode, ran.stdout), (0, "x\n"), ran.stderr)

    def test_wrong_options_are_named(self):
        for options, because in ((("--stop-signal", "TREM"), 'there is no signal "TREM"'), (("--rewrite", "USR1"), "is not of the form USR1=HUP"),
                                 (("--stop-timeout", "soon"), '"soon" is no duration')):
            ran = self.run_it("true", options=options)
            self.assertEqual(ran.returncode, 2)
            self.assertIn(because, ran.stderr)
        ran = subprocess.run([PROGRAM, "exec", "--stop-signal", "TERM", "--", "true"], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("--supervise", ran.stderr)


class OtherNames(unittest.TestCase):
    """As tini and dumb-init: the same as those programs do."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="alkemio-init-names.")
        self.addCleanup(self.folder.cleanup)
        for name in ("tini", "dumb-init"):
            os.symlink(PROGRAM, pathlib.Path(self.folder.name) / name)

    def run_as(self, name, *words, **environment):
        return subprocess.run([f"{self.folder.name}/{name}", *words], capture_output=True, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, env={**os.environ, **environment})

    def signalled(self, name, *words, number=signal.SIGUSR1, **environment):
        """What a shell and its child heard of a signal."""
        script = "sh -c 'trap \"echo inner; exit\" USR1 HUP; while :; do sleep 0.05; done' & trap 'echo outer; sleep 1; exit 3' USR1 HUP; sleep 0.2; echo ready; while :; do wait; done"
        process = subprocess.Popen([f"{self.folder.name}/{name}", *words, "sh", "-c", script], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(number)
        out, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 3)
        return set(out.split())

    def test_tini(self):
        self.assertEqual(self.run_as("tini", "--", "sh", "-c", "exit 7").returncode, 7)
        self.assertEqual(self.run_as("tini", "sh", "-c", "kill -KILL $$").returncode, 137)
        self.assertEqual(self.run_as("tini", "-e", "143", "-e", "7", "--", "sh", "-c", "exit 7").returncode, 0)
        self.assertEqual(self.run_as("tini", "-s", "-vv", "-w", "--", "true").returncode, 0)
        self.assertEqual(self.run_as("tini", "--", "/nonexistent").returncode, 127)
        self.assertIn("tini version", self.run_as("tini", "--version").stdout)
        self.assertIn("-g", self.run_as("tini", "-h").stdout)
        for words in ((), ("-x",), ("-e", "300", "true"), ("-p", "NONE", "true")):
            ran = self.run_as("tini", *words)
            self.assertEqual(ran.returncode, 1)
            self.assertIn("cannot understand the command line", ran.stderr)

    def test_tini_signals_the_program_or_its_group(self):
        self.assertEqual(self.signalled("tini", "--"), {"outer"})
        self.assertEqual(self.signalled("tini", "-g", "--"), {"outer", "inner"})
        self.assertEqual(self.signalled("tini", TINI_KILL_PROCESS_GROUP=""), {"outer", "inner"})

    def test_dumb_init(self):
        self.assertEqual(self.run_as("dumb-init", "sh", "-c", "exit 7").returncode, 7)
        self.assertEqual(self.run_as("dumb-init", "--", "sh", "-c", "exit 8").returncode, 8)
        self.assertIn("dumb-init v", self.run_as("dumb-init", "--version").stdout)
        self.assertIn("--rewrite", self.run_as("dumb-init", "--help").stdout)
        self.assertEqual(self.signalled("dumb-init"), {"outer", "inner"})
        self.assertEqual(self.signalled("dumb-init", "--single-child"), {"outer"})
        self.assertEqual(self.signalled("dumb-init", DUMB_INIT_SETSID="0"), {"outer"})
        self.assertEqual(self.signalled("dumb-init", "--rewrite", "12:1", number=signal.SIGUSR2), {"outer", "inner"})
        for words in ((), ("-r", "x", "true"), ("--nothing", "true")):
            ran = self.run_as("dumb-init", *words)
            self.assertEqual(ran.returncode, 1)
            self.assertIn("cannot understand the command line", ran.stderr)

    def test_the_environment_is_the_commands(self):
        self.assertEqual(self.run_as("tini", "--", "sh", "-c", "echo $DATABASE_PASSWORD", DATABASE_PASSWORD="own").stdout, "own\n")


# In the place of a shell: starts a job in the foreground, waits until it is stopped, and brings it back.
SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
try: os.setpgid(job, job)
except OSError: pass
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    if not os.WIFSTOPPED(status): break
    os.tcsetpgrp(0, os.getpgrp())
    print("stopped", flush=True)
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
print("ended", os.waitstatus_to_exitcode(status), flush=True)
"""


class Terminal(unittest.TestCase):
    def begin(self, command):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(command[0], [str(one) for one in command])
        self.text = ""
        self.terminal = terminal
        self.addCleanup(os.close, terminal)
        self.pid = pid
        return terminal

    def until(self, wanted):
        deadline = time.monotonic() + PATIENCE
        while wanted not in self.text:
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            try:
                piece = os.read(self.terminal, 4096) if ready else b""
            except OSError:
                piece = b""
            if not piece:
                self.fail(f"{wanted!r} did not come: {self.text!r}")
            self.text += piece.decode()
        self.text = self.text[self.text.index(wanted) + len(wanted):]

    def test_the_foreground_is_the_commands(self):
        self.begin(supervised("sh", "-c", "trap 'echo interrupted; exit 8' INT; read line; echo got $line; while :; do sleep 0.05; done"))
        os.write(self.terminal, b"hello\n")
        self.until("got hello")
        os.write(self.terminal, b"\x03")
        self.until("interrupted")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), 8)

    def test_a_shell_stops_and_continues_it(self):
        self.begin([sys.executable, "-c", SHELL, *supervised("sh", "-c", "echo up; read line; echo got $line; read line; exit 3")])
        self.until("up")
        for word in ("one", "two"):
            os.write(self.terminal, b"\x1a")
            self.until("stopped")
            os.write(self.terminal, f"{word}\n".encode())
            if word == "one":
                self.until("got one")
        self.until("ended 3")
        os.waitpid(self.pid, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
