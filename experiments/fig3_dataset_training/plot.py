"""Figure 3 beside what was published.

    plot.py MEASURED.csv FOLDER

writes fig3_dataset_training.png and fig3_dataset_training.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

SETTING = ("optimizer", "d", "batch", "lr", "epochs")
VARIANTS = ("full", "paper", "joint", "target", "random")  # in the order of the figure
PUBLISHED = {"full": "test_loss_full", "paper": "test_loss_compressed", "random": "test_loss_random"}


def curves(rows):
    """{setting: {variant: {epoch: {trial: test loss}}}}"""
    found = {}
    for row in rows:
        of_variant = found.setdefault(tuple(row[name] for name in SETTING), {}).setdefault(row["variant"], {})
        of_variant.setdefault(row["epoch"], {})[row["trial"]] = row["test_loss"]
    return found


def draw(axes, setting, of_setting, theirs):
    optimizer, d, batch, rate, epochs = setting
    for variant, colour in zip(VARIANTS, style.colours(len(VARIANTS))):
        if variant in of_setting:
            means = {epoch: comparison.geometric_mean(losses.values()) for epoch, losses in of_setting[variant].items()}
            axes.plot(means.keys(), means.values(), color=colour, linewidth=1, label=variant)
        if theirs and variant in PUBLISHED:
            axes.plot([epochs], [theirs[PUBLISHED[variant]]], "x", color=colour, clip_on=False)
    axes.set(yscale="log", xlabel="epoch", xmargin=0.02)
    axes.set_title(f"{optimizer}, lr {rate}, batch {batch}, d = {d:,}", fontsize=9)
    axes.grid(which="major", alpha=0.2)


def table_row(setting, of_setting, theirs):
    final = {variant: losses[max(losses)] for variant, losses in of_setting.items()}
    full = final.get("full", {})
    ratios = [comparison.shown_ratio(comparison.paired_ratio(final.get(variant, {}), full)) for variant in VARIANTS[1:]]
    published = [theirs[PUBLISHED[name]] / theirs["test_loss_full"] if theirs else None for name in ("paper", "random")]
    return [*setting, len(full), comparison.shown(comparison.geometric_mean(full.values()) if full else None, ".4f"),
            comparison.shown(theirs and theirs["test_loss_full"], ".4f"), *ratios[:3], comparison.shown(published[0]),
            ratios[3], comparison.shown(published[1])]


def main(source, folder):
    found = curves(comparison.read(source))
    reference = {tuple(row[name] for name in SETTING): row for row in comparison.published("fig3_dataset_training")}
    found = comparison.in_order(found, reference)
    figure, axes = style.panels(len(found), 3)
    for (setting, of_setting), panel in zip(found.items(), axes):
        draw(panel, setting, of_setting, reference.get(setting))
    axes[0].legend(frameon=False, fontsize=7)
    axes[0].set_ylabel("test loss")
    figure.suptitle("Fig. 3: test losses, geometric means over trials; x: published, at the end")
    figure.savefig(folder / "fig3_dataset_training.png", dpi=110)

    header = ["optimizer", "d", "batch", "lr", "epochs", "trials", "full", "published", "paper / full", "joint / full",
              "target / full", "published", "random / full", "published"]
    text = comparison.markdown(header, [table_row(setting, of_setting, reference.get(setting))
                                        for setting, of_setting in found.items()])
    comparison.write_table(folder / "fig3_dataset_training.md", text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
