# SPDX-License-Identifier: Apache-2.0
"""From samples to rows with a ratio and a goal, as Markdown, JSON and a plot."""

import json
import statistics


def median(values):
    return statistics.median(values)


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))]


def ms(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def spread(values):
    return f"{ms(percentile(values, 0.1))} to {ms(percentile(values, 0.9))}"


def pick(samples, key):
    return [sample[key] for sample in samples]


class Row:
    """One comparison of the program with another side: `ratio` is program ÷ other, or other ÷ program where more is better."""

    def __init__(self, what, side, value, spread_text, ratio=None, goal=None, met=None):
        self.what, self.side, self.value, self.spread = what, side, value, spread_text
        self.ratio, self.goal, self.met = ratio, goal, met

    def cells(self):
        goal = "" if self.goal is None else f"{self.goal} {'✓' if self.met else '✗ missed'}"
        return [self.what, self.side, self.value, self.spread, self.ratio or "", goal]


def converged_rows(result):
    samples = result["samples"]
    ours, what = median(pick(samples["alkemio-init once"], "wall")), "converged, four databases"
    rows = []
    for side, costs in samples.items():
        wall = pick(costs, "wall")
        ratio = goal = met = None
        if side == "bare libpq logins":
            value = ours / median(wall)
            ratio, goal, met = f"{value:.2f} × the logins", "≤ 1.25", value <= 1.25
        elif side != "alkemio-init once":
            value = median(wall) / ours
            ratio = f"{value:.1f} × faster"
            if side == "psql, one a question":
                goal, met = "≥ 10", value >= 10
        logins = result["logins"].get(side)
        rows.append(Row(what, side + (f" ({logins} logins)" if logins else ""), ms(median(wall)), spread(wall), ratio, goal, met))
        what = ""
    return rows


def cpu_rows(result):
    rows, what = [], "its CPU, client side"
    ours = median(pick(result["samples"]["alkemio-init once"], "cpu"))
    for side in ("alkemio-init once", "bare libpq logins"):
        cpu = pick(result["samples"][side], "cpu")
        ratio = None if side == "alkemio-init once" else f"{ours / median(cpu):.2f} × the logins"
        rows.append(Row(what, side, ms(median(cpu)), spread(cpu), ratio))
        what = ""
    return rows


def memory_rows(result):
    ours, bare = (median(pick(result["samples"][s], "kilobytes")) for s in ("alkemio-init once", "bare libpq logins"))
    show = lambda side: [k / 1024 for k in pick(result["samples"][side], "kilobytes")]
    text = lambda side: f"{min(show(side)):.1f} to {max(show(side)):.1f} MB"
    ratio = ours / bare
    return [Row("its peak memory", "alkemio-init once", f"{ours / 1024:.1f} MB", text("alkemio-init once")),
            Row("", "bare libpq logins", f"{bare / 1024:.1f} MB", text("bare libpq logins"), f"{ratio:.2f} × the logins",
                "≤ 1.3", ratio <= 1.3)]


def first_rows(result, count):
    samples = result["samples"]
    ours, serial = (pick(samples[s], "wall") for s in ("alkemio-init once", "serial psql"))
    ratio = median(ours) / median(serial)
    name = {4: "four", 6: "six"}.get(count, str(count))
    return [Row(f"first provisioning, {name} databases", "alkemio-init once", ms(median(ours)), spread(ours)),
            Row("", "serial psql", ms(median(serial)), spread(serial), f"{ratio:.2f} × serial psql", "≤ 0.6", ratio <= 0.6)]


def typeorm_rows(result):
    rows = []
    fresh, nothing, count = result["fresh"], result["nothing"], result["count"]
    ours, node, replay, *typescript = fresh
    wall = {side: median(pick(costs, "wall")) for side, costs in fresh.items()}
    ratio = wall[ours] / wall[replay]
    rows.append(Row(f"{count} TypeORM migrations, fresh database", ours, ms(wall[ours]), spread(pick(fresh[ours], "wall"))))
    rows.append(Row("", node, ms(wall[node]), spread(pick(fresh[node], "wall")), f"{wall[node] / wall[ours]:.1f} × faster"))
    rows.append(Row("", replay, ms(wall[replay]), spread(pick(fresh[replay], "wall")), f"{ratio:.2f} × the replay", "≤ 1.1", ratio <= 1.1))
    for side in typescript:
        more = wall[side] - wall[ours]
        rows.append(Row("", side, ms(wall[side]), spread(pick(fresh[side], "wall")), f"{ms(more)} more", "≤ 300 ms more", more <= 0.3))
    cpu, memory = (median(pick(fresh[ours], key)) for key in ("cpu", "kilobytes"))
    rows.append(Row("its CPU, client side", ours, ms(cpu), spread(pick(fresh[ours], "cpu")), "", "≤ 100 ms", cpu <= 0.1))
    rows.append(Row("", node, ms(median(pick(fresh[node], "cpu"))), spread(pick(fresh[node], "cpu")),
                    f"{median(pick(fresh[node], 'cpu')) / cpu:.1f} × less"))
    rows.append(Row("its peak memory", ours, f"{memory / 1024:.1f} MB", "", "", "≤ 20 MB", memory <= 20 * 1024))
    rows.append(Row("", node, f"{median(pick(fresh[node], 'kilobytes')) / 1024:.1f} MB", ""))
    idle = {side: median(pick(costs, "wall")) for side, costs in nothing.items()}
    rows.append(Row(f"{count} TypeORM migrations, nothing pending", ours, ms(idle[ours]), spread(pick(nothing[ours], "wall")), "",
                    "≤ 40 ms", idle[ours] <= 0.040))
    rows.append(Row("", node, ms(idle[node]), spread(pick(nothing[node], "wall")), f"{idle[node] / idle[ours]:.1f} × faster", "≥ 5",
                    idle[node] / idle[ours] >= 5))
    return rows


def detection_rows(result):
    login, end = pick(result["samples"], "to_login"), pick(result["samples"], "to_exit")
    ready = pick(result["ready"], "wall")
    cpu = result["cpu"]
    return [Row("server found after its first accepting", "until its login arrives", ms(median(login)),
                f"p99 {ms(percentile(login, 0.99))}", "", "≤ 10 ms", median(login) <= 0.010),
            Row("", "until `wait` has exited", ms(median(end)), f"p99 {ms(percentile(end, 0.99))}"),
            Row("", "`wait` on a server that is ready", ms(median(ready)), spread(ready)),
            Row("CPU of waiting", "server refuses", f"{cpu['cpu'] / cpu['wall'] * 1000:.1f} ms a second",
                f"{ms(cpu['cpu'])} in {cpu['wall']:.1f} s")]


def supervision_rows(result):
    rows = []
    for number, (side, costs) in enumerate(result["start"].items()):
        wall = pick(costs, "wall")
        rows.append(Row("" if number else "start and end of `true` under an init", side, ms(median(wall)), spread(wall)))
    for number, (side, costs) in enumerate(result["term"].items()):
        delay = pick(costs, "delay")
        ours = number == 0
        rows.append(Row("from TERM until the command has it" if ours else "", side, ms(median(delay)), spread(delay), "",
                        "≤ 5 ms" if ours else None, median(delay) <= 0.005))
    for number, (side, costs) in enumerate(list(result["term"].items())[:-1]):
        memory = median(pick(costs, "kilobytes"))
        rows.append(Row("" if number else "its memory while the command runs", side, f"{memory / 1024:.1f} MB", "", "",
                        None if number else "≤ 6 MB", memory <= 6 * 1024))
    return rows


def all_rows(results):
    rows = converged_rows(results["converged"]) + cpu_rows(results["converged"]) + memory_rows(results["converged"])
    rows += first_rows(results["first4"], 4) + first_rows(results["first6"], 6)
    rows += typeorm_rows(results["typeorm"])
    return rows + detection_rows(results["detection"]) + supervision_rows(results["supervise"])


def markdown(rows, facts):
    head = ["Scenario", "Side", "Median", "10 % to 90 %", "Ratio", "Goal"]
    lines = [head, *[row.cells() for row in rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = lambda cells: "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"
    table = [text(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|"] + [text(c) for c in lines[1:]]
    return "# Benchmark\n\n" + facts + "\n\n" + "\n".join(table) + "\n"


def save_json(path, results, rows):
    summary = [{"scenario": r.what, "side": r.side, "median": r.value, "ratio": r.ratio, "goal": r.goal, "met": r.met}
               for r in rows]
    path.write_text(json.dumps({"rows": summary, "samples": results}, indent=1, default=str))
