"""How well costs of k-means survive a compression.

For each kind of points, size and way to choose the rows:

- cost: relative error of the mean squared distance to the nearest of 8 centres, root mean square over 20 sets of
  centres, rows drawn at random, and over the draws of the points;
- fit: cost over all rows of the centres that k-means finds on the few rows, over that of centres that it finds on all,
  mean over the draws. Both are the best of 3 starts.

Run with the package on the path.
"""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin_min

import momentset as ms

ROWS, CENTRES, SETS, DRAWS = 20_000, 8, 20, 3
SIZES = [200, 1_000, 4_000]
WAYS = {
    "random rows": None,
    "compress(order=2, method=\"tree\")": {"order": 2, "method": "tree"},
    "compress()": {},
}


def normal(random, columns):
    return random.normal(size=(ROWS, columns))


def mixture(random, columns):
    """Ten normal clouds of different width."""
    cloud = random.integers(0, 10, ROWS)
    widths = random.uniform(0.3, 1.0, size=10)
    return random.normal(0, 3, size=(10, columns))[cloud] + widths[cloud, None] * random.normal(size=(ROWS, columns))


POINTS = {
    "normal, 2 columns": lambda random: normal(random, 2),
    "ten clouds, 3": lambda random: mixture(random, 3),
    "ten clouds, 8": lambda random: mixture(random, 8),
}


def cost(rows, weights, centres):
    return np.average(pairwise_distances_argmin_min(rows, centres)[1] ** 2, weights=weights)


def fitted(rows, weights):
    return KMeans(CENTRES, n_init=3, random_state=0).fit(rows, sample_weight=weights).cluster_centers_


def chosen(rows, size, options, random):
    """Rows and weights."""
    if options is None:
        return rows[random.choice(ROWS, size, replace=False)], np.ones(size)
    small = ms.compress(rows, size=size, **options)
    return small.points, small.weights


def main():
    print(f"{'points':<20} {'size':>6}  {'rows chosen by':<34} {'cost':>9} {'fit':>8}")
    for name, make in POINTS.items():
        draws = [make(np.random.default_rng(seed)) for seed in range(DRAWS)]
        best = [cost(rows, None, fitted(rows, None)) for rows in draws]
        for size in SIZES:
            for way, options in WAYS.items():
                errors, fits = [], []
                for seed, rows in enumerate(draws):
                    few, weights = chosen(rows, size, options, np.random.default_rng(100 + seed))
                    random = np.random.default_rng(200 + seed)  # the same centres for all ways
                    for _ in range(SETS):
                        centres = rows[random.choice(ROWS, CENTRES, replace=False)]
                        errors.append(cost(few, weights, centres) / cost(rows, None, centres) - 1)
                    fits.append(cost(rows, None, fitted(few, weights)) / best[seed])
                print(f"{name:<20} {size:>6,}  {way:<34} {np.sqrt(np.mean(np.square(errors))):>9.1e} "
                      f"{np.mean(fits):>8.4f}", flush=True)


if __name__ == "__main__":
    main()
