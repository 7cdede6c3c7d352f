"""Figure 6 beside what was published, and how much faster.

    plot.py MEASURED.csv FOLDER

writes fig6_runtime.png and fig6_runtime.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

VALUE = "median_seconds"


def lines_of(rows):
    """{(m, k): rows in the order of d}"""
    return comparison.lines(rows, lambda row: (row["m"], row["k"]))


def draw(axes, measured, reference):
    cells = sorted(measured, key=str)
    for (m, k), colour in zip(cells, style.colours(len(cells))):
        theirs = reference.get((m, k), reference.get((m, 5), []))
        for line, look, label in ((measured[m, k], style.MEASURED, f"m = {m}, k = {k}"), (theirs, style.PUBLISHED, None)):
            axes.plot([row["d"] for row in line], [row[VALUE] for row in line], color=colour, label=label, **look)
            if line:
                axes.fill_between([row["d"] for row in line], [row["min_seconds"] for row in line],
                                  [row["max_seconds"] for row in line], color=colour, alpha=0.15, linewidth=0)
    style.logarithmic(axes, "Fig. 6: seconds; o: momentset, x: published", "d", "median seconds")
    axes.legend(frameon=False, fontsize=7)


def growth(line):
    """p of seconds ~ d^p; None where there are fewer than three sizes."""
    if len(line) < 3:
        return None
    return comparison.slope(np.log([row["d"] for row in line]), np.log([row[VALUE] for row in line]))[0]


def main(source, folder):
    measured, reference = comparison.read(source), comparison.published("fig6_runtime")
    theirs = comparison.by_cell(reference, ("m", "d"), VALUE)
    lines = lines_of(measured), lines_of(reference)

    figure, axes = style.canvas(1, 1, 5.5, 4.2)
    draw(axes[0, 0], *lines)
    figure.savefig(folder / "fig6_runtime.png", dpi=110)

    rows, faster = [], []
    for row in measured:
        published = theirs.get((row["m"], row["d"]))
        ratio = published / row[VALUE] if published else None
        faster += [ratio] if ratio else []
        rows.append([row["m"], row["k"], row["d"], f"{row[VALUE]:.4g}", comparison.shown(published, ".4g"),
                     comparison.shown(ratio, ",.0f")])
    fits = [[m, k, comparison.shown(growth(line)), comparison.shown(growth(lines[1].get((m, 5), [])))]
            for (m, k), line in sorted(lines[0].items(), key=str)]
    parts = [comparison.markdown(["m", "k", "d", "seconds", "published", "times faster"], rows),
             comparison.markdown(["m", "k", "p in seconds ~ d^p", "of the published"], fits)]
    if faster:
        parts.insert(0, f"seconds against the published medians: {len(faster)} cells, geometric mean of the ratios "
                        f"{1 / comparison.geometric_mean(faster):.2g}, {min(faster):,.0f} to {max(faster):,.0f} times faster")
    (folder / "fig6_runtime.md").write_text("\n\n".join(parts) + "\n")
    print("\n\n".join(parts))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
