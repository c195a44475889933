#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""config/kubernetes on a real cluster: ALKEMIO_INIT_KUBECTL names its kubectl, whose nodes take their images from this machine's
Docker Engine. A cluster older than 1.29 gets the sidecar as an ordinary container: its probes are the same."""

import json
import os
import subprocess
import time
import unittest

import engine

KUBECTL = os.environ.get("ALKEMIO_INIT_KUBECTL", "")
MANIFESTS = engine.SOURCE / "config/kubernetes"
PASSWORDS = {name: f"canary-{name}-0123456789" for name in ("postgres", "alkemio", "kratos", "hydra", "synapse")}
IMAGE = "alkemio-init/server:v0.159.0"

POSTGRES = """
apiVersion: v1
kind: Service
metadata: {name: postgres}
spec: {selector: {app: postgres}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Pod
metadata: {name: postgres, labels: {app: postgres}}
spec:
  terminationGracePeriodSeconds: 5
  containers:
    - name: postgres
      image: postgres:17.5
      imagePullPolicy: Never
      command: [bash, -c, 'sleep DELAY; exec docker-entrypoint.sh postgres -c max_connections=200']
      env: [{name: POSTGRES_PASSWORD, value: canary-postgres-0123456789}]
"""


def kustomized(mode):
    return engine.run("kubectl", "kustomize", MANIFESTS / mode).stdout


def server_image(version, migrations=5, more=""):
    """The stand-in of Alkemio's server with the one line; a later version has a migration more."""
    text = "FROM alkemio/server:v0.159.0\nCOPY --from=alkemio-init /opt/alkemio-init /opt/alkemio-init\n"
    for number in range(6, migrations + 1):
        name = f"Step{number}{1730000000000 + number}"
        text += (f"RUN sed -e 's/Step5[0-9]*/{name}/g' -e 's/step5/step{number}/g' src/migrations/*-Step5.ts "
                 f">src/migrations/{1730000000000 + number}-Step{number}.ts\n")
    return engine.build(f"alkemio-init/server:{version}", text + more)


class KubernetesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        engine.dependents()
        server_image("v0.159.0")

    def setUp(self):
        self.assertTrue(KUBECTL, "ALKEMIO_INIT_KUBECTL names no kubectl")
        self.namespace = f"ainit-{os.getpid()}-{int(time.monotonic() * 100) % 100000}"
        self.kubectl("create", "namespace", self.namespace, namespace=False)
        self.addCleanup(self.kubectl, "delete", "namespace", self.namespace, "--wait=false", namespace=False)
        self.passwords(PASSWORDS)

    def kubectl(self, *arguments, namespace=True, given=None, check=True):
        command = [KUBECTL, *(["-n", self.namespace] if namespace else []), *arguments]
        done = subprocess.run(command, input=given, text=True, capture_output=True, timeout=300)
        if check and done.returncode != 0:
            self.fail(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.state()}")
        return done

    def state(self):
        parts = [["get", "pods", "-o", "wide"], ["get", "events", "--sort-by=.lastTimestamp"]]
        texts = [subprocess.run([KUBECTL, "-n", self.namespace, *part], text=True, capture_output=True).stdout[-3000:] for part in parts]
        return "\n".join(texts)

    def documents(self, text):
        """As objects; validation by this cluster would refuse what is newer than itself."""
        text = self.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-", given=text).stdout.strip()
        found = []
        while text:
            one, end = json.JSONDecoder().raw_decode(text)
            found.append(one)
            text = text[end:].strip()
        return found

    def passwords(self, values):
        literals = [f"--from-literal={name}={value}" for name, value in values.items()]
        text = self.kubectl("create", "secret", "generic", "alkemio-init-passwords", *literals, "--dry-run=client", "-o", "yaml").stdout
        self.kubectl("apply", "-f", "-", given=text)

    def apply(self, text):
        self.kubectl("apply", "-f", "-", given=text)

    def postgres(self, late=0):
        self.apply(POSTGRES.replace("DELAY", str(late)))

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)

    def pods(self, component):
        return self.get("pods", "-l", f"app.kubernetes.io/component={component}")["items"]

    def wait_until(self, what, holds, timeout=engine.PATIENCE):
        end = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > end:
                self.fail(f"{what}: not within {timeout} s\n{self.state()}")
            time.sleep(0.5)

    def sql(self, statement, database="alkemio"):
        return self.kubectl("exec", "postgres", "--", "psql", "-XqAt", "-h", "/var/run/postgresql", "-U", "postgres", "-d", database,
                            "-c", statement).stdout.strip()

    def available(self, count):
        return self.get("deployment", "alkemio-server")["status"].get("availableReplicas", 0) == count

    def updated(self):
        deployment = self.get("deployment", "alkemio-server")
        status = deployment["status"]
        return (status.get("observedGeneration") == deployment["metadata"]["generation"] and
                status.get("updatedReplicas") == status.get("availableReplicas") == status.get("replicas") == deployment["spec"]["replicas"])


