"""Figure 4 beside what was published.

    plot.py MEASURED.csv FOLDER

writes fig4_width_dynamics.png and fig4_width_dynamics.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

SETTING = ("optimizer", "lr")
VARIANTS = ("wide", "joint", "random")  # in the order of the figure
PUBLISHED_EPOCHS = 3000


def curves(rows):
    """{(optimizer, lr, epochs): {variant: {trial: {epoch: test loss}}}}"""
    found = {}
    for row in rows:
        of_variant = found.setdefault((row["optimizer"], row["lr"], row["epochs"]), {}).setdefault(row["variant"], {})
        of_variant.setdefault(row["trial"], {})[row["epoch"]] = row["test_loss"]
    return found


def largest_log_ratio(curve, other):
    return max(abs(np.log(curve[epoch] / other[epoch])) for epoch in curve.keys() & other.keys())


def mean_log_ratio(of_setting, variant):
    """Mean over trials of the largest |log| along the curves of the variant over the wide network's; None without."""
    wide, of_variant = of_setting.get("wide", {}), of_setting.get(variant, {})
    found = [largest_log_ratio(of_variant[trial], wide[trial]) for trial in of_variant.keys() & wide.keys()]
    return float(np.mean(found)) if found else None


def draw(axes, setting, of_setting, theirs):
    optimizer, rate, epochs = setting
    for variant, colour in zip(VARIANTS, style.colours(len(VARIANTS))):
        for trial, curve in of_setting.get(variant, {}).items():
            axes.plot(curve.keys(), curve.values(), "--" if variant == "wide" else "-", color=colour, linewidth=1,
                      label=variant if trial == min(of_setting[variant]) else None)
    if theirs and epochs == PUBLISHED_EPOCHS:
        for column, colour in zip(("wide", "compressed", "random_subnetwork"), style.colours(len(VARIANTS))):
            axes.plot([epochs], [theirs[f"test_loss_{column}"]], "x", color=colour, clip_on=False)
    axes.set(yscale="log", xlabel="epoch", xmargin=0.02)
    axes.set_title(f"{optimizer}, lr {rate}, {epochs} epochs", fontsize=9)
    axes.grid(which="major", alpha=0.2)


def final(of_variant):
    return [curve[max(curve)] for curve in of_variant.values()]


def table_row(setting, of_setting, theirs):
    wide = comparison.geometric_mean(final(of_setting["wide"])) if "wide" in of_setting else None
    return [*setting, len(of_setting.get("wide", {})), comparison.shown(wide, ".5f"),
            comparison.shown(theirs and theirs["test_loss_wide"], ".5f"),
            comparison.shown(mean_log_ratio(of_setting, "joint"), ".3f"),
            comparison.shown(theirs and theirs["max_abs_log_ratio_compressed"], ".3f"),
            comparison.shown(mean_log_ratio(of_setting, "random"), ".3f"),
            comparison.shown(theirs and theirs["max_abs_log_ratio_random"], ".3f")]


def main(source, folder):
    found = curves(comparison.read(source))
    reference = {tuple(row[name] for name in SETTING): row for row in comparison.published("fig4_width_dynamics")}
    found = comparison.in_order(found, reference, lambda setting: setting[:2])
    figure, axes = style.panels(len(found), 4)
    for (setting, of_setting), panel in zip(found.items(), axes):
        draw(panel, setting, of_setting, reference.get(setting[:2]))
    axes[0].legend(frameon=False, fontsize=7)
    axes[0].set_ylabel("test loss")
    figure.suptitle(f"Fig. 4: test losses side by side; x: published, after {PUBLISHED_EPOCHS} epochs")
    figure.savefig(folder / "fig4_width_dynamics.png", dpi=110)

    header = ["optimizer", "lr", "epochs", "trials", "wide", f"published, {PUBLISHED_EPOCHS} epochs",
              "joint: largest log ratio", "published", "random: largest log ratio", "published"]
    text = comparison.markdown(header, [table_row(setting, of_setting, reference.get(setting[:2]))
                                        for setting, of_setting in found.items()])
    comparison.write_table(folder / "fig4_width_dynamics.md", text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
