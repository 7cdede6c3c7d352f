"""Errors on curved surfaces, and the exponents of their fall.

    plot.py MEASURED.csv FOLDER

writes intrinsic_dimension.png and intrinsic_dimension.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

VALUE = "median_abs_error"
RANDOM = 0  # k of the random subset


def panels(rows):
    """{(inner, m, noise): {k: rows in the order of d}}"""
    found = {}
    for row in rows:
        found.setdefault((row["inner"], row["m"], row["noise"]), []).append(row)
    return {panel: comparison.lines(those, lambda row: row["k"]) for panel, those in found.items()}


def draw(axes, panel, lines):
    inner, m, noise = panel
    orders = sorted(k for k in lines if k != RANDOM)
    for k, colour in zip(orders, style.colours(len(orders))):
        axes.plot([row["d"] for row in lines[k]], [row[VALUE] for row in lines[k]], color=colour, label=f"k = {k}",
                  **style.MEASURED)
    axes.plot([row["d"] for row in lines[RANDOM]], [row[VALUE] for row in lines[RANDOM]], color="0.5", label="random",
              **style.PUBLISHED)
    style.logarithmic(axes, f"m0 = {inner}, m = {m}, noise {noise:g}", "d", "median error")
    places = [row["d"] for row in lines[RANDOM]]
    axes.set_xticks(places, [f"{d:,}" for d in places], fontsize=7)
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=6)


def exponent_table(found):
    table = []
    for (inner, m, noise), lines in found.items():
        for k, line in sorted(item for item in lines.items() if item[0] != RANDOM):
            table.append([inner, m, f"{noise:g}", k, comparison.shown(comparison.exponent(line, VALUE)),
                          f"{comparison.expected_exponent(inner, k):.2f}", f"{comparison.expected_exponent(m, k):.2f}",
                          f"{line[-1][VALUE]:.1e}", f"{lines[RANDOM][-1][VALUE]:.1e}"])
    header = ["m0", "m", "noise", "k", "fitted exponent", "(k+1)/m0 + 0.5", "(k+1)/m + 0.5", "error at the largest d",
              "random"]
    return comparison.markdown(header, table)


def main(source, folder):
    found = panels(comparison.read(source))
    columns = min(4, len(found))
    figure, axes = style.canvas(-(-len(found) // columns), columns)
    for (panel, lines), one in zip(found.items(), axes.flat):
        draw(one, panel, lines)
    for one in axes.flat[len(found):]:
        one.set_axis_off()
    figure.suptitle("A tenth of d points near a surface of m0 dimensions, moments of all columns up to k")
    figure.savefig(folder / "intrinsic_dimension.png", dpi=110)
    table = exponent_table(found)
    comparison.write_table(folder / "intrinsic_dimension.md", table)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
