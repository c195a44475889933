#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What happened when: the table of --timeline, the timeline in JSON, and the trace of --trace, of runs that do well, that fail and
that have to wait."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402


def complete_events(trace):
    return [event for event in trace["traceEvents"] if event["ph"] == "X"]


class Timeline(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()
        self.trace_file = self.folder / "trace.json"

    def until(self, true):
        deadline = time.monotonic() + 30
        while not true():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def trace(self):
        """The trace, found to be what viewers want: events of a thread lie within each other or apart."""
        trace = json.loads(self.trace_file.read_text())
        self.no_secret(self.trace_file.read_text(), "the trace")
        named = {event["tid"] for event in trace["traceEvents"] if (event["ph"], event["name"]) == ("M", "thread_name")}
        for event in complete_events(trace):
            self.assertGreaterEqual(event["dur"], 0)
            self.assertIn(event["tid"], named)
        for tid in named:
            open_until = []
            events = [event for event in complete_events(trace) if event["tid"] == tid]
            for event in sorted(events, key=lambda one: (one["ts"], -one["dur"])):
                while open_until and open_until[-1] <= event["ts"]:
                    open_until.pop()
                end = event["ts"] + event["dur"]
                self.assertTrue(not open_until or end <= open_until[-1], event)
                open_until.append(end)
        self.assertEqual(os.listdir(self.folder).count("trace.json"), 1)
        self.assertEqual([name for name in os.listdir(self.folder) if name.endswith(".part")], [])
        return trace

    def test_a_run_tells_what_it_did_when(self):
        config = self.config()
        began = time.time()
        ran = self.expect(0, "once", "--timeline", "--trace", self.trace_file, config=config)
        table = ran.out[ran.out.index("timeline of "):]
        self.assertIn("START", table)
        for what in ("wait", "observe", "lock", "provision", 'create database "kratos"', "migrate alkemio", "0002_table2",
                     "verify", "check synapse"):
            self.assertRegex(table, rf"(?m) [|] *=+ *[|] +{what}")
        self.assertLessEqual(max(map(len, table.splitlines())), 80)
        trace = self.trace()
        names = [event["name"] for event in complete_events(trace)]
        self.assertLess(names.index("wait"), names.index("provision"))
        self.assertIn('table "table1" can be read', names)
        first = complete_events(trace)[0]
        self.assertAlmostEqual(first["ts"] / 1e6, began, delta=60)
        self.assertGreater(sum(event["dur"] for event in complete_events(trace) if event["cat"] == "migration"), 0)

    def test_json_has_it_without_being_asked(self):
        config = self.config()
        told = self.expect(0, "once", "--output", "json", config=config).json
        events = {event["number"]: event for event in told["timeline"]}
        self.assertEqual([phase["name"] for phase in told["phases"]],
                         [event["name"] for event in told["timeline"] if event["parent"] == 0])
        for event in told["timeline"]:
            self.assertFalse(event["going_on"])
            if event["parent"]:
                parent = events[event["parent"]]
                self.assertGreaterEqual(event["begin_ms"], parent["begin_ms"])
        files = [event for event in told["timeline"] if event["kind"] == "migration"]
        self.assertIn(("0001_table1.sql", "applied"), [(event["name"], event["note"]) for event in files])
        self.assertNotIn("timeline of", self.expect(0, "once", config=config).out)

    def test_a_run_that_fails_tells_how_far_it_came(self):
        config = self.config()
        self.write("alkemio/0002_table2.sql", "CREATE TABLE table2 (id bigint);\nSELECT 1 / 0;\n")
        ran = self.expect(30, "once", "--timeline", "--trace", self.trace_file, config=config)
        self.assertRegex(ran.out, r"(?m)[|] *x+ *[|] +migrate alkemio")
        self.assertRegex(ran.out, r"(?m)[|] *x+ *[|] +0002_table2")
        failed = [event["name"] for event in complete_events(self.trace()) if event["args"]["failed"]]
        self.assertIn("migrate alkemio", failed)

    def test_a_server_that_is_away_is_in_it(self):
        config = self.config(port=1)
        ran = self.expect(11, "once", "--timeline", "--trace", self.trace_file, "--timeout", "1s", config=config)
        self.assertRegex(ran.out, r"(?m)[|]x+[|] +wait")
        states = [event["name"] for event in complete_events(self.trace()) if event["cat"] == "state"]
        self.assertEqual(states, ["refused"])

    def test_a_lock_that_is_held_is_in_it(self):
        config = self.config()
        holder = subprocess.Popen(["psql", "-XqAt", "-c", "SELECT pg_advisory_lock(1634299497, 1953658222)", "-c",
                                   "SELECT pg_sleep(60)"], env=self.server.environment(), stdout=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 1634299497 AND objid = 1953658222"
        self.until(lambda: self.server.value(held))
        running = self.begin("once", "--trace", self.trace_file, config=config)
        self.until(lambda: self.server.value("SELECT 1 FROM pg_stat_activity WHERE application_name ~ 'alkemio-init'"))
        time.sleep(0.5)
        self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'")
        self.assertEqual(running.end().code, 0)
        held = [event for event in complete_events(self.trace()) if event["name"].startswith("held by process")]
        self.assertEqual(len(held), 1)
        self.assertGreater(held[0]["dur"], 100_000)

    def test_passes_that_lost_the_server_are_one_part(self):
        config = self.config()
        self.expect(0, "once", config=config)
        lost = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ 'alkemio-init'"
        tool = self.write("bin/loses", f"""\
            #!/bin/sh
            [ "$(wc -l <"{self.folder}/lost")" -lt 2 ] || exit 0
            echo lost >>"{self.folder}/lost"
            psql -XqAt -c "{lost}"
            exit 1
            """, 0o755)
        (self.folder / "lost").touch()
        escaped = harness.canary("superuser").replace("\\", "\\\\").replace(":", "\\:")
        secret = self.write("secrets/pgpass", f"*:*:*:*:{escaped}\n", 0o600)
        config = self.config(extra=f"""
[[migration]]
database = "synapse"
engine = "command"
command = ["{tool}"]
environment = {{ PGHOST = "127.0.0.1", PGPORT = "{self.server.port}", PGUSER = "postgres", PGPASSFILE = "{secret}" }}
""")
        told = self.expect(0, "once", "--output", "json", "--trace", self.trace_file, config=config).json
        self.assertEqual((self.folder / "lost").read_text(), "lost\nlost\n")
        earlier = told["timeline"][0]
        self.assertEqual((earlier["kind"], earlier["number"]), ("pass", 1))
        self.assertTrue(earlier["note"].startswith("2, the last: "), earlier["note"])
        self.assertEqual([phase["name"] for phase in told["phases"]].count("wait"), 1)
        self.trace()

    def test_a_trace_that_cannot_be_written_stops_all_before_it_begins(self):
        config = self.config()
        for path in ("nowhere/trace.json", ".", "/dev/null"):
            ran = self.expect(2, "once", "--trace", path, config=config)
            self.assertIn("cannot write the trace to", ran.err)
        self.assertEqual(self.server.value("SELECT count(*) FROM pg_database WHERE datname = 'kratos'"), "0")

    def test_exec_tells_beside_the_command(self):
        config = self.config()
        ran = self.expect(0, "exec", "--timeline", "--trace", self.trace_file, "--", "cat", self.trace_file, config=config)
        self.assertIn("traceEvents", ran.out)
        self.assertNotIn("timeline of", ran.out)
        self.assertIn("timeline of", ran.err)
        waited = self.expect(0, "exec", "--wait-only", "--timeline", "--", "true", config=config)
        self.assertIn("wait until provisioned", waited.err)
        self.trace()

    def test_migrate_run_and_run_tell_as_well(self):
        config = self.config()
        self.expect(0, "once", config=config)
        self.write("alkemio/0004_more.sql", "CREATE TABLE more (id int);\n")
        ran = self.expect(0, "migrate", "run", "--timeline", "--trace", self.trace_file, config=config)
        self.assertIn("0004_more.sql", ran.out)
        self.assertIn("0004_more.sql", [event["name"] for event in complete_events(self.trace())])
        self.trace_file.unlink()
        listen = self.folder / "health"
        config = self.config(extra=f'[health]\nlisten = "unix:{listen}"\n')
        running = self.begin("run", "--timeline", "--trace", self.trace_file, config=config)
        self.until(self.trace_file.exists)
        status = self.expect(0, "healthcheck", "/status", config=config).json
        self.assertEqual(status["timeline"][0]["kind"], "wait")
        running.send(signal.SIGTERM)
        ran = running.end()
        self.assertEqual(ran.out.count("timeline of"), 1)
        self.trace()


if __name__ == "__main__":
    harness.main()
