"""The error to expect of a weighted mean over a coreset.

The input is gone, but what was done to it can be done to the coreset once more. Its survivors are compressed to a
fraction s of them, a few times, in columns that are turned at random and with the rows in another order. How far the
mean of the statistic moves,

    e = max over s and trials of h(s) |mean over the fewer points - mean over the coreset|,

is what the statistic itself says of its error: that of the first compression is of the same kind, and mostly smaller,
since more points took part. It sees how steep a statistic is, and its kinks and jumps wherever they part survivors.
The fractions are near one, h = 1, since the error of smooth functions rises steeply with every order that is lost. A
half is there for kinks and jumps that the others do not touch by chance; for smooth functions it would be far too
large, so it counts little, h = 1/32.

The certificate says whether the coreset is as good as these smaller ones make believe. For each of its families of
probe functions, cosines and sigmoids, it has the true error; e is measured of functions of the same family. Should a
true error be the larger one, e is raised by the largest such ratio, yet not above the error of random rows with these
weights, sigma / sqrt(effective sample size). Three times the result is what is stated. Fractions, h and the factor are
measured on many distributions and functions: docs/python.md, bench/estimate_trust.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from momentset import _core
from momentset._arrays import Doubles, Integers
from momentset._certificate import ProbeError

if TYPE_CHECKING:
    from momentset._coreset import Coreset

FRACTIONS = {0.9: 1.0, 0.75: 1.0, 0.5: 1 / 32}  # s of the survivors are left: h
TRIALS = 3  # of each
FUNCTIONS = 32  # of each family of probes
MARGIN = 3.0
ROUNDING = 1e-13  # a true error of bounded functions below it says nothing


class Estimate(NamedTuple):
    """A weighted mean and what to expect of its error: see Coreset.estimate()."""

    value: float | Doubles
    error: float | Doubles


class Reduction(NamedTuple):
    """What is left of a coreset."""

    trust: float
    """h."""
    places: Integers
    """Of the survivors that are left."""
    shares: Doubles
    """Of the mass, one for each of them."""


class Measured(NamedTuple):
    """What estimates of all statistics of one coreset have in common."""

    weights: Doubles
    """Those that it was measured with."""
    reduced: list[Reduction]
    ratio: float


_measured: WeakKeyDictionary[Coreset, Measured] = WeakKeyDictionary()


def standardised(coreset: Coreset) -> Doubles:
    """The points with mean 0 and standard deviation 1 in each column that is not constant."""
    share = coreset.weights / coreset.weights.sum()
    centred = coreset.points - share @ coreset.points
    deviation = np.sqrt(share @ centred**2)
    scaled: Doubles = centred / np.where(deviation > 0, deviation, 1)
    return scaled


def highest_order(dimension: int, order: int, size: int) -> int:
    """The highest order up to `order` that has at most `size` moments."""
    while order > 0 and math.comb(dimension + order, order) > size:
        order -= 1
    return order


def probe_values(probe: ProbeError, points: Doubles, random: np.random.Generator) -> Doubles:
    """Functions of the probe's family at standardised points, (size, FUNCTIONS); docs/certificate.md has their
    formulas."""
    waves = points @ random.normal(size=(points.shape[1], FUNCTIONS))
    if probe.family == "cosine":
        values: Doubles = np.cos(waves / probe.scale + random.uniform(0, 2 * np.pi, FUNCTIONS))
    else:
        steep = probe.scale * waves + random.normal(size=FUNCTIONS)
        values = 1 / (1 + np.exp(-np.clip(steep, -700, 700)))
    return values


def reductions(coreset: Coreset, points: Doubles, random: np.random.Generator) -> list[Reduction]:
    """TRIALS compressions to each fraction of the survivors, whose standardised points are given."""
    dimension, options = points.shape[1], _core.CompressOptions()
    options.method = _core.Method.tree
    found = []
    for fraction, trust in FRACTIONS.items():
        options.size = max(1, int(fraction * len(coreset)))
        options.order = highest_order(dimension, coreset.certificate.order, options.size)
        for _ in range(TRIALS):
            turn, _ = np.linalg.qr(random.normal(size=(dimension, dimension)))
            mixed = random.permutation(len(coreset))
            turned = np.ascontiguousarray((points @ turn)[mixed])
            fewer = _core.compress(turned, coreset.weights[mixed], [], None, options, None)
            found.append(Reduction(trust, mixed[fewer.rows], fewer.weights / fewer.weights.sum()))
    return found


def moves(values: Doubles, mean: Doubles, reduced: list[Reduction]) -> Doubles:
    """e of each column of values, (size, p) -> (p,)."""
    each = [trust * np.abs(shares @ values[places] - mean) for trust, places, shares in reduced]
    largest: Doubles = np.max(each, axis=0)
    return largest


def certified_ratio(coreset: Coreset, points: Doubles, reduced: list[Reduction],
                    random: np.random.Generator) -> float:
    """Largest true error of a family of probes over e of its functions, where that is above one."""
    share, largest = coreset.weights / coreset.weights.sum(), 1.0
    for probe in coreset.certificate.probes:
        values = probe_values(probe, points, random)
        e = np.sqrt(np.mean(moves(values, share @ values, reduced) ** 2))
        if probe.coreset > ROUNDING:
            largest = max(largest, probe.coreset / max(e, ROUNDING))
    return float(largest)


def measured(coreset: Coreset) -> Measured:
    """What does not depend on the statistic: made once for each coreset, and again if its weights were changed."""
    known = _measured.get(coreset)
    if known is None or not np.array_equal(known.weights, coreset.weights):
        random, points = np.random.default_rng(0), standardised(coreset)
        reduced = reductions(coreset, points, random)
        known = Measured(coreset.weights.copy(), reduced, certified_ratio(coreset, points, reduced, random))
        _measured[coreset] = known
    return known


def errors(coreset: Coreset, values: Doubles, mean: Doubles) -> Doubles:
    """What to expect of the error of the mean of each column of values."""
    if not any(probe.random > 0 for probe in coreset.certificate.probes):
        return np.zeros(values.shape[1])  # nothing was left out: the mean is exact
    if len(coreset) == 1:
        return np.full(values.shape[1], np.inf)
    known, share = measured(coreset), coreset.weights / coreset.weights.sum()
    random = np.sqrt(share @ (values - mean) ** 2 / coreset.certificate.effective_sample_size)
    rounding = (coreset.certificate.worst_residual + 2.0**-52) * (share @ np.abs(values))
    expected: Doubles = MARGIN * np.minimum(known.ratio * moves(values, mean, known.reduced), random) + rounding
    return expected


def estimate(coreset: Coreset, values: Doubles) -> Estimate:
    """Means and errors of the columns of values, (size, p); floats for values of shape (size,)."""
    columns = values.reshape(len(coreset), -1)
    mean = coreset.weights / coreset.weights.sum() @ columns
    error = errors(coreset, columns, mean)
    return Estimate(float(mean[0]), float(error[0])) if values.ndim == 1 else Estimate(mean, error)
