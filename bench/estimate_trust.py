"""How far Coreset.estimate() can be trusted: true errors against the expected ones over many coresets and functions.

    python bench/estimate_trust.py [--coresets 300] [--seed 0]

Each coreset is of 20,000 rows drawn at random from one of four distributions in one to six columns, at a random size
and order. Of each kind of function one is drawn for it, in a random direction of the standardised columns. A line of
the table counts the cases of one kind whose true error is not rounding, and the last one all of them.

Run with the package on the path.
"""

import argparse
import collections
import math

import numpy as np

import momentset as ms

ROWS = 20_000
SIZES = [50, 100, 200, 500, 1000, 2000]
ORDERS = [1, 2, 3, 5, 8, 12, 20, "auto", "auto", "auto"]
ROUNDING = 1e-13  # relative to the function's size: below it nobody asks how large an error is


def draw_points(random, kind, dimension):
    """(ROWS, dimension) rows, with columns that depend on each other."""
    mixing = np.eye(dimension) + 0.3 * random.normal(size=(dimension, dimension))
    if kind == "uniform":
        return random.uniform(-1, 1, (ROWS, dimension))
    if kind == "normal":
        return random.normal(size=(ROWS, dimension)) @ mixing
    if kind == "lognormal":
        return np.exp(0.8 * random.normal(size=(ROWS, dimension)))
    centres = 3 * random.normal(size=(8, dimension))
    return centres[random.integers(0, 8, ROWS)] + random.normal(size=(ROWS, dimension)) @ (0.4 * mixing)


def draw_functions(random, dimension, order):
    """Name -> a function of standardised points, (size, m) -> (size,)."""

    def direction():
        way = random.normal(size=dimension)
        return way / np.linalg.norm(way)

    def ridge(shape, steepness=1.0, way=None):
        slope, shift = steepness * (direction() if way is None else way), steepness * random.normal() / 2
        return lambda z: shape(z @ slope + shift)

    def sigmoid(u):
        return 1 / (1 + np.exp(-np.clip(u, -700, 700)))

    def bump(width):
        centre = random.normal(size=dimension) / 2
        return lambda z: np.exp(-np.sum((z - centre) ** 2, axis=1) / (2 * width**2))

    found = {}
    for length in (4, 2, 1, 0.5, 0.25):
        found[f"cosine of length {length}"] = ridge(np.cos, 1 / length, random.normal(size=dimension))
    for slope in (1, 2, 4, 8, 32):
        found[f"sigmoid of slope {slope}"] = ridge(sigmoid, slope)
    found["exp"] = ridge(lambda u: np.exp(np.clip(u, -50, 50)))
    for width in (2, 1, 0.5):
        found[f"bump of width {width}"] = bump(width)
    found["ratio 1 / (1 + u^2)"] = ridge(lambda u: 1 / (1 + u**2), 2)
    found["ReLU"] = ridge(lambda u: np.maximum(u, 0))
    found["absolute value"] = ridge(np.abs)
    found["step"] = ridge(lambda u: (u > 0).astype(float))
    found["sum of two waves"] = (lambda f, g: lambda z: f(z) + 1e-3 * g(z))(ridge(np.cos, 0.25), ridge(np.cos, 3))
    for beyond in (1, 2, 4):
        power = order + beyond
        found[f"polynomial of order K + {beyond}"] = ridge(lambda u, power=power: u**power, 0.5)
    return found


def draw_coreset(random):
    """Points, coreset and what it is called; None where no coreset of this size has this order."""
    kind = str(random.choice(["uniform", "normal", "lognormal", "clustered"]))
    dimension = int(random.choice([1, 2, 3, 4, 6]))
    size, order = int(random.choice(SIZES)), ORDERS[random.integers(len(ORDERS))]
    method = str(random.choice(["auto", "tree"]))
    points = draw_points(random, kind, dimension)
    if order != "auto" and math.comb(dimension + order, order) > size:
        return None
    small = ms.compress(points, size=size, order=order, method=method)
    return points, small, f"{kind} {dimension} columns size {size} order {order} {method}"


def cases(coresets, seed):
    """(name of the function, coreset, true error, expected error, size of the function's values)."""
    random = np.random.default_rng(seed)
    made = 0
    while made < coresets:
        drawn = draw_coreset(random)
        if drawn is None:
            continue
        made += 1
        points, small, what = drawn
        centre, deviation = points.mean(axis=0), points.std(axis=0)
        scaled = (points - centre) / deviation
        functions = draw_functions(random, points.shape[1], small.certificate.order)
        values = np.stack([function(scaled) for function in functions.values()], axis=1)
        result = small.estimate(values[small.indices])
        true = np.array([math.fsum(column) / ROWS for column in values.T])
        for name, *numbers in zip(functions, np.abs(result.value - true), result.error, values.std(axis=0)):
            yield name, what, *map(float, numbers)


def line(name, found):
    true, expected, spread = np.array(found).T
    felt = true > ROUNDING * spread
    ratio = true[felt] / expected[felt]
    if len(ratio) == 0:
        return f"| {name} | 0 | | | | |"
    return (f"| {name} | {len(ratio)} | {np.mean(ratio > 1):.1%} | {np.mean(ratio > 10):.2%} | {np.max(ratio):.2g} | "
            f"{np.median(1 / ratio):.2g} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coresets", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    by_name = collections.defaultdict(list)
    for name, _, *numbers in cases(arguments.coresets, arguments.seed):
        by_name[name].append(numbers)
        by_name["all"].append(numbers)
    print("| Function | Cases | Error above the expected one | above ten times it | Largest ratio "
          "| Expected / true, median |")
    print("|---|---:|---:|---:|---:|---:|")
    everything = by_name.pop("all")
    for name, found in by_name.items():
        print(line(name, found))
    print(line("all", everything))


if __name__ == "__main__":
    main()
