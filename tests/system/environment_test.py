#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Without a configuration file the variables that the containers of a stack have already are enough."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402


class FromVariables(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()

    def variables(self, **more):
        return {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(self.server.port), "DATABASE_USERNAME": "postgres",
                "DATABASE_PASSWORD": harness.canary("superuser"), **more}

    def test_the_server_containers_variables(self):
        self.expect(0, "once", **self.variables(DATABASE_NAME="alkemio"))
        self.assertEqual(self.server.value("SELECT count(*) FROM pg_database WHERE datname = 'alkemio'"), "1")
        ran = self.expect(0, "exec", "--", "sh", "-c", 'test -n "$DATABASE_PASSWORD" && echo kept',
                          **self.variables(DATABASE_NAME="alkemio"))
        self.assertIn("kept", ran.out)

    def test_the_postgres_containers_variables(self):
        self.expect(0, "once", POSTGRES_USER="postgres", POSTGRES_PASSWORD_FILE=str(self.folder / "secrets/superuser"),
                    POSTGRES_DB="alkemio", POSTGRES_MULTIPLE_DATABASES="kratos,hydra, synapse", PGHOST="127.0.0.1",
                    PGPORT=str(self.server.port))
        names = self.server.value("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname IN "
                                  "('alkemio', 'kratos', 'hydra', 'synapse')")
        self.assertEqual(names, "alkemio hydra kratos synapse")

    def test_libpqs_variables(self):
        ran = self.expect(0, "wait", PGHOST="127.0.0.1", PGPORT=str(self.server.port), PGUSER="postgres",
                          PGPASSWORD=harness.canary("superuser"))
        self.assertIn("ready after", ran.out)

    def test_a_variable_and_its_file_contradict_each_other(self):
        ran = self.expect(10, "once", **self.variables(
            DATABASE_PASSWORD_FILE=str(self.folder / "secrets/superuser")))
        self.assertIn("cannot use both DATABASE_PASSWORD and DATABASE_PASSWORD_FILE", ran.err)


if __name__ == "__main__":
    harness.main()
