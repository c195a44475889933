#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manifests that Podman can play: the staging Pod as it is, and the Pod of the init container. Podman knows no Jobs, and Podman 4
starts init containers of a Deployment again, since it gives them the Pod's restart policy; so that Pod has another one here."""

import base64
import json
import os
import subprocess
import time
import unittest

import engine
import kubernetes_test
import manifests_test

SECRETS = ("postgres", "alkemio", "kratos", "hydra", "synapse")
# Podman 4 leaves a Secret's file as it stands in the manifest, in base64: the server reads the very same file.
SERVER = """
apiVersion: v1
kind: Pod
metadata: {name: postgres}
spec:
  containers:
    - name: server
      image: localhost/postgres:17.5
      imagePullPolicy: Never
      env: [{name: POSTGRES_PASSWORD_FILE, value: /passwords/postgres}]
      volumeMounts: [{name: passwords, mountPath: /passwords}]
  volumes: [{name: passwords, secret: {secretName: alkemio-init-passwords, optional: false}}]
"""


def podman(*arguments, given=None, check=True):
    done = subprocess.run(["podman", *arguments], input=given, text=True, capture_output=True, timeout=600)
    if check and done.returncode != 0:
        raise AssertionError(f"podman {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


class Play(engine.ContainerTest):
    @classmethod
    def setUpClass(cls):
        engine.dependents()
        kubernetes_test.server_image("v0.159.0")
        for image in ("postgres:17.5", kubernetes_test.IMAGE):
            with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
                subprocess.run(["podman", "load", "--quiet"], stdin=saved.stdout, check=True, capture_output=True)

    def setUp(self):
        self.network = f"ainit-{os.getpid()}-{int(time.monotonic())}"
        podman("network", "create", self.network)
        self.addCleanup(podman, "network", "rm", "--force", self.network)
        self.addCleanup(self.remove)
        values = {name: base64.b64encode(f"canary-{name}-0123456789".encode()).decode() for name in SECRETS}
        self.play(json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "alkemio-init-passwords"}, "data": values}))
        self.play(SERVER)

    def remove(self):
        for pod in ("alkemio-init-staging", "alkemio-server", "postgres"):
            podman("pod", "rm", "--force", "--time=2", pod, check=False)
        podman("volume", "rm", "--force", "alkemio-init-config", "alkemio-init-passwords", check=False)
        podman("secret", "rm", "alkemio-init-passwords", check=False)

    def play(self, text):
        podman("kube", "play", "--network", self.network, "-", given=text)

    def state(self, container):
        return json.loads(podman("inspect", container).stdout)[0]["State"]

    def wait_until(self, what, holds, timeout=engine.PATIENCE):
        end = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > end:
                self.fail(f"{what}: not within {timeout} s\n{podman('ps', '--all').stdout}")
            time.sleep(0.5)

    def test_the_staging_pod(self):
        self.play(manifests_test.kustomized("staging"))
        name = "alkemio-init-staging-alkemio-init"
        self.wait_until("it ended", lambda: self.state(name)["Status"] == "exited")
        self.assertEqual(self.state(name)["ExitCode"], 0, podman("logs", name).stderr)
        self.assertIn("timeline of", podman("logs", name).stdout)

    def test_the_pod_of_the_init_container(self):
        objects = manifests_test.objects(manifests_test.kustomized("init-container"))
        spec = objects["Deployment/alkemio-server"]["spec"]["template"]["spec"]
        self.play(json.dumps(objects["ConfigMap/alkemio-init-config"]) + "\n---\n" + json.dumps(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alkemio-server"}, "spec": {**spec, "restartPolicy": "Never"}}))
        self.wait_until("the server runs", lambda: "with 5 migrations" in podman("logs", "alkemio-server-server", check=False).stdout)
        self.assertEqual(self.state("alkemio-server-server")["Status"], "running")


if __name__ == "__main__":
    unittest.main(verbosity=2)
