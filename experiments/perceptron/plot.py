"""Simulated perceptrons on pruned examples beside the theory, and the solver's time.

    plot.py MEASURED.csv FOLDER

writes perceptron.png and perceptron.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.ticker import NullFormatter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import comparison
import style


def z_of(row):
    return (row["mean"] - row["theory"]) / row["sem"]


def summary(n, rows):
    """Of those that keep the same: how many cells are within three standard errors, and how far off on average."""
    z = np.array([z_of(row) for row in rows])
    relative = np.array([row["mean"] / row["theory"] - 1 for row in rows])
    return (f"N = {n}, keep {rows[0]['keep']}: {np.mean(abs(z) <= 3):.1%} of {len(rows)} cells within 3 standard "
            f"errors ({rows[0]['draws']} draws), mean z {z.mean():.2f}, "
            f"rms relative difference {np.sqrt(np.mean(relative**2)):.2%}, "
            f"largest violation of the margin {max(row['violation'] for row in rows):.0e}")


def time_laws(n, rows):
    """Of each fraction the solver's seconds against alpha by least squares; none with a single alpha."""
    laws = []
    for fraction in sorted({row["fraction"] for row in rows}):
        line = [row for row in rows if row["fraction"] == fraction]
        alphas, seconds = (np.array([row[name] for row in line]) for name in ("alpha", "seconds"))
        if len(set(alphas)) < 2:
            continue
        slope, rest = comparison.slope(alphas, seconds)
        r2 = 1 - np.sum((seconds - slope * alphas - rest) ** 2) / np.sum((seconds - seconds.mean()) ** 2)
        laws.append(f"f = {fraction:g}: {slope:.3g} alpha {'+' if rest >= 0 else '-'} {abs(rest):.3g}, R^2 = {r2:.2f}")
    return [f"N = {n}, seconds of the solver: " + "; ".join(laws)] if laws else []


def ratio(value, reference):
    return "-" if reference is None else f"{value / reference:.2f}"


def policy_table(n, adaptive, random):
    """What the adaptive policy keeps, and its error measured over that of as many random examples."""
    kinds = {"easy": "e", "window": "w", "hard": "h", "random": "r"}
    alphas = sorted({row["alpha"] for row in adaptive})
    cells = {(row["theta_deg"], row["fraction"], row["alpha"]): row for row in adaptive if row["fraction"] < 1}
    table = []
    for theta, fraction in sorted({cell[:2] for cell in cells}):
        line = [cells.get((theta, fraction, alpha)) for alpha in alphas]
        table.append([f"{theta:g}", f"{fraction:g}", *(
            f"{kinds[row['keep'].removeprefix('adaptive:')]} {ratio(row['mean'], random.get((n, row['alpha'], theta)))}"
            if row else "-" for row in line)])
    header = ["theta", "f", *(f"alpha {alpha:g}" for alpha in alphas)]
    return (f"N = {n}: error of the adaptive policy over that of random examples; it keeps easy (e), window (w), "
            "hard (h) or random (r) ones:\n\n" + comparison.markdown(header, table))


def against_random(n, rows):
    """The adaptive policy, and how often it is worse than as many random examples: its own cells of f = 1."""
    random = {(row["alpha"], row["theta_deg"]): row for row in rows if row["fraction"] == 1}
    pruned = [row for row in rows if row["fraction"] < 1]
    compared = [(row, random[row["alpha"], row["theta_deg"]]) for row in pruned
                if (row["alpha"], row["theta_deg"]) in random]
    worse = sum(row["mean"] - other["mean"] > 3 * np.hypot(row["sem"], other["sem"]) for row, other in compared)
    within = np.mean([abs(z_of(row)) <= 3 for row in rows])
    predicted = sum(row["theory"] > other["theory"] * (1 + 1e-9) for row, other in compared)
    return (f"N = {n}, adaptive policy: {within:.1%} of {len(rows)} cells within 3 standard errors; worse than random "
            f"examples by more than 3 standard errors in {worse} of {len(compared)} cells, "
            f"predicted to be in {predicted}")


