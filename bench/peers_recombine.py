"""recombine beside its peers: N uniform points in m columns to C(m + order, order) with the same moments.

    peers_recombine.py BENCH_RECOMBINE

Peers: PyRecombine (Litterer and Lyons' tree), the null-space loop of the paper's Algorithm 2 (one singular value
decomposition for each point dropped), and the vertex that a simplex method finds (HiGHS through scipy). The last two
run where they end within reasonable time. Every solver's residual is measured here in the same way, in long double:
max |sum c' t^a - sum c t^a| / sum c |t^a| over the monomials.
"""

import subprocess
import sys
import tempfile
import time
from math import comb

import numpy as np
import pyrecombine
from scipy.optimize import linprog

PROBLEMS = [(3, 5), (3, 8), (3, 12), (2, 20), (5, 5)]
ROWS = [10_000, 100_000, 1_000_000]
LARGEST_FEATURE_MATRIX = 5e9  # bytes that PyRecombine may take for its own
NULL_SPACE_ROWS = 600
SIMPLEX_ROWS = 10_000


def monomials(x, order, dtype):
    columns, degrees = [np.ones(len(x), dtype)], [0]
    for axis in range(x.shape[1]):
        coordinate = x[:, axis].astype(dtype)
        for parent in range(len(columns)):
            column = columns[parent]
            for power in range(1, order - degrees[parent] + 1):
                column = column * coordinate
                columns.append(column)
                degrees.append(degrees[parent] + power)
    return columns


def exact_moments(x, order):
    """Sums of the monomials and of their magnitudes, in long double."""
    sums, magnitudes = 0, 0
    for chunk in np.array_split(x, len(x) // 50_000 + 1):
        phi = np.stack(monomials(chunk, order, np.longdouble))
        sums, magnitudes = sums + phi.sum(axis=1), magnitudes + np.abs(phi).sum(axis=1)
    return sums, magnitudes


def residual(moments, x, rows, weights, order):
    sums, magnitudes = moments
    after = np.stack(monomials(x[rows], order, np.longdouble)) @ weights.astype(np.longdouble)
    return float(np.max(np.abs(after - sums) / magnitudes))


def ours(program, x, order):
    with tempfile.NamedTemporaryFile(suffix=".f64") as file:
        x.tofile(file.name)
        command = [program, "--problem", file.name, str(x.shape[1]), str(order)]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    pairs = np.array([[float(word) for word in line.split()] for line in lines[1:]])
    return float(lines[0]), pairs[:, 0].astype(int), pairs[:, 1]


def timed(solve):
    """The shortest of the calls that fit into a second, three or more unless they take 20: the first also pays for
    fresh memory."""
    seconds = []
    while (len(seconds) < 3 or sum(seconds) < 1) and sum(seconds) < 20:
        start = time.perf_counter()
        rows, weights = solve()
        seconds.append(time.perf_counter() - start)
    return min(seconds), np.asarray(rows), np.asarray(weights)


def by_pyrecombine(x, order):
    return timed(lambda: pyrecombine.recombine(x, degree=order))


def by_null_space(x, order):
    """Algorithm 2 of the paper, one singular value decomposition for each drop."""

    def solve():
        phi = np.stack(monomials(x, order, float))
        alive, weights = np.arange(len(x)), np.ones(len(x))
        while len(alive) > len(phi):
            v = np.linalg.svd(phi[:, alive])[2][-1]
            v = v if v.max() > 0 else -v
            ratios = np.where(v > 0, weights / np.where(v > 0, v, 1), np.inf)
            drop = np.argmin(ratios)
            weights = np.delete(weights - ratios[drop] * v, drop)
            alive = np.delete(alive, drop)
        return alive, weights

    return timed(solve)


def by_simplex(x, order):
    def solve():
        phi = np.stack(monomials(x, order, float))
        cost = np.random.default_rng(0).uniform(size=len(x))
        found = linprog(cost, A_eq=phi, b_eq=phi.sum(axis=1), bounds=(0, None), method="highs-ds")
        if found.x is None:
            return [], []
        rows = np.flatnonzero(found.x > 0)
        return rows, found.x[rows]

    return timed(solve)


def row(name, rows, m, order, mine, theirs, x):
    seconds, kept, weights = theirs
    moments = exact_moments(x, order)
    off = residual(moments, x, kept, weights, order) if len(kept) else float("nan")
    print(
        f"{name:<12} {rows:>9,} {m:>2} {order:>5} {comb(m + order, order):>4} | {mine[0]:>9.4f} {seconds:>9.3f}"
        f" {seconds / mine[0]:>8.0f} | {residual(moments, x, mine[1], mine[2], order):>8.1e} {off:>8.1e}",
        flush=True,
    )


def main(program):
    print("\nmomentset (all cores) and peers: N uniform points to n, one cell")
    print(f"{'peer':<12} {'N':>9} {'m':>2} {'order':>5} {'n':>4} | {'seconds':>9} {'peer':>9} {'ratio':>8} | residual     peer")
    for m, order in PROBLEMS:
        for rows in ROWS:
            x = np.random.default_rng(rows + m).uniform(-1, 1, (rows, m))
            mine = ours(program, x, order)
            if 8.0 * rows * comb(m + order, order) < LARGEST_FEATURE_MATRIX:
                row("PyRecombine", rows, m, order, mine, by_pyrecombine(x, order), x)
    for name, rows, solver in [("null space", NULL_SPACE_ROWS, by_null_space), ("simplex", SIMPLEX_ROWS, by_simplex)]:
        for m, order in [(2, 4), (3, 5)]:
            x = np.random.default_rng(rows + m).uniform(-1, 1, (rows, m))
            row(name, rows, m, order, ours(program, x, order), solver(x, order), x)


if __name__ == "__main__":
    main(sys.argv[1])
