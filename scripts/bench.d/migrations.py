# SPDX-License-Identifier: Apache-2.0
"""The engine `typeorm` against TypeORM on Node, and against psql that replays the very same statements in one session.
Migrations of a generated project, or of a real one by --migrations and --table."""

import glob
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests/support"))
import cluster  # noqa: E402
import typeorm_on_node  # noqa: E402
from scenarios import interleave  # noqa: E402

DATABASE = "bench_typeorm"
COUNT = 94
OURS, NODE, REPLAY = "alkemio-init migrate run", "typeorm migration:run on Node", "psql, the same statements"
TYPESCRIPT = "alkemio-init, from TypeScript"


def generated(folder):
    """As many migrations as Alkemio has, compiled: a table, an index, a column, a foreign key and a row each."""
    folder.mkdir(parents=True)
    for number in range(COUNT):
        table, before = f"thing_{number:03}", f"thing_{number - 1:03}"
        statements = [
            f'CREATE TABLE "{table}" ("id" uuid NOT NULL DEFAULT gen_random_uuid(), "createdDate" TIMESTAMP NOT NULL DEFAULT now(), '
            f'"version" integer NOT NULL, "name" character varying(128) NOT NULL, CONSTRAINT "PK_{table}" PRIMARY KEY ("id"))',
            f'CREATE INDEX "IDX_{table}" ON "{table}" ("name")',
            f'ALTER TABLE "{table}" ADD "parentId" uuid',
            f'INSERT INTO "{table}" ("version", "name") SELECT 1, \'row \' || n FROM generate_series(1, 20) AS n',
        ]
        if number > 0:
            statements.append(f'ALTER TABLE "{table}" ADD CONSTRAINT "FK_{table}" FOREIGN KEY ("parentId") REFERENCES "{before}"("id")')
        name = f"Thing{1700000000000 + number}"
        up = "".join(f"        await queryRunner.query(`{statement}`);\n" for statement in statements)
        (folder / f"{1700000000000 + number}-thing.js").write_text(
            f'"use strict";\nObject.defineProperty(exports, "__esModule", {{ value: true }});\nexports.{name} = void 0;\nclass {name} {{\n'
            f"    name = '{name}';\n    async up(queryRunner) {{\n{up}    }}\n"
            f'    async down(queryRunner) {{\n        await queryRunner.query(`DROP TABLE "{table}"`);\n    }}\n}}\nexports.{name} = {name};\n')
    return f"{folder}/*.js"


