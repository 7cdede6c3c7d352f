"""Systematic sampling along a path through the points.

Each row is drawn as often as its share of the weight asks for, rounded up or down. What one row loses by that the next
one on the path gains, so that the errors of neighbours cancel where neighbours on the path are neighbours in space. The
path is that of a kd-tree whose halves are walked forwards and backwards in turn, as in a serpentine. Against the order
of the rows this lowers the error of covariances 1.3 to 4 times (1,000 draws of 1,000 points; docs/how-to/without-
weights.md).
"""

from __future__ import annotations

import numpy as np

from momentset import _core
from momentset._arrays import Doubles, Integers

LEAF = 4  # points that are only sorted


def serpentine(points: Doubles) -> Integers:
    """(d,) places of the points along the path, each column in units of its standard deviation. O(m d log^2 d)."""
    deviation = points.std(axis=0)
    scaled = points / np.where(deviation > 0, deviation, 1)
    path: list[Integers] = []
    cells = [(np.arange(len(points)), np.ones(points.shape[1]))]  # and the direction in which each axis is walked
    while cells:
        places, direction = cells.pop()
        axis = int(np.argmax(np.ptp(scaled[places], axis=0)))
        ordered = places[np.argsort(direction[axis] * scaled[places, axis], kind="stable")]
        if len(places) <= LEAF:
            path.append(ordered)
            continue
        back = -direction
        back[axis] = direction[axis]
        cells += [(ordered[len(ordered) // 2:], back), (ordered[: len(ordered) // 2], direction)]
    return np.concatenate(path)


def systematic(points: Doubles, weights: Doubles, n: int, seed: int) -> Integers:
    """(n,) places of points, ascending, each drawn n times its share of the weight, rounded up or down."""
    path = serpentine(points)
    return np.sort(path[_core.systematic_sample(weights[path], n, np.random.default_rng(seed).uniform())])
