"""Draws the figures of bench_scaling.

    plot_scaling.py SCALING.json OUT.png
"""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

STAGES = [("merge", "#9bb7d4"), ("partition", "#e0a458"), ("recombine", "#3d5a80")]


def draw_rows(axes, by_rows):
    rows = [point["rows"] for point in by_rows["points"]]
    for stage, colour in STAGES:
        axes.plot(rows, [point[stage] for point in by_rows["points"]], marker=".", color=colour, label=stage)
    whole = [sum(point[stage] for stage, _ in STAGES) for point in by_rows["points"]]
    axes.plot(rows, whole, marker="o", color="black", label=f"all: slope {by_rows['slope']:.2f}")
    axes.set(title="N rows in 3 columns to N / 10, order 5", xlabel="N", ylabel="seconds")


def draw_features(axes, by_features):
    n = [point["features"] for point in by_features["points"]]
    for name, key, colour in [
        ("to n in one cell", "one_cell", "#3d5a80"),
        ("to a tenth in cells of n", "in_cells", "#e0a458"),
    ]:
        slope = by_features["slope_" + key]
        axes.plot(n, [point[key] for point in by_features["points"]], marker="o", color=colour,
                  label=f"{name}: slope {slope:.2f}")
    axes.set(title="200,000 rows in 3 columns, recombine stage", xlabel="n, features", ylabel="seconds")


def main(source, target):
    with open(source) as file:
        scaling = json.load(file)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    draw_rows(left, scaling["by_rows"])
    draw_features(right, scaling["by_features"])
    for axes in (left, right):
        axes.set(xscale="log", yscale="log")
        axes.grid(which="both", alpha=0.2)
        axes.legend(frameon=False)
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
