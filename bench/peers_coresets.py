"""Few rows by momentset, goodpoints, coreax, apricot and at random: one task, one measure for all.

4,096 rows of ten normal clouds in 2 and 5 columns, standardised, to 64. Measured, as mean over three draws of the rows:

- MMD: sqrt(a' K a), a = new weights - 1 / 4,096, for K(x, y) = exp(-|x - y|^2 / (2 m)) in m columns: the kernel that
  goodpoints and coreax are handed;
- smooth: root mean square error of the means of 200 random cosines and sigmoids, in their standard deviations;
- steps: the same for 200 half-spaces, the share of the rows on one side of a random plane;
- seconds of the processor, of calls after a first one, which compiles in some packages.

Weights are those of each package; apricot gives none, so a row also weighs as many rows as it is the nearest to. Run
with momentset on the path and `pip install goodpoints==0.6.3 apricot-select==0.6.1 coreax==1.0.0`: half a gigabyte, so
that `./dev bench` does without. A package that is not there is left out.
"""

import argparse
import importlib.util
import time

import numpy as np
from scipy.spatial.distance import cdist

import momentset as ms

ROWS, SIZE, DRAWS, FUNCTIONS = 4096, 64, 3, 200


def clouds(columns, seed):
    random = np.random.default_rng(seed)
    cloud = random.integers(0, 10, ROWS)
    points = random.normal(0, 3, size=(10, columns))[cloud] + random.normal(size=(ROWS, columns))
    return (points - points.mean(axis=0)) / points.std(axis=0)


def equal(rows):
    return rows, np.full(len(rows), 1 / len(rows))


def by_momentset(X, seed):
    small = ms.compress(X, size=SIZE, weight_sum="1", seed=seed)
    return small.indices, small.weights


def by_momentset_without_weights(X, seed):
    return equal(ms.compress(X, size=SIZE, seed=seed).resample(SIZE, seed=seed))


def at_random(X, seed):
    return equal(np.random.default_rng(seed).choice(len(X), SIZE, replace=False))


def by_goodpoints(X, seed):
    """Compress++ with kernel thinning; g = 4. Its bandwidth is the denominator, 2 m."""
    from goodpoints import compress

    return equal(compress.compresspp_kt(X, b"gaussian", np.array([2.0 * X.shape[1]]), g=4, seed=seed))


def by_coreax(X, seed):
    """Kernel herding, then weights on the simplex."""
    import jax.numpy as jnp
    from coreax import Data, SquaredExponentialKernel
    from coreax.solvers import KernelHerding
    from coreax.weights import MMDWeightsOptimiser

    kernel = SquaredExponentialKernel(length_scale=X.shape[1] ** 0.5)
    found, _ = KernelHerding(coreset_size=SIZE, kernel=kernel).reduce(Data(jnp.asarray(X)))
    weights = MMDWeightsOptimiser(kernel=kernel).solve(Data(jnp.asarray(X)), found.points)
    return np.asarray(found.unweighted_indices), np.asarray(weights, dtype=float)


def by_apricot(X, seed):
    """Rows that all others are near to."""
    return equal(facilities(X, seed))


def by_apricot_weighted(X, seed):
    rows = facilities(X, seed)
    nearest = cdist(X, X[rows]).argmin(axis=1)
    return rows, np.bincount(nearest, minlength=SIZE) / len(X)


def facilities(X, seed):
    from apricot import FacilityLocationSelection

    return FacilityLocationSelection(SIZE, metric="euclidean", random_state=seed).fit(X).ranking


WAYS = {
    "momentset": (by_momentset, "momentset"),
    "momentset, resampled": (by_momentset_without_weights, "momentset"),
    "goodpoints, Compress++": (by_goodpoints, "goodpoints"),
    "coreax, herding with weights": (by_coreax, "coreax"),
    "apricot, facility location": (by_apricot, "apricot"),
    "the same, weighted": (by_apricot_weighted, "apricot"),
    "random": (at_random, "numpy"),
}


def discrepancy(X, rows, weights):
    change = np.full(len(X), -1 / len(X))
    np.add.at(change, rows, weights)
    return np.sqrt(max(0.0, change @ np.exp(-cdist(X, X, "sqeuclidean") / (2 * X.shape[1])) @ change))


def functions(X):
    """Values (rows, functions) of smooth functions and of steps, of standard deviation 1."""
    random = np.random.default_rng(99)
    directions = random.normal(size=(X.shape[1], 2 * FUNCTIONS))
    along = X @ (directions / np.linalg.norm(directions, axis=0))
    half = FUNCTIONS // 2
    waves = np.cos(along[:, :half] * random.uniform(0.5, 4, half) + random.uniform(0, 2 * np.pi, half))
    slopes = 1 / (1 + np.exp(-4 * (along[:, half:FUNCTIONS] - random.normal(size=half))))
    steps = (along[:, FUNCTIONS:] > random.uniform(-1, 1, FUNCTIONS)).astype(float)
    return [values / values.std(axis=0) for values in (np.hstack([waves, slopes]), steps)]


def measured(X, rows, weights):
    errors = [np.sqrt(np.mean((weights @ values[rows] - values.mean(axis=0)) ** 2)) for values in functions(X)]
    return [discrepancy(X, rows, weights), *errors]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--package", help="only the ways of this package")
    asked = parser.parse_args()
    print(f"{'columns':>7}  {'':<30} {'MMD':>8} {'smooth':>8} {'steps':>8} {'seconds':>8}")
    for columns in (2, 5):
        for name, (way, package) in WAYS.items():
            if asked.package not in (None, package) or not importlib.util.find_spec(package):
                continue
            found = []
            for seed in range(DRAWS):
                X = clouds(columns, seed)
                if seed == 0:
                    way(X, seed)
                began = time.process_time()
                rows, weights = way(X, seed)
                seconds = time.process_time() - began
                found.append([*measured(X, rows, weights), seconds])
            mmd, smooth, steps, seconds = np.mean(found, axis=0)
            print(f"{columns:>7}  {name:<30} {mmd:>8.1e} {smooth:>8.1e} {steps:>8.1e} {seconds:>8.3f}", flush=True)


if __name__ == "__main__":
    main()
