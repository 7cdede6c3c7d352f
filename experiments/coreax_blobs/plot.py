"""The MMD of subsets of blobs beside what coreax publishes.

    plot.py MEASURED.csv FOLDER

writes coreax_blobs.png and coreax_blobs.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

PUBLISHED = {"best_weighted_mmd": "coreax, best with weights", "best_unweighted_mmd": "coreax, best without",
             "kernel_thinning_mmd": "kernel thinning", "random_mmd": "random"}


def main(source, folder):
    measured, reference = comparison.read(source), comparison.published("coreax_blobs")
    best = comparison.by_cell(reference, ("size",), "best_weighted_mmd")
    orders = list(dict.fromkeys(str(row["order"]) for row in measured))

    figure, axes = style.canvas(1, 1, 5.5, 4.2)
    for order, colour in zip(orders, style.colours(len(orders))):
        line = [row for row in measured if str(row["order"]) == order]
        axes[0, 0].plot([row["size"] for row in line], [row["mean_mmd"] for row in line], color=colour,
                        label=f"momentset, order {order}", **style.MEASURED)
    for (column, label), grey in zip(PUBLISHED.items(), (0.0, 0.3, 0.5, 0.7)):
        axes[0, 0].plot([row["size"] for row in reference], [row[column] for row in reference], color=str(grey),
                        label=label, **style.PUBLISHED)
    style.logarithmic(axes[0, 0], "1,024 points in ten blobs", "points kept", "MMD, mean over five seeds")
    sizes = sorted({row["size"] for row in measured})
    axes[0, 0].set_xticks(sizes, labels=map(str, sizes))
    axes[0, 0].minorticks_off()
    axes[0, 0].legend(frameon=False, fontsize=7)
    figure.savefig(folder / "coreax_blobs.png", dpi=110)

    rows = []
    for row in measured:
        theirs = best.get((row["size"],))
        rows.append([row["order"], row["kept"], f"{row['mean_mmd']:.2e}", f"{row['max_mmd']:.2e}",
                     comparison.shown(theirs, ".2e"), comparison.shown(theirs and row["mean_mmd"] / theirs, ".2g"),
                     f"{row['mean_mmd_median_distance']:.2e}"])
    table = comparison.markdown(
        ["order", "kept", "MMD", "worst of five", "best published with weights", "ratio", "MMD, l the median distance"],
        rows)
    comparison.write_table(folder / "coreax_blobs.md", table)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
