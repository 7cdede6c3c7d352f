"""Figure 2 beside what was published, the table of exponents, and the ratios.

    plot.py MEASURED.csv FOLDER

writes fig2_error.png and fig2_error.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

CELL = ("m", "k", "d")
VALUE = "median_abs_error"


def lines_of(rows):
    """{(m, k): rows in the order of d}"""
    return comparison.lines(rows, lambda row: (row["m"], row["k"]))


def draw_errors(axes, m, measured, reference):
    orders = sorted({k for lines in (measured, reference) for of_m, k in lines if of_m == m}, key=str)
    for k, colour in zip(orders, style.colours(len(orders))):
        for lines, look, label in ((measured, style.MEASURED, f"k = {k}"), (reference, style.PUBLISHED, None)):
            line = lines.get((m, k), [])
            axes.plot([row["d"] for row in line], [row[VALUE] for row in line], color=colour, label=label, **look)
    style.logarithmic(axes, f"m = {m}", "d", "median error" if m == 1 else "")
    if axes.get_ylim()[0] < comparison.ROUNDING:
        axes.axhline(comparison.ROUNDING, color="black", linewidth=0.5, linestyle="--")
    axes.legend(frameon=False, fontsize=7)


def draw_exponents(axes, measured, reference):
    dimensions = sorted({m for m, _ in measured})
    for m, colour in zip(dimensions, style.colours(len(dimensions))):
        orders = sorted(k for of_m, k in measured.keys() | reference.keys() if of_m == m and k != "auto")
        axes.plot(orders, [comparison.expected_exponent(m, k) for k in orders], "--", color=colour, linewidth=0.8)
        for lines, look, label in ((measured, "o", f"m = {m}"), (reference, "x", None)):
            fits = {k: comparison.exponent(lines.get((m, k), [])) for k in orders}
            found = {k: fit for k, fit in fits.items() if fit is not None}
            axes.plot(found.keys(), found.values(), look, color=colour, markersize=4.5, label=label)
    axes.set(title="dashed: α = (k+1)/m + 0.5", xlabel="k", ylabel="α in error ~ d^-α")
    axes.grid(alpha=0.2)
    axes.legend(frameon=False, fontsize=7)


def exponent_table(measured, reference):
    rows = []
    for m, k in sorted((cell for cell in measured if cell[1] != "auto")):
        fits = [comparison.exponent(lines.get((m, k), [])) for lines in (measured, reference)]
        rows.append([m, k, *map(comparison.shown, fits), f"{comparison.expected_exponent(m, k):.2f}"])
    return comparison.markdown(["m", "k", "fitted exponent", "of the published", "(k+1)/m + 0.5"], rows)


def ratio_table(ratios):
    rows = []
    for m, k in sorted({cell[:2] for cell in ratios}):
        values = [ratio for cell, ratio in ratios.items() if cell[:2] == (m, k)]
        within, below = comparison.shares(values)
        rows.append([m, k, len(values), f"{comparison.geometric_mean(values):.2f}", f"{within:.0%}", f"{below:.0%}"])
    return comparison.markdown(["m", "k", "cells", "geometric mean", "within a factor 2", "below 2"], rows)


def against_best(measured, reference):
    """{("auto", m, d): error at the automatic order / best published error of any k of the same size}"""
    found = {}
    for row in (row for row in measured if row["k"] == "auto"):
        same = [other[VALUE] for other in reference
                if (other["m"], other["d"], other["d_out"]) == (row["m"], row["d"], row["d_out"])]
        if same:
            found[("auto", row["m"], row["d"])] = row[VALUE] / min(same)
    return found


def main(source, folder):
    measured, reference = comparison.read(source), comparison.published("fig2_error")
    ratios = comparison.ratios(comparison.by_cell(measured, CELL, VALUE), comparison.by_cell(reference, CELL, VALUE))
    lines = lines_of(measured), lines_of(reference)

    dimensions = sorted({row["m"] for row in measured})
    panels = len(dimensions) + 1
    columns = min(3, panels)
    figure, axes = style.canvas(-(-panels // columns), columns)
    for m, panel in zip(dimensions, axes.flat):
        draw_errors(panel, m, *lines)
    draw_exponents(axes.flat[panels - 1], *lines)
    for panel in axes.flat[panels:]:
        panel.set_axis_off()
    figure.suptitle("Fig. 2: error of f with a tenth of the points; lines with o: momentset, with x: published")
    figure.savefig(folder / "fig2_error.png", dpi=110)

    parts = [comparison.summary_line("error against the published medians", ratios)]
    if ratios:
        parts.append(ratio_table(ratios))
    best = against_best(measured, reference)
    if best:
        rows = [[m, d, f"{ratio:.3g}"] for (_, m, d), ratio in best.items()]
        parts.append(comparison.markdown(["m", "d", "automatic order / best published order"], rows))
    parts.append(exponent_table(*lines))
    (folder / "fig2_error.md").write_text("\n\n".join(parts) + "\n")
    print("\n\n".join(parts))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