class Job(KubernetesTest):
    def test_three_at_once_do_it_once(self):
        self.postgres()
        text = kustomized("job")
        for number in range(3):
            self.apply(text.replace("  name: alkemio-init\nspec:", f"  name: alkemio-init-{number}\nspec:", 1))
        self.wait_until("all are complete", lambda: sum(job["status"].get("succeeded", 0) for job in self.get("jobs")["items"]) == 3)
        logs = [self.kubectl("logs", f"job/alkemio-init-{number}").stdout for number in range(3)]
        self.assertEqual(sum(log.count('create database "kratos"') for log in logs), 1)
        self.assertEqual(sum(log.count("applied Step51730000000005") for log in logs), 1)
        self.assertEqual(sum("done: 0 changes" in log for log in logs), 2)
        for password in PASSWORDS.values():
            self.assertNotIn(password, "".join(logs))

    def test_a_wrong_password_is_told_in_the_termination_message(self):
        self.postgres()
        self.passwords({**PASSWORDS, "postgres": "canary-of-a-wrong-one"})
        self.apply(kustomized("job").replace("backoffLimit: 3", "backoffLimit: 0"))
        self.wait_until("it failed", lambda: self.get("job", "alkemio-init")["status"].get("failed"))
        [pod] = self.pods("job")
        ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
        self.assertEqual(ended["exitCode"], 12)
        self.assertIn("28P01", ended["message"])
        self.assertIn("hint", ended["message"])
        self.assertNotIn("canary-of-a-wrong-one", json.dumps(pod))


class Staging(KubernetesTest):
    def test_runs_once_and_keeps_its_log(self):
        self.postgres()
        self.apply(kustomized("staging"))
        self.wait_until("it succeeded", lambda: self.get("pod", "alkemio-init-staging")["status"]["phase"] == "Succeeded")
        self.assertIn("timeline of", self.kubectl("logs", "alkemio-init-staging").stdout)
        self.assertEqual(self.sql("SELECT count(*) FROM migrations_typeorm"), "5")


