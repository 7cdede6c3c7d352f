"""Figure 7 beside what was published.

    plot.py MEASURED.csv FOLDER

writes fig7_attention.png and fig7_attention.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

# And the names of the published columns.
VARIANTS = {"full": "full", "joint": "compressed", "higher": None, "random": "random_heads"}


def curves(rows):
    """{(run, heads, heads_out, lr): {variant: {trial: {epoch: test loss}}}}"""
    kept = {row["run"]: row["heads_out"] for row in rows if row["variant"] != "full"}
    found = {}
    for row in rows:
        setting = row["run"], row["heads"], kept.get(row["run"], row["heads_out"]), row["lr"]
        of_variant = found.setdefault(setting, {}).setdefault(row["variant"], {})
        of_variant.setdefault(row["trial"], {})[row["epoch"]] = row["test_loss"]
    return found


def distances(of_setting, variant):
    """Of each trial, the largest |test loss / that of all heads - 1| over the epochs."""
    full, of_variant = of_setting["full"], of_setting.get(variant, {})
    return [max(abs(curve[epoch] / full[trial][epoch] - 1) for epoch in curve)
            for trial, curve in of_variant.items() if trial in full]


def draw(axes, setting, of_setting, theirs):
    run, heads, heads_out, rate = setting
    for (variant, column), colour in zip(VARIANTS.items(), ["black", *style.colours(len(VARIANTS) - 1)]):
        for trial, curve in of_setting.get(variant, {}).items():
            axes.plot(curve.keys(), curve.values(), ":" if variant == "full" else "-", color=colour, linewidth=1,
                      zorder=3 if variant == "full" else 2,
                      label=variant if trial == min(of_setting[variant]) else None)
        if theirs and column:
            axes.plot([theirs["epoch"]], [theirs[f"test_loss_{column}"]], "x", color=colour, clip_on=False)
    axes.set(yscale="log", xlabel="epoch", xmargin=0.02)
    axes.set_title(f"{heads} heads to {heads_out}, lr {rate:g}", fontsize=9)
    axes.grid(which="both", alpha=0.2)


def table_row(setting, of_setting, theirs):
    finals = {variant: comparison.geometric_mean([curve[max(curve)] for curve in of_variant.values()])
              for variant, of_variant in of_setting.items()}
    row = [f"{setting[1]} to {setting[2]}", f"{setting[3]:g}", len(of_setting["full"])]
    for variant, column in VARIANTS.items():
        row.append(comparison.shown(finals.get(variant), ".4f"))
        if column:
            row.append(comparison.shown(theirs and theirs[f"test_loss_{column}"], ".4f"))
    for variant in ("joint", "higher", "random"):
        found = distances(of_setting, variant)
        row.append(f"{np.mean(found):.2%} ({max(found):.2%})" if found else "-")
    return row


def main(source, folder):
    found = curves(comparison.read(source))
    reference = {row["run"]: row for row in comparison.published("fig7_attention")}
    found = comparison.in_order(found, reference, lambda setting: setting[0])
    figure, axes = style.panels(len(found), 2)
    for (setting, of_setting), panel in zip(found.items(), axes):
        draw(panel, setting, of_setting, reference.get(setting[0]))
    axes[0].legend(frameon=False, fontsize=7)
    axes[0].set_ylabel("test loss")
    figure.suptitle("Fig. 7: attention heads side by side; x: published, at the end")
    figure.savefig(folder / "fig7_attention.png", dpi=110)

    losses = [word for variant, column in VARIANTS.items() for word in [variant] + ["published"] * bool(column)]
    header = ["heads", "lr", "trials", *losses, "joint: farthest from full", "higher: farthest", "random: farthest"]
    text = comparison.markdown(header, [table_row(setting, of_setting, reference.get(setting[0]))
                                        for setting, of_setting in found.items()])
    comparison.write_table(folder / "fig7_attention.md", text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
