#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same migrations through the real TypeORM under Node and through alkemio-init, each on a database of its own: what
pg_dump prints must be equal to the byte, ledger and data with it. What scripts see (values, shapes of results, errors)
they write into tables, so the dump compares that too. No expected result is written by hand.

    differential_test.py PROGRAM [CASE…]

A case is a folder below cases/ with migrations and, if need be, a case.json. A folder of cases may have a group.json with
what they have in common, and project/, files that each of them finds beside its migrations. Both may say:
  transactions  the modes, for both sides; "all" alone if missing
  schema        TypeORM's option
  table         the ledger's name
  versions      of TypeORM; all if missing
  runs          pairs of version and mode, in the place of these two
  zones         time zones to run in
  files         the glob; *.{js,ts,mjs,cjs,mts,cts} if missing
  before        SQL for both databases
  typescript    true: the project has TypeScript's compiler among its packages
  bundle        true: what the migrations import becomes part of them for Node
  fails         true: TypeORM must fail, and the program with the same message and SQLSTATE
  fake          true: only the ledger's rows are written
  reverts       how many are reverted then, one by one
  revert_fails  true: the last of these must fail
  early         true: the program refuses before it makes the empty ledger that TypeORM leaves
  message       a pattern of what the program says instead of TypeORM's message, where a limit makes it differ
Of a case's folder everything is copied to migrations/ of the project, but for project/, which is copied to its top."""

import concurrent.futures
import difflib
import itertools
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))
import harness  # noqa: E402
import typeorm_on_node  # noqa: E402

VERSIONS = ("0.3", "1")
CODE = "*.{js,ts,mjs,cjs,mts,cts}"
COMPILED = {".ts": ("cjs", ".js"), ".cts": ("cjs", ".cjs"), ".mts": ("esm", ".mjs")}


class Shell:
    """One psql for all cases: to start one takes longer than to make a database."""

    def __init__(self, environment):
        self.process = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={**environment, "PGOPTIONS": "-c client_min_messages=warning"})

    def run(self, *lines):
        self.process.stdin.write("\n".join([*lines, "\\echo done", ""]))
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line == "done\n":
                return
        raise AssertionError(f"psql failed in {lines}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Case:
    """A folder, and what its own and its groups' files say of it."""

    def __init__(self, folder):
        self.folder = folder
        self.listed = False
        self.groups = [HERE / "cases" / parent for parent in reversed(folder.relative_to(HERE / "cases").parents)]
        self.options = {"files": CODE, "versions": VERSIONS, "zones": ["UTC"], "transactions": ["all"]}
        for path in [*[group / "group.json" for group in self.groups], folder / "case.json"]:
            if path.exists():
                self.options.update(json.loads(path.read_text()))

    def __getattr__(self, name):
        return self.options.get(name)


def cases_of(folder):
    def is_case(one):
        return (one / "case.json").exists() or any(path.is_file() and path.name != "group.json" for path in one.iterdir())

    if is_case(folder):
        return [Case(folder)]
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "project"]
    return [case for path in inner for case in cases_of(path)]


