"""Figure 8 beside what was published, and the fitted law exp(-a d'^(1/m)).

    plot.py MEASURED.csv FOLDER

writes fig8_polylog.png and fig8_polylog.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

VALUE = "median_best_error"


def lines_of(rows):
    """{(m, how the order was chosen): rows in the order of d}"""
    return comparison.lines(rows, lambda row: (row["m"], str(row.get("order", "raised"))))


def law(line, m):
    """a and b of error = b exp(-a d'^(1/m)) over the rows above rounding; None where fewer than three are left."""
    used = [row for row in line if row[VALUE] > comparison.ROUNDING]
    if len(used) < 3:
        return None
    a, logarithm = comparison.slope([row["d_out"] ** (1 / m) for row in used], np.log([row[VALUE] for row in used]))
    return -a, float(np.exp(logarithm))


def draw(axes, m, measured, reference):
    chosen = sorted(order for of_m, order in measured if of_m == m)
    for order, colour in zip(chosen, style.colours(len(chosen))):
        line = measured[m, order]
        axes.plot([row["d"] for row in line], [row[VALUE] for row in line], color=colour, label=f"order {order}",
                  **style.MEASURED)
        fit = law(line, m)
        if fit:
            a, b = fit
            axes.plot([row["d"] for row in line], [b * np.exp(-a * row["d_out"] ** (1 / m)) for row in line], "--",
                      color=colour, linewidth=0.7, label=f"{b:.1g} exp({-a:.2g} d'^(1/{m}))")
    line = reference.get((m, "raised"), [])
    axes.plot([row["d"] for row in line], [row[VALUE] for row in line], color="black", label="published",
              **style.PUBLISHED)
    axes.axhline(comparison.ROUNDING, color="black", linewidth=0.5, linestyle="--")
    style.logarithmic(axes, f"m = {m}", "d", "median error" if m == 1 else "")
    axes.legend(frameon=False, fontsize=7)


def main(source, folder):
    measured, reference = comparison.read(source), comparison.published("fig8_polylog")
    theirs = comparison.by_cell(reference, ("m", "d", "d_out"), VALUE)
    lines = lines_of(measured), lines_of(reference)

    dimensions = sorted({row["m"] for row in measured})
    figure, axes = style.canvas(1, len(dimensions))
    for m, panel in zip(dimensions, axes.flat):
        draw(panel, m, *lines)
    figure.suptitle("Fig. 8: error of f with polylog d points; o: momentset, x: published")
    figure.savefig(folder / "fig8_polylog.png", dpi=110)

    rows, above = [], 0
    compared = [row for row in measured if (row["m"], row["d"], row["d_out"]) in theirs]
    for row in measured:
        published = theirs.get((row["m"], row["d"], row["d_out"]))
        above += published is not None and row[VALUE] > max(published, comparison.ROUNDING)
        rows.append([row["m"], row["d"], row["d_out"], row["order"], row["median_best_k"], f"{row[VALUE]:.2e}",
                     comparison.shown(published, ".2e")])
    fits = []
    for (m, order), line in sorted(lines[0].items()):
        for name, of in ((f"order {order}", line), ("published", lines[1].get((m, "raised"), []))):
            fit = law(of, m)
            fits.append([m, name, comparison.shown(fit and fit[0], ".3g"), comparison.shown(fit and fit[1], ".2g")])
    parts = [f"error against the published medians: {len(compared)} cells, of which {len(compared) - above} are at most the "
             f"published one or below {comparison.ROUNDING:g}",
             comparison.markdown(["m", "d", "kept", "order", "best k", "median error", "published"], rows),
             "error = b exp(-a d'^(1/m)), fitted to the medians above rounding (-: fewer than three):",
             comparison.markdown(["m", "of", "a", "b"], fits)]
    (folder / "fig8_polylog.md").write_text("\n\n".join(parts) + "\n")
    print("\n\n".join(parts))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
