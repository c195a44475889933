#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# matrix: no
"""A name service that never answers, in a network of its own: neither a deadline nor a signal waits for it."""

import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

# Makes the loopback device work, listens where the name service would be, and says nothing.
SILENT = """\
import fcntl, os, socket, struct, subprocess, sys
device = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(device, 0x8914, struct.pack("16sh14x", b"lo", 0x49))
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
os.set_inheritable(silent.fileno(), True)
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)
os.execv(sys.argv[2], sys.argv[2:])
"""


class Names(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="alkemio-init-names.")
        self.addCleanup(self.folder.cleanup)
        folder = pathlib.Path(self.folder.name)
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:20 attempts:1\n")
        (folder / "password").write_text("secret")
        self.config = folder / "alkemio.toml"
        self.config.write_text(f'[postgres]\nhost = "postgres.example"\npassword_file = "{folder}/password"\n'
                               f'[health]\nlisten = "unix:{folder}/health"\n')
        self.inside = ["unshare", "--mount", "--propagation", "unchanged", "--net", sys.executable, "-c", SILENT, folder / "resolv.conf",
                       harness.PROGRAM]

    def begin(self, *words):
        return subprocess.Popen([*self.inside, *words, "--config", self.config], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_the_deadline_does_not_wait_for_it(self):
        began = time.monotonic()
        wait = self.begin("wait", "--timeout", "1s")
        _, err = wait.communicate(timeout=60)
        self.assertEqual(wait.returncode, 11, err)
        self.assertLess(time.monotonic() - began, 10)

    def test_what_is_silent_is_told_after_the_time_for_a_connection(self):
        self.config.write_text(self.config.read_text().replace("[health]", "connect_timeout = \"500ms\"\n[health]"))
        wait = self.begin("wait", "--timeout", "3s")
        _, err = wait.communicate(timeout=60)
        self.assertEqual(wait.returncode, 11, err)
        self.assertIn("the name service does not answer within 500 ms", err)

    def test_a_signal_does_not_wait_for_it(self):
        for words in (["once"], ["run"]):
            running = self.begin(*words)
            time.sleep(1.5)
            self.assertIsNone(running.poll())
            began = time.monotonic()
            running.send_signal(signal.SIGTERM)
            _, err = running.communicate(timeout=60)
            self.assertEqual(running.returncode, 143, err)
            self.assertLess(time.monotonic() - began, 5)


if __name__ == "__main__":
    harness.main()
