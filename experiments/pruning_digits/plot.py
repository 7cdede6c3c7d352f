"""Errors on pruned images: figures, tables, and the easiest and hardest images.

    plot.py MEASURED.csv FOLDER

writes pruning_digits.png, pruning_digits_extremes.png and pruning_digits.md to FOLDER and prints the tables.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, StrMethodFormatter

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import comparison
import image_tasks
import style

COLOURS = {"el2n": "#1b64ad", "el2n_weak": "#7fb2e5", "margin": "#2a9d5c", "prototypes": "#bd500b", "random": "0.35"}
ENDS = {"hard": "-", "easy": ":", "random": "--", "theory": "-."}
SHIFTS = ["noise", "rotation", "contrast"]


class Table:
    """The rows of one task; a value of a cell is a dict of trial to number."""

    def __init__(self, rows):
        self.task = rows[0]["task"]
        self.found = {}
        for row in rows:
            self.found.setdefault(self.key(**row), {})[row["trial"]] = row
        self.sizes = sorted({row["size"] for row in rows})
        self.fractions = sorted({row["fraction"] for row in rows if row["fraction"] < 1})
        self.metrics = [metric for metric in COLOURS if metric != "random"]
        self.trials = len({row["trial"] for row in rows})

    @staticmethod
    def key(size, metric, policy, fraction, class_floor=0.5, factor=1, model="network", **_):
        return size, metric, policy, fraction, class_floor, factor, model

    def values(self, column="error", **cell):
        return {trial: row[column] for trial, row in self.found[self.key(**cell)].items()}

    def random(self, size, fraction, column="error", **others):
        return self.values(column, size=size, metric="random", policy="random", fraction=fraction, **others)


def mean(values, others=None):
    """Mean of the values, or of their differences from others in the same trials, and its standard error."""
    numbers = np.array([value - (others[trial] if others else 0) for trial, value in sorted(values.items())])
    return numbers.mean(), numbers.std(ddof=1) / np.sqrt(len(numbers)) if len(numbers) > 1 else 0.0


def percent(pair, sign=""):
    return f"{100 * pair[0]:{sign}.1f} ± {100 * pair[1]:.1f}"


def line(axes, x, pairs, unit=100, **look):
    axes.errorbar(x, [unit * pair[0] for pair in pairs], [unit * pair[1] for pair in pairs],
                  **{"linewidth": 1.2, "marker": "o", "markersize": 2.5, "capsize": 1.5, **look})


def plain(axis, places=None):
    """Numbers as they are on a logarithmic axis; where nothing is said, 1, 2 and 5 times powers of ten."""
    axis.set_major_locator(FixedLocator(places) if places else LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())


def finish(axes, title, xlabel, ylabel, legend=7):
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.2)
    if legend:
        axes.legend(frameon=False, fontsize=legend)


def draw_errors(axes, table, size):
    """Error against the fraction kept."""
    whole, fractions = mean(table.random(size, 1)), table.fractions
    for metric in table.metrics:
        for policy in ("hard", "easy"):
            pairs = [mean(table.values(size=size, metric=metric, policy=policy, fraction=f)) for f in fractions]
            line(axes, fractions + [1], pairs + [whole], color=COLOURS[metric], linestyle=ENDS[policy],
                 label=f"{metric}, {policy}")
    line(axes, fractions + [1], [mean(table.random(size, f)) for f in fractions] + [whole], color="black",
         linestyle="--", label="random")
    axes.set(xscale="log", yscale="log")
    plain(axes.xaxis, fractions + [1])
    plain(axes.yaxis)
    finish(axes, f"{size:,} {table.task} before pruning", "fraction kept", "error on new images, %", legend=0)


def draw_balance(axes, table):
    """Class balance against the fraction that is pruned away."""
    size, pruned = table.sizes[-1], [1 - f for f in table.fractions]
    for metric in (metric for metric in table.metrics if metric != "el2n_weak"):
        for policy in ("hard", "easy"):
            for floor, width in ((0, 1.6), (0.5, 0.6)):
                line(axes, pruned, [mean(table.values("balance", size=size, metric=metric, policy=policy, fraction=f,
                                                      class_floor=floor)) for f in table.fractions],
                     unit=1, color=COLOURS[metric], linestyle=ENDS[policy], linewidth=width)
    line(axes, pruned, [mean(table.random(size, f, "balance")) for f in table.fractions], unit=1, color="black",
         linestyle="--")
    finish(axes, f"{size:,} {table.task}; thick: no floors", "fraction pruned away", "class balance b", legend=0)


def factors_of(table, fraction):
    """{factor of matched iterations: errors}"""
    found = {key[5]: key for key in sorted(table.found, key=str)
             if key[1:5] == ("prototypes", "hard", fraction, 0) and key[6] == "network"}
    return {factor: {trial: row["error"] for trial, row in table.found[found[factor]].items()}
            for factor in sorted(found)}


def draw_factors(axes, table):
    for fraction, colour in zip(table.fractions, style.colours(len(table.fractions))):
        errors = factors_of(table, fraction)
        line(axes, list(errors), [mean(each) for each in errors.values()], color=colour, label=f"{fraction:g} kept")
    axes.set_yscale("log")
    plain(axes.yaxis)
    finish(axes, "prototypes, hard: training longer", "factor of matched iterations", "error on new images, %")


def draw_probes(axes, table):
    """Where keeping the hardest becomes better than keeping the easiest."""
    kept = [size * f for size in table.sizes for f in table.fractions]
    for size, mark in zip(table.sizes, "os^Dv"):
        for metric in ("el2n", "el2n_weak"):
            line(axes, [size * f for f in table.fractions],
                 [hard_less_easy(table, size, metric, f) for f in table.fractions], color=COLOURS[metric],
                 marker=mark, markersize=3.5, label=f"{metric} of {size:,}")
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xscale("log")
    plain(axes.xaxis, sorted(set(kept))[::2])
    finish(axes, "weak and strong probes", "examples kept", "error of hardest - easiest, %")


def hard_less_easy(table, size, metric, fraction):
    return mean(*(table.values(size=size, metric=metric, policy=end, fraction=fraction) for end in ("hard", "easy")))


def draw_shifts(axes, table):
    """The mean error on shifted images against that on images as they are: a point for each set trained on."""
    size, points = table.sizes[-1], []
    for (of_size, metric, policy, fraction, floor, factor, model), rows in table.found.items():
        if (of_size, floor, factor, model) == (size, 0.5, 1, "network") and policy in ("hard", "easy", "random"):
            points.append((policy, 100 * np.mean([row["error"] for row in rows.values()]),
                           100 * np.mean([[row[shift] for shift in SHIFTS] for row in rows.values()])))
    for policy, mark, colour in (("random", "s", "black"), ("hard", "o", "#bd500b"), ("easy", "^", "#1b64ad")):
        chosen = sorted((x, y) for end, x, y in points if end == policy)
        axes.plot(*zip(*chosen), mark + ("--" if policy == "random" else ""), color=colour, markersize=4, linewidth=0.8,
                  label=policy)
    axes.set(xscale="log", yscale="log")
    plain(axes.xaxis)
    plain(axes.yaxis)
    finish(axes, "shifted images", "error on images as they are, %", "mean error on shifted ones, %")


def models_of(table):
    return list(dict.fromkeys(key[6] for key in table.found))


def draw_reuse(axes, table):
    """What a subset that networks chose does for other models."""
    size = table.sizes[-1]
    for model, colour in zip(models_of(table), style.colours(len(models_of(table)))):
        for policy in ("hard", "easy"):
            line(axes, table.fractions, [reused(table, size, model, "el2n", policy, f) for f in table.fractions],
                 color=colour, linestyle=ENDS[policy], label=model if policy == "hard" else None)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xscale("log")
    plain(axes.xaxis, table.fractions)
    finish(axes, "el2n of networks, other models", "fraction kept", "error - that of random, %")


def reused(table, size, model, metric, policy, fraction):
    return mean(table.values(size=size, metric=metric, policy=policy, fraction=fraction, model=model),
                table.random(size, fraction, model=model))


def draw(table, folder):
    columns = max(4, len(table.sizes) + 1)
    figure, axes = style.canvas(2, columns)
    for size, panel in zip(table.sizes, axes[0]):
        draw_errors(panel, table, size)
    axes[0][0].legend(frameon=False, fontsize=6, loc="lower left")
    draw_balance(axes[0][len(table.sizes)], table)
    parts = (draw_factors, draw_probes, draw_shifts, draw_reuse)
    for part, panel in zip(parts, axes[1]):
        part(panel, table)
    for unused in (*axes[0][len(table.sizes) + 1:], *axes[1][len(parts):]):
        unused.set_axis_off()
    figure.savefig(folder / "pruning_digits.png", dpi=110)


def draw_extremes(rows, folder):
    """A panel for each metric: of each class the easiest images on the left, the hardest on the right."""
    task = image_tasks.TASKS[rows[0]["task"]]()
    metrics, places = list(dict.fromkeys(row["metric"] for row in rows)), 1 + max(row["place"] for row in rows)
    columns, step = 3, image_tasks.SIDE + 1
    width, height = 4.6, 4.6 * len(task.classes) / (2 * places + 1) + 0.4
    figure, axes = style.canvas(-(-len(metrics) // columns), columns, width, height)
    for metric, panel in zip(metrics, axes.flat):
        page = np.ones((len(task.classes) * step, (2 * places + 1) * step))
        for row in (row for row in rows if row["metric"] == metric):
            # The extreme ones outside, and a gap in the middle.
            column = row["place"] if row["end"] == "easy" else 2 * places - row["place"]
            top, left = row["class"] * step, column * step
            page[top : top + step - 1, left : left + step - 1] = task.images[row["image"]].reshape(step - 1, step - 1)
        panel.imshow(page, cmap="gray", vmin=0, vmax=1)
        panel.set_title(f"{metric}: easiest ... hardest", fontsize=9)
        for k, name in enumerate(task.classes):
            panel.text(-step / 4, (k + 0.5) * step, name.replace(", ", ",\n"), ha="right", va="center", fontsize=7)
    for panel in axes.flat:
        panel.set_axis_off()
    figure.savefig(folder / "pruning_digits_extremes.png", dpi=110)


def error_table(table):
    """Of random examples the error, of others how much more it is, in percent."""
    rows = []
    for size in table.sizes:
        whole = table.random(size, 1)
        rows.append([size, "random", "", *(percent(mean(table.random(size, f))) for f in table.fractions),
                     percent(mean(whole))])
        kinds = [(metric, end) for metric in table.metrics for end in ("hard", "easy")]
        for metric, policy in [*kinds, ("el2n", "theory")]:
            cell = {"size": size, "metric": metric, "policy": policy}
            rows.append([size, metric, policy, *(
                percent(mean(table.values(**cell, fraction=f), table.random(size, f)), "+")
                for f in table.fractions), ""])
    header = ["examples", "metric", "keeps", *(f"{f:g} kept" for f in table.fractions), "all"]
    return "Error of random examples, and how much more it is of others, %:\n\n" + comparison.markdown(header, rows)


def floor_table(table):
    size, rows = table.sizes[-1], []
    for metric in (metric for metric in table.metrics if metric != "el2n_weak"):
        for policy in ("hard", "easy"):
            row = [metric, policy]
            for fraction in table.fractions:
                cell = {"size": size, "metric": metric, "policy": policy, "fraction": fraction}
                without, floors = ({**cell, "class_floor": floor} for floor in (0, 0.5))
                row += [" to ".join(f"{mean(table.values('balance', **each))[0]:.2f}" for each in (without, floors)),
                        percent(mean(table.values(**floors), table.values(**without)), "+")]
            rows.append(row)
    header = ["metric", "keeps", *(name for f in table.fractions for name in (f"b, {f:g} kept", "error"))]
    return f"Class balance without and with floors of 0.5, {size:,} examples, and how the error changes, %:\n\n" + \
        comparison.markdown(header, rows)


def factor_table(table):
    rows, factors = [], []
    for fraction in table.fractions:
        errors = factors_of(table, fraction)
        factors = list(errors)
        rows.append([f"{fraction:g}", *(percent(mean(errors[factor], errors[1]), "+") for factor in factors[:-1]),
                     percent(mean(errors[1]))])
    return "Factor of matched iterations, hardest by prototypes without floors: how much more than with 1, %:\n\n" + \
        comparison.markdown(["kept", *(f"{factor:g}" for factor in factors)], rows)


def probe_table(table):
    rows = []
    for size in table.sizes:
        for metric in ("el2n", "el2n_weak"):
            cell = {"size": size, "metric": metric, "policy": "hard", "fraction": table.fractions[0]}
            rows.append([size, metric, f"{mean(table.values('theta_deg', **cell))[0]:.0f}", *(
                percent(hard_less_easy(table, size, metric, f), "+") for f in table.fractions)])
    return "Error of the hardest less that of the easiest, %:\n\n" + comparison.markdown(
        ["examples", "metric", "angle of the probes, degrees", *(f"{f:g} kept" for f in table.fractions)], rows)


def shift_table(table):
    size, rows = table.sizes[-1], []
    for fraction in table.fractions:
        for metric, policy in ((metric, end) for metric in table.metrics for end in ("hard", "easy")):
            cell = {"size": size, "metric": metric, "policy": policy, "fraction": fraction}
            rows.append([f"{fraction:g}", metric, policy, *(
                percent(mean(table.values(column, **cell), table.random(size, fraction, column)), "+")
                for column in ("error", *SHIFTS))])
    base = ", ".join(f"{column} {percent(mean(table.random(size, 1, column)))}" for column in ("error", *SHIFTS))
    return f"Shifted images, {size:,} examples, error less that of random, %. All examples: {base}.\n\n" + \
        comparison.markdown(["kept", "metric", "keeps", "as they are", *SHIFTS], rows)


def reuse_table(table):
    size, rows = table.sizes[-1], []
    for model in models_of(table):
        for metric, policy in (("el2n", "hard"), ("el2n", "easy"), ("el2n_logistic", "hard")):
            if table.key(size, metric, policy, table.fractions[0], model=model) in table.found:
                rows.append([model, metric, policy, *(
                    percent(reused(table, size, model, metric, policy, f), "+") for f in table.fractions),
                    percent(mean(table.random(size, 1, model=model)))])
    return f"Subsets reused, {size:,} examples: error less that of random, %:\n\n" + comparison.markdown(
        ["trained", "chosen by", "keeps", *(f"{f:g} kept" for f in table.fractions), "error of all"], rows)


def main(source, folder):
    table = Table(comparison.read(source))
    draw(table, folder)
    draw_extremes(comparison.read(source.with_stem(source.stem + "_extremes")), folder)
    parts = (error_table, floor_table, factor_table, probe_table, shift_table, reuse_table)
    text = f"{table.task}, {table.trials} trials\n\n" + "\n\n".join(part(table) for part in parts)
    comparison.write_table(folder / "pruning_digits.md", text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
