"""Errors on pruned digits.

    plot.py MEASURED.csv FOLDER

writes pruned_digits.png and pruned_digits.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

COLOURS = {"el2n": "#1b64ad", "margin": "#2a9d5c", "prototypes": "#bd500b", "random": "0.35"}
STYLES = {"hard": "-", "easy": ":", "random": "--"}


def lines_of(rows, size):
    """{(metric, policy): rows in the order of the fraction}"""
    found = {}
    for row in sorted((row for row in rows if row["size"] == size), key=lambda row: row["fraction"]):
        found.setdefault((row["metric"], row["policy"]), []).append(row)
    return found


def draw(axes, lines, column, title, ylabel):
    for (metric, policy), line in lines.items():
        axes.errorbar([row["fraction"] for row in line], [row[column] for row in line],
                      [row["standard_error"] if column == "error" else 0 for row in line], color=COLOURS[metric],
                      linestyle=STYLES[policy], linewidth=1.3, marker="o", markersize=2.5, capsize=1.5,
                      label=metric if metric == policy else f"{metric}, {policy}")
    axes.set(title=title, xlabel="fraction kept", ylabel=ylabel, xscale="log")
    places = sorted({row["fraction"] for line in lines.values() for row in line})
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.minorticks_off()
    axes.grid(alpha=0.2)


def table_of(rows):
    fractions = sorted({row["fraction"] for row in rows})
    table = []
    for size in sorted({row["size"] for row in rows}):
        for (metric, policy), line in lines_of(rows, size).items():
            by_fraction = {row["fraction"]: row for row in line}
            table.append([size, metric, policy, *(
                f"{100 * by_fraction[fraction]['error']:.1f} ± {100 * by_fraction[fraction]['standard_error']:.1f}"
                for fraction in fractions)])
    return comparison.markdown(["rows", "metric", "keeps", *(f"{fraction:g}" for fraction in fractions)], table)


def main(source, folder):
    rows = comparison.read(source)
    sizes = sorted({row["size"] for row in rows})
    figure, axes = style.canvas(1, len(sizes) + 1)
    for size, one in zip(sizes, axes[0]):
        draw(one, lines_of(rows, size), "error", f"{size:,} digits before pruning", "error on new digits")
        one.set_yscale("log")
    draw(axes[0][-1], lines_of(rows, sizes[-1]), "balance", f"class balance, {sizes[-1]:,} digits", "b of those kept")
    axes[0][-1].legend(frameon=False, fontsize=7)
    figure.savefig(folder / "pruned_digits.png", dpi=110)
    table = table_of(rows)
    (folder / "pruned_digits.md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
