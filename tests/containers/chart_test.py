#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Helm chart makes what the kustomizations make. ALKEMIO_INIT_HELM names helm; else it is the one on PATH."""

import os
import unittest

import engine
from manifests_test import MANIFESTS, MODES, kustomized, objects


class Chart(unittest.TestCase):
    helm = os.environ.get("ALKEMIO_INIT_HELM", "helm")

    def test_makes_what_the_kustomization_makes(self):
        for mode in MODES:
            with self.subTest(mode=mode):
                made = objects(engine.run(self.helm, "template", "alkemio-init", MANIFESTS / "chart", "--set", f"mode={mode}").stdout)
                self.assertEqual(made, objects(kustomized(mode)))

    def test_knows_no_other_mode(self):
        done = engine.run(self.helm, "template", "alkemio-init", MANIFESTS / "chart", "--set", "mode=daemonset", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("is none of init-container, sidecar, job, staging", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
