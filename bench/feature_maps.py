"""What is kept in every cell, chosen: errors of means beside those of all moments and of random rows.

    feature_maps.py [--rows N] [--size N] [--seeds N]

Four problems, each with the words that suit it. Errors are root mean squares over functions of the weighted mean over
the kept rows less that over all, in units of the same for random rows; medians over the seeds. Run by
`./dev bench feature_maps`.
"""

import argparse

import numpy as np

import momentset as ms


def cosines(random, Z, columns, length=1.0, count=200):
    """Random cosines of some columns, of the kernel exp(-|z - z'|^2 / (2 m length^2)): a column each."""
    slopes = random.normal(size=(len(columns), count)) / (length * np.sqrt(len(columns)))
    return np.cos(Z[:, columns] @ slopes + random.uniform(0, 2 * np.pi, count))


def interacting(random, rows):
    """Ten columns; two of them in functions of all shapes, the others linearly."""
    X = random.normal(size=(rows, 10))
    return X, None, cosines(random, X, [0, 1], 0.5) + 0.1 * X[:, 2:] @ random.normal(size=(8, 200))


def anisotropic(random, rows):
    """Five columns, along three of which functions vary four times as slowly."""
    X = random.normal(size=(rows, 5))
    return X, None, cosines(random, X * [1, 1, 0.25, 0.25, 0.25], list(range(5)), 0.5)


def few_directions(random, rows):
    """Fifty columns and a target that depends on two directions; functions are of these, alone and times the target."""
    X = random.normal(size=(rows, 50))
    directions = np.linalg.qr(random.normal(size=(50, 2)))[0]
    u = X @ directions
    y = u[:, 0] + 0.5 * u[:, 1] + np.tanh(2 * u[:, 1]) + 0.3 * random.normal(size=rows)
    functions = cosines(random, u, [0, 1], 0.7, 100)
    return X, y, np.hstack([functions, functions * y[:, None]])


def correlated(random, rows):
    """Fifty columns of which three factors make nearly all, and functions of all columns."""
    X = random.normal(size=(rows, 3)) @ random.normal(size=(3, 50)) + 0.1 * random.normal(size=(rows, 50))
    return X, None, cosines(random, X / X.std(axis=0), list(range(50)), 0.5)


def kernel(random, rows):
    """Ten columns, and functions of a Gaussian kernel's own length."""
    X = random.normal(size=(rows, 10))
    return X, None, cosines(random, X, list(range(10)))


DEFAULT = {"all moments (auto)": {}, "kernel exchange": {"method": "kernel"}}
PROBLEMS = {
    interacting: {**DEFAULT, "interactions:x0*x1": {"features": "interactions:x0*x1", "order": 12}},
    anisotropic: {"all moments (auto)": {},
                  "weights 2 of three": {"features": "weights:x2=2,x3=2,x4=2"}},
    few_directions: {"all moments (auto)": {}, "pca:2": {"features": "pca:2"}, "pls:2": {"features": "pls:2"}},
    correlated: {**DEFAULT, "pca:3": {"features": "pca:3"}, "pca:5": {"features": "pca:5"}},
    kernel: {**DEFAULT, "nystroem:200": {"features": "nystroem:200", "order": 1},
             "fourier:200": {"features": "fourier:200", "order": 1}},
}


def measure(problem, ways, rows, size, seeds):
    ratios = {}
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        X, y, functions = problem(random, rows)
        truth = functions.mean(axis=0)

        def error(kept, weights):
            return np.sqrt(np.mean((weights @ functions[kept] / weights.sum() - truth) ** 2))

        chosen = [random.choice(rows, size, replace=False) for _ in range(20)]
        of_random = np.sqrt(np.mean([error(kept, np.ones(size)) ** 2 for kept in chosen]))
        for name, options in ways.items():
            small = ms.compress(X, size=size, target=y, seed=seed, progress=False, **options)
            ratios.setdefault(name, []).append((error(small.indices, small.weights) / of_random,
                                                small.certificate.effective_sample_size / size))
    for name, found in ratios.items():
        ratio, effective = np.median(found, axis=0)
        print(f"{problem.__name__:>16}  {name:<22} {ratio:>9.2g} {effective:>9.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="feature_maps", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000, help="[%(default)s]")
    parser.add_argument("--size", type=int, default=500, help="[%(default)s]")
    parser.add_argument("--seeds", type=int, default=5, help="[%(default)s]")
    arguments = parser.parse_args()
    print(f"{'problem':>16}  {'kept':<22} {'error':>9} {'effective':>9}")
    for problem, ways in PROBLEMS.items():
        measure(problem, ways, arguments.rows, arguments.size, arguments.seeds)


if __name__ == "__main__":
    main()
