"""The error to expect of a weighted mean over a coreset.

A random subset of d rows is off by sigma / sqrt(d), sigma being the standard deviation of the statistic. The
certificate tells, for cosines of four lengths that played no part in the choice, how many times closer the coreset
came. Which of these lengths a statistic resembles shows in how much it differs between neighbours: its roughness

    rho = root mean square of f(p_i) - f(p_j) / sigma,   p_j the nearest survivor to p_i,

which is measured of the statistic and of cosines of each length, at survivors drawn by weight. A statistic with jumps
differs between few neighbours only. Where three quarters of the differences are small beside rho, it is the largest
one that is compared. Between the lengths the
logarithm of the certificate's ratio is interpolated over log rho. It ends at rho = sqrt(2), noise, whose error is
sigma / sqrt(effective sample size), and stays what it is below the smoothest length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentset._arrays import Doubles
from momentset._certificate import Certificate

if TYPE_CHECKING:
    from momentset._coreset import Coreset

PLACES = 500  # survivors at which roughness is measured
COSINES = 64  # of each length
JUMPS = 0.3  # upper quartile of the differences over rho; that of smooth functions is about 1
NOISE = (np.sqrt(2.0), 2.0)  # rho and largest difference of random signs


class Estimate(NamedTuple):
    """A weighted mean and what to expect of its error, root mean square: see Coreset.estimate()."""

    value: float | Doubles
    error: float | Doubles


def standardised(coreset: Coreset) -> Doubles:
    """The points with mean 0 and standard deviation 1 in each column that is not constant."""
    share = coreset.weights / coreset.weights.sum()
    centred = coreset.points - share @ coreset.points
    deviation = np.sqrt(share @ centred**2)
    scaled: Doubles = centred / np.where(deviation > 0, deviation, 1)
    return scaled


def neighbours(points: Doubles, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The nearest other point to each of `places`. O(places * points)."""
    squares = np.einsum("ij,ij->i", points, points)
    nearest = np.empty(len(places), np.int64)
    for k, place in enumerate(places):
        distances = squares - 2 * (points @ points[place])
        distances[place] = np.inf
        nearest[k] = np.argmin(distances)
    return nearest


def roughness(values: Doubles, share: Doubles, places: NDArray[np.int64], nearest: NDArray[np.int64]) -> Doubles:
    """rho of each column of values, the largest difference and the upper quartile in the same units, (3, p); 0 where it
    is constant."""
    variance = share @ (values - share @ values) ** 2
    squares = (values[places] - values[nearest]) ** 2
    three = np.stack([np.mean(squares, axis=0), np.max(squares, axis=0), np.quantile(squares, 0.75, axis=0)])
    rough: Doubles = np.sqrt(np.divide(three, variance, out=np.zeros_like(three), where=variance > 0))
    return rough


def measured_ratios(certificate: Certificate) -> list[tuple[float, float]]:
    """Length and ratio of error to that of random subsets, of each family of cosines, longest first."""
    found = [(probe.scale, probe.coreset / probe.random) for probe in certificate.probes
             if probe.family == "cosine" and probe.random > 0]
    return sorted(found, reverse=True)


def error_ratios(coreset: Coreset, values: Doubles) -> Doubles:
    """How much closer than a random subset of the same size to expect each column of values."""
    families = measured_ratios(coreset.certificate)
    if not families:
        return np.zeros(values.shape[1])  # nothing was left out: the mean is exact
    if len(coreset) < 2:
        return np.ones(values.shape[1])
    points, share = standardised(coreset), coreset.weights / coreset.weights.sum()
    drawn = np.searchsorted(coreset.indices, coreset.resample(PLACES))
    nearest = neighbours(points, drawn)
    random = np.random.default_rng(0)
    known_roughness, known_ratios = [], []
    for length, ratio in families:
        waves = points @ (random.normal(size=(points.shape[1], COSINES)) / length)
        cosines = np.cos(waves + random.uniform(0, 2 * np.pi, COSINES))
        known_roughness.append(np.sqrt(np.mean(roughness(cosines, share, drawn, nearest)[:2] ** 2, axis=1)))
        known_ratios.append(ratio)
    noise = np.sqrt(len(coreset) / coreset.certificate.effective_sample_size)
    ratios = np.log(np.maximum([*known_ratios, noise], 1e-300))
    rough = roughness(values, share, drawn, nearest)
    with_jumps = rough[2] < JUMPS * rough[0]
    found = np.log(np.maximum(rough[:2], 1e-300))
    known = np.array([*known_roughness, NOISE])
    rising = np.maximum.accumulate(np.log(np.maximum(known, 1e-300)), axis=0)
    by_either = [np.interp(found[measure], rising[:, measure], ratios) for measure in range(2)]
    expected: Doubles = np.exp(np.where(with_jumps, np.maximum(*by_either), by_either[0]))
    return expected


def estimate(coreset: Coreset, values: Doubles) -> Estimate:
    """Means and errors of the columns of values, (size, p); floats for values of shape (size,)."""
    columns = values.reshape(len(coreset), -1)
    share = coreset.weights / coreset.weights.sum()
    mean = share @ columns
    spread = np.sqrt(share @ (columns - mean) ** 2 / len(coreset))
    error = error_ratios(coreset, columns) * spread
    return Estimate(float(mean[0]), float(error[0])) if values.ndim == 1 else Estimate(mean, error)
