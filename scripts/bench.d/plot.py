# SPDX-License-Identifier: Apache-2.0
"""One picture of a run: each scenario a panel, each sample a dot, each median a bar."""

import os
import tempfile

# matplotlib wants a folder of its own; nobody's home is to be written to. It goes with the program.
_own_folder = tempfile.TemporaryDirectory(prefix="alkemio-init-bench-plot.")
os.environ.setdefault("MPLCONFIGDIR", _own_folder.name)

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plot

OURS, THEIRS = "#0b6e99", "#b9bec4"


def bars(axes, title, sides, unit):
    """sides: name → values."""
    for place, (name, values) in enumerate(sides.items()):
        ordered = sorted(values)
        middle = ordered[len(ordered) // 2]
        axes.barh(place, middle, color=OURS if name.startswith("alkemio-init") else THEIRS, height=0.6)
        axes.plot(values, [place] * len(values), "|", color="#333333", markersize=5, alpha=0.5)
        axes.annotate(f"{middle:.0f} {unit}" if middle >= 10 else f"{middle:.1f} {unit}", (middle, place),
                      xytext=(0, 11), textcoords="offset points", fontsize=8)
    axes.set_yticks(range(len(sides)), list(sides), fontsize=8)
    axes.invert_yaxis()
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(unit, fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlim(left=0)
    axes.spines[["top", "right"]].set_visible(False)


def samples_of(result, key, factor):
    return {side: [cost[key] * factor for cost in costs] for side, costs in result["samples"].items()}


def save(path, results):
    figure, axes = plot.subplots(4, 2, figsize=(11, 12), layout="constrained")
    converged = results["converged"]
    bars(axes[0][0], "Converged: nothing to do, four databases", samples_of(converged, "wall", 1000), "ms")
    memory = samples_of(converged, "kilobytes", 1 / 1024)
    two = ("alkemio-init once", "bare libpq logins")
    bars(axes[0][1], "Converged: peak memory", {side: memory[side] for side in two}, "MB")
    bars(axes[1][0], "First provisioning, four databases", samples_of(results["first4"], "wall", 1000), "ms")
    bars(axes[1][1], "First provisioning, six databases", samples_of(results["first6"], "wall", 1000), "ms")
    detection = results["detection"]
    bars(axes[2][0], "Server found, after its first accepting",
         {"alkemio-init: its login arrives": [s["to_login"] * 1000 for s in detection["samples"]],
          "alkemio-init: wait has exited": [s["to_exit"] * 1000 for s in detection["samples"]]}, "ms")
    delays = sorted(s["to_login"] * 1000 for s in detection["samples"])
    axes[2][1].step(delays, [(i + 1) / len(delays) for i in range(len(delays))], where="post", color=OURS)
    axes[2][1].set_title("The same, as a distribution", fontsize=10, loc="left")
    axes[2][1].set_xlabel("ms until its login arrives", fontsize=8)
    axes[2][1].set_ylim(0, 1.02)
    axes[2][1].set_xlim(left=0)
    axes[2][1].tick_params(labelsize=8)
    axes[2][1].spines[["top", "right"]].set_visible(False)
    for place, (key, title) in enumerate((("fresh", "TypeORM migrations, fresh database"), ("nothing", "TypeORM migrations, nothing pending"))):
        bars(axes[3][place], title, samples_of({"samples": results["typeorm"][key]}, "wall", 1000), "ms")
    figure.savefig(path)
