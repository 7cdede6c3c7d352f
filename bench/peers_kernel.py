"""Kernel exchange beside Compress++ (goodpoints) and random rows: 65,536 rows to 256 and to 1,024, in many columns.

    peers_kernel.py [--seeds N] [--sizes 256 1024] [--cases NAME ...]

Needs the package momentset, goodpoints and scikit-learn. Columns are standardised. The squared maximum mean discrepancy
between weighted rows and all rows is w'Kw - 2 t'w + c, here in double precision for

    G  exp(-|x - y|^2 / (2 m)), which both methods are told of, and
    L  exp(-|x - y| / sqrt(m)), which neither is.

One data set a case; a seed changes the order of its rows and the methods' random numbers. Prints means over the seeds of
the discrepancies, of the effective sample size and of seconds of one core, ours with the certificate. `exact` is the largest relative error of the
mass and of a column's mean.
"""

import argparse
import os

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import time

import numpy as np
from goodpoints import compress as compresspp
from goodpoints import compressc, kt
from sklearn.datasets import load_sample_image

import momentset as ms

ROWS = 65_536
OVERSAMPLING = 4
BLOCK = 1024
BARS = {3: 0.6, 5: 0.6, 10: 0.6, 20: 0.85, 50: 0.92}


def normal(m):
    return np.random.default_rng(m).normal(size=(ROWS, m))


def mixture(m):
    """Ten Gaussians of unit covariance, with means of standard deviation 3."""
    random = np.random.default_rng(100 + m)
    means = 3 * random.normal(size=(10, m))
    return means[random.integers(10, size=ROWS)] + random.normal(size=(ROWS, m))


def photograph(m):
    """Colours and places of pixels."""
    image = load_sample_image("china.jpg").astype(float)
    rows, columns = np.indices(image.shape[:2])
    pixels = np.column_stack([image.reshape(-1, 3), rows.ravel(), columns.ravel()])
    return pixels[np.random.default_rng(7).choice(len(pixels), ROWS, replace=False)][:, :m]


CASES = {f"normal {m}": (normal, m) for m in (3, 10, 20, 50)}
CASES |= {f"mixture {m}": (mixture, m) for m in (3, 10, 20, 50)}
CASES["photograph 5"] = (photograph, 5)


def squares(x, y):
    """Squared distances over m."""
    found = x @ (y.T * (-2 / x.shape[1]))
    found += (np.square(x).sum(axis=1) / x.shape[1])[:, None]
    found += np.square(y).sum(axis=1) / x.shape[1]
    return np.maximum(found, 0, out=found)


def kernels(square):
    """G and L."""
    return np.exp(square / -2), np.exp(-np.sqrt(square))


class Discrepancy:
    def __init__(self, x):
        self.x = x
        total = np.zeros(2)
        for a in range(0, len(x), BLOCK):
            for b in range(a, len(x), BLOCK):
                sums = [k.sum() for k in kernels(squares(x[a : a + BLOCK], x[b : b + BLOCK]))]
                total += np.multiply(sums, 1 if a == b else 2)
        self.constant = total / len(x) ** 2

    def __call__(self, rows, weights):
        weights, y = weights / weights.sum(), self.x[rows]
        own = [weights @ k @ weights for k in kernels(squares(y, y))]
        cross = np.zeros(2)
        for a in range(0, len(self.x), BLOCK):
            cross += [(k @ weights).sum() / len(self.x) for k in kernels(squares(self.x[a : a + BLOCK], y))]
        return np.sqrt(np.maximum(own - 2 * cross + self.constant, 0))


def ours(x, size, seed):
    start = time.process_time()
    small = ms.compress(x, size=size, method="kernel", seed=seed, threads=1)
    return small.indices, small.weights, time.process_time() - start


def by_compresspp(x, size, seed):
    """compresspp_kt() ends at sqrt(n) rows. For more, its last step is left earlier: as many bins, fewer halvings."""
    kernel, parameters = b"gaussian", np.array([2.0 * x.shape[1]])
    start = time.process_time()
    if size * size == len(x):
        rows = compresspp.compresspp_kt(x, kernel, k_params=parameters, g=OVERSAMPLING, seed=seed)
    else:
        first = compresspp.compress_kt(x, kernel, k_params=parameters, g=OVERSAMPLING, num_bins=4, seed=seed)
        matrix = np.empty((len(first), len(first)))
        compressc.compute_K(x, first, kernel, parameters, matrix)
        rows = first[kt.thin_K(matrix, matrix, int(np.log2(len(first) // size)), seed=seed)]
    return rows, np.ones(len(rows)), time.process_time() - start


def at_random(x, size, seed):
    return np.random.default_rng(seed).choice(len(x), size, replace=False), np.ones(size), 0.0


def measure(method, x, size, seeds, discrepancy):
    """Means over the seeds: G, L, effective size, seconds; and the largest error of what is to be exact."""
    results, errors = [], []
    for seed in range(seeds):
        order = np.random.default_rng(1000 + seed).permutation(len(x))
        rows, weights, seconds = method(np.ascontiguousarray(x[order]), size, seed)
        assert len(rows) == size
        results.append([*discrepancy(order[rows], weights), weights.sum() ** 2 / np.square(weights).sum(), seconds])
        means = weights @ x[order[rows]] - x.sum(axis=0)
        errors += [abs(weights.sum() / len(x) - 1), np.max(np.abs(means) / np.abs(x).sum(axis=0))]
    return np.mean(results, axis=0), max(errors)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 1024])
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    arguments = parser.parse_args()
    print(f"{ROWS:,} rows, {arguments.seeds} seeds; discrepancies G x 1e-3, L x 1e-2; ratios to Compress++ (g = {OVERSAMPLING})")
    print(f"{'case':<13} {'size':>5} | {'random G':>8} {'L':>5} | {'Compress++ G':>12} {'L':>5} {'s':>5} |"
          f" {'ours G':>7} {'L':>5} {'eff.':>5} {'s':>6} {'exact':>7} | {'G ratio':>7} {'bar':>5} {'L ratio':>7} {'time':>6}")
    for case in arguments.cases:
        make, m = CASES[case]
        x = make(m)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        discrepancy = Discrepancy(x)
        for size in arguments.sizes:
            (g0, l0, _, _), _ = measure(at_random, x, size, arguments.seeds, discrepancy)
            (g1, l1, _, t1), _ = measure(by_compresspp, x, size, arguments.seeds, discrepancy)
            (g2, l2, effective, t2), exact = measure(ours, x, size, arguments.seeds, discrepancy)
            print(f"{case:<13} {size:>5} | {g0 * 1e3:>8.1f} {l0 * 1e2:>5.2f} | {g1 * 1e3:>12.2f} {l1 * 1e2:>5.2f} {t1:>5.1f} |"
                  f" {g2 * 1e3:>7.2f} {l2 * 1e2:>5.2f} {effective:>5.0f} {t2:>6.2f} {exact:>7.0e} |"
                  f" {g2 / g1:>7.2f} {BARS[m]:>5.2f} {l2 / l1:>7.3f} {t2 / t1:>6.3f}", flush=True)


if __name__ == "__main__":
    main()
