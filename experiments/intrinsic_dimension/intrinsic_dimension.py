"""Errors on points of a curved surface of few dimensions in many columns. See README.md.

The subsets are made by the executable that MOMENTSET_EXECUTABLE names.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from math import comb
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

FUNCTIONS = 10


class Problem:
    """d points near a surface of `inner` dimensions in `m` columns, and the mean of ten sigmoids over them."""

    def __init__(self, inner, m, noise, d, trial):
        random = np.random.default_rng([inner, m, d, trial])
        parameters = random.uniform(-1, 1, (d, inner))
        # Waves of about half a period across the surface: it bends, and lies in no plane.
        frequencies, phases = random.normal(size=(inner, m)), random.uniform(0, 2 * np.pi, m)
        self.points = np.sin(parameters @ frequencies + phases) + noise * random.normal(size=(d, m))
        directions = random.normal(size=(m, FUNCTIONS)) * np.sqrt(3 / m)
        values = 1 / (1 + np.exp(-(self.points.astype(np.longdouble) @ directions)))
        self.values = values.mean(axis=1)
        self.mean = self.values.mean()

    def error(self, rows, weights):
        weights = weights.astype(np.longdouble)
        return float(abs(self.values[rows] @ weights / weights.sum() - self.mean))


def compress(executable, folder, size, order):
    """Row numbers and weights of the subset of what lies in the folder."""
    command = [executable, "compress", folder / "points.npy", "-o", folder / "subset.parquet", "--size", size, "--force",
               "--quiet", "--method", "tree", "--order", order]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"intrinsic_dimension: {result.stderr.strip() or 'the certificate does not hold'}")
    subset = pq.read_table(folder / "subset.parquet", columns=["row", "weight"])
    return subset["row"].to_numpy(), subset["weight"].to_numpy()


def numbers(kind):
    return lambda text: [kind(word) for word in text.split(",")]


def parse(words):
    parser = argparse.ArgumentParser(prog="intrinsic_dimension", description="Measures errors on curved surfaces.")
    parser.add_argument("--inner", type=numbers(int), default="1,2,3", help="dimensions of the surface [%(default)s]")
    parser.add_argument("--m", type=numbers(int), default="10,50", help="columns [%(default)s]")
    parser.add_argument("--noise", type=numbers(float), default="0,1e-3",
                        help="standard deviations of noise in every column [%(default)s]")
    parser.add_argument("--order", type=numbers(int), default="1,2", help="orders K [%(default)s]")
    parser.add_argument("--d", type=numbers(int), default="4000,8000,16000,32000,64000", help="points [%(default)s]")
    parser.add_argument("--trials", type=int, default=7, help="problems of each kind [%(default)s]")
    parser.add_argument("--output", default="intrinsic_dimension.csv", help="CSV to write [%(default)s]")
    return parser.parse_args(words)


def measure(arguments, executable, folder, inner, m, noise, d):
    """{order: errors of the trials}, those of a random subset under 0; without orders that do not fit"""
    size, errors = d // 10, {}
    for trial in range(arguments.trials):
        problem = Problem(inner, m, noise, d, trial)
        np.save(folder / "points.npy", problem.points)
        for order in (order for order in arguments.order if comb(m + order, order) <= size):
            rows, weights = compress(executable, folder, size, order)
            errors.setdefault(order, []).append(problem.error(rows, weights))
        rows = np.random.default_rng(trial).choice(d, size, replace=False)
        errors.setdefault(0, []).append(problem.error(rows, np.ones(size)))
    return errors


def main(words):
    arguments = parse(words)
    executable = os.environ.get("MOMENTSET_EXECUTABLE")
    if not executable:
        sys.exit("intrinsic_dimension: MOMENTSET_EXECUTABLE must name the executable")
    output = Path(arguments.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with open(output, "w", newline="") as file, tempfile.TemporaryDirectory() as folder:
        table = csv.writer(file)
        table.writerow(["inner", "m", "noise", "k", "d", "d_out", "trials", "median_abs_error"])
        cells = [(inner, m, noise) for inner in arguments.inner for m in arguments.m for noise in arguments.noise]
        for inner, m, noise in cells:
            for d in arguments.d:
                for order, errors in measure(arguments, executable, Path(folder), inner, m, noise, d).items():
                    table.writerow([inner, m, noise, order, d, d // 10, len(errors), f"{np.median(errors):.6g}"])
                file.flush()
            print(f"surface of {inner} in {m} columns, noise {noise:g}: done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
