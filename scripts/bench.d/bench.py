# SPDX-License-Identifier: Apache-2.0
"""Runs the scenarios one after the other on one private server and reports. Called by scripts/bench."""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import cluster
import migrations
import plot
import report
import scenarios
import supervision

HERE = pathlib.Path(__file__).parent
HELPERS = ("logins", "measure", "first_accept", "told_term")


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures alkemio-init against bare libpq, psql, TypeORM on Node, tini and dumb-init.")
    parser.add_argument("--runs", type=int, default=40, help="runs of each side (40); provisioning takes a third of it")
    parser.add_argument("--quick", action="store_true", help="8 runs: a look, not a result")
    parser.add_argument("--only", choices=["converged", "first4", "first6", "typeorm", "detection", "supervise"], action="append",
                        help="this scenario alone, without report; may be given several times")
    parser.add_argument("--migrations", metavar="GLOB", help="compiled TypeORM migrations of a real project; "
                        "94 small ones are made unless given")
    parser.add_argument("--table", default="migrations", help="their ledger (migrations)")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/bench"), metavar="DIR",
                        help="where results.md, results.json and plot.svg go (build/bench)")
    parser.add_argument("--binary", type=pathlib.Path, default=pathlib.Path("build/release/alkemio-init"), metavar="PATH",
                        help="the program (build/release/alkemio-init)")
    given = parser.parse_args()
    if given.quick:
        given.runs = 8
    return given


def compile_helpers(folder):
    folder.mkdir(parents=True, exist_ok=True)
    flags = subprocess.run(["pg_config", "--includedir"], capture_output=True, text=True, check=True).stdout.strip()
    for name in HELPERS:
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", f"-I{flags}", "-o", folder / name, HERE / f"{name}.c", "-lpq"],
                       check=True)
    return folder.resolve()


def facts(bench, binary):
    cores = os.cpu_count()
    server = subprocess.run([cluster.BIN / "postgres", "--version"], capture_output=True, text=True).stdout.strip()
    program = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()
    return (f"{program} against {server}, both on one machine of {cores} cores, scram over loopback TCP, data in memory, "
            f"{bench.runs} runs of each side (provisioning: {max(3, bench.runs // 3)}), interleaved, "
            f"{time.strftime('%Y-%m-%d')}. The load of the machine when it began: {os.getloadavg()[0]:.1f}.")


def main():
    given = arguments()
    # Told to end, it still takes its server and its files with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given.output.mkdir(parents=True, exist_ok=True)
    bench = scenarios.Bench(given.binary.resolve(), compile_helpers(given.output / "bin"), given.runs)
    head = facts(bench, bench.program)
    server = cluster.Cluster()
    results = {}
    try:
        server.start()
        steps = {"converged": lambda: scenarios.converged(bench, server),
                 "first4": lambda: scenarios.first_provisioning(bench, server, 4),
                 "first6": lambda: scenarios.first_provisioning(bench, server, 6),
                 "typeorm": lambda: migrations.typeorm(bench, server, given.migrations, given.table),
                 "detection": lambda: (server.stop(), scenarios.detection(bench, server))[1],
                 "supervise": lambda: supervision.supervision(bench)}
        for name, step in steps.items():
            if given.only and name not in given.only:
                continue
            print(f"bench: {name} …", file=sys.stderr, flush=True)
            results[name] = step()
    finally:
        server.remove()
        shutil.rmtree(bench.scratch, ignore_errors=True)
    if given.only:
        parts = {"converged": lambda r: report.converged_rows(r) + report.cpu_rows(r) + report.memory_rows(r),
                 "first4": lambda r: report.first_rows(r, 4), "first6": lambda r: report.first_rows(r, 6),
                 "typeorm": report.typeorm_rows, "detection": report.detection_rows,
                 "supervise": report.supervision_rows}
        print(report.markdown([row for name, result in results.items() for row in parts[name](result)], head))
        return
    rows = report.all_rows(results)
    text = report.markdown(rows, head)
    (given.output / "results.md").write_text(text)
    report.save_json(given.output / "results.json", results, rows)
    plot.save(given.output / "plot.svg", results)
    print(text)
    print(f"Written: {given.output}/results.md, results.json, plot.svg")


if __name__ == "__main__":
    main()
