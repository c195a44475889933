# SPDX-License-Identifier: Apache-2.0
"""What is measured. Each scenario interleaves its sides run by run, so that whatever else the machine does falls on all of
them alike, and gives the samples of each side."""

import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import time

import cluster
from stack import Stack

HERE = pathlib.Path(__file__).parent
CPU_WAIT_SECONDS = 5


class Bench:
    def __init__(self, program, helpers, runs):
        self.program, self.helpers, self.runs = program, helpers, runs
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="alkemio-init-bench-files."))
        self.cost = self.scratch / "cost.json"

    def measure(self, command, environment=None, expect=(0,)):
        """Runs the command once; its wall and CPU seconds, peak memory, and when it ended."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DATABASE_", "POSTGRES_"))}
        done = subprocess.run([self.helpers / "measure", self.cost, *command], env=environment or clean,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        cost = json.loads(self.cost.read_text())
        if cost["exit"] not in expect:
            raise RuntimeError(f"{' '.join(map(str, command))} ended with {cost['exit']}:\n{done.stdout[-3000:]}")
        cost["cpu"] = cost["user"] + cost["system"]
        cost["output"] = done.stdout
        return cost

    def once(self, stack):
        return [self.program, "once", "--config", stack.config]


def interleave(runs, sides):
    """sides: name → function giving one cost; an uncounted round first, then the order turns with each round."""
    samples = {name: [] for name in sides}
    for run in range(-1, runs):
        names = list(sides)
        turn = run % len(names)
        for name in names[turn:] + names[:turn]:
            cost = sides[name]()
            if run >= 0:
                samples[name].append(cost)
    return samples


def converged(bench, server):
    """Nothing is left to do: what does it cost to find that out?"""
    stack = Stack(server, bench.scratch / "converged", 4)
    bench.measure(bench.once(stack))
    shell = server.environment()
    ledgers_for_scripts(server, stack)
    logins_before = server.log_size()
    bench.measure(bench.once(stack))
    ours = len(re.findall(r"connection authorized", server.log_since(logins_before)))
    samples = interleave(bench.runs, {
        "alkemio-init once": lambda: bench.measure(bench.once(stack)),
        "bare libpq logins": lambda: bench.measure([bench.helpers / "logins", *stack.logins()]),
        "psql, one a login": lambda: bench.measure([HERE / "checks.sh", "batch", stack.folder], shell),
        "psql, one a question": lambda: bench.measure([HERE / "checks.sh", "each", stack.folder], shell),
    })
    stack.drop()
    return {"samples": samples, "logins": {"alkemio-init once": ours, "bare libpq logins": len(stack.logins())}}


def ledgers_for_scripts(server, stack):
    """The scripts compare a ledger of their own, of the same files."""
    for database in stack.databases:
        files = stack.migration_files(database)
        if not files:
            continue
        sums = [subprocess.run(["sha256sum", f], capture_output=True, text=True).stdout.split()[0] for f in files]
        rows = ", ".join(f"('{file.name}', '{checksum}')" for file, checksum in zip(files, sums))
        owner = server.environment(PGUSER=database.name, PGPASSWORD=database.password, PGDATABASE=database.name)
        subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1",
                        "-c", "CREATE TABLE bench_ledger (name text PRIMARY KEY, checksum text NOT NULL)",
                        "-c", f"INSERT INTO bench_ledger VALUES {rows}"], check=True, env=owner)


def first_provisioning(bench, server, count):
    """From an empty cluster to `count` databases with roles, extensions and migrations."""
    stack = Stack(server, bench.scratch / f"first{count}", count)
    shell = server.environment()

    def on_empty(command, environment=None):
        stack.drop()
        return bench.measure(command, environment)

    samples = interleave(max(3, bench.runs // 3), {
        "alkemio-init once": lambda: on_empty(bench.once(stack)),
        "serial psql": lambda: on_empty([HERE / "provision.sh", stack.folder], shell),
    })
    stack.drop()
    return {"samples": samples}


def detection(bench, server):
    """How long after the server's first accepting is it found? Both are on one clock; the server starts at a random phase
    of the program's back-off."""
    stack = Stack(server, bench.scratch / "detection", 1)
    wait = [bench.program, "wait", "--config", stack.config]
    server.start()
    ready = [bench.measure(wait) for _ in range(max(5, bench.runs // 2))]
    server.stop()
    samples = []
    for _ in range(bench.runs):
        samples.append(detect_once(bench, server, wait))
    cpu = cpu_while_waiting(bench, wait)
    return {"samples": samples, "ready": ready, "cpu": cpu}


def detect_once(bench, server, wait):
    prober = subprocess.Popen([bench.helpers / "first_accept", str(server.port), cluster.USER, "postgres"],
                              stdout=subprocess.PIPE, text=True)
    waiting = subprocess.Popen([bench.helpers / "measure", bench.cost, *wait], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    try:
        time.sleep(random.uniform(0.3, 2.3))
        offset = server.log_size()
        server.launch()
        accepted = float(prober.communicate(timeout=60)[0])
        output = waiting.communicate(timeout=60)[0]
    finally:
        prober.kill()
        waiting.kill()
    cost = json.loads(bench.cost.read_text())
    if cost["exit"] != 0:
        raise RuntimeError(f"wait ended with {cost['exit']}:\n{output}")
    log = server.log_since(offset)
    server.stop()
    return {"to_exit": cost["ended"] - accepted, "to_login": first_login(log) - accepted,
            "cpu": cost["user"] + cost["system"], "waited": cost["wall"]}


def first_login(log):
    """When the connection that was the first to be authorized had reached the server (log_line_prefix '%n %p ')."""
    backend = re.search(r"^[\d.]+ (\d+) LOG:  connection authorized", log, re.MULTILINE).group(1)
    received = re.search(rf"^([\d.]+) {backend} LOG:  connection received", log, re.MULTILINE).group(1)
    return float(received)


def cpu_while_waiting(bench, wait):
    """CPU of a wait in which no server ever comes, per second of waiting."""
    cost = bench.measure([*wait, "--timeout", f"{CPU_WAIT_SECONDS}s"], expect=(11,))
    return {"cpu": cost["cpu"], "wall": cost["wall"]}
