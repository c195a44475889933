# SPDX-License-Identifier: Apache-2.0
"""The real TypeORM for Node, which says what is right and what is slow."""

import fcntl
import hashlib
import json
import pathlib
import shutil
import subprocess

ORACLE = pathlib.Path(__file__).parent.parent / "typeorm/oracle"


def install():
    """The folder with its node_modules, made once for each lock file."""
    lock = (ORACLE / "package-lock.json").read_bytes()
    folder = pathlib.Path("/var/cache/alkemio-init") / f"typeorm-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if (folder / "complete").exists():
            return folder
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ORACLE / name, folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
                       cwd=folder, check=True)
        (folder / "complete").touch()
    return folder


class Oracle:
    """One Node process, which many cases ask."""

    def __init__(self, environment):
        self.environment = environment
        self.process = None

    def ask(self, **request):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(["node", ORACLE / "oracle.mjs"], text=True, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, env=self.environment)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("oracle: "):
                return json.loads(line.removeprefix("oracle: "))
        raise AssertionError("the oracle ended without an answer")

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()
