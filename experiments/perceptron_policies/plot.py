"""The theory of pruned perceptrons, drawn as in paper 003, and fits of its frontier.

    plot.py MEASURED.csv FOLDER

writes perceptron_policies.png and perceptron_policies.md to FOLDER and prints the fits.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style

COLOURS = {"hard": "#bd500b", "easy": "#1b64ad", "window": "#2a9d5c", "random": "0.35"}


def lines(rows, *names):
    """{values of the columns: rows}"""
    found = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found


def draw(axes, rows, label, across="alpha", **look):
    axes.plot([row[across] for row in rows], [row["value"] for row in rows], label=label, **{"linewidth": 1.3, **look})


def finish(axes, title, xlabel, ylabel, scales="log", legend=True):
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale=scales)
    axes.set_title(title, fontsize=9)
    if legend:
        axes.legend(frameon=False, fontsize=6.5)
        axes.grid(alpha=0.2)


def draw_direction(axes, rows):
    totals = lines([{**row, "total": round(row["alpha"] / row["fraction"], 6)} for row in rows], "total", "line")
    few, many = sorted({total for total, _ in totals})
    for (total, kept), line in totals.items():
        draw(axes, line, kept if total == many else None, "fraction", color=COLOURS[kept],
             linestyle="-" if total == many else ":")
    axes.set_xscale("log")
    finish(axes, f"1B: of {few:g} (dotted) and {many:g} per parameter", "fraction kept", "error")


def mesh(axes, rows, x, value, **look):
    """The values of rows with x and fraction on a grid."""
    def digits(number):  # as many as the table's quotients have
        return float(f"{number:.5g}")

    across, fractions = (sorted({digits(name(row)) for row in rows}) for name in (x, lambda row: row["fraction"]))
    grid = np.full((len(fractions), len(across)), np.nan)
    for row in rows:
        grid[fractions.index(digits(row["fraction"])), across.index(digits(x(row)))] = value(row)
    axes.set_xscale("log")
    return axes.pcolormesh(across, fractions, grid, shading="nearest", **look)


def draw_change(axes, rows):
    easy = comparison.by_cell([row for row in rows if row["line"] == "easy"], ("fraction", "alpha"), "value")
    hard = [row for row in rows if row["line"] == "hard"]
    found = mesh(axes, hard, lambda row: row["alpha"] / row["fraction"],
                 lambda row: np.log10(row["value"] / easy[row["fraction"], row["alpha"]]),
                 cmap="RdBu_r", vmin=-1, vmax=1)
    axes.figure.colorbar(found, ax=axes, label="log10, hardest / easiest")
    finish(axes, "1C: red: keep the easiest", "examples per parameter before", "fraction kept", "linear", legend=False)


def draw_best_fraction(axes, rows):
    planes = lines(rows, "line")
    found = mesh(axes, planes["hard",], lambda row: row["alpha"], lambda row: np.log10(row["value"]), cmap="viridis")
    axes.figure.colorbar(found, ax=axes, label="log10 error")
    axes.plot([row["alpha"] for row in planes["best",]], [row["fraction"] for row in planes["best",]], color="white")
    finish(axes, "1E: the best fraction (white)", "alpha, kept", "fraction kept", "log", legend=False)


def draw_information(axes, rows):
    fractions = sorted({row["fraction"] for row in rows})
    colours = dict(zip(fractions, style.colours(len(fractions))))
    for (kind, fraction), line in lines(rows, "line", "fraction").items():
        draw(axes, line, f"f = {fraction:g}" if kind == "gain" else None, color=colours[fraction],
             linestyle="-" if kind == "gain" else ":")
    axes.set_xscale("log")
    finish(axes, "1F: information (dotted: next one)", "alpha, kept", "nats", "linear")


def draw_imperfect(axes, rows, theta):
    rows = [row for row in rows if row["theta_deg"] == theta]
    fractions = sorted({row["fraction"] for row in rows if row["line"] == "hard"})
    for (kind, fraction), line in lines([row for row in rows if row["line"] != "frontier"], "line", "fraction").items():
        look = {"color": "#c1121f", "linestyle": "--"} if kind == "f_min" else {
            "color": style.colours(len(fractions))[fractions.index(fraction)]}
        draw(axes, line, f"f_min = {fraction:.2g}" if kind == "f_min" else f"f = {fraction:g}", **look)
    draw(axes, [row for row in rows if row["line"] == "frontier"], "frontier", color="black", linewidth=0, marker=".")
    axes.set_xscale("log")
    finish(axes, f"2: probe at {theta:g} degrees", "alpha, kept", "error")


def draw_policies(axes, rows):
    for (kept,), line in lines(rows, "line").items():
        draw(axes, line, kept, color=COLOURS[kept])
    axes.set_xscale("log")
    finish(axes, "7A: frontier of each policy", "alpha, kept", "error")


def draw_margins(axes, rows):
    for ((margin,), line), colour in zip(lines(rows, "line").items(), style.colours(5)):
        draw(axes, line, margin, color=colour)
    finish(axes, "7B: all examples at one margin", "alpha, kept", "error")


def draw_windows(axes, rows):
    for ((fraction,), both), colour in zip(lines(rows, "fraction").items(), (COLOURS["hard"], COLOURS["easy"])):
        ends = lines(both, "line")
        upper = np.minimum([row["value"] for row in ends["upper",]], 4)  # infinite: keep the easiest
        axes.fill_between([row["alpha"] for row in ends["lower",]], [row["value"] for row in ends["lower",]], upper,
                          color=colour, alpha=0.4, label=f"f = {fraction:g}")
    axes.set_xscale("log")
    finish(axes, "7C: the best window", "alpha, kept", "margin to the probe", "linear")


def fits(rows):
    """{name: (slope, intercept, R^2 of the logarithm)} of log error = intercept - slope x, by least squares: x = log
    alpha for a power law, alpha for an exponential."""
    logarithm = np.log([row["value"] for row in rows])
    found = {}
    alphas = np.array([row["alpha"] for row in rows])
    for name, x in (("power law", np.log(alphas)), ("exponential", alphas)):
        slope, intercept = comparison.slope(x, logarithm)
        rest = logarithm - intercept - slope * x
        found[name] = -slope, intercept, float(1 - rest @ rest / np.sum((logarithm - logarithm.mean()) ** 2))
    return found


STEP = 2  # alpha from which on the hardest of a small fraction tell almost all


def ranges(rows):
    """Before the step and from it on."""
    return [row for row in rows if row["alpha"] < STEP], [row for row in rows if row["alpha"] >= STEP]


def draw_fits(axes, rows):
    draw(axes, rows, "hardest, f at least 0.01", color="black", linewidth=0, marker=".", markersize=4)
    for k, part in enumerate(ranges(rows)):
        alphas = np.array([row["alpha"] for row in part])
        for form, colour in (("power law", COLOURS["easy"]), ("exponential", COLOURS["hard"])):
            slope, intercept, _ = fits(part)[form]
            x = np.log(alphas) if form == "power law" else alphas
            axes.plot(alphas, np.exp(intercept - slope * x), color=colour, linewidth=1, label=None if k else form)
    finish(axes, "11A: fits of the frontier", "alpha, kept", "error")


def fit_table(frontiers):
    """Of {name: rows of its frontier}."""
    table = []
    for name, rows in frontiers.items():
        for part in ranges(rows):
            alphas = f"{part[0]['alpha']:.2g} to {part[-1]['alpha']:.2g}"
            for form, (slope, _, r2) in fits(part).items():
                table.append([name, alphas, form, f"{slope:.2f}", f"{r2:.3f}"])
    return comparison.markdown(["frontier", "alpha", "fit", "exponent or rate", "R^2 of log error"], table)


def main(source, folder):
    rows = comparison.read(source)
    of = {figure: [row for row in rows if str(row["figure"]) == figure] for figure in
          ("1B", "1C", "1E", "1F", "2", "7A", "7B", "7C", "11A")}
    angles = sorted({row["theta_deg"] for row in of["2"]})
    figure, axes = style.canvas(3, max(4, len(angles)))
    panels = ((draw_direction, "1B"), (draw_change, "1C"), (draw_best_fraction, "1E"), (draw_information, "1F"))
    for (part, name), panel in zip(panels, axes[0]):
        part(panel, of[name])
    for theta, panel in zip(angles, axes[1]):
        draw_imperfect(panel, of["2"], theta)
    panels = ((draw_policies, "7A"), (draw_margins, "7B"), (draw_windows, "7C"), (draw_fits, "11A"))
    for (part, name), panel in zip(panels, axes[2]):
        part(panel, of[name])
    for unused in (panel for panel in axes.flat if not panel.has_data()):
        unused.set_axis_off()
    figure.savefig(folder / "perceptron_policies.png", dpi=110)
    frontiers = {"hardest": of["11A"]}
    frontiers |= {kept: [row for row in of["7A"] if row["line"] == kept] for kept in ("easy", "window", "random")}
    frontiers |= {f"hardest, probe at {theta:g} degrees": [
        row for row in of["2"] if (row["line"], row["theta_deg"]) == ("frontier", theta)]
        for theta in angles if theta > 0}
    comparison.write_table(folder / "perceptron_policies.md", fit_table(frontiers))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
