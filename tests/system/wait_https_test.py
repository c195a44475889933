#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`alkemio-init wait https://…` takes an answer only from a server whose certificate is of that name and from an authority that is
known."""
# matrix: no

import http.server
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

BODY = b"it is well\n" * 10_000


class Answer(http.server.BaseHTTPRequestHandler):
    """What it was asked is kept in the server."""

    def do_GET(self):
        self.server.asked.append((self.requestline, dict(self.headers)))
        self.send_response(200 if self.path == "/ready" else 503)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *arguments):
        pass


class Https(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="alkemio-init-https."))
        self.addCleanup(shutil.rmtree, self.folder)

    def serve(self, name):
        """A server with a certificate of that name, which vouches for itself."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", "key", "-out", "certificate"],
                       cwd=self.folder, check=True, capture_output=True)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        server.asked = []
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "certificate", self.folder / "key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def wait_for(self, server, path, timeout, **variables):
        target = f"https://localhost:{server.server_address[1]}{path}"
        environment = {**os.environ, **variables}
        return subprocess.run([harness.PROGRAM, "wait", target, f"--timeout={timeout}"], text=True, capture_output=True, timeout=60,
                              env=environment, cwd=self.folder)

    def test_an_authority_that_is_known_vouches_for_it(self):
        server = self.serve("localhost")
        ran = self.wait_for(server, "/ready", "30s", SSL_CERT_FILE=str(self.folder / "certificate"))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        [(line, headers)] = server.asked
        self.assertEqual(line, "GET /ready HTTP/1.1")
        self.assertEqual(headers, {"Host": "localhost", "User-Agent": "alkemio-init", "Connection": "close"})

    def test_what_it_answers_counts(self):
        ran = self.wait_for(self.serve("localhost"), "/", "1s", SSL_CERT_FILE=str(self.folder / "certificate"))
        self.assertEqual(ran.returncode, 11)
        self.assertIn("it answered 503", ran.stderr)

    def test_nobody_vouches_for_it(self):
        server = self.serve("localhost")
        ran = self.wait_for(server, "/ready", "1s")
        self.assertEqual((ran.returncode, server.asked), (11, []))
        self.assertIn("certificate verify failed", ran.stderr)

    def test_the_certificate_is_of_another_name(self):
        server = self.serve("example.org")
        ran = self.wait_for(server, "/ready", "1s", SSL_CERT_FILE=str(self.folder / "certificate"))
        self.assertEqual((ran.returncode, server.asked), (11, []))
        self.assertIn("certificate verify failed", ran.stderr)


if __name__ == "__main__":
    harness.main()
