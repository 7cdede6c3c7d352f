"""What the two panels of Figure 5 share: test losses of all d objects against d, and of some of them against their
number d'.

A line is a variant, and what part of ceil(16 sqrt(d)) was kept where it is not 1.
"""

import math

import comparison
import numpy as np
import style


def line_of(row, size):
    """Its variant, with the share of 16 sqrt(d) where that is not what was kept."""
    whole = min(row[size], math.ceil(16 * math.sqrt(row[size])))
    share = row[f"{size}_out"] / whole
    return row["variant"] if share > 0.99 else f"{row['variant']}, {share:.2g} of it"


def losses(rows, size):
    """{line: {d: (d', {trial: test loss})}}"""
    found = {}
    for row in sorted(rows, key=lambda row: row[size]):
        cell = found.setdefault(line_of(row, size), {}).setdefault(row[size], (row[f"{size}_out"], {}))
        cell[1][row["trial"]] = row["test_loss"]
    return found


def exponent(points):
    """alpha of loss ~ d^-alpha over (d, loss); None where there are fewer than three."""
    if len(points) < 3:
        return None
    return -comparison.slope(np.log([d for d, _ in points]), np.log([loss for _, loss in points]))[0]


def mean_points(cells):
    return [(kept, float(np.mean(list(of_trials.values())))) for kept, of_trials in cells.values()]


def draw(panel, found, theirs):
    for (line, cells), colour in zip(found.items(), style.colours(len(found))):
        deviations = [np.std(list(of_trials.values())) for _, of_trials in cells.values()]
        panel.errorbar(*zip(*mean_points(cells)), yerr=deviations, color=colour, label=line, elinewidth=0.6,
                       **style.MEASURED)
    for (line, points), colour in zip(theirs.items(), ("black", "grey")):
        panel.plot(*zip(*points), color=colour, label=f"published, {line}", **style.PUBLISHED)
    panel.legend(frameon=False, fontsize=7)


def ratio_table(found, whole, size, published):
    """Test losses of all objects, and of the others over them."""
    others = [line for line in found if line != whole]
    rows = []
    for d, (_, full) in found.get(whole, {}).items():
        theirs, few = published.get(d, (None, None))
        ratios = [comparison.paired_ratio(found[line].get(d, (0, {}))[1], full) for line in others]
        rows.append([d, len(full), f"{np.mean(list(full.values())):.5f}", comparison.shown(theirs, ".5f"),
                     *map(comparison.shown_ratio, ratios), comparison.shown(theirs and few / theirs)])
    header = [size, "trials", whole, "published", *(f"{line} / {whole}" for line in others), "published"]
    return comparison.markdown(header, rows)


def main(source, folder, name, size, whole):
    rows = comparison.read(source)
    found, reference = losses(rows, size), comparison.published(name)
    means = f"test_loss_{whole}_mean", "test_loss_compressed_mean"
    theirs = {whole: [(row[size], row[means[0]]) for row in reference],
              "compressed": [(row[f"{size}_out"], row[means[1]]) for row in reference]}

    figure, axes = style.canvas(1, 1, 5.5, 4.2)
    draw(axes[0, 0], found, theirs)
    style.logarithmic(axes[0, 0], f"Fig. {name[3]}({name[4]}): test losses", f"{size}, or what is kept of it",
                      "test loss")
    figure.savefig(folder / f"{name}.png", dpi=110)

    fits = [[line, len(cells), comparison.shown(exponent(mean_points(cells)), ".3f")] for line, cells in found.items()]
    fits += [[f"published, {line}", len(points), comparison.shown(exponent(points), ".3f")]
             for line, points in theirs.items()]
    epochs = ", ".join(map(str, sorted({row["epochs"] for row in rows})))
    parts = [ratio_table(found, whole, size, {row[size]: (row[means[0]], row[means[1]]) for row in reference}),
             f"test loss ~ (objects kept)^-alpha, fitted to the means; epochs: {epochs}",
             comparison.markdown(["of", "sizes", "alpha"], fits)]
    (folder / f"{name}.md").write_text("\n\n".join(parts) + "\n")
    print("\n\n".join(parts))
