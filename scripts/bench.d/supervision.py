# SPDX-License-Identifier: Apache-2.0
"""The first process of a container: `exec --supervise` as a plain init against tini and dumb-init, and against no init at all."""

import pathlib
import re
import subprocess
import time

from scenarios import interleave

OURS, TINI, DUMB, PLAIN = "exec --supervise", "tini", "dumb-init", "the command alone"


def resident(pid):
    return int(re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE).group(1))


def term_delay(before, listener):
    """Seconds from SIGTERM to the init until the command has it, and what the init takes while it idles."""
    process = subprocess.Popen([*before, listener], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    time.sleep(0.1)
    kilobytes = resident(process.pid)
    sent = time.time()
    process.terminate()
    told = float(process.stdout.readline())
    process.wait()
    return {"delay": told - sent, "kilobytes": kilobytes}


def supervision(bench):
    before = {OURS: [bench.program, "exec", "--supervise", "--no-provision", "--"], TINI: ["tini", "-s", "--"], DUMB: ["dumb-init"], PLAIN: []}
    start = interleave(bench.runs, {side: lambda words=words: bench.measure([*words, "/bin/true"]) for side, words in before.items()})
    term = interleave(bench.runs, {side: lambda words=words: term_delay(words, bench.helpers / "told_term")
                                   for side, words in before.items()})
    return {"start": start, "term": term}
