"""What the theory of pruned perceptrons predicts for the figures of paper 003, as one table. See README.md."""

import argparse
import csv
import math
import sys
from itertools import product
from pathlib import Path

import momentset as ms
import numpy as np

SMALLEST = 0.01  # fraction that is compared on frontiers


def error(alpha, fraction, kept="hard"):
    return ms.theory.perceptron(alpha, fraction, window=kept).error


def direction(points):
    """Fig. 1B: fractions of few and of many examples, kept by each policy; alpha counts those kept."""
    for total, fraction, kept in product((1.5, 30), np.geomspace(0.1, 1, points), ("hard", "easy", "random")):
        yield kept, 0, fraction, total * fraction, error(total * fraction, fraction, kept)


def change_of_strategy(points):
    """Fig. 1C: the same over a plane of totals and fractions."""
    for total, fraction in product(np.geomspace(0.5, 50, points), np.linspace(0.1, 0.95, points)):
        for kept in ("hard", "easy"):
            yield kept, 0, fraction, total * fraction, error(total * fraction, fraction, kept)


def best_fraction(points):
    """Fig. 1E: error over a plane of alpha and fractions, and the best fraction of each alpha."""
    for alpha in np.geomspace(0.5, 10, points):
        for fraction in np.geomspace(0.05, 1, points):
            yield "hard", 0, fraction, alpha, error(alpha, fraction)
        found = ms.theory.pareto_frontier(alpha, smallest_fraction=0.05)
        yield "best", 0, found.fraction, alpha, found.error


def information(points):
    """Fig. 1F: nats that one more example brings."""
    for fraction, alpha in product((0.1, 0.2, 0.5, 1), np.geomspace(0.1, 20, points)):
        yield "gain", 0, fraction, alpha, ms.theory.information_gain(alpha, fraction)
        yield "next example", 0, fraction, alpha, ms.theory.next_example_gain(alpha, fraction)


def imperfect_probe(points, angles):
    """Fig. 2: error by fraction, its frontier, and the line of f_min that bounds it."""
    alphas = np.geomspace(0.5, 50, points)
    for theta in angles:
        for fraction in (0.1, 0.2, 0.5, 1):
            for alpha, found in zip(alphas, ms.theory.curve(alphas, fraction, theta)):
                yield "hard", theta, fraction, alpha, found.error
        if theta > 0:
            least = ms.theory.f_min(theta)
            for alpha, found in zip(alphas, ms.theory.curve(alphas, least, theta)):
                yield "f_min", theta, least, alpha, found.error
        for alpha in alphas[:: max(1, points // 12)]:
            found = ms.theory.pareto_frontier(alpha, theta, SMALLEST)
            yield "frontier", theta, found.fraction, alpha, found.error


def frontiers(points):
    """Fig. 7A: of each policy the best fraction of at least a hundredth."""
    fractions = np.geomspace(SMALLEST, 1, points)
    for alpha in np.geomspace(0.3, 10, points):
        yield "random", 0, 1, alpha, error(alpha, 1)
        best = ms.theory.pareto_frontier(alpha, smallest_fraction=SMALLEST)
        yield "hard", 0, best.fraction, alpha, best.error
        for kept, of_fraction in (("easy", lambda f: error(alpha, f, "easy")),
                                  ("window", lambda f: error(alpha, f, ms.theory.optimal_window(alpha, f)))):
            least, fraction = min((of_fraction(f), f) for f in fractions)
            yield kept, 0, fraction, alpha, least


def one_margin(points):
    """Fig. 7B: all examples at one margin to the teacher, as the best distribution has them; alpha = 2 finds it."""
    for margin, alpha in product((0.25, 0.5, 1, 2, 4), np.linspace(0.2, 1.95, points)):
        yield f"margin {margin:g}", 0, math.nan, alpha, ms.theory.perceptron_at_margin(alpha, margin).error


def windows(points):
    """Fig. 7C: the ends of the best window."""
    for fraction, alpha in product((0.2, 0.5), np.geomspace(0.3, 10, points)):
        window = ms.theory.optimal_window(alpha, fraction)
        yield "lower", 0, fraction, alpha, window.lower
        yield "upper", 0, fraction, alpha, window.upper


def frontier(points):
    """Fig. 11A: the frontier of keeping the hardest, for fits."""
    for alpha in np.linspace(0.5, 8, 2 * points):
        found = ms.theory.pareto_frontier(alpha, smallest_fraction=SMALLEST)
        yield "frontier", 0, found.fraction, alpha, found.error


def parse(words):
    parser = argparse.ArgumentParser(prog="perceptron_policies", description="Predicts errors of pruned perceptrons.")
    parser.add_argument("--points", type=int, default=24, help="of a line [%(default)s]")
    parser.add_argument("--theta", type=lambda text: [float(word) for word in text.split(",")], default="0,10,20,40",
                        help="angles of the probe, degrees [%(default)s]")
    parser.add_argument("--output", type=Path, default="perceptron_policies.csv", help="CSV to write [%(default)s]")
    return parser.parse_args(words)


def main(words):
    arguments = parse(words)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    figures = {"1B": direction, "1C": change_of_strategy, "1E": best_fraction, "1F": information,
               "2": lambda points: imperfect_probe(points, arguments.theta), "7A": frontiers, "7B": one_margin,
               "7C": windows, "11A": frontier}
    with open(arguments.output, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["figure", "line", "theta_deg", "fraction", "alpha", "value"])
        for figure, rows in figures.items():
            for line, *numbers in rows(arguments.points):
                table.writerow([figure, line, *(f"{number:.9g}" for number in numbers)])
            print(f"Fig. {figure}: done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
