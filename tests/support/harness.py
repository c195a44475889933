# SPDX-License-Identifier: Apache-2.0
"""What tests of the built program share: a server of its own for each test class, a stack with its secrets and
migrations, and the program run on it. Every run's output is searched for every secret, and so is the server's log at the
end: a canary that sings anywhere fails the test."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
import urllib.parse

import cluster

PROGRAM = os.environ.get("ALKEMIO_INIT") or (sys.argv[1] if len(sys.argv) > 1 else "build/release/alkemio-init")
SOURCE = pathlib.Path(os.environ.get("ALKEMIO_INIT_SOURCE", pathlib.Path(__file__).parent.parent.parent))
DATABASES = ("alkemio", "kratos", "hydra", "synapse")
PATIENCE = 120


def canary(name):
    """A password with all that breaks quoting somewhere."""
    return f"canary-{name} '\"\\%41$@:/?#&ü"


def spellings(secret):
    """How a secret could be written."""
    quoted = secret.replace("'", "''")
    return {secret, quoted, quoted.replace("\\", "\\\\"), urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1]}


class Ran:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


class Running:
    """The program in the background."""

    def __init__(self, test, process):
        self.test, self.process = test, process

    @property
    def pid(self):
        return self.process.pid

    def send(self, number):
        self.process.send_signal(number)

    def end(self, timeout=PATIENCE):
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            self.test.fail(f"it did not end within {timeout} s:\n{out}\n{err}")
        ran = Ran(self.process.returncode if self.process.returncode >= 0 else 128 - self.process.returncode, out, err)
        self.test.no_secret(ran.out, "stdout")
        self.test.no_secret(ran.err, "stderr")
        return ran


class StackTest(unittest.TestCase):
    """settings: of the class's server; start: whether it runs from the beginning."""

    settings = {}
    start = True

    @classmethod
    def setUpClass(cls):
        cls.server = cluster.Cluster(password=canary("superuser"), **cls.settings)
        cls.addClassCleanup(cls.server.remove)
        if cls.start:
            cls.server.start()

    @classmethod
    def tearDownClass(cls):
        log = cls.server.log.read_text(errors="replace") if cls.server.log.exists() else ""
        for name in (*DATABASES, "superuser"):
            for spelling in spellings(canary(name)):
                if spelling in log:
                    raise AssertionError(f"the password of {name} is in the server's log")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="alkemio-init-system."))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        secrets = self.folder / "secrets"
        secrets.mkdir(mode=0o700)
        for name in (*DATABASES, "superuser"):
            (secrets / name).write_text(canary(name) + "\n")

    def no_secret(self, text, where):
        for name in (*DATABASES, "superuser"):
            for spelling in spellings(canary(name)):
                self.assertNotIn(spelling, text, f"the password of {name} is in {where}")

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        path.chmod(mode)
        return path

    def one_migration(self, path, engine, files, database="alkemio", extensions=(), **keys):
        """A configuration with this one database and migration, as the maintenance user; keys: further ones of [[migration]]."""
        text = (f'[postgres]\nhost = "127.0.0.1"\nport = {self.server.port}\npassword_file = "{self.folder}/secrets/superuser"\n'
                f'expected_version = ""\n\n[[database]]\nname = "{database}"\nextensions = {json.dumps(list(extensions))}\n\n'
                f'[[migration]]\ndatabase = "{database}"\nengine = "{engine}"\nfiles = "{files}"\n')
        path = self.folder / path
        path.write_text(text + "".join(f'{name} = "{value}"\n' for name, value in keys.items()))
        return path

    def migrations(self, database="alkemio", count=3):
        for number in range(1, count + 1):
            self.write(f"{database}/{number:04}_table{number}.sql",
                       f"CREATE TABLE table{number} (id bigint PRIMARY KEY, name text NOT NULL);\n"
                       f"CREATE INDEX ON table{number} (name);\nINSERT INTO table{number} VALUES ({number}, 'one');\n")

    def tool(self, name="migrator", before=""):
        """A migrator with psql that counts its runs, and can be asked; ledger schema_migration."""
        return self.write(f"bin/{name}", f"""\
            #!/bin/sh
            set -eu
            echo run >>"{self.folder}/{name}.runs"
            {before}
            psql -XqAt -v ON_ERROR_STOP=1 "$DSN" <<END
            CREATE TABLE IF NOT EXISTS schema_migration (version text PRIMARY KEY);
            INSERT INTO schema_migration VALUES ('20240101'), ('20240102') ON CONFLICT DO NOTHING;
            CREATE TABLE IF NOT EXISTS {name}_table (id int);
            END
            echo "{name}: migrated"
            """, 0o755)

    def config(self, extra="", port=None, password_file="secrets/superuser"):
        """The stack: SQL migrations for alkemio, tools for kratos and hydra, a locale for synapse."""
        self.migrations()
        roles = "\n".join(f'[[role]]\nname = "{name}"\npassword_file = "secrets/{name}"\n' for name in DATABASES)
        tools = "\n".join(
            f'[[migration]]\ndatabase = "{name}"\nengine = "command"\ncommand = ["{self.tool(name)}"]\n'
            f'environment = {{ DSN = "${{dsn}}" }}\nledger_query = "SELECT version FROM schema_migration ORDER BY 1"\n'
            f'status_query = "SELECT 2 - count(*) FROM schema_migration"\n' for name in ("kratos", "hydra"))
        text = f"""\
[postgres]
host = "127.0.0.1"
port = {port or self.server.port}
password_file = "{password_file}"
ready_timeout = "60s"
refusal_grace = "500ms"
expected_version = ""

{roles}
[[database]]
name = "alkemio"
owner = "alkemio"
extensions = ["uuid-ossp"]

[[database]]
name = "kratos"
owner = "kratos"
extensions = ["pg_trgm", "btree_gin"]

[[database]]
name = "hydra"
owner = "hydra"

[[database]]
name = "synapse"
owner = "synapse"
locale = "C"

[[migration]]
database = "alkemio"
engine = "sql"
files = "alkemio/*.sql"

{tools}
[[check]]
database = "alkemio"
tables = ["table1"]
create_in_public = true

[[check]]
database = "synapse"
locale = "C"
create_in_public = true
{extra}
"""
        path = self.folder / "alkemio.toml"
        path.write_text(text)
        return path

    def environment(self, **more):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DATABASE_", "POSTGRES_", "ALKEMIO_"))}
        return {**clean, **more}

    def begin(self, *arguments, config=None, **environment):
        command = [PROGRAM, *map(str, arguments)]
        if config is not None:
            command[1:1] = ["--config", str(config)]
        # Its own group: signals of a test reach it alone.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, errors="replace", env=self.environment(**environment), cwd=self.folder,
                                   start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return Running(self, process)

    def run_program(self, *arguments, config=None, **environment):
        return self.begin(*arguments, config=config, **environment).end()

    def expect(self, code, *arguments, config=None, **environment):
        ran = self.run_program(*arguments, config=config, **environment)
        self.assertEqual(ran.code, code, f"{arguments}\n{ran.out}\n{ran.err}")
        return ran

    def clean(self):
        """An empty cluster again."""
        self.server.sql(*[f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in DATABASES],
                        *[f'DROP ROLE IF EXISTS "{name}"' for name in DATABASES])

    def fingerprint(self):
        """What provisioning and migrations made, for comparing two ends."""
        parts = [self.server.value("SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"),
                 self.server.value("SELECT datname, pg_get_userbyid(datdba), datcollate, datconnlimit "
                                   "FROM pg_database ORDER BY 1")]
        for name in DATABASES:
            parts.append(self.server.value("SELECT extname, extversion FROM pg_extension ORDER BY 1", name))
            parts.append(self.server.value(
                "SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner), (SELECT string_agg(attname, ',' ORDER BY "
                "attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0) FROM pg_class c WHERE "
                "relnamespace = 'public'::regnamespace ORDER BY 1", name))
        parts.append(self.server.value("SELECT (SELECT count(*) FROM table1), (SELECT count(*) FROM table3)", "alkemio"))
        return "\n".join(parts)


def main():
    """ctest gives the program's path as the first argument; unittest must not see it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    unittest.main(module="__main__", argv=[sys.argv[0], "-v"])
