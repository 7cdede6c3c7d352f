"""Few rows with the same least squares, beside the published way to them.

    peers_least_squares.py [--limit SECONDS] [--rows N ...] [--columns P ...]

N rows of P columns, an intercept and a target. Any least squares on them sees only the sums of products of two of the
P + 2 columns. Both sides keep these sums on few rows with positive weights:

- momentset: compress(order=2, method="tree") of the P + 1 columns to n = C(P + 3, 2) rows, certificate included, and
  the same without it, by the library's own clock.
- A. Maalouf, I. Jubran and D. Feldman, "Fast and Accurate Least-Mean-Squares Solvers" (NeurIPS 2019), written from the
  paper. Algorithm 1 (Caratheodory): while more than D + 1 points in R^D have weight, a null vector of their differences
  to the first one tells along which direction their weights can change, until one is zero. Algorithm 2
  (Fast-Caratheodory-Set): k clusters of rows, Algorithm 1 for their means, the rows of those that are left, again.
  Algorithm 3 (Caratheodory-Matrix): for a matrix the points are the products of two columns, D = (P + 2)^2; k = 2 D + 2
  and one singular value decomposition for each null vector, as in the authors' program.

Three forms of it: `published`; `each product once`, since a b and b a are the same, D = (P + 2)(P + 3) / 2; `one
decomposition a round`, which keeps all null vectors and eliminates the dropped row from them. In all of them the
clusters' means are computed by matrix products and the N x D matrix of the points is never made, which is faster than
what is published. What exceeds the limit is stopped, and its time is a lower bound.

Residual: max over the products |sum c' a b - sum a b| / sum |a b|. Coefficients: the largest change of those of least
squares, relative to the largest of them.

Seconds are those of the processor, with one thread each (small decompositions are slower with two), so that another
program on the machine changes little. Run with the package on the path.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported

import argparse
import time
from math import comb

import numpy as np

import momentset as ms


class TooLong(Exception):
    pass


def null_vectors(points):
    """v with sum v = 0 and points^T v = 0, as columns: those of the differences to the first point."""
    differences = (points[1:] - points[0]).T
    found = np.linalg.svd(differences, full_matrices=True)[2][len(differences) :].T
    return np.vstack([-found.sum(axis=0), found])


def step(weights, direction):
    """As far along the direction as no weight falls below zero; the number of the one that is zero then."""
    falling = direction > 0
    ratios = np.where(falling, weights / np.where(falling, direction, 1), np.inf)
    dropped = int(np.argmin(ratios))
    weights = np.maximum(weights - ratios[dropped] * direction, 0)
    weights[dropped] = 0
    return weights, dropped


def caratheodory(points, weights, deadline):
    """Algorithm 1: new weights, at most D + 1 of them above zero."""
    weights = weights.copy()
    while np.count_nonzero(weights) > points.shape[1] + 1:
        if time.process_time() > deadline:
            raise TooLong
        alive = np.flatnonzero(weights)
        weights[alive], _ = step(weights[alive], null_vectors(points[alive])[:, -1])
    return weights


def caratheodory_at_once(points, weights, deadline):
    """The same with one decomposition: the null vectors that are left are those with a zero at the dropped point."""
    weights, vectors = weights.copy(), null_vectors(points)
    while vectors.shape[1] > 0:
        direction, vectors = vectors[:, -1], vectors[:, :-1]
        weights, dropped = step(weights, direction)
        vectors = vectors - np.outer(direction, vectors[dropped] / direction[dropped])
        vectors[dropped] = 0  # to the last digit, or it would be dropped again
    return weights


def products(means, once):
    """The products of two columns as points: from (k, d, d) to (k, D)."""
    d = means.shape[1]
    return means[(slice(None), *np.triu_indices(d))] if once else means.reshape(len(means), d * d)


def by_clusters(table, reduce, once, deadline):
    """Algorithms 2 and 3: rows and their weights."""
    d = table.shape[1]
    size = d * (d + 1) // 2 if once else d * d
    alive, weights = np.arange(len(table)), np.full(len(table), 1 / len(table))
    while len(alive) > size + 1:
        groups = np.array_split(np.arange(len(alive)), min(2 * size + 2, len(alive)))
        masses = np.array([weights[group].sum() for group in groups])
        means = np.empty((len(groups), d, d))
        for number, group in enumerate(groups):
            rows = table[alive[group]]
            means[number] = (rows * weights[group, None]).T @ rows / masses[number]
        new = reduce(products(means, once), masses, deadline)
        kept = np.concatenate([groups[number] for number in np.flatnonzero(new)])
        factors = np.repeat(new / masses, [len(group) for group in groups])
        alive, weights = alive[kept], (weights * factors)[kept]
    return alive, weights * len(table)


PEERS = {
    "published": (caratheodory, False),
    "each product once": (caratheodory, True),
    "one decomposition a round": (caratheodory_at_once, True),
}


def residual(table, rows, weights):
    before, size = table.T @ table, np.abs(table).T @ np.abs(table)
    kept = table[rows]
    return np.max(np.abs((kept * weights[:, None]).T @ kept - before) / size)


def coefficients(table, weights):
    root = np.sqrt(weights)[:, None]
    return np.linalg.lstsq(table[:, :-1] * root, table[:, -1] * root[:, 0], rcond=None)[0]


def row(table, full, name, seconds, rows, weights):
    off = np.max(np.abs(coefficients(table[rows], weights) - full)) / np.max(np.abs(full))
    print(f"{len(table):>9,} {table.shape[1] - 2:>7}  {name:<32} {len(rows):>5} {seconds:>10.2f} "
          f"{residual(table, rows, weights):>9.1e} {off:>12.1e}", flush=True)


def compare(rows, columns, limit):
    random = np.random.default_rng(rows + columns)
    X = random.normal(size=(rows, columns)) @ random.normal(size=(columns, columns)) / np.sqrt(columns) + 1
    y = 1 + X @ random.normal(size=columns) + random.normal(size=rows)
    joint = np.column_stack([X, y])
    table = np.column_stack([np.ones(rows), joint])
    full = coefficients(table, np.ones(rows))

    calls = []
    for _ in range(3):
        began = time.process_time()
        small = ms.compress(joint, size=comb(columns + 3, 2), order=2, method="tree", threads=1)
        calls.append((time.process_time() - began, small))
    seconds, small = sorted(calls, key=lambda call: call[0])[1]
    without = seconds * (1 - small.seconds["certify"] / sum(small.seconds.values()))
    row(table, full, "momentset", seconds, small.indices, small.weights)
    row(table, full, "momentset, no certificate", without, small.indices, small.weights)
    for name, (reduce, once) in PEERS.items():
        began = time.process_time()
        try:
            kept, weights = by_clusters(table, reduce, once, began + limit)
        except TooLong:
            print(f"{rows:>9,} {columns:>7}  {name:<32} {'':>5} {'> ' + format(limit, '.0f'):>10}", flush=True)
            continue
        row(table, full, name, time.process_time() - began, kept, weights)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=float, default=120)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--columns", type=int, nargs="+", default=[5, 10, 20])
    asked = parser.parse_args()
    print(f"{'rows':>9} {'columns':>7}  {'':<32} {'kept':>5} {'seconds':>10} {'residual':>9} {'coefficients':>12}")
    for columns in asked.columns:
        for rows in asked.rows:
            compare(rows, columns, asked.limit)


if __name__ == "__main__":
    main()
