#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compose/demo.yml and compose/alkemio.yml as they are, on the engine: from nothing, again, late, wrong, killed, many at once."""

import json
import os
import re
import shutil
import signal
import time
import unittest

import engine

SERVICES = {"postgres", "alkemio-init", "kratos", "hydra", "synapse", "server", "redis", "rabbitmq"}


class Demo(engine.ContainerTest):
    def test_comes_up_tells_how_it_stands_and_goes_at_once(self):
        stack = self.stack(engine.SOURCE / "compose/demo.yml")
        began = time.monotonic()
        stack.up("--wait")
        took = time.monotonic() - began
        self.assertEqual(stack.states()["alkemio-init"], "running healthy")
        self.assertRegex(stack.logs("alkemio-init"), r"done: \d+ changes")
        self.assertIn("6 applied, 0 pending", stack.compose("exec", "-T", "alkemio-init", "alkemio-init", "status").stdout)
        self.assertIn("Nothing to do.", stack.compose("exec", "-T", "alkemio-init", "alkemio-init", "plan").stdout)
        [identity] = stack.compose("ps", "--quiet", "alkemio-init").stdout.split()
        memory = engine.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", identity).stdout.split(" /")[0]
        print(f"\ndemo: healthy {took:.1f} s after docker compose up; alkemio-init run takes {memory}", flush=True)
        stack.compose("stop")
        self.assertEqual(stack.states()["alkemio-init"], "exited 0")

    def test_with_debians_postgresql(self):
        stack = self.stack(engine.SOURCE / "compose/demo.yml", environment={"POSTGRES_IMAGE": engine.debians_postgres_image()})
        stack.up("--wait")
        self.assertRegex(stack.compose("exec", "-T", "alkemio-init", "alkemio-init", "status").stdout, r"^postgres:5432, PostgreSQL 17\.\d+\n")
        self.assertIn("Debian", stack.sql("SELECT version()"))
        self.assertIn("Nothing to do.", stack.compose("exec", "-T", "alkemio-init", "alkemio-init", "plan").stdout)


