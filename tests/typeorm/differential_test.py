#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same migrations through the real TypeORM under Node and through alkemio-init, each on a database of its own: what
pg_dump prints must be equal to the byte, ledger and data with it. What scripts see (values, shapes of results, errors)
they write into tables, so the dump compares that too. No expected result is written by hand.

A case is a folder of cases/ with migrations and, if need be, a case.json:
  transaction   the mode, for both sides
  schema        TypeORM's option
  versions      of TypeORM; all if missing
  zones         time zones to run in
  files         the glob; *.{js,ts,mjs,cjs,mts,cts} if missing
  before        SQL for both databases
  fails         true: TypeORM must fail, and the program with the same message and SQLSTATE"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))
import harness  # noqa: E402

VERSIONS = ("0.3", "1")
SETS = {"js", "ts", "mjs", "cjs", "mts", "cts"}


def oracle():
    """The folder with the real TypeORM, made once for each lock file."""
    lock = (HERE / "oracle/package-lock.json").read_bytes()
    folder = pathlib.Path("/var/cache/alkemio-init") / f"typeorm-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "oracle" / name, folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
                       cwd=folder, check=True)
        (folder / "complete").touch()
    return folder


class Differential(harness.StackTest):
    maxDiff = None
    settings = {"max_connections": "50"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.oracle = oracle()

    def dump(self, database):
        command = ["pg_dump", "--no-owner", "-N", "alkemio_init", database]
        text = subprocess.run(command, check=True, capture_output=True, text=True, env=self.server.environment()).stdout
        return "\n".join(line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))

    def make(self, database, before):
        self.server.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}")
        if before:
            self.server.value(before, database)

    def projects(self, case, version):
        """Two copies: TypeScript stays as it is for the program, and is compiled for Node."""
        ours, theirs = self.folder / "ours", self.folder / "theirs"
        for folder in (ours, theirs):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(case, folder / "migrations")
            manifest = folder / "migrations/package.json"
            if manifest.exists():
                manifest.rename(folder / "package.json")
            else:
                (folder / "package.json").write_text('{"name": "project"}\n')
        for source in [*theirs.rglob("*.ts"), *theirs.rglob("*.mts"), *theirs.rglob("*.cts")]:
            kind = {".ts": ("cjs", ".js"), ".cts": ("cjs", ".cjs"), ".mts": ("esm", ".mjs")}[source.suffix]
            target = source.with_suffix(kind[1])
            subprocess.run(["esbuild", source, f"--format={kind[0]}", "--platform=node", "--target=node20", "--keep-names",
                            f"--outfile={target}", "--log-level=error"], check=True)
            source.unlink()
        modules = theirs / "node_modules"
        modules.mkdir()
        (modules / "typeorm").symlink_to(self.oracle / f"node_modules/typeorm-{version}")
        (modules / "pg").symlink_to(self.oracle / "node_modules/pg")
        return ours, theirs

    def ask_oracle(self, folder, way, options, **environment):
        given = {"way": way, "database": "theirs", "files": [f"{folder}/migrations/{options['files']}"],
                 "schema": options.get("schema"), "transaction": options.get("transaction", "all")}
        done = subprocess.run(["node", HERE / "oracle/oracle.mjs", json.dumps(given)], cwd=folder,
                              text=True, capture_output=True, env=self.server.environment(**environment))
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def configure(self, folder, version, options):
        more = "".join(f'{key} = "{options[key]}"\n' for key in ("transaction", "schema") if key in options)
        path = folder / "alkemio.toml"
        path.write_text(f"""\
[postgres]
host = "127.0.0.1"
port = {self.server.port}
password_file = "{self.folder}/secrets/superuser"
expected_version = ""

[[database]]
name = "ours"

[[migration]]
database = "ours"
engine = "typeorm"
files = "migrations/{options['files']}"
typeorm_version = "{version}"
on_older = "ignore"
{more}""")
        return path

    def compare(self, case, version, zone):
        options = {"files": "*.{js,ts,mjs,cjs,mts,cts}"}
        if (case / "case.json").exists():
            options.update(json.loads((case / "case.json").read_text()))
        ours, theirs = self.projects(case, version)
        for database in ("ours", "theirs"):
            self.make(database, options.get("before"))
        environment = {"TZ": zone}
        answer = self.ask_oracle(theirs, "run", options, **environment)
        self.assertEqual(bool(answer.get("error")), options.get("fails", False), f"TypeORM itself says: {answer}")
        config = self.configure(ours, version, options)
        ran = self.run_program("migrate", "run", config=config, **environment)
        self.assertEqual(self.dump("ours"), self.dump("theirs"))
        error = answer.get("error")
        if error:
            self.assertNotEqual(ran.code, 0, ran.out)
            self.assertIn(error["message"].splitlines()[0], ran.err)
            if error.get("code") and len(error["code"]) == 5:
                self.assertIn(f"(SQLSTATE {error['code']})", ran.err)
            return
        self.assertEqual(ran.code, 0, ran.err)
        shown = self.run_program("migrate", "show", "--output", "json", config=config, **environment)
        (level,) = shown.json["migrations"]
        lines = [("[X] " if one["state"] == "applied" else "[ ] ") + one["name"] for one in level["entries"]]
        expected = [" ".join(word for word in line.split() if not word.isdigit())
                    for line in self.ask_oracle(theirs, "show", options)["shown"] if line.startswith("[")]
        self.assertEqual([line.replace("[ ] ", "[] ") for line in lines], [line.replace("[ ] ", "[] ") for line in expected])

    def run_case(self, case):
        options = json.loads((case / "case.json").read_text()) if (case / "case.json").exists() else {}
        for version in options.get("versions", VERSIONS):
            for zone in options.get("zones", ["UTC"]):
                with self.subTest(typeorm=version, zone=zone):
                    self.compare(case, version, zone)


def add_cases():
    for case in sorted((HERE / "cases").iterdir()):
        setattr(Differential, f"test_{case.name}", lambda self, case=case: self.run_case(case))


if __name__ == "__main__":
    add_cases()
    harness.main()
