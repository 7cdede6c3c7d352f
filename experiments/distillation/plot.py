"""What distilled rows and points keep, as figure and tables.

    plot.py MEASURED.csv FOLDER

writes distillation.png and distillation.md to FOLDER and prints the tables.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

SUBSETS = ("random", "leverage", "random, best weights", "leverage, best weights")
ONE_PERCENT = 0.01


def rows_needed(line, eps):
    """Rows at which the errors of growing subsets pass below eps for good: between two sizes by a straight line in
    logarithms, and where the next size has no error at all, that size. None where they stay above."""
    line = sorted((row["setting"], row["value"]) for row in line)
    below = len(line)
    while below > 0 and line[below - 1][1] <= eps:
        below -= 1
    if below == len(line):
        return None
    if below == 0 or line[below][1] == 0:
        return line[below][0]
    (small, high), (large, low) = line[below - 1], line[below]
    share = np.log(high / eps) / np.log(high / low)
    return float(np.exp(np.log(small) + share * (np.log(large) - np.log(small))))


def size_tables(measured):
    rows = []
    for name in dict.fromkeys(row["data"] for row in measured):
        own = [row for row in measured if row["data"] == name]
        for row in (row for row in own if row["method"] == "distilled"):
            needed = {method: rows_needed([each for each in own if each["method"] == method], row["setting"])
                      for method in SUBSETS}
            best = min((count for count in needed.values() if count), default=None)
            moments = [each["value"] for each in own
                       if (each["method"], each["setting"]) == ("moments of each class", row["setting"])]
            rows.append([name, row["setting"], row["rows"], f"{row['value']:.2g}",
                         *(comparison.shown(needed[method], ".0f") for method in SUBSETS),
                         comparison.shown(best and row["rows"] / best),
                         comparison.shown(next(iter(moments), None), ".2g")])
    return comparison.markdown(["data", "tolerance", "rows distilled", "error measured",
                                *(f"rows, {method}" for method in SUBSETS), "distilled / fewest",
                                "error, moments of each class"], rows)


def plain_table(measured, last="value"):
    return comparison.markdown(["data", "method", "setting", "rows", last],
                               [[row["data"], row["method"], row["setting"], row["rows"], f"{row['value']:.3g}"]
                                for row in measured])


def draw(measured, folder):
    names = list(dict.fromkeys(row["data"] for row in measured))
    figure, panels = style.panels(max(1, len(names)), 3)
    for name, axes in zip(names, panels):
        methods = ("distilled", *SUBSETS)
        for method, colour in zip(methods, style.colours(len(methods))):
            line = [row for row in measured if (row["data"], row["method"]) == (name, method) and row["value"] > 0]
            # Of a subset the rows drawn count, of which the best weights leave some at 0.
            sizes = [row["rows"] if method == "distilled" else row["setting"] for row in line]
            if line:
                axes.plot(sizes, [row["value"] for row in line], color=colour, label=method, **style.MEASURED)
        style.logarithmic(axes, name, "rows", "worst error along the path")
        axes.axhline(ONE_PERCENT, color="0.6", linewidth=0.8)
    panels[0].legend(frameon=False, fontsize=6)
    figure.savefig(folder / "distillation.png", dpi=110)


def main(source, folder):
    measured = comparison.read(source)
    names = dict.fromkeys(row["part"] for row in measured)
    parts = {name: [row for row in measured if row["part"] == name] for name in names}
    draw(parts.get("size", []), folder)
    values = {"models": "accuracy", "continual": "accuracy", "search": "seconds or difference"}
    tables = [f"**{name}**\n\n"
              + (size_tables(rows) if name == "size" else plain_table(rows, values.get(name, "error")))
              for name, rows in parts.items()]
    comparison.write_table(folder / "distillation.md", "\n\n".join(tables))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
