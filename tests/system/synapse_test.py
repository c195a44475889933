#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real Matrix Synapse, from PyPI: `exec` starts it on the database just made; it answers, and its tables are there.
Synapse demands a database whose locale is literally C, and refuses to start on any other."""

import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

# matrix: no
VERSION = "1.132.0"
VENV = pathlib.Path("/var/cache/alkemio-init") / f"synapse-{VERSION}"


def python():
    """Of a virtual environment with Synapse, made once."""
    found = VENV / "bin/python"
    if not (VENV / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        # Synapse 1.132 does not start with a newer prometheus-client.
        subprocess.run([found, "-m", "pip", "install", "--quiet", f"matrix-synapse=={VERSION}", "prometheus-client<0.22",
                        "psycopg2-binary", "setuptools<81"], check=True)
        (VENV / "complete").touch()
    return found


class Synapse(harness.StackTest):
    def homeserver(self, port):
        folder = self.folder / "synapse"
        folder.mkdir()
        subprocess.run([python(), "-m", "synapse.app.homeserver", "--generate-config", "--report-stats=no",
                        "--server-name=test.localhost", "-c", folder / "homeserver.yaml", "--data-directory", folder],
                       check=True, cwd=folder, capture_output=True)
        path = folder / "homeserver.yaml"
        text = re.sub(r"(?m)^database:\n(?:[ ].*\n)+",
                      "database:\n  name: psycopg2\n  args:\n    user: synapse\n    database: synapse\n"
                      f"    host: 127.0.0.1\n    port: {self.server.port}\n    cp_min: 1\n    cp_max: 5\n",
                      path.read_text())
        path.write_text(text.replace("port: 8008", f"port: {port}").replace("'::1', ", ""))
        return path

    def test_it_serves_on_the_database_just_made(self):
        config = self.config('\n[[check]]\ndatabase = "synapse"\nprofile = "synapse"\n')
        port = harness.cluster.free_port()
        # Synapse reads its password as libpq does: from the environment that exec gives to it alone.
        self.write("bin/synapse", f"""\
            #!/bin/sh
            export PGPASSWORD="$DATABASE_PASSWORD"
            exec {python()} -m synapse.app.homeserver -c {self.homeserver(port)}
            """, 0o755)
        run = self.begin("exec", "--as-database", "synapse", "--", self.folder / "bin/synapse", config=config)
        self.wait_for_health(run, port)
        tables = int(self.server.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", "synapse"))
        print(f"Synapse {VERSION} made {tables} tables", flush=True)
        self.assertGreater(tables, 100)
        self.assertIn("0 failed.", self.expect(0, "verify", "--database", "synapse", config=config).out)
        run.send(signal.SIGTERM)
        self.assertEqual(run.end().code, 0)

    def wait_for_health(self, run, port):
        end = time.monotonic() + 90
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                    self.assertEqual(answer.status, 200)
                    return
            except OSError:
                if run.process.poll() is not None or time.monotonic() > end:
                    ran = run.end(1)
                    self.fail(f"Synapse does not answer:\n{ran.out}\n{ran.err}")
                time.sleep(0.2)


if __name__ == "__main__":
    harness.main()
