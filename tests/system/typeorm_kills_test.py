#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# matrix: no
"""Killed at random instants while it migrates with TypeORM, the next run ends where an undisturbed one does. scripts/try-kills
asks for more kills than the gate, and for migrations of others:
  ALKEMIO_INIT_KILLS    how many a mode; 15 if missing
  ALKEMIO_INIT_SEED     of the instants; printed
  ALKEMIO_INIT_FILES    a glob of other migrations, which may commit by themselves: of their data only the counts are compared
  ALKEMIO_INIT_TABLE    their ledger"""

import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

KILLS = int(os.environ.get("ALKEMIO_INIT_KILLS") or "15")
SEED = int(os.environ.get("ALKEMIO_INIT_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
FILES = os.environ.get("ALKEMIO_INIT_FILES", "")
TABLE = os.environ.get("ALKEMIO_INIT_TABLE") or "migrations_typeorm"
COUNT = 12

STATEMENTS = """\
    await q.query(`CREATE TABLE "part{n}" ("id" integer PRIMARY KEY, "before" integer, "name" text NOT NULL)`);
    await q.query(`INSERT INTO "part{n}" SELECT i, {n}, md5(i::text) FROM generate_series(1, 200) AS i`);
    await q.query(`CREATE INDEX "part{n}_name" ON "part{n}" ("name")`);
    await q.query(`INSERT INTO "sum" VALUES ($1, (SELECT count(*) FROM "part{n}"))`, [{n}]);
    await q.query(`UPDATE "sum" SET "count" = "count" + 1`);
"""
FIRST = """    await q.query(`CREATE TABLE "sum" ("part" integer, "count" bigint)`);
"""


def migration(number):
    """JavaScript and TypeScript by turns; what is done twice shows in the table sum."""
    name = f"Part17000000000{number:02}"
    body = (FIRST if number == 1 else "") + STATEMENTS.format(n=number)
    if number % 2:
        return f"exports.{name} = class {name} {{\n  async up(q) {{\n{body}  }}\n  async down() {{}}\n}};\n", "js"
    return (f'import {{ MigrationInterface, QueryRunner }} from "typeorm";\n\nexport class {name} implements MigrationInterface {{\n'
            f"  public async up(q: QueryRunner): Promise<void> {{\n{body}  }}\n  public async down(): Promise<void> {{}}\n}}\n"), "ts"


class Kills(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()
        self.files = FILES
        if FILES:
            return
        for number in range(1, COUNT + 1):
            text, suffix = migration(number)
            self.write(f"migrations/17000000000{number:02}-Part.{suffix}", text)
        self.files = "migrations/*"

    def configured(self, mode):
        return self.one_migration("kills.toml", "typeorm", self.files, extensions=("uuid-ossp", "pgcrypto"), table=TABLE, transaction=mode)

    def dump(self):
        """All but the ledger's ids: what a killed run has drawn of its sequence is not given back."""
        command = ["pg_dump", "--no-owner", "-N", "alkemio_init", f"--exclude-table-data={TABLE}", f"--exclude-table-data={TABLE}_id_seq",
                   *(["-s"] if FILES else []), "alkemio"]
        text = subprocess.run(command, check=True, capture_output=True, text=True, env=self.server.environment()).stdout
        lines = [line for line in text.split("\n") if not line.startswith(("\\restrict", "\\unrestrict"))]
        counts = self.server.value(
            "SELECT c.relname, query_to_xml(format('SELECT count(*) FROM %s', c.oid::regclass), false, true, '') FROM pg_class c "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1", "alkemio") if FILES else ""
        return "\n".join(lines) + counts + self.server.value(f'SELECT timestamp, name FROM "{TABLE}" ORDER BY id', "alkemio")

    def kill(self, mode):
        config = self.configured(mode)
        self.expect(0, "once", config=config)
        wanted = self.dump()
        times = []
        for _ in range(2):
            self.clean()
            began = time.monotonic()
            self.expect(0, "once", config=config)
            times.append(time.monotonic() - began)
        whole = min(times)
        chance = random.Random(SEED)
        converged = stopped = late = 0
        for kill in range(KILLS):
            self.clean()
            # A third falls on what a kill has left.
            for _ in range(chance.choice((1, 1, 2))):
                run = self.begin("once", config=config)
                time.sleep(chance.uniform(0, whole))
                late += run.process.poll() is not None
                run.send(signal.SIGKILL)
                run.end()
            ran = self.run_program("once", config=config)
            if FILES and ran.code == 30 and "cannot go on with migration" in ran.err:
                stopped += 1
                print(ran.err[ran.err.index("cannot go on with"):].split("\n")[0], flush=True)
                continue
            self.assertEqual(ran.code, 0, f"{mode}, seed {SEED}, kill {kill}\n{ran.err}")
            self.assertEqual(self.dump(), wanted, f"{mode}, seed {SEED}, kill {kill}")
            converged += 1
        print(f"{mode}, seed {SEED}: {KILLS} times killed within {whole:.2f} s, {converged} converged, {stopped} stopped for a "
              f"person, {late} kills came too late", flush=True)

    def test_killed_in_all_the_next_run_converges(self):
        self.kill("all")

    def test_killed_in_each_the_next_run_converges(self):
        self.kill("each")


if __name__ == "__main__":
    harness.main()
