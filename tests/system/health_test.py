#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The endpoint of `run` as probes, Prometheus and people see it: while it provisions, when all is there, after a failure. The page
is opened in headless Chromium, with scripts and without; metrics are read by Prometheus's own parser."""
# matrix: no

import html.parser
import json
import pathlib
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import browser  # noqa: E402
import harness  # noqa: E402

SLOW = "SELECT pg_sleep(6);\nCREATE TABLE slow ();\n"


class Rows(html.parser.HTMLParser):
    """The texts of a page: its headline, and each row of its tables as a list of cells."""

    def __init__(self, text):
        super().__init__()
        self.headline, self.rows, self.inside = "", [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
        self.inside = tag if tag in ("h1", "th", "td", "small", "span", "p") else self.inside

    def handle_endtag(self, tag):
        if tag in ("h1", "th", "td", "p"):
            self.inside = None

    def handle_data(self, text):
        if self.inside == "h1":
            self.headline += text
        elif self.inside in ("th", "td", "small", "span") and self.rows and self.rows[-1]:
            self.rows[-1][-1] += ("; " if self.rows[-1][-1] else "") + text

    def row(self, name):
        return next((row for row in self.rows if row and row[0].split("; ")[0] == name), None)


class Health(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()
        self.port = harness.cluster.free_port()

    def begin_run(self, extra="", run=""):
        config = self.config(f'[health]\nlisten = "127.0.0.1:{self.port}"\n[run]\nrecheck = "300ms"\n{run}\n{extra}')
        return config, self.begin("run", config=config)

    def get(self, path, timeout=5):
        """Status and body of an answer, in which there is nothing secret."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout) as answer:
                status, body = answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            status, body = refused.code, refused.read().decode()
        self.no_secret(body, path)
        self.no_secret(urllib.parse.unquote(body.replace("&quot;", '"').replace("&#39;", "'").replace("&amp;", "&")), path)
        return status, body

    def until(self, true, why, patience=20):
        end = time.monotonic() + patience
        while True:
            try:
                if true():
                    return
            except OSError:
                pass
            if time.monotonic() > end:
                self.fail(f"{why}: {self.get('/readyz')} {self.get('/status')}")
            time.sleep(0.05)

    def metrics(self):
        samples = {}
        for family in text_string_to_metric_families(self.get("/metrics")[1]):
            self.assertTrue(family.documentation, family.name)
            self.assertIn(family.type, ("gauge", "counter"))
            for sample in family.samples:
                samples[sample.name, *sorted(sample.labels.items())] = sample.value
        return samples

    def shown(self, page):
        """What the browser has."""
        source = page.source()
        self.no_secret(source, "the page")
        return Rows(source)

    def open(self, scripts=True):
        page = browser.Browser(scripts=scripts)
        self.addCleanup(page.close)
        page.open(f"http://127.0.0.1:{self.port}/")
        return page

    def ends(self, run, code=0):
        run.send(signal.SIGTERM)
        ran = run.end(20)
        self.assertEqual(ran.code, code, ran.err)
        return ran

    SERVICES = """
[[service]]
name = "early"
needs = ["synapse"]
command = ["sh", "-c", "sleep 60"]
ready = "started"
[[service]]
name = "server"
needs = ["alkemio", "early"]
command = ["sh", "-c", "sleep 60"]
ready = "started"
"""

    def test_while_it_migrates_and_when_it_is_done(self):
        self.write("alkemio/0000_slow.sql", SLOW)
        _, run = self.begin_run(self.SERVICES)
        self.until(lambda: self.get("/readyz?service=early")[0] == 200, "it need not wait for the migrations of alkemio")
        self.assertEqual(self.get("/livez"), (200, "ok\n"))
        self.assertEqual(self.get("/livez?service=server"), (200, "ok\n"))
        self.assertEqual(self.get("/startupz")[0], 503)
        self.assertEqual(self.get("/readyz"), (503, "not ready: provisioning has not finished\n"))
        self.assertEqual(self.get("/readyz?service=server")[0], 503)
        self.assertRegex(self.get("/readyz?service=server")[1], "service server is waiting for .*alkemio")
        self.assertEqual(self.get("/readyz?service=nobody")[0], 404)
        broken = self.write("broken.toml", "nonsense = 1\n")
        self.assertEqual(self.expect(0, "healthcheck", "/livez", "--address", f"127.0.0.1:{self.port}", config=broken).out, "ok\n")
        self.expect(2, "healthcheck", "/status", "--service", "early", "--address", f"127.0.0.1:{self.port}")
        self.assertEqual(self.expect(0, "healthcheck", "--service", "early", "--address", f"127.0.0.1:{self.port}").out, "ok\n")
        refused = self.run_program("healthcheck", "/readyz", "--service", "server", "--address", f"127.0.0.1:{self.port}")
        self.assertNotEqual(refused.code, 0)
        self.assertIn("service server is waiting for", refused.err)
        page = Rows(self.get("/")[1])
        self.assertEqual(page.headline, "Provisioning")
        self.assertRegex(page.row("0000_slow.sql")[2], " …$")
        self.assertRegex(page.row("server")[1], "waiting; for .*alkemio")
        status = json.loads(self.get("/status")[1])
        self.assertTrue(status["looking"])
        self.assertTrue(any(part["name"] == "0000_slow.sql" and part["going_on"] for part in status["timeline"]))
        metrics = self.metrics()
        self.assertEqual(metrics["alkemio_init_ready",], 0)
        self.assertEqual(metrics["alkemio_init_service_ready", ("service", "early")], 1)

        # Opened now, it shows the end without being loaded again.
        page = self.open()
        self.assertEqual(self.shown(page).headline, "Provisioning")
        self.until(lambda: self.get("/readyz")[0] == 200, "it does not become ready")
        self.until(lambda: self.shown(page).headline == "Ready", "the page does not become ready")
        self.assertEqual(page.title(), "Ready")
        shown = self.shown(page)
        self.assertEqual(self.get("/startupz")[0], 200)
        self.assertEqual(self.get("/readyz?service=server"), (200, "ok\n"))
        self.assertNotIn("…", shown.row("0000_slow.sql")[2])
        for scripts in (True, False):
            shown = self.shown(self.open(scripts))
            self.assertEqual(shown.headline, "Ready")
            for name in ("wait", "provision", 'create database "kratos"', "migrate alkemio", "0001_table1.sql", "check synapse", "service server"):
                self.assertIsNotNone(shown.row(name), f"{name}: {shown.rows}")
            self.assertEqual(shown.row("server")[1], "ready")
            self.assertIsNotNone(shown.row("waiting for database=alkemio"))

        metrics = self.metrics()
        self.assertEqual(metrics["alkemio_init_ready",], 1)
        self.assertEqual(metrics["alkemio_init_started",], 1)
        self.assertEqual(metrics["alkemio_init_migrations_applied", ("database", "alkemio"), ("migration", "alkemio")], 4)
        self.assertEqual(metrics["alkemio_init_migrations_pending", ("database", "alkemio"), ("migration", "alkemio")], 0)
        self.assertGreater(metrics["alkemio_init_migration_duration_seconds", ("database", "alkemio"), ("migration", "alkemio")], 6)
        self.assertGreater(metrics["alkemio_init_phase_duration_seconds", ("look", "start"), ("phase", "migrate alkemio")], 6)
        self.assertEqual(metrics["alkemio_init_service_restarts_total", ("service", "server")], 0)
        self.assertEqual(metrics["alkemio_init_service_state", ("service", "server"), ("state", "ready")], 1)
        self.assertEqual(metrics["alkemio_init_checks", ("result", "failed")], 0)
        self.assertGreater(metrics["alkemio_init_checks", ("result", "good")], 2)
        self.assertLess(abs(metrics["alkemio_init_last_good_look_timestamp_seconds",] - time.time()), 60)
        changes = metrics["alkemio_init_changes_total",]
        looks = metrics["alkemio_init_looks_total", ("result", "good")]
        self.server.sql("DROP DATABASE synapse WITH (FORCE)")
        self.until(lambda: self.metrics()["alkemio_init_changes_total",] > changes, "what is missing is not made again")
        self.assertGreater(self.metrics()["alkemio_init_looks_total", ("result", "good")], looks)
        self.assertIn('<h2>Latest change or failure', self.get("/")[1])
        self.ends(run)

    def test_after_a_failure(self):
        self.write("alkemio/0004_bad.sql", "SELECT * FROM nowhere;\n")
        _, run = self.begin_run(run='on_failed_start = "stay"')
        self.until(lambda: "nowhere" in self.get("/readyz")[1], "the failure is not told")
        self.assertEqual(self.get("/livez"), (200, "ok\n"))
        self.assertEqual(self.get("/startupz")[0], 503)
        shown = self.shown(self.open(scripts=False))
        self.assertIn(shown.headline, ("Failed", "Provisioning"))
        self.assertRegex(shown.row("migrate alkemio")[2], "failed$")
        self.assertRegex(shown.row("0004_bad.sql")[2], "failed$")
        metrics = self.metrics()
        self.assertEqual(metrics["alkemio_init_started",], 0)
        self.assertGreater(metrics["alkemio_init_looks_total", ("result", "failed")], 0)
        (self.folder / "alkemio/0004_bad.sql").write_text("SELECT 1;\n")
        self.until(lambda: self.get("/readyz")[0] == 200, "it does not go on when the migration is mended")
        self.ends(run)

    def test_drift_is_counted(self):
        self.server.sql("CREATE DATABASE synapse TEMPLATE template0 LOCALE 'C.UTF-8'")
        _, run = self.begin_run(run='on_failed_start = "stay"')
        self.until(lambda: self.metrics()["alkemio_init_drift",] > 0, "the drift is not counted")
        self.ends(run, 21)


if __name__ == "__main__":
    harness.main()
