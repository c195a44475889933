#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The order of a native sidecar, as Kubernetes 1.29 has it, by Compose's means: with the configuration, user and commands of
config/kubernetes/sidecar the server starts once /startupz says so, and the sidecar is stopped after it."""

import datetime
import json
import re
import unittest

import engine
import kubernetes_test

PROGRAM = "/opt/alkemio-init/bin/alkemio-init"
LATE = 5
GRACE = 10
# Asks the sidecar while it is stopped itself.
SERVER = ("trap 'sleep 2; {program} wait http://127.0.0.1:8080/livez --timeout=1s && echo the sidecar is there; kill %1; exit 0' TERM; "
          "node dist/main.js & wait").format(program=PROGRAM)
COMPOSE = """\
x-pod: &pod
  image: {image}
  user: "65532:65532"
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  stop_grace_period: {grace}s
services:
  postgres:
    image: postgres:17.5
    entrypoint: [bash, -c, 'sleep {late}; exec docker-entrypoint.sh "$$@"', late]
    command: [postgres, -c, max_connections=200]
    environment: {{POSTGRES_PASSWORD_FILE: /passwords/postgres}}
    volumes: ["{folder}/passwords:/passwords:ro"]
  alkemio-init:
    <<: *pod
    read_only: true
    depends_on: [postgres]
    entrypoint: [{program}]
    command: [run]
    volumes: ["{base}:/etc/alkemio-init:ro", "{folder}/passwords:/run/secrets/alkemio-init:ro"]
    healthcheck:
      test: [CMD, {program}, wait, "http://127.0.0.1:8080/startupz", --timeout=1s]
      interval: 1s
      start_period: 300s
  server:
    <<: *pod
    network_mode: service:alkemio-init
    depends_on: {{alkemio-init: {{condition: service_healthy}}}}
    entrypoint: [{program}, exec, --wait-only, --supervise, --as-database=alkemio, --]
    command: [bash, -c, "{server}"]
    environment: {{ALKEMIO_INIT_CONFIG: /etc/alkemio-init/server.toml}}
    volumes: ["{base}:/etc/alkemio-init:ro", "{folder}/own:/run/secrets/alkemio-init:ro"]
    healthcheck:
      test: [CMD, {program}, wait, "http://127.0.0.1:4000/health/ready", --timeout=1s]
      interval: 1s
      start_period: 300s
"""

GREEDY = """\
class Greedy1700000000000 {
    name = 'Greedy1700000000000';
    async up() { for (const all = []; ; ) all.push('x'.repeat(1000) + all.length); }
    async down() {}
}
module.exports = { Greedy1700000000000 };
"""
GREEDY_TOML = """\
[postgres]
host = "postgres"
user = "postgres"
password_file = "/passwords/postgres"
[[database]]
name = "greedy"
[[migration]]
database = "greedy"
engine = "typeorm"
files = "/migrations/*.js"
"""


class Sidecar(engine.ContainerTest):
    @classmethod
    def setUpClass(cls):
        engine.dependents()
        kubernetes_test.server_image("v0.159.0")

    def setUp(self):
        folder = self.folder = self.scratch()
        for name, password in kubernetes_test.PASSWORDS.items():
            for place in ["passwords", *(["own"] if name == "alkemio" else [])]:
                (folder / place).mkdir(exist_ok=True)
                (folder / place / name).write_text(password)
        file = folder / "compose.yml"
        file.write_text(COMPOSE.format(image=kubernetes_test.IMAGE, program=PROGRAM, late=LATE, grace=GRACE, folder=folder,
                                       base=kubernetes_test.MANIFESTS / "base", server=SERVER.replace("$", "$$")))
        self.pod = self.stack(file)

    def state(self, service):
        [identity] = self.pod.compose("ps", "--all", "--quiet", service).stdout.split()
        return json.loads(engine.docker("inspect", identity).stdout)[0]["State"]

    def time(self, service, key):
        return datetime.datetime.fromisoformat(self.state(service)[key][:26].rstrip("Z") + "+00:00").timestamp()

    def test_the_server_starts_after_it_and_is_stopped_before_it(self):
        self.pod.up("--wait")
        self.assertEqual(self.pod.states(), {"postgres": "running", "alkemio-init": "running healthy", "server": "running healthy"})
        self.assertGreater(self.time("server", "StartedAt") - self.time("alkemio-init", "StartedAt"), LATE - 1)
        self.assertIn("server on a database with 5 migrations", self.pod.logs("server"))
        self.pod.compose("stop")
        self.assertIn("the sidecar is there", self.pod.logs("server"))
        self.assertEqual([self.state(name)["ExitCode"] for name in ("server", "alkemio-init")], [0, 0])
        behind = self.time("alkemio-init", "FinishedAt") - self.time("server", "FinishedAt")
        self.assertGreater(behind, 0)
        self.assertLess(behind, GRACE)
        print(f"\nsidecar: ends {behind:.1f} s after the server", flush=True)

    def test_a_migration_that_takes_all_memory_is_told_before_the_limit_kills(self):
        text = (kubernetes_test.MANIFESTS / "sidecar/deployment.yaml").read_text()
        limit = re.search(r"limits: {memory: (\d+)Mi}", text)[1]
        (self.folder / "migrations").mkdir()
        (self.folder / "migrations/1700000000000-Greedy.js").write_text(GREEDY)
        (self.folder / "greedy.toml").write_text(GREEDY_TOML)
        self.pod.up("postgres")
        [network] = engine.docker("network", "ls", "--quiet", "--filter", f"name={self.pod.name}_default").stdout.split()
        ran = engine.docker("run", "--rm", f"--network={network}", f"--memory={limit}m", f"--memory-swap={limit}m",
                            *(f"--volume={self.folder / name}:/{name}:ro" for name in ("migrations", "passwords", "greedy.toml")),
                            "alkemio-init", "once", "--config=/greedy.toml", check=False)
        self.assertEqual(ran.returncode, 30, ran.stderr)
        self.assertIn("Greedy1700000000000", ran.stderr)
        self.assertIn("256 MB", ran.stderr)

    def test_without_it_the_server_is_not_started(self):
        self.pod.up("postgres")
        self.pod.wait_until("the server", lambda: self.pod.compose("exec", "-T", "postgres", "pg_isready", "-q", "-h", "localhost",
                                                                   check=False).returncode == 0)
        self.pod.sql("ALTER ROLE postgres PASSWORD 'another'")
        self.pod.compose("up", "--detach", "--wait", check=False)
        self.assertEqual(self.pod.states()["alkemio-init"], "exited 12")
        self.assertEqual(self.pod.states()["server"], "created")


if __name__ == "__main__":
    unittest.main(verbosity=2)