class Differential(harness.StackTest):
    maxDiff = None
    settings = {"max_connections": "50"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.packages = typeorm_on_node.install()
        cls.oracle = typeorm_on_node.Oracle(cls.server.environment())
        cls.addClassCleanup(cls.oracle.close)
        cls.shell = Shell(cls.server.environment())
        cls.addClassCleanup(cls.shell.close)
        cls.workers = concurrent.futures.ThreadPoolExecutor(2)
        cls.addClassCleanup(cls.workers.shutdown)

    def both(self, work):
        """Of "ours" and "theirs" at once."""
        return tuple(self.workers.map(work, ("ours", "theirs")))

    def dump(self, database):
        command = ["pg_dump", "--no-owner", "-N", "alkemio_init", database]
        text = subprocess.run(command, check=True, capture_output=True, env=self.server.environment()).stdout
        lines = text.decode(errors="backslashreplace").split("\n")
        return "\n".join(line for line in lines if not line.startswith(("\\restrict", "\\unrestrict")))

    def make_databases(self, before):
        lines = []
        for name in ("ours", "theirs"):
            lines += [f"DROP DATABASE IF EXISTS {name} WITH (FORCE);", f"CREATE DATABASE {name} STRATEGY file_copy;"]
            if before:
                lines += [f"\\connect {name}", before + ";", "\\connect postgres"]
        self.shell.run(*lines)

    def make_projects(self, case, version):
        """Two copies: TypeScript stays as it is for the program, and is compiled for Node."""
        # Each time in a new place, since Node keeps what it has loaded.
        self.place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        for side in ("ours", "theirs"):
            folder = self.place / side
            folder.mkdir()
            (folder / "package.json").write_text('{"name": "project"}\n')
            for top in [*[group / "project" for group in case.groups], case.folder / "project"]:
                if top.is_dir():
                    shutil.copytree(top, folder, dirs_exist_ok=True)
            shutil.copytree(case.folder, folder / "migrations", dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("project", "case.json"))
        theirs = self.place / "theirs"
        for suffix, (form, end) in COMPILED.items():
            top = theirs / "migrations" if case.bundle else theirs
            sources = [path for path in top.rglob(f"*{suffix}")
                       if path.suffix == suffix and "node_modules" not in path.parts and not path.name.endswith(".d.ts")]
            self.compile(theirs, sources, form, end, ["--bundle", "--packages=external"] if case.bundle else [])
        modules = theirs / "node_modules"
        modules.mkdir(exist_ok=True)
        (modules / "typeorm").symlink_to(self.packages / f"node_modules/typeorm-{version}")
        for name in ("pg", "dotenv"):
            (modules / name).symlink_to(self.packages / "node_modules" / name)
        if case.typescript:
            compiler = self.place / "ours/node_modules/typescript"
            (compiler / "lib").mkdir(parents=True)
            for name in ("package.json", "lib/typescript.js"):
                shutil.copy(self.packages / "node_modules/typescript" / name, compiler / name)

    @staticmethod
    def compile(folder, sources, form, end, more):
        if not sources:
            return
        manifest = json.loads((folder / "package.json").read_text())
        if end == ".js" and manifest.get("type") == "module":
            form = "esm"
        subprocess.run(["esbuild", *sources, *more, f"--format={form}", "--platform=node", "--target=node20", "--keep-names",
                        f"--outdir={folder}", f"--outbase={folder}", f"--out-extension:.js={end}", "--log-level=error"],
                       check=True, cwd=folder)
        for source in sources:
            source.unlink()

    def request(self, case, way, zone, transaction):
        folder = self.place / "theirs"
        return dict(way=way, folder=str(folder), zone=zone, database="theirs", transaction=transaction,
                    files=[f"{folder}/migrations/{case.files}"], schema=case.schema, table=case.table, fake=bool(case.fake))

    def configure(self, case, version, transaction):
        more = {key: case.options[key] for key in ("schema", "table") if key in case.options}
        return self.one_migration(self.place / "ours/alkemio.toml", "typeorm", f"migrations/{case.files}", database="ours",
                                  typeorm_version=version, transaction=transaction, on_older="ignore", on_ahead="ignore", **more)

    def compare(self, case, version, zone, transaction):
        self.make_projects(case, version)
        self.make_databases(case.before)
        config = self.configure(case, version, transaction)
        # Neither version, zone nor mode changes how migrations are listed.
        if self.compare_ways("run", case, config, zone, transaction, fails=bool(case.fails)) and not case.listed:
            self.compare_lists(case, config, zone, transaction)
            case.listed = True
        for left in reversed(range(case.reverts or 0)):
            fails = case.revert_fails and left == 0
            if self.compare_ways("revert", case, config, zone, transaction, fails=bool(fails)) and left == 0:
                self.compare_lists(case, config, zone, transaction)

    def compare_ways(self, way, case, config, zone, transaction, fails):
        """Whether both did it; both must do the same."""
        before = self.their_ledger(case) if way == "revert" else []
        asked = self.workers.submit(self.oracle.ask, **self.request(case, way, zone, transaction))
        fake = ["--fake"] if case.fake else []
        ran = self.run_program("migrate", way, *fake, config=config, TZ=zone)
        error = asked.result().get("error")
        self.assertEqual(bool(error), fails, f"TypeORM itself says: {error}\nand the program:\n{ran.err}")
        if case.early:
            self.assertEqual(self.server.value('SELECT count(*) FROM "migrations"', "theirs"), "0")
            self.server.value('DROP TABLE "migrations"', "theirs")
        ours, theirs = self.both(self.dump)
        # Scripts see the database's name and the project's folder.
        difference = "\n".join(difflib.unified_diff(theirs.replace("theirs", "ours").split("\n"), ours.split("\n"),
                                                    "TypeORM", "alkemio-init", lineterm="", n=0))
        self.assertEqual(difference, "", ran.err)
        if error:
            self.compare_failures(case, ran, error)
            return False
        ledger = self.their_ledger(case)
        kept = (not before or ledger != before) if way == "revert" else set(asked.result()["ran"]) <= set(ledger)
        self.assertEqual(ran.code, 0 if kept else 30, ran.err)
        if not kept:
            # TypeORM itself says nothing of that.
            self.assertRegex(ran.err, "left a transaction open|rolled back the transaction")
        return kept

    def their_ledger(self, case):
        schema = f'"{case.options["schema"]}".' if "schema" in case.options else ""
        return self.server.value(f'SELECT name FROM {schema}"{case.options.get("table", "migrations")}"', "theirs").splitlines()

    def compare_failures(self, case, ran, error):
        self.assertNotEqual(ran.code, 0, f"TypeORM itself says: {error}\n{ran.out}")
        folder = str(self.place / "theirs")
        message = error["message"].replace(folder, str(self.place / "ours")).partition("\nRequire stack:")[0]
        if case.message:
            self.assertRegex(ran.err, case.message)
        else:
            self.assertIn(re.sub(r"\s+", " ", message).strip(), re.sub(r"\s+", " ", ran.err))
        if re.fullmatch("[0-9A-Z]{5}", str(error.get("code"))):
            self.assertIn(f"(SQLSTATE {error['code']})", ran.err)

    def compare_lists(self, case, config, zone, transaction):
        asked = self.workers.submit(self.oracle.ask, **self.request(case, "show", zone, transaction))
        shown = self.run_program("migrate", "show", "--output", "json", config=config, TZ=zone)
        (level,) = shown.json["migrations"]
        marks = {"applied": "[X]", "pending": "[ ]"}  # rows without a migration TypeORM does not show
        lines = [(marks[one["state"]], one["name"]) for one in level["entries"] if one["state"] in marks]
        expected = [re.fullmatch(r"(\[[X ]\]) (?:\d+ )?(.+)", line).groups()
                    for line in asked.result()["shown"] if line.startswith("[")]
        self.assertEqual(lines, expected)

    def run_cases(self, folder):
        for case in cases_of(folder):
            runs = case.runs or itertools.product(case.versions, case.transactions)
            for (version, transaction), zone in itertools.product(runs, case.zones):
                with self.subTest(case=str(case.folder.relative_to(HERE)), typeorm=version, zone=zone,
                                  transaction=transaction):
                    self.compare(case, version, zone, transaction)


def add_cases(wanted):
    for folder in sorted((HERE / "cases").iterdir()):
        if not wanted or folder.name in wanted:
            setattr(Differential, f"test_{folder.name}", lambda self, folder=folder: self.run_cases(folder))


if __name__ == "__main__":
    add_cases(sys.argv[2:])
    harness.main()
