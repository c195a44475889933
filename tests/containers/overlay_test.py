#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compose/overlay.yml over a file in the shape of Alkemio's quickstart-services.yml; with ALKEMIO_INIT_QUICKSTART, the folder of
a checkout of Alkemio's server, over the real one."""

import os
import pathlib
import unittest

import engine

LIKE_IT = pathlib.Path(__file__).resolve().parent / "quickstart"
QUICKSTART = pathlib.Path(os.environ.get("ALKEMIO_INIT_QUICKSTART") or LIKE_IT).resolve()
ADAPTER = 'FROM debian:trixie-slim\nCMD ["sh", "-c", "/wait && echo the notifications start && sleep 600"]\n'


class Laid(engine.ContainerTest):
    over = QUICKSTART

    def setUp(self):
        engine.dependents()
        # The real file gives its containers fixed names.
        fixed = self.scratch() / "names.yml"
        names = {"postgres", "alkemio-init", "kratos", "hydra"}
        fixed.write_text("services:\n" + "".join(f"  {name}: {{container_name: !reset null}}\n" for name in sorted(names)))
        files = [self.over / "quickstart-services.yml", engine.SOURCE / "compose/overlay.yml", fixed]
        self.stacked = self.stack(*files, directory=self.over)
        self.stacked.command += ["--env-file", str(self.over / ".env.docker")]


class Databases(Laid):
    def test_is_valid_and_drops_what_it_replaces(self):
        text = self.stacked.compose("config").stdout
        for word in ("kratos-migrate", "hydra-migrate", "entrypoint-wrapper", "init-multiple-databases", "pg_isready", "- /wait\n"):
            self.assertNotIn(word, text)

    def test_databases_and_migrations_are_there_before_the_services(self):
        stack = self.stacked
        stack.up("--build", "--wait", "postgres", "alkemio-init", "kratos", "hydra")
        found = stack.sql("SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database WHERE NOT datistemplate", user="synapse")
        self.assertEqual(found, "alkemio,filebackup,hydra,kratos,postgres,synapse,wopi")
        self.assertEqual(stack.sql("SELECT datcollate || datctype FROM pg_database WHERE datname = 'synapse'", user="synapse"), "CC")
        for name in ("kratos", "hydra"):
            self.assertNotEqual(stack.sql("SELECT count(*) FROM schema_migration", name, user="synapse"), "0")
            self.assertTrue(stack.states()[name].startswith("running"), stack.states())
        self.assertEqual(stack.states()["postgres"], "running healthy")
        with self.subTest("a database that is gone is noticed"):
            stack.compose("stop", "alkemio-init")
            stack.sql("DROP DATABASE wopi", user="synapse")
            stack.wait_until("postgres is unhealthy", lambda: "unhealthy" in stack.states()["postgres"])


class Waiting(Laid):
    """The real one waits for more than is started here."""

    over = LIKE_IT

    def test_what_waited_by_docker_compose_wait_waits_by_us(self):
        for name in ("alkemio/matrix-adapter:v0.8.17", "alkemio/notifications:v0.36.0"):
            engine.build(name, ADAPTER)
            self.addCleanup(engine.docker, "image", "rm", "--force", name)
        stack = self.stacked
        stack.up("--build", "matrix-adapter", "notification")
        stack.wait_until("it waits", lambda: "kratos" in stack.logs("matrix-adapter") and "kratos" in stack.logs("notification"))
        self.assertNotIn("starts", stack.logs("matrix-adapter", "notification"))
        stack.up("kratos", "hydra")
        stack.wait_until("the adapter", lambda: "the adapter starts" in stack.logs("matrix-adapter"))
        stack.wait_until("the notifications", lambda: "the notifications start" in stack.logs("notification"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