def draw(axes, theta, simulated, curves):
    fractions = sorted({row["fraction"] for row in simulated + curves})
    for fraction, colour in zip(fractions, style.colours(len(fractions))):
        line = [row for row in curves if (row["theta_deg"], row["fraction"]) == (theta, fraction)]
        axes.plot([row["alpha"] for row in line], [row["theory"] for row in line], color=colour, linewidth=1.2,
                  label=f"f = {fraction:g}")
        points = [row for row in simulated if (row["theta_deg"], row["fraction"]) == (theta, fraction)]
        axes.errorbar([row["alpha"] for row in points], [row["mean"] for row in points],
                      [3 * row["sem"] for row in points], color=colour, fmt="o", markersize=3, capsize=2)
    style.logarithmic(axes, f"theta = {theta:g} degrees", "alpha, kept examples per parameter", "error")
    axes.legend(frameon=False, fontsize=7)


def draw_compute(axes, rows):
    """Fig. 8A: error against the solver's seconds, with the best probe."""
    rows = [row for row in rows if row["theta_deg"] == min(row["theta_deg"] for row in rows)]
    fractions = sorted({row["fraction"] for row in rows})
    for fraction, colour in zip(fractions, style.colours(len(fractions))):
        line = sorted((row for row in rows if row["fraction"] == fraction), key=lambda row: row["alpha"])
        axes.errorbar([row["seconds"] for row in line], [row["mean"] for row in line], [3 * row["sem"] for row in line],
                      color=colour, marker="o", markersize=3, capsize=2, linewidth=0.8, label=f"f = {fraction:g}")
    style.logarithmic(axes, f"compute, theta = {rows[0]['theta_deg']:g} degrees", "seconds of the solver", "error")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(frameon=False, fontsize=7)


def main(source, folder):
    rows = comparison.read(source)
    curves, measured = [row for row in rows if row["draws"] == 0], [row for row in rows if row["draws"] > 0]
    adaptive = [row for row in measured if row["keep"].startswith("adaptive")]
    easy = [row for row in measured if row["keep"] == "easy"]
    measured = [row for row in measured if row["keep"] == "hard"]
    sizes = sorted({row["n"] for row in measured})
    angles = sorted({row["theta_deg"] for row in measured})

    figure, axes = style.canvas(1, len(angles) + 1)
    for theta, panel in zip(angles, axes.flat):
        draw(panel, theta, [row for row in measured if row["n"] == sizes[-1]], curves)
    draw_compute(axes[0, -1], [row for row in measured if row["n"] == sizes[-1]])
    figure.suptitle(f"Error of the perceptron: theory (lines), N = {sizes[-1]} (points, 3 standard errors)")
    figure.savefig(folder / "perceptron.png", dpi=110)

    random = {(row["n"], row["alpha"], row["theta_deg"]): row["mean"] for row in measured if row["fraction"] == 1}
    parts = []
    for n in sizes:
        of_size = [row for row in measured if row["n"] == n]
        parts.append(summary(n, of_size))
        easiest = [row for row in easy if row["n"] == n]
        parts += [summary(n, easiest)] if easiest else []
        parts += time_laws(n, of_size)
        chosen = [row for row in adaptive if row["n"] == n]
        parts += [against_random(n, chosen), policy_table(n, chosen, random)] if chosen else []
    table = [[row["n"], row["keep"].removeprefix("adaptive:"), f"{row['theta_deg']:g}", f"{row['fraction']:g}",
              f"{row['alpha']:g}", f"{row['theory']:.5f}", f"{row['mean']:.5f}", f"{row['sem']:.5f}",
              f"{z_of(row):.1f}", ratio(row["mean"], random.get((row["n"], row["alpha"], row["theta_deg"]))),
              f"{row['seconds']:.3f}"]
             for row in measured + easy + adaptive]
    header = ["N", "kept", "theta", "f", "alpha", "theory", "mean", "standard error", "z", "of random", "s"]
    parts.append(comparison.markdown(header, table))
    (folder / "perceptron.md").write_text("\n\n".join(parts) + "\n")
    print("\n\n".join(parts))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
