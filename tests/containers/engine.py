# SPDX-License-Identifier: Apache-2.0
"""Images and stacks for the tests of this folder: Docker as it is found, our image from build/bundle.tar, and PostgreSQL and
the dependents under their real names. An image of that name that is there already is taken as it is."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
IMAGES = pathlib.Path(__file__).resolve().parent / "images"
SERVERS = pathlib.Path("/var/cache/alkemio-init/postgres")
POSTGRES_VERSION = "17.5.0-beta.15"
PATIENCE = 240


def run(*command, check=True, timeout=900, **more):
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True, timeout=timeout, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-8000:]}")
    return done


def docker(*arguments, **more):
    more.setdefault("env", {**os.environ, "DOCKER_BUILDKIT": "1"})
    return run("docker", *arguments, **more)


def has_image(name):
    return docker("image", "inspect", name, check=False).returncode == 0


def build(name, dockerfile, context=None, *options):
    """dockerfile: its text, or a path."""
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(dockerfile) if isinstance(dockerfile, os.PathLike) else pathlib.Path(scratch) / "Dockerfile"
        if not isinstance(dockerfile, os.PathLike):
            path.write_text(dockerfile)
        docker("build", "--quiet", "--tag", name, "--file", path, *options, context or scratch)
    return name


def own_image(name="alkemio-init"):
    return build(name, SOURCE / "docker/Dockerfile", SOURCE, "--build-arg", "BUNDLE=prepared")


def postgres_image(name="postgres:17.5"):
    if has_image(name):
        return name
    with tempfile.TemporaryDirectory() as scratch:
        context = pathlib.Path(scratch)
        shutil.copytree(IMAGES / "postgres", context, dirs_exist_ok=True)
        shutil.copytree(SERVERS / POSTGRES_VERSION / "package/native", context / "native", symlinks=True)
        return build(name, context / "Dockerfile", context, "--target", "embedded")


def debians_postgres_image(name="postgres:17-debian"):
    return name if has_image(name) else build(name, IMAGES / "postgres/Dockerfile", IMAGES / "postgres", "--target", "debian")


def stand_in(name, folder, *options):
    """An image of a real name that honours the contract of what it stands in for; see the head of its program."""
    return name if has_image(name) else build(name, IMAGES / folder / "Dockerfile", IMAGES / folder, *options)


class Stack:
    """One Compose project, gone with its volumes at the end of the test."""

    def __init__(self, test, *files, project=None, environment=None, directory=None):
        self.test = test
        self.name = project or f"ainit-{os.getpid()}-{int(time.monotonic() * 1000) % 100000}"
        self.environment = {**os.environ, "DOCKER_BUILDKIT": "1", **(environment or {})}
        self.command = ["docker", "compose", "--project-name", self.name, "--ansi=never"]
        if directory:
            self.command += ["--project-directory", str(directory)]
        for file in files:
            self.command += ["--file", str(file)]
        test.addCleanup(self.remove)

    def compose(self, *arguments, **more):
        return run(*self.command, *arguments, env=self.environment, **more)

    def remove(self):
        self.compose("down", "--volumes", "--timeout=5", "--remove-orphans", check=False)

    def up(self, *arguments, **more):
        return self.compose("up", "--detach", "--no-color", *arguments, **more)

    def containers(self):
        lines = self.compose("ps", "--all", "--format=json").stdout.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def states(self):
        """service: running, created, exited 12 …, with its health where it has one."""
        found = {}
        for one in self.containers():
            state = one["State"] if one["State"] != "exited" else f"exited {one['ExitCode']}"
            found[one["Service"]] = f"{state} {one['Health']}".strip()
        return found

    def logs(self, *services):
        return self.compose("logs", "--no-color", "--no-log-prefix", *services).stdout

    def sql(self, statement, database="postgres", service="postgres", user="postgres"):
        done = self.compose("exec", "-T", service, "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "/var/run/postgresql",
                            "-U", user, "-d", database, "-c", statement)
        return done.stdout.strip()

    def wait_until(self, what, holds, timeout=PATIENCE):
        end = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > end:
                self.test.fail(f"{what}: not within {timeout} s\n{self.states()}\n{self.logs()[-6000:]}")
            time.sleep(0.3)


class ContainerTest(unittest.TestCase):
    def scratch(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="alkemio-init-containers."))
        folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def stack(self, *files, **more):
        return Stack(self, *files, **more)


DEPENDENTS = {
    "oryd/kratos:v26.2.0": ("ory", "kratos"),
    "oryd/hydra:v26.2.0": ("ory", "hydra"),
    "matrixdotorg/synapse:v1.132.0": ("synapse", ""),
    "alkemio/server:v0.159.0": ("server", ""),
    "redis:7.0.2": ("listener", ""),
    "rabbitmq:3.9.13-management": ("listener", ""),
}


def dependents():
    for name, (folder, service) in DEPENDENTS.items():
        stand_in(name, folder, *(["--build-arg", f"NAME={service}"] if service else []))
