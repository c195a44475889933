#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real Ory Kratos and Ory Hydra: `once` migrates them with their own commands, a second run does nothing, and what
`verify` and `migrate show` say agrees with their own `migrate sql status`. KRATOS and HYDRA are the paths of their programs;
called by scripts/try-ory."""

import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

TOOLS = {"kratos": os.environ["KRATOS"], "hydra": os.environ["HYDRA"]}


def service(name, profile):
    tool = TOOLS[name]
    return f"""
[[role]]
name = "{name}"
password_file = "secrets/{name}"

[[database]]
name = "{name}"
owner = "{name}"
profile = "{profile}"

[[migration]]
database = "{name}"
engine = "command"
command = ["{tool}", "migrate", "sql", "-e", "--yes"]
environment = {{ DSN = "${{dsn}}?sslmode=disable" }}
status_command = ["{tool}", "migrate", "sql", "status", "-e", "--format", "json"]
status_format = "ory"
ledger_query = "SELECT version FROM schema_migration ORDER BY version"
"""


class Ory(harness.StackTest):
    def own_status(self, name):
        """What the tool itself says is pending."""
        dsn = (f"postgres://{name}:{harness.urllib.parse.quote(harness.canary(name), safe='')}@127.0.0.1:"
               f"{self.server.port}/{name}?sslmode=disable")
        done = subprocess.run([TOOLS[name], "migrate", "sql", "status", "-e", "--format", "json"], text=True,
                              capture_output=True, env=self.environment(DSN=dsn), timeout=120)
        migrations = json.loads(done.stdout)
        rows = migrations if isinstance(migrations, list) else next(v for v in migrations.values() if isinstance(v, list))
        return [row for row in rows if row.get("state", row.get("status", "")).lower() == "pending"], len(rows)

    def test_they_migrate_once_and_agree(self):
        config = self.folder / "ory.toml"
        config.write_text(f'[postgres]\nhost = "127.0.0.1"\nport = {self.server.port}\n'
                          'password_file = "secrets/superuser"\nexpected_version = ""\n'
                          + service("kratos", "kratos") + service("hydra", "hydra"))
        self.expect(3, "plan", config=config)
        began = time.monotonic()
        first = self.expect(0, "once", config=config)
        middle = time.monotonic()
        second = self.expect(0, "once", config=config)
        ended = time.monotonic()
        self.assertIn("done: 0 changes", second.out)
        print(first.out)
        print(f"first run {middle - began:.2f} s, second run {ended - middle:.2f} s")
        for name in TOOLS:
            pending, known = self.own_status(name)
            self.assertEqual(pending, [], f"{name} itself knows pending migrations")
            rows = int(self.server.value("SELECT count(*) FROM schema_migration", name))
            print(f"{name}: {rows} rows in schema_migration, {known} in its own status, none pending")
        verified = self.expect(0, "verify", config=config).out
        print(verified)
        self.assertIn(", 0 failed.", verified)
        self.assertIn("0 pending", self.expect(0, "migrate", "show", "--check", config=config).out)
        # Something is taken back: both sides must see it.
        self.server.value("DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration)",
                          "hydra")
        pending, _ = self.own_status("hydra")
        self.assertNotEqual(pending, [])
        self.expect(3, "migrate", "show", "--check", config=config)


if __name__ == "__main__":
    harness.main()