class InitContainer(KubernetesTest):
    def test_a_late_server_then_an_update_with_a_migration_and_new_passwords(self):
        self.postgres(late=20)
        self.apply(kustomized("init-container"))
        self.wait_until("three are available", lambda: self.available(3))
        for pod in self.pods("server"):
            self.assertEqual(pod["status"]["initContainerStatuses"][0]["restartCount"], 0)
            self.assertEqual(pod["status"]["containerStatuses"][0]["restartCount"], 0)
        self.assertEqual(self.sql("SELECT count(*) FROM migrations_typeorm"), "5")
        with self.subTest("an update of three replicas brings a migration"):
            server_image("v0.160.0", 6)
            self.kubectl("set", "image", "deployment/alkemio-server", "alkemio-init=alkemio-init/server:v0.160.0",
                         "server=alkemio-init/server:v0.160.0")
            self.wait_until("all are updated", self.updated)
            self.assertEqual(self.sql("SELECT count(*) FROM migrations_typeorm"), "6")
        with self.subTest("passwords are changed"):
            self.passwords({**PASSWORDS, "alkemio": "canary-rotated-9876543210"})
            self.kubectl("rollout", "restart", "deployment/alkemio-server")
            self.wait_until("all are updated", self.updated)
            said = "".join(self.kubectl("logs", pod["metadata"]["name"], "-c", "alkemio-init").stdout for pod in self.pods("server"))
            self.assertIn("a login of role \\\"alkemio\\\" with the configured password fails", said)
        with self.subTest("what is older than its database does not start"):
            self.kubectl("set", "image", "deployment/alkemio-server", f"alkemio-init={IMAGE}", f"server={IMAGE}")
            # By its init container; the server's own container, which may start again during an update, only warns.
            self.wait_until("a Pod of it was refused", lambda: any(
                status.get("lastState", status["state"]).get("terminated", {}).get("exitCode") == 32
                for pod in self.pods("server") for status in pod["status"].get("initContainerStatuses", [])))
            self.assertTrue(self.available(3), "the ones before it go on")

    def test_a_wrong_password_starts_no_server(self):
        self.postgres()
        self.passwords({**PASSWORDS, "postgres": "canary-of-a-wrong-one"})
        self.apply(kustomized("init-container").replace("replicas: 3", "replicas: 1"))

        def refused():
            return [status for pod in self.pods("server") for status in pod["status"].get("initContainerStatuses", [])
                    if status.get("lastState", {}).get("terminated", {}).get("exitCode") == 12]
        self.wait_until("it was refused", refused)
        self.assertIn("28P01", refused()[0]["lastState"]["terminated"]["message"])
        [pod] = self.pods("server")
        self.assertIn("waiting", pod["status"]["containerStatuses"][0]["state"])
        self.assertEqual(pod["status"]["containerStatuses"][0]["restartCount"], 0)


class Killed(KubernetesTest):
    def test_in_the_middle_of_a_migration_it_starts_again_and_ends_well(self):
        """The node's containers are Docker's own, which is where it is killed."""
        slow = server_image("v0.159.0-slow", 6, "RUN sed -i 's/await queryRunner/await queryRunner.query(\"SELECT pg_sleep(8)\");\\n    &/' "
                                                "src/migrations/*-Step6.ts\n")
        self.postgres()
        self.apply(kustomized("init-container").replace(IMAGE, slow).replace("replicas: 3", "replicas: 2"))
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(8)%' AND pid <> pg_backend_pid()"
        self.wait_until("the server's Pod", lambda: self.get("pod", "postgres")["status"]["containerStatuses"][0]["ready"])
        self.wait_until("it migrates", lambda: self.kubectl(
            "exec", "postgres", "--", "psql", "-XqAt", "-h", "/var/run/postgresql", "-U", "postgres", "-c", sleeping, check=False).stdout.strip() == "1")
        labels = [f"label=io.kubernetes.pod.namespace={self.namespace}", "label=io.kubernetes.container.name=alkemio-init"]
        running = engine.docker("ps", "--quiet", *(word for label in labels for word in ("--filter", label))).stdout.split()
        self.assertGreaterEqual(len(running), 1)
        engine.docker("kill", *running)
        self.wait_until("all are available", lambda: self.available(2))
        self.assertEqual(self.sql("SELECT count(*) FROM migrations_typeorm"), "6")
        restarts = [pod["status"]["initContainerStatuses"][0]["restartCount"] for pod in self.pods("server")]
        self.assertGreaterEqual(max(restarts), 1)


class Sidecar(KubernetesTest):
    def test_answers_probes_while_it_waits_and_migrates(self):
        """As an ordinary container of a Pod of its own: this cluster may be older than native sidecars."""
        config, deployment = self.documents(kustomized("sidecar"))
        spec = deployment["spec"]["template"]["spec"]
        [sidecar] = spec.pop("initContainers")
        del sidecar["restartPolicy"]
        spec["containers"] = [sidecar]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "sidecar"}, "spec": spec}
        self.postgres(late=20)
        self.apply(json.dumps(config))
        self.apply(json.dumps(pod))

        def status():
            return self.get("pod", "sidecar")["status"].get("containerStatuses", [{}])[0]
        self.wait_until("it runs", lambda: "running" in status().get("state", {}))
        self.assertFalse(status()["ready"], "the server is not there yet")
        self.wait_until("it is ready", lambda: status().get("ready"))
        self.assertEqual(status()["restartCount"], 0)
        self.assertEqual(self.sql("SELECT count(*) FROM migrations_typeorm"), "5")


if __name__ == "__main__":
    unittest.main(verbosity=2)
