#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The image and what is in it, and `COPY --from=alkemio-init /opt/alkemio-init /opt/alkemio-init` in roots of every kind: the
program starts there, finds the server by Compose's DNS and logs in."""

import gzip
import hashlib
import json
import os
import subprocess
import tarfile
import tempfile
import time
import unittest

import engine

LINE = "COPY --from=alkemio-init /opt/alkemio-init /opt/alkemio-init\n"
PROGRAM = "/opt/alkemio-init/bin/alkemio-init"

# Each is a whole image but for the line above. Nothing of glibc is in the second and the last; the third one's
# nsswitch.conf names only a resolver that is not there, as hosts with systemd have it.
ROOTS = {
    "debian": "FROM debian:trixie-slim\n",
    "musl": "FROM debian:trixie-slim AS musl\n"
            "RUN apt-get update -qq && apt-get install -qq --no-install-recommends musl busybox-static >/dev/null\n"
            "FROM scratch\nCOPY --from=musl /usr/bin/busybox /bin/busybox\nCOPY --from=musl /lib/ld-musl-x86_64.so.1 /lib/\n",
    "distroless": "FROM debian:trixie-slim AS parts\n"
                  "RUN mkdir -p /parts/etc/ssl/certs && cp /etc/ssl/certs/ca-certificates.crt /parts/etc/ssl/certs/ "
                  "&& cp -a --parents /usr/lib/x86_64-linux-gnu/lib[cmr]*.so* /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 /parts "
                  "&& ln -s usr/lib /parts/lib && echo 'nonroot:x:65532:65532::/home/nonroot:/sbin/nologin' >/parts/etc/passwd "
                  "&& echo 'hosts: mymachines resolve [!UNAVAIL=return]' >/parts/etc/nsswitch.conf\n"
                  "FROM scratch\nCOPY --from=parts /parts/ /\n",
    "empty": "FROM scratch\n",
}

COMPOSE = """\
services:
  postgres:
    image: postgres:17.5
    environment: {POSTGRES_PASSWORD: only-for-this-test}
"""


def layers(image):
    return json.loads(engine.docker("image", "inspect", image, "--format", "{{json .RootFS.Layers}}").stdout)


class Image(engine.ContainerTest):
    def test_holds_the_bundle_alone_and_is_small(self):
        self.assertEqual(len(layers("alkemio-init")), 1)
        with tempfile.TemporaryDirectory() as scratch:
            engine.docker("save", "--output", f"{scratch}/image.tar", "alkemio-init:latest")
            with tarfile.open(f"{scratch}/image.tar") as image:
                manifest = json.load(image.extractfile("manifest.json"))
                with tarfile.open(fileobj=image.extractfile(manifest[0]["Layers"][0])) as layer:
                    members = layer.getmembers()
        strangers = [one.name for one in members if one.name != "opt" and not f"{one.name}/".startswith("opt/alkemio-init/")]
        self.assertEqual(strangers, [])
        self.assertEqual({(one.uid, one.gid) for one in members}, {(0, 0)})
        self.assertEqual([one.name for one in members if one.mode & 0o022 and not one.issym()], [])
        size = sum(one.size for one in members)
        print(f"\nimage: {size / 1e6:.1f} MB", flush=True)
        self.assertLessEqual(size, 25_000_000)

    def test_built_again_has_the_same_layer(self):
        engine.build("alkemio-init:again", engine.SOURCE / "docker/Dockerfile", engine.SOURCE,
                     "--build-arg", "BUNDLE=prepared", "--no-cache")
        self.addCleanup(engine.docker, "image", "rm", "alkemio-init:again")
        self.assertEqual(layers("alkemio-init:again"), layers("alkemio-init"))

    def test_runs_as_nobody_without_rights_and_without_writing(self):
        user = engine.docker("image", "inspect", "alkemio-init", "--format", "{{.Config.User}}").stdout.strip()
        self.assertEqual(user, "65532:65532")
        said = engine.docker("run", "--rm", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges",
                             "--network=none", "alkemio-init", "--version").stdout
        self.assertRegex(said, r"^alkemio-init \d+\.\d+\.\d+")

    def test_starts_at_once_and_needs_little_memory(self):
        began = time.monotonic()
        engine.docker("run", "--rm", "--network=none", "--memory=32m", "alkemio-init", "--version")
        print(f"\ncontainer that says its version: {time.monotonic() - began:.2f} s, within 32 MB of memory", flush=True)