def in_typescript(folder, compiled):
    """The same migrations as a compiler has found them."""
    folder.mkdir()
    for file in glob.glob(compiled):
        text = pathlib.Path(file).read_text()
        text = re.sub(r'^"use strict";\n.*\n.*\n', 'import { MigrationInterface, QueryRunner } from "typeorm";\n\n', text)
        text = re.sub(r"^exports\..*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"^class (\w+) \{", r"export class \1 implements MigrationInterface {", text, flags=re.MULTILINE)
        text = re.sub(r"async (up|down)\(queryRunner\)", r"public async \1(queryRunner: QueryRunner): Promise<void>", text)
        (folder / f"{pathlib.Path(file).stem}.ts").write_text(text)
    return f"{folder}/*.ts"


class Project:
    """A glob of compiled migrations, and what each side needs to run them."""

    def __init__(self, bench, server, given, table):
        self.bench, self.server, self.table = bench, server, table
        folder = bench.scratch / "typeorm"
        self.glob = os.path.abspath(given) if given else generated(folder / "migrations")
        self.typescript = None if given else in_typescript(folder / "typescript", self.glob)
        if not glob.glob(self.glob):
            raise SystemExit(f"bench: no file matches {self.glob}")
        folder.mkdir(exist_ok=True)
        # Node looks for the package upwards from the data source.
        packages = typeorm_on_node.install() / "node_modules"
        (folder / "node_modules").mkdir()
        for entry in packages.iterdir():
            (folder / "node_modules" / entry.name).symlink_to(entry)
        (folder / "node_modules/typeorm").symlink_to(packages / "typeorm-0.3")
        self.data_source = folder / "data-source.js"
        self.data_source.write_text(
            'const { DataSource } = require("typeorm");\nmodule.exports = new DataSource({ type: "postgres", '
            'host: process.env.DATABASE_HOST, port: Number(process.env.DATABASE_PORT), username: process.env.DATABASE_USERNAME, '
            'password: process.env.DATABASE_PASSWORD, database: process.env.DATABASE_NAME, '
            f'migrations: [{self.glob!r}], migrationsTableName: "{table}" }});\n')
        # TypeORM finds no copy of itself where migrations of elsewhere require it.
        self.environment = {**os.environ, "DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(server.port), "DATABASE_NAME": DATABASE,
                            "DATABASE_USERNAME": cluster.USER, "DATABASE_PASSWORD": server.password,
                            "NODE_PATH": str(folder / "node_modules")}
        self.replay = folder / "replay.sql"

    def fresh(self):
        self.server.sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", f"CREATE DATABASE {DATABASE}")
        self.server.value('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"', DATABASE)
        self.server.sql("CHECKPOINT")

    def ours(self, files=None):
        return self.bench.measure([self.bench.program, "--log-level", "warn", "migrate", "run", "--files", files or self.glob,
                                   "--table", self.table], self.environment)

    def node(self):
        cli = self.data_source.parent / "node_modules/typeorm/cli.js"
        return self.bench.measure(["node", cli, "migration:run", "-d", self.data_source], self.environment)

    def psql(self):
        return self.bench.measure(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", self.replay],
                                  self.server.environment(PGDATABASE=DATABASE))

    def record(self):
        """What the server was asked from TypeORM's first BEGIN to its COMMIT, by its own log."""
        self.fresh()
        self.server.sql(f"ALTER DATABASE {DATABASE} SET log_statement = 'all'")
        offset = self.server.log_size()
        self.node()
        self.replay.write_text("".join(statement + ";\n" for statement in statements_of(self.server.log_since(offset))))
        applied = int(self.server.value(f'SELECT count(*) FROM "{self.table}"', DATABASE))
        self.fresh()
        self.psql()
        again = int(self.server.value(f'SELECT count(*) FROM "{self.table}"', DATABASE))
        if again != applied:
            raise RuntimeError(f"the replay made {again} rows of the ledger, and TypeORM {applied}")
        return applied


def statements_of(log):
    """The statements in a server's log, parameters in their places; a line that goes on begins with a tab."""
    entries = []
    for line in log.splitlines():
        if line.startswith("\t") and entries:
            entries[-1] += "\n" + line[1:]
        else:
            entries.append(line)
    statements = []
    for entry in entries:
        said = re.match(r"[\d.]+ \d+ LOG:  (?:statement|execute [^:]+): (.*)", entry, re.DOTALL)
        given = re.match(r"[\d.]+ \d+ DETAIL:  [Pp]arameters: (.*)", entry, re.DOTALL)
        if said:
            statements.append(said.group(1).strip().rstrip(";"))
        elif given and statements:
            values = dict(re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", given.group(1)))
            statements[-1] = re.sub(r"\$(\d+)", lambda place: values[place.group(1)], statements[-1])
    return statements


def typeorm(bench, server, given, table):
    project = Project(bench, server, given, table)
    applied = project.record()

    def on_fresh(side):
        project.fresh()
        return side()

    sides = {OURS: lambda: on_fresh(project.ours), NODE: lambda: on_fresh(project.node), REPLAY: lambda: on_fresh(project.psql)}
    if project.typescript:
        sides[TYPESCRIPT] = lambda: on_fresh(lambda: project.ours(project.typescript))
    fresh = interleave(max(3, bench.runs // 3), sides)
    project.fresh()
    project.ours()
    nothing = interleave(bench.runs, {OURS: project.ours, NODE: project.node})
    server.sql(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    shutil.rmtree(project.data_source.parent)
    return {"fresh": fresh, "nothing": nothing, "count": applied}