class Alkemio(engine.ContainerTest):
    """compose/ is copied, so that each test has secrets of its own."""

    @classmethod
    def setUpClass(cls):
        engine.dependents()

    def setUp(self):
        self.folder = self.scratch() / "compose"
        shutil.copytree(engine.SOURCE / "compose", self.folder, ignore=shutil.ignore_patterns("secrets"))
        engine.run(self.folder / "make-secrets")
        self.secrets = {path.name: path.read_text().strip() for path in (self.folder / "secrets").iterdir()}

    def alkemio(self, override=None):
        files = [self.folder / "alkemio.yml"]
        if override:
            files.append(self.folder / "override.yml")
            files[-1].write_text(override)
        stack = self.stack(*files, environment={"SERVER_PORT": "0"})
        stack.compose("build", "--quiet")
        return stack

    def id_of(self, stack, service):
        return stack.compose("ps", "--all", "--quiet", service).stdout.split()[0]

    def inspect(self, stack, service):
        return json.loads(engine.docker("inspect", self.id_of(stack, service)).stdout)[0]

    def no_secret(self, text, where):
        for name, secret in self.secrets.items():
            for word in secret.split()[-1:]:
                self.assertNotIn(word, text, f"{name} is in {where}")

    def assert_all_up(self, stack):
        self.assertEqual(stack.states(), {name: "running healthy" if name not in ("postgres", "redis", "rabbitmq") else "running"
                                          for name in SERVICES})

    def assert_provisioned(self, stack):
        owners = stack.sql("SELECT datname || '=' || pg_get_userbyid(datdba) FROM pg_database WHERE datname IN "
                           "('alkemio', 'kratos', 'hydra', 'synapse') ORDER BY 1").splitlines()
        self.assertEqual(owners, [f"{name}={name}" for name in ("alkemio", "hydra", "kratos", "synapse")])
        self.assertEqual(stack.sql("SELECT datcollate || datctype FROM pg_database WHERE datname = 'synapse'"), "CC")
        self.assertEqual(stack.sql("SELECT count(*) FROM migrations_typeorm", "alkemio"), "5")
        for name in ("kratos", "hydra"):
            self.assertNotEqual(stack.sql("SELECT count(*) FROM schema_migration", name), "0")
            self.assertEqual(stack.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'", name), name)

    def test_from_nothing_then_again_restarted_and_stopped(self):
        stack = self.alkemio()
        began = time.monotonic()
        stack.up("--wait")
        print(f"\nstack: healthy {time.monotonic() - began:.1f} s after docker compose up --wait", flush=True)
        self.assert_all_up(stack)
        self.assert_provisioned(stack)
        self.no_secret(stack.logs(), "a log")
        for service in SERVICES - {"rabbitmq"}:
            self.no_secret(json.dumps(self.inspect(stack, service)), f"the container's description of {service}")
        with self.subTest("restart"):
            stack.compose("restart")
            stack.up("--wait")
            self.assert_all_up(stack)
        with self.subTest("down within the grace"):
            stack.compose("stop")
            ends = {name: state for name, state in stack.states().items() if name not in ("redis", "rabbitmq")}
            self.assertNotIn("exited 137", ends.values(), ends)
            self.assertEqual(ends["alkemio-init"], "exited 0")
        with self.subTest("again on the finished volume"):
            stack.compose("down")
            stack.up("--wait")
            self.assert_all_up(stack)
            self.assertIn("done: 0 changes", stack.logs("alkemio-init"))
            self.assertIn("everything is in place  changes=0", stack.logs("kratos"))

    def test_a_server_that_comes_20_seconds_late_is_waited_for(self):
        stack = self.alkemio("services: {postgres: {entrypoint: [bash, -c, 'sleep 20; exec docker-entrypoint.sh \"$$@\"', late]}}\n")
        stack.up("--wait")
        self.assert_all_up(stack)
        started = {name: self.inspect(stack, name)["State"]["StartedAt"] for name in ("postgres", "kratos", "server")}
        late = re.search(r"ready  because=\"after ([0-9.]+) (s|min)", stack.logs("alkemio-init"))
        self.assertGreater(float(late[1]), 18)
        self.assertLess(started["postgres"], started["kratos"])
        self.assertLess(started["kratos"], started["server"])

    def test_a_wrong_password_ends_it_with_12_and_starts_nobody(self):
        stack = self.alkemio("services: {alkemio-init: {restart: 'no'}}\n")
        wrong = self.folder / "secrets/postgres_password"
        stack.up("--wait", "postgres")
        stack.wait_until("the server", lambda: stack.compose("exec", "-T", "postgres", "pg_isready", "-q", "-h", "localhost",
                                                             check=False).returncode == 0)
        wrong.chmod(0o600)
        wrong.write_text("canary-of-a-wrong-password\n")
        wrong.chmod(0o444)
        stack.compose("up", "--detach", "--wait", check=False)
        self.assertEqual(stack.states()["alkemio-init"], "exited 12")
        for service in ("kratos", "hydra", "synapse", "server"):
            self.assertEqual(self.inspect(stack, service)["State"]["StartedAt"], "0001-01-01T00:00:00Z", service)
        said = stack.logs("alkemio-init")
        self.assertIn("28P01", said)
        self.assertIn("hint", said)
        self.assertNotIn("canary-of-a-wrong-password", said)

    def kill(self, stack, service):
        os.kill(self.inspect(stack, service)["State"]["Pid"], signal.SIGKILL)

    def test_killed_in_the_middle_of_everything_it_ends_well(self):
        stack = self.alkemio("services: {kratos: {environment: {STAND_IN_DELAY: '0.5'}}}\n")
        stack.up("postgres", "alkemio-init")
        stack.wait_until("a role", lambda: "create role" in stack.logs("alkemio-init"))
        self.kill(stack, "alkemio-init")
        stack.up("kratos")
        stack.wait_until("a migration", lambda: stack.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", "kratos") != "0")
        self.kill(stack, "kratos")
        stack.up("--wait")
        self.assert_all_up(stack)
        self.assert_provisioned(stack)
        self.assertGreaterEqual(self.inspect(stack, "kratos")["RestartCount"], 1)

    def test_five_at_once_and_three_of_a_service_do_it_once(self):
        stack = self.alkemio("services: {kratos: {environment: {STAND_IN_DELAY: '0.2'}}}\n")
        stack.up("--wait", "--scale", "alkemio-init=5", "--scale", "kratos=3")
        self.assert_provisioned(stack)
        said = stack.logs("alkemio-init")
        self.assertEqual(said.count('create database "kratos"'), 1)
        self.assertEqual(said.count("; staying"), 5)
        # Kratos takes no lock, nor does its stand-in: two at once would have failed.
        self.assertEqual(len(re.findall("migrate +applied kratos ", stack.logs("kratos"))), 1)
        restarts = {one["RestartCount"] for one in json.loads(engine.docker("inspect", *stack.compose("ps", "-q").stdout.split()).stdout)}
        self.assertEqual(restarts, {0})


if __name__ == "__main__":
    unittest.main(verbosity=2)
