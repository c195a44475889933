#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for `node dist/main.js` of Alkemio's server, for tests only: it logs in with DATABASE_*, starts only on a migrated
database, answers /health/live and /health/ready on port 4000, and, as Node does, ignores SIGTERM when it is PID 1."""

import http.server
import os
import sys

import psycopg2

if sys.argv[1:] != ["dist/main.js"]:
    sys.exit(f"there is only dist/main.js, not {sys.argv[1:]}")
connection = psycopg2.connect(host=os.environ["DATABASE_HOST"], port=os.environ["DATABASE_PORT"],
                              user=os.environ["DATABASE_USERNAME"], password=os.environ["DATABASE_PASSWORD"],
                              dbname=os.environ.get("DATABASE_NAME", "alkemio"))
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM migrations_typeorm")
    print(f"server on a database with {cursor.fetchone()[0]} migrations", flush=True)
connection.close()


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in ("/health/live", "/health/ready") else 404)
        self.end_headers()

    def log_message(self, *arguments):
        pass


http.server.ThreadingHTTPServer(("", 4000), Health).serve_forever()
