# SPDX-License-Identifier: Apache-2.0
"""The real TypeORM for Node, which says what is right and what is slow."""

import hashlib
import pathlib
import shutil
import subprocess

ORACLE = pathlib.Path(__file__).parent.parent / "typeorm/oracle"


def install():
    """The folder with its node_modules, made once for each lock file."""
    lock = (ORACLE / "package-lock.json").read_bytes()
    folder = pathlib.Path("/var/cache/alkemio-init") / f"typeorm-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ORACLE / name, folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
                       cwd=folder, check=True)
        (folder / "complete").touch()
    return folder
