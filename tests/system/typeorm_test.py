#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine `typeorm`: TypeScript and JavaScript migrations are applied once, in TypeORM's own ledger, without Node; a
failure names the migration, the line of its source and the statement."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

FIRST = """\
const { Table } = require("typeorm");
class First1700000000001 {
  async up(q) {
    await q.query(`CREATE TABLE "space" ("id" SERIAL PRIMARY KEY, "name" text)`);
    await q.createTable(new Table({ name: "user", columns: [
      { name: "id", type: "int", isPrimary: true }, { name: "name", type: "varchar", isNullable: true }] }));
    const rows = await q.query("SELECT count(*) AS n FROM space");
    if (rows[0].n !== "0") throw new Error(`int8 must be a string, and is ${typeof rows[0].n}`);
  }
  async down(q) { await q.query(`DROP TABLE "space"`); }
}
module.exports = { First1700000000001 };
"""

SECOND = """\
import { MigrationInterface, QueryRunner } from "typeorm";

export class Second1700000000002 implements MigrationInterface {
  name = "Second1700000000002";
  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "space" ADD "extra" jsonb DEFAULT '{}'`);
    await queryRunner.query(`INSERT INTO "space" ("name", "extra") VALUES ($1, $2)`, ["one", { a: [1, null] }]);
  }
  public async down(queryRunner: QueryRunner): Promise<void> {}
}
"""

WRONG = """\
export class Third1700000000003 {
  async up(q) {
    await q.query(`SELECT nothing FROM space`);
  }
  async down() {}
}
"""


DATA_SOURCE = """\
const { DataSource } = require("typeorm");
const path = require("path");
module.exports = new DataSource({
  type: "postgres", host: "nowhere.invalid", username: "nobody", password: "none", database: "other",
  migrations: [path.join(__dirname, "..", "migrations", "*.{js,ts}")], migrationsTableName: "of_the_data_source",
});
"""


class TypeOrm(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()

    def variables(self, **more):
        """What the container of a service has."""
        return {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(self.server.port), "DATABASE_USERNAME": "postgres",
                "DATABASE_PASSWORD": harness.canary("superuser"), "DATABASE_NAME": "alkemio", **more}

    def ledger(self, table="migrations_typeorm"):
        return self.server.value(f"SELECT name FROM {table} ORDER BY id", "alkemio").split()

    def test_a_project_needs_no_configuration_file(self):
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("migrations/1700000000002-Second.ts", SECOND)
        self.write("config/data-source.js", DATA_SOURCE)
        self.write("package.json", "{}")
        files = ("--files", "migrations/*.{js,ts}", "--table", "migrations_typeorm")
        self.expect(3, "plan", *files, **self.variables())
        self.assertIn("kept", self.expect(0, "exec", *files, "--", "echo", "kept", **self.variables()).out)
        self.assertEqual(self.ledger(), ["First1700000000001", "Second1700000000002"])
        self.expect(0, "status", *files, **self.variables())
        by_variable = self.variables(ALKEMIO_INIT_FILES="migrations/*", ALKEMIO_INIT_TABLE="migrations_typeorm")
        self.expect(0, "migrate", "show", "--check", **by_variable)
        self.expect(0, "wait", "--for", "migrations=alkemio", **by_variable)

        self.clean()
        self.expect(0, "once", "--data-source", "config/data-source.js", **self.variables())
        self.assertEqual(self.ledger("of_the_data_source"), ["First1700000000001", "Second1700000000002"])

        refused = self.expect(2, "once", *files, config=self.config())
        self.assertIn("cannot use --data-source, --files or --table", refused.err)

    def test_migrations_are_applied_once_and_failures_name_their_place(self):
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("migrations/1700000000002-Second.ts", SECOND)
        config = self.folder / "typeorm.toml"
        config.write_text(f'[postgres]\nhost = "127.0.0.1"\nport = {self.server.port}\n'
                          'password_file = "secrets/superuser"\nexpected_version = ""\n'
                          '[[role]]\nname = "alkemio"\npassword_file = "secrets/alkemio"\n'
                          '[[database]]\nname = "alkemio"\nowner = "alkemio"\n'
                          '[[migration]]\ndatabase = "alkemio"\nengine = "typeorm"\nfiles = "migrations/*"\n'
                          'table = "migrations_typeorm"\n')
        self.assertIn("First1700000000001, Second1700000000002", self.expect(3, "plan", config=config).out)
        self.expect(0, "once", config=config)
        self.assertEqual(self.server.value("SELECT * FROM migrations_typeorm ORDER BY id", "alkemio"),
                         "1|1700000000001|First1700000000001\n2|1700000000002|Second1700000000002")
        self.assertEqual(self.server.value("SELECT name, extra FROM space", "alkemio"), 'one|{"a": [1, null]}')
        self.assertIn("done: 0 changes", self.expect(0, "once", config=config).out)

        self.write("migrations/1700000000003-Third.ts", WRONG)
        failed = self.expect(30, "once", config=config)
        self.assertRegex(failed.err, r"1700000000003-Third\.ts:3\n")
        self.assertIn("42703", failed.err)
        self.assertIn("Third1700000000003 was rolled back", failed.err)
        self.assertEqual(self.server.value("SELECT count(*) FROM migrations_typeorm", "alkemio"), "2")


if __name__ == "__main__":
    harness.main()
