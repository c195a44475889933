#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# matrix: no
"""TypeORM on Node migrates the same database at the same moment: no migration is applied twice, and the run ends well. Node's may
fail, as it does beside another Node; what it did until then must not be done again."""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402
import typeorm_on_node  # noqa: E402

ROUNDS = int(os.environ.get("ALKEMIO_INIT_ROUNDS") or "5")
SEED = int(os.environ.get("ALKEMIO_INIT_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
FIRST = 'CREATE TABLE "done" ("migration" integer, "by" text DEFAULT current_setting($$application_name$$))'
# Those that meet nothing of what another run does are the ones that could be applied twice.
PENDING = {
    2: 'INSERT INTO "done" VALUES (2)',
    3: 'INSERT INTO "done" SELECT 3 FROM pg_sleep(0.05)',
    4: 'CREATE TABLE "four" ("id" integer)',
    5: 'INSERT INTO "done" SELECT 5 FROM pg_sleep(0.05)',
    6: 'INSERT INTO "done" VALUES (6)',
}


class BesideNode(harness.StackTest):
    settings = {"max_connections": "50"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.packages = typeorm_on_node.install()
        cls.oracle = typeorm_on_node.Oracle(cls.server.environment(PGAPPNAME="node"))
        cls.addClassCleanup(cls.oracle.close)

    def project(self, version):
        self.clean()
        self.server.sql("CREATE DATABASE alkemio")
        # Node keeps what it has loaded.
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "package.json").write_text('{"name": "project"}\n')
        (folder / "migrations").mkdir()
        for number, statement in {1: FIRST, **PENDING}.items():
            name = f"Step170000000000{number}"
            (folder / f"migrations/170000000000{number}-Step.js").write_text(
                f"exports.{name} = class {name} {{\n  async up(q) {{ await q.query(`{statement}`); }}\n  async down() {{}}\n}};\n")
        (folder / "node_modules").mkdir()
        (folder / "node_modules/typeorm").symlink_to(self.packages / f"node_modules/typeorm-{version}")
        return folder

    def configured(self, folder, version, mode):
        return self.one_migration(folder / "alkemio.toml", "typeorm", "migrations/*.js", typeorm_version=version, transaction=mode)

    def node(self, folder, mode, pause, answers):
        time.sleep(pause)
        answers.append(self.oracle.ask(way="run", folder=str(folder), zone="UTC", database="alkemio", transaction=mode,
                                       files=[f"{folder}/migrations/*.js"]))

    def compete(self, mode, before):
        """before: the migrations that are applied already."""
        chance = random.Random(f"{SEED} {mode} {before}")
        nodes, met = [], 0
        for number in range(ROUNDS):
            version = ("0.3", "1")[number % 2]
            folder = self.project(version)
            config = self.configured(folder, version, mode)
            if before:
                self.expect(0, "migrate", "run", "--to", "Step1700000000001", "--database", "alkemio", config=config)
            answers = []
            ours, theirs = chance.choice(((0, chance.uniform(0, 0.12)), (chance.uniform(0, 0.1), 0)))
            node = threading.Thread(target=self.node, args=(folder, mode, theirs, answers))
            node.start()
            time.sleep(ours)
            ran = self.run_program("once", config=config)
            node.join()
            nodes.append(answers[0].get("error", {}).get("message", "well"))
            met += "a TypeORM elsewhere" in ran.err or self.server.value('SELECT count(DISTINCT "by") FROM "done"', "alkemio") == "2"
            told = f"{mode}, seed {SEED}, round {number}, Node: {answers[0]}\n{ran.err}"
            self.assertEqual(ran.code, 0, told)
            self.assertEqual(self.server.value('SELECT name FROM "migrations" ORDER BY name', "alkemio").split(),
                             [f"Step170000000000{n}" for n in range(1, 7)], told)
            self.assertEqual(self.server.value('SELECT migration FROM "done" ORDER BY 1', "alkemio").split(), ["2", "3", "5", "6"],
                             told)
        print(f"{mode}, seed {SEED}: the run gave way or shared the work {met} times of {ROUNDS}; Node ended: {'; '.join(nodes)}",
              flush=True)

    def test_in_all_nothing_is_applied_twice(self):
        self.compete("all", before=True)

    def test_in_each_nothing_is_applied_twice(self):
        self.compete("each", before=True)

    def test_from_an_empty_database_nothing_is_applied_twice(self):
        self.compete("all", before=False)

    def asked(self, folder):
        """How often a run in the mode `each` asked who else is there, in short and in full, for the five migrations."""
        config = self.configured(folder, "1", "each")
        self.expect(0, "migrate", "run", "--to", "Step1700000000001", "--database", "alkemio", config=config)
        self.server.sql("ALTER DATABASE alkemio SET log_statement = 'all'")
        before = self.server.log_size()
        self.expect(0, "migrate", "run", config=config)
        log = self.server.log_since(before)
        return log.count("AS perhaps"), log.count("pg_stat_clear_snapshot()")

    def test_who_else_is_there_is_asked_in_full_only_where_somebody_is_at_work(self):
        folder = self.project("1")
        self.assertEqual(self.asked(folder), (5, 0))
        folder = self.project("1")
        # It has looked at nothing and writes nothing, so that nobody waits for it.
        elsewhere = subprocess.Popen(["psql", "-XqAt", "-c", "SELECT 1 FROM pg_sleep(600)"], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, env=self.server.environment(PGDATABASE="alkemio", PGAPPNAME="elsewhere"))
        self.addCleanup(elsewhere.wait)
        self.addCleanup(elsewhere.kill)
        while self.server.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0":
            time.sleep(0.05)
        short, full = self.asked(folder)
        self.assertEqual(short, 5)
        self.assertGreaterEqual(full, 5)

    def hold(self, statement):
        """A session of a person, in a transaction for two seconds."""
        psql = subprocess.Popen(["psql", "-XqAt", "-c", f"BEGIN; {statement}; SELECT pg_sleep(2)"], stdout=subprocess.DEVNULL,
                                env=self.server.environment(PGDATABASE="alkemio"))
        self.addCleanup(psql.wait)
        time.sleep(0.3)
        return psql

    def test_who_reads_the_ledger_for_long_does_not_hold_it_up(self):
        folder = self.project("1")
        config = self.configured(folder, "1", "all")
        self.expect(0, "migrate", "run", "--to", "Step1700000000001", "--database", "alkemio", config=config)
        reader = self.hold('TABLE "migrations"')
        ran = self.expect(0, "once", config=config)
        self.assertIsNone(reader.poll(), "it was waited for")
        self.assertIn("is being read for long", ran.err)

    def test_a_run_at_work_holds_up_no_look(self):
        folder = self.project("1")
        config = self.configured(folder, "1", "all")
        self.write(folder / "migrations/1700000000007-Step.js", "exports.Step1700000000007 = class Step1700000000007 {\n"
                   "  async up(q) { await q.query('SELECT pg_sleep(3)'); }\n  async down() {}\n};\n")
        run = self.begin("once", config=config)
        time.sleep(1)
        began = time.monotonic()
        looked = self.expect(3, "migrate", "show", "--check", config=config)
        self.assertLess(time.monotonic() - began, 1.8)
        self.assertIn("another run is at work", looked.err)
        self.assertEqual(run.end().code, 0)


if __name__ == "__main__":
    harness.main()
