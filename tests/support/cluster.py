# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL on a loopback port: scram for every login, data in memory, gone when the run ends. PG_BIN names
the folder of its programs, PG_LIB a folder of libraries they need; psql is the system's own."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BIN = pathlib.Path(os.environ.get("PG_BIN") or "/usr/lib/postgresql/17/bin")
LIBRARIES = os.environ.get("PG_LIB", "")
AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
USER = "postgres"

# fsync off: the disk's noise is not what is measured, and it is off for both sides.
SETTINGS = {
    "fsync": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "password_encryption": "scram-sha-256",
    "log_connections": "on",
    "log_line_prefix": "%n %p ",
    "autovacuum": "off",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def server_environment():
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**clean, "LD_LIBRARY_PATH": LIBRARIES} if LIBRARIES else clean


class Cluster:
    def __init__(self, password="bench-superuser", **settings):
        self.password = password
        self.settings = {**SETTINGS, **settings}
        parent = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="alkemio-init-cluster.", dir=parent))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.port = free_port()
        self.process = None
        self._initdb()

    def _initdb(self):
        password = self.folder / "superuser"
        password.write_text(self.password + "\n")
        self.data.mkdir(mode=0o700)
        for path in (self.folder, self.data, password):
            shutil.chown(path, "postgres", "postgres")
        subprocess.run(
            [*AS_POSTGRES, BIN / "initdb", "-D", self.data, "-U", USER, f"--pwfile={password}", "-A", "scram-sha-256",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, env=server_environment())

    def launch(self):
        """Starts the server and does not wait for it."""
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*AS_POSTGRES, BIN / "postgres", "-D", self.data, f"-cport={self.port}",
                 "-clisten_addresses=127.0.0.1", "-cunix_socket_directories=", *options],
                stdout=log, stderr=log, env=server_environment())

    def start(self):
        self.launch()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            ready = subprocess.run(["psql", "-XqAt", "-c", "SELECT 1"], env=self.environment(), capture_output=True)
            if ready.returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("cannot start PostgreSQL:\n" + self.log.read_text()[-2000:])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(20)
        self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, **more):
        """For psql and its like: where the server is, as its superuser."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PG") and not k.startswith("DATABASE_")}
        return {**clean, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": USER, "PGPASSWORD": self.password,
                "PGDATABASE": "postgres", **more}

    def sql(self, *statements):
        arguments = [part for statement in statements for part in ("-c", statement)]
        quiet = self.environment(PGOPTIONS="-c client_min_messages=warning")
        subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *arguments], check=True, env=quiet,
                       stdout=subprocess.DEVNULL)

    def value(self, sql, database="postgres", **environment):
        """What psql prints of a query: rows as lines, columns with | between them."""
        done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql], text=True, capture_output=True,
                              env=self.environment(PGDATABASE=database, **environment))
        if done.returncode != 0:
            raise RuntimeError(f"{sql}\n{done.stderr}")
        return done.stdout.strip()

    def conninfo(self, user, password, database):
        return f"host=127.0.0.1 port={self.port} user={user} password={password} dbname={database}"

    def log_size(self):
        return self.log.stat().st_size

    def log_since(self, offset):
        with open(self.log, "rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")
