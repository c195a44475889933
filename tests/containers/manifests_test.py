#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manifests without a cluster: valid for Kubernetes 1.29 and newer by its own strict schemas, and restricted. Needs kubectl;
kubernetes-validate comes from PyPI into a virtual environment, made once."""

import json
import subprocess
import sys
import unittest

import engine

MANIFESTS = engine.SOURCE / "config/kubernetes"
MODES = ("job", "staging", "init-container", "sidecar")
VERSIONS = ("1.29.0", "1.31.0", "1.33.0")
VENV = engine.SERVERS.parent / "kubernetes-validate"
# Reads YAML and prints JSON, with the YAML library that kubernetes-validate needs.
TO_JSON = "import json, sys, yaml; print(json.dumps([one for one in yaml.safe_load_all(sys.stdin) if one]))"


def python():
    if not (VENV / "complete").exists():
        engine.run(sys.executable, "-m", "venv", "--clear", VENV)
        engine.run(VENV / "bin/pip", "install", "--quiet", "kubernetes-validate==1.34.1", "setuptools<81", "pyyaml")
        (VENV / "complete").touch()
    return VENV / "bin/python"


def kustomized(mode):
    return engine.run("kubectl", "kustomize", MANIFESTS / mode).stdout


def objects(text):
    done = subprocess.run([python(), "-c", TO_JSON], input=text, text=True, capture_output=True, check=True)
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in json.loads(done.stdout)}


def pod_of(one):
    return one["spec"] if one["kind"] == "Pod" else one["spec"]["template"]["spec"]


class Manifests(engine.ContainerTest):
    def test_are_valid_for_each_version(self):
        folder = self.scratch()
        for mode in MODES:
            path = folder / f"{mode}.yaml"
            path.write_text(kustomized(mode))
            for version in VERSIONS:
                with self.subTest(mode=mode, version=version):
                    engine.run(python().parent / "kubernetes-validate", "--strict", "--kubernetes-version", version, path)

    def test_a_wrong_one_is_not_valid(self):
        path = self.scratch() / "wrong.yaml"
        path.write_text(kustomized("sidecar").replace("startupProbe", "startUpProbe"))
        self.assertNotEqual(engine.run(python().parent / "kubernetes-validate", "--strict", path, check=False).returncode, 0)

    def test_keep_to_the_restricted_standard(self):
        for mode in MODES:
            workloads = [one for one in objects(kustomized(mode)).values() if one["kind"] != "ConfigMap"]
            self.assertEqual(len(workloads), 1)
            spec = pod_of(workloads[0])
            self.assertTrue(spec["securityContext"]["runAsNonRoot"])
            self.assertEqual(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault")
            self.assertFalse(spec["automountServiceAccountToken"])
            for container in spec.get("initContainers", []) + spec["containers"]:
                context = container["securityContext"]
                self.assertFalse(context["allowPrivilegeEscalation"])
                self.assertEqual(context["capabilities"]["drop"], ["ALL"])
                if container["name"] == "alkemio-init":
                    self.assertTrue(context["readOnlyRootFilesystem"])

    def test_the_server_has_no_password_but_its_own(self):
        for mode in ("init-container", "sidecar"):
            spec = pod_of(objects(kustomized(mode))["Deployment/alkemio-server"])
            [server] = spec["containers"]
            mounted = {one["name"] for one in server["volumeMounts"]}
            secrets = [one["secret"] for one in spec["volumes"] if one["name"] in mounted and "secret" in one]
            self.assertEqual([item["key"] for secret in secrets for item in secret["items"]], ["alkemio"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