class Contents(unittest.TestCase):
    bundle = engine.SOURCE / "build/bundle/opt/alkemio-init"

    def test_every_library_comes_from_the_bundle(self):
        """In a root that holds nothing else."""
        listed = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             'mount -t tmpfs none /mnt && mkdir -p /mnt/opt/alkemio-init && mount --bind "$1" /mnt/opt/alkemio-init && '
             f"exec chroot /mnt /opt/alkemio-init/lib/ld-linux-x86-64.so.2 --list {PROGRAM}", "sh", self.bundle],
            text=True, capture_output=True, check=True).stdout
        places = [line.split()[2 if "=>" in line else 0] for line in listed.splitlines() if "linux-vdso" not in line]
        self.assertGreater(len(places), 10)
        self.assertEqual([place for place in places if not place.startswith("/opt/alkemio-init/lib/")], [])

    def test_the_list_of_contents_is_true(self):
        document = json.loads((self.bundle / "share/sbom.spdx.json").read_text())
        self.assertEqual(document["spdxVersion"], "SPDX-2.3")
        named = {one["fileName"].removeprefix("./"): one["checksums"] for one in document["files"]}
        code = {f"{folder}/{path.name}" for folder in ("bin", "lib") for path in (self.bundle / folder).iterdir() if not path.is_symlink()}
        self.assertEqual(code - set(named), set())
        for path, checksums in named.items():
            digest = hashlib.sha256((self.bundle / path).read_bytes()).hexdigest()
            self.assertIn({"algorithm": "SHA256", "checksumValue": digest}, checksums)
        ids = {one["SPDXID"] for key in ("packages", "files") for one in document[key]} | {"SPDXRef-DOCUMENT"}
        for relation in document["relationships"]:
            self.assertLessEqual({relation["spdxElementId"], relation["relatedSpdxElement"]}, ids)
        names = {one["name"]: one["versionInfo"] for one in document["packages"]}
        self.assertLessEqual({"alkemio-init", "libc6", "libpq5", "libssl3t64", "libquickjs", "typeorm"}, set(names))

    def test_the_licence_of_every_package_is_there(self):
        licences = {path.stem for path in (self.bundle / "share/licences").iterdir()}
        for package in json.loads((self.bundle / "share/sbom.spdx.json").read_text())["packages"]:
            if package.get("supplier") == "Organization: Debian":
                source = package["comment"].split()[2].rstrip(";")
                self.assertIn(source, licences)
        text = gzip.decompress((self.bundle / "share/licences/javascript.gz").read_bytes()).decode()
        self.assertIn("typeorm", text)

    def test_no_authority_of_the_building_machine_is_trusted(self):
        own = (self.bundle / "etc/ssl/certs/ca-certificates.crt").read_text()
        self.assertGreater(own.count("BEGIN CERTIFICATE"), 100)
        system = subprocess.run([engine.SOURCE / "scripts/toolchain", "sh", "-c", "cat /usr/share/ca-certificates/mozilla/*.crt"],
                                text=True, capture_output=True, check=True).stdout
        self.assertEqual(sorted(own.split("-----END CERTIFICATE-----")), sorted(system.split("-----END CERTIFICATE-----")))


class Roots(engine.ContainerTest):
    def services(self):
        lines = []
        for root in ROOTS:
            lines.append(f"""\
  {root}:
    image: ainit-root-{root}
    user: "65532:65532"
    read_only: true
    cap_drop: [ALL]
    environment: {{DATABASE_HOST: postgres, DATABASE_USERNAME: postgres, DATABASE_PASSWORD: only-for-this-test}}
    entrypoint: [{PROGRAM}]
""")
        return "".join(lines)

    def test_each_finds_the_server_by_name_and_logs_in(self):
        for root, text in ROOTS.items():
            engine.build(f"ainit-root-{root}", text + LINE)
            self.addCleanup(engine.docker, "image", "rm", "--force", f"ainit-root-{root}")
        file = self.scratch() / "compose.yml"
        file.write_text(COMPOSE + self.services())
        stack = self.stack(file)
        stack.up("postgres")
        for root in ROOTS:
            with self.subTest(root=root):
                ran = stack.compose("run", "--rm", "-T", root, "wait", "--for", "postgres", "--timeout", "60s")
                self.assertRegex(ran.stdout, r"^postgres: .*ready after")
        with self.subTest("a name that is not there"):
            ran = stack.compose("run", "--rm", "-T", "-e", "DATABASE_HOST=nowhere", "empty", "wait", "--timeout", "1s", check=False)
            self.assertEqual(ran.returncode, 11)
            self.assertIn("nowhere", ran.stdout + ran.stderr)

    def certificates(self, folder):
        """An authority, and a server's certificate for the name postgres with a key as PostgreSQL wants it."""
        def openssl(*arguments):
            engine.run("openssl", *arguments, cwd=folder)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        openssl("req", "-x509", *key, "-subj", "/CN=the test's authority", "-days", "2", "-keyout", "authority.key", "-out", "authority.crt")
        openssl("req", *key, "-subj", "/CN=postgres", "-keyout", "server.key", "-out", "server.csr")
        (folder / "names").write_text("subjectAltName=DNS:postgres\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", "server.crt")
        os.chown(folder / "server.key", 0, 999)
        (folder / "server.key").chmod(0o640)

    def test_the_system_s_authorities_are_those_of_the_image_or_else_its_own(self):
        folder = self.scratch()
        self.certificates(folder)
        file = folder / "compose.yml"
        file.write_text(COMPOSE + f"""\
    command: [postgres, -c, ssl=on, -c, ssl_cert_file=/certificates/server.crt, -c, ssl_key_file=/certificates/server.key]
    volumes: ["{folder}:/certificates:ro"]
  own: &own
    image: alkemio-init
    read_only: true
    environment: {{DATABASE_HOST: postgres, DATABASE_PASSWORD: only-for-this-test, PGSSLMODE: verify-full, PGSSLROOTCERT: system}}
  told:
    <<: *own
    volumes: ["{folder}/authority.crt:/etc/ssl/certs/ca-certificates.crt:ro"]
""")
        stack = self.stack(file)
        stack.up("postgres")
        ran = stack.compose("run", "--rm", "-T", "told", "wait", "--for", "postgres", "--timeout", "60s")
        self.assertRegex(ran.stdout, r"^postgres: .*ready after")
        ran = stack.compose("run", "--rm", "-T", "own", "wait", "--for", "postgres", "--timeout", "60s", check=False)
        self.assertEqual(ran.returncode, 12, ran.stderr)
        self.assertIn("certificate verify failed", ran.stdout + ran.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
