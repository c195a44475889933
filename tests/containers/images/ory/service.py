#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Ory Kratos and Ory Hydra, for tests only. It honours what a stack relies on:

  kratos|hydra [-c FILE] migrate sql -e --yes                      DSN from the environment; exit 0; schema_migration
  kratos|hydra migrate sql status -e --format json                 exit 0 also with pending ones
  kratos serve [-c FILE] [--dev …], hydra serve all [--dev]        health on 4434 and 4445: 503 while migrations are pending

An unreachable server is tried for long, as they do; without DSN, or without the secret Hydra wants, nothing starts; SIGHUP
ends it; SIGTERM too, with 0."""

import http.server
import json
import os
import signal
import sys
import time

import psycopg2

SERVICE = os.path.basename(sys.argv[0])
PORT = {"kratos": 4434, "hydra": 4445}[SERVICE]
TABLES = {
    "kratos": ["identities", "identity_credentials", "identity_credential_identifiers", "sessions", "session_devices",
               "identity_verifiable_addresses", "identity_recovery_addresses"],
    "hydra": ["hydra_client", "hydra_oauth2_flow", "hydra_oauth2_access", "hydra_jwk"],
}[SERVICE]
VERSIONS = [f"20{20 + number}0101000000" for number in range(len(TABLES))]


def connect():
    dsn = os.environ.get("DSN")
    if not dsn:
        sys.exit("dsn must be set")
    # Settings of its own pool, which libpq does not know.
    head, _, query = dsn.partition("?")
    kept = "&".join(part for part in query.split("&") if part and not part.startswith("max_"))
    end = time.monotonic() + 300
    while True:
        try:
            return psycopg2.connect(f"{head}?{kept}" if kept else head)
        except psycopg2.OperationalError as error:
            print(f"unable to connect: {type(error).__name__}, retrying", file=sys.stderr, flush=True)
            if time.monotonic() > end:
                raise
            time.sleep(1)


def applied(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('schema_migration')")
        if cursor.fetchone()[0] is None:
            return set()
        cursor.execute("SELECT version FROM schema_migration")
        return {row[0] for row in cursor.fetchall()}


def migrate():
    connection = connect()
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS schema_migration (version varchar(48) PRIMARY KEY, version_self int NOT NULL DEFAULT 0)")
    known = applied(connection)
    for version, table in zip(VERSIONS, TABLES):
        if version in known:
            continue
        time.sleep(float(os.environ.get("STAND_IN_DELAY", "0")))
        with connection, connection.cursor() as cursor:
            # They take no lock: two at once must fail here, as the real ones do.
            cursor.execute(f"CREATE TABLE {table} (id uuid PRIMARY KEY)")
            cursor.execute("INSERT INTO schema_migration (version) VALUES (%s)", (version,))
        print(f"applied {version}", flush=True)
    print("Successfully applied SQL migrations!", flush=True)


def pending(connection):
    return [version for version in VERSIONS if version not in applied(connection)]


def status():
    missing = pending(connect())
    print(json.dumps([{"version": version, "state": "Pending" if version in missing else "Applied"} for version in VERSIONS]))


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            connection = connect()
            code = 503 if pending(connection) else 200
            connection.close()
        except psycopg2.Error:
            code = 503
        self.send_response(200 if self.path == "/health/alive" else code)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def serve():
    if SERVICE == "hydra" and len(os.environ.get("SECRETS_SYSTEM", "")) < 16:
        sys.exit("secrets.system must be set, with 16 characters at least")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    connect().close()
    print(f"{SERVICE} serves", flush=True)
    http.server.ThreadingHTTPServer(("", PORT), Health).serve_forever()


arguments = [word for word in sys.argv[1:]]
if arguments[:1] == ["-c"]:
    arguments = arguments[2:]
if arguments == ["migrate", "sql", "-e", "--yes"]:
    migrate()
elif arguments == ["migrate", "sql", "status", "-e", "--format", "json"]:
    status()
elif arguments[:1] == ["serve"] and "-e" not in arguments:
    serve()
else:
    sys.exit(f"unknown command {arguments}")
