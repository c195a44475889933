#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`config generate` describes a running cluster: with what it writes there is nothing to do on that cluster, and an empty one
becomes the same."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

ROLES = [
    "CREATE ROLE alkemio LOGIN PASSWORD 'x1x2x3' CREATEROLE CONNECTION LIMIT 20",
    "CREATE ROLE kratos LOGIN NOINHERIT VALID UNTIL '2040-01-01 00:00:00+00'",
    "CREATE ROLE hydra NOLOGIN CREATEDB",
    "CREATE ROLE synapse LOGIN IN ROLE hydra, pg_monitor",
    "COMMENT ON ROLE kratos IS 'it''s \"kratos\" \\ ${env:HOME}'",
    "ALTER ROLE kratos SET search_path = \"$user\", public, \"Odd Name\"",
    "ALTER ROLE kratos SET statement_timeout = '5s'",
    "CREATE DATABASE alkemio OWNER alkemio TEMPLATE template0",
    "CREATE DATABASE kratos OWNER kratos TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C' CONNECTION LIMIT 7",
    "CREATE DATABASE hydra TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
    "CREATE DATABASE synapse OWNER synapse TEMPLATE template0 LOCALE 'C'",
    "ALTER DATABASE alkemio SET work_mem = '8MB'",
    "COMMENT ON DATABASE alkemio IS 'the platform'",
    "GRANT CONNECT ON DATABASE alkemio TO hydra WITH GRANT OPTION",
]
INSIDE = [
    'CREATE EXTENSION "uuid-ossp"',
    "CREATE SCHEMA audit AUTHORIZATION kratos",
    'CREATE SCHEMA "Extra things"',
    'CREATE EXTENSION pg_trgm SCHEMA "Extra things"',
    "GRANT USAGE, CREATE ON SCHEMA audit TO hydra",
    "GRANT CREATE ON SCHEMA public TO synapse",
    "ALTER DEFAULT PRIVILEGES FOR ROLE alkemio IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO hydra",
    "ALTER DEFAULT PRIVILEGES FOR ROLE kratos GRANT USAGE ON SEQUENCES TO synapse WITH GRANT OPTION",
]
OBJECTS = [
    'CREATE TABLE "Space" (id serial PRIMARY KEY); CREATE TABLE actor (id int); CREATE VIEW seen AS SELECT * FROM actor',
    "CREATE FUNCTION twice(n integer, by double precision = 2) RETURNS float LANGUAGE sql RETURN n * by",
    'ALTER TABLE "Space" OWNER TO kratos',
    'GRANT SELECT ON "Space", actor, seen TO synapse; GRANT UPDATE ON actor TO hydra WITH GRANT OPTION',
    'GRANT USAGE ON SEQUENCE "Space_id_seq" TO hydra',
    "GRANT EXECUTE ON FUNCTION twice TO hydra; REVOKE EXECUTE ON FUNCTION twice FROM PUBLIC",
]


class Generate(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean)
        self.server.sql(*ROLES)
        self.inside(*INSIDE)

    def inside(self, *statements):
        for statement in statements:
            self.server.value(statement, "alkemio")

    def generate(self, *options, **environment):
        url = f"postgres://postgres@127.0.0.1:{self.server.port}/"
        ran = self.expect(0, "config", "generate", "--from", url, *options, PGPASSWORD=self.server.password, **environment)
        return ran.out

    def config_of(self, text):
        path = self.folder / "generated.toml"
        path.write_text(text)
        return path

    def test_with_it_there_is_nothing_to_do(self):
        self.inside(*OBJECTS)
        self.server.sql("REVOKE CONNECT ON DATABASE synapse FROM PUBLIC")
        text = self.generate()
        config = self.config_of(text)
        self.assertIn("Nothing to do.", self.expect(0, "plan", config=config, PGPASSWORD=self.server.password).out)
        for line in ('objects = ["twice(integer, double precision)"]', 'objects = ["Space", "actor", "seen"]', "with_grant_option = true",
                     'member_of = ["hydra", "pg_monitor"]', 'encoding = "SQL_ASCII"', "connection_limit = 7", 'comment = "the platform"',
                     '{ name = "pg_trgm", schema = "Extra things" }', '{ name = "audit", owner = "kratos" }'):
            self.assertIn(line, text)
        # A difference is seen: it does not compare itself with nothing.
        self.server.sql("ALTER ROLE kratos RESET search_path", "COMMENT ON DATABASE alkemio IS 'another'")
        self.expect(3, "plan", config=config, PGPASSWORD=self.server.password)

    def test_an_empty_cluster_becomes_the_same(self):
        text = self.generate()
        self.clean()
        self.assertNotIn("[[role]]", self.generate())
        config = self.config_of(text)
        self.expect(0, "once", config=config, PGPASSWORD=self.server.password)
        self.assertEqual(self.generate(), text)

    def test_the_environment_says_where_and_a_failure_says_why(self):
        by_variables = {"PGHOST": "127.0.0.1", "PGPORT": str(self.server.port), "PGUSER": "postgres"}
        ran = self.expect(0, "config", "generate", PGPASSWORD=self.server.password, **by_variables)
        self.assertEqual(ran.out, self.generate())
        ran = self.expect(12, "config", "generate", "--timeout", "5s", PGPASSWORD="wrong", **by_variables)
        self.assertIn("28P01", ran.err)
        self.assertEqual(ran.out, "")
        self.assertIn("--from", self.expect(10, "config", "generate", "--from", "mysql://there").err)


if __name__ == "__main__":
    harness.main()
