# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium by the W3C WebDriver protocol, as chromedriver speaks it: pages as a person's browser has them, with scripts
or without. Fails where Chromium or its driver is not there."""

import json
import re
import shutil
import subprocess
import tempfile
import urllib.request

OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars"]
LISTENS = re.compile(r"started successfully on port (\d+)")


class Browser:
    """One window, until close()."""

    def __init__(self, scripts=True):
        self.profile = tempfile.mkdtemp(prefix="alkemio-init-chromium.")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            self.base = f"http://127.0.0.1:{self._port()}/session"
            options = {"args": [*OPTIONS, f"--user-data-dir={self.profile}"]}
            made = self._call("POST", "", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
            self.base += f"/{made['sessionId']}"
            if not scripts:
                self.devtools("Emulation.setScriptExecutionDisabled", value=True)
        except BaseException:
            self.close()
            raise

    def _port(self):
        for line in self.driver.stdout:
            if found := LISTENS.search(line):
                return int(found.group(1))
        raise RuntimeError("chromedriver does not start")

    def _call(self, method, path, body=None, patience=60):
        request = urllib.request.Request(self.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=patience) as answer:
            return json.load(answer)["value"]

    def devtools(self, command, **parameters):
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url):
        self._call("POST", "/url", {"url": url})

    def source(self):
        """The document as it is now."""
        root = self.devtools("DOM.getDocument", depth=0)["root"]["nodeId"]
        return self.devtools("DOM.getOuterHTML", nodeId=root)["outerHTML"]

    def title(self):
        return self._call("GET", "/title")

    def close(self):
        try:
            self._call("DELETE", "")
        except OSError:
            pass
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)
