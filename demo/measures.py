"""Statistics of a photograph that a person can picture, computed from tables of colours alone.

Nothing here knows how the 1,000 colours were chosen: each statistic is a weighted sum over colours, once over all
pixels, once over the survivors, and once over each of 20 random subsets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RANDOM_SUBSETS = 20

Statistic = Callable[[np.ndarray, np.ndarray], float]  # (colours in [0, 1], q x 3; weights, q) -> number


@dataclass(frozen=True)
class Measure:
    """One statistic on all pixels, on the survivors and on random subsets."""

    name: str
    whole: float
    kept: float
    random_error: float  # mean over the random subsets of |their value - whole|

    @property
    def kept_error(self) -> float:
        return abs(self.kept - self.whole)


def mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Weighted mean; math.fsum rounds once, so what is left is the error of the weights themselves."""
    return math.fsum(values * weights) / math.fsum(weights)


def variance(values: np.ndarray, weights: np.ndarray) -> float:
    centre = mean(values, weights)
    return mean((values - centre) ** 2, weights)


def luma(colours: np.ndarray) -> np.ndarray:
    """How light the eye sees a pixel, from its values as stored, 0 to 1 (ITU-R BT.709)."""
    return colours @ np.array([0.2126, 0.7152, 0.0722])


def linear_light(colours: np.ndarray) -> np.ndarray:
    """The sRGB transfer curve undone: proportional to physical light, 0 to 1."""
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def soft_share(excess: np.ndarray, width: float) -> np.ndarray:
    """Near 1 where the excess is well above 0, near 0 where it is well below: a threshold that is not sharp."""
    return 1 / (1 + np.exp(-excess / width))


STATISTICS: dict[str, Statistic] = {
    # Polynomials of the colours, or of their means: these should come out equal.
    "mean lightness": lambda x, c: mean(luma(x), c),
    "variance of red": lambda x, c: variance(x[:, 0], c),
    "variance of green": lambda x, c: variance(x[:, 1], c),
    "variance of blue": lambda x, c: variance(x[:, 2], c),
    # Smooth functions.
    "mean physical light": lambda x, c: mean(luma(linear_light(x)), c),
    "mean of cos 2π(r + g − b)": lambda x, c: mean(np.cos(2 * np.pi * (x[:, 0] + x[:, 1] - x[:, 2])), c),
    "light pixels, soft threshold": lambda x, c: mean(soft_share(luma(x) - 0.7, 0.1), c),
    "bluish pixels, soft threshold": lambda x, c: mean(soft_share(x[:, 2] - x[:, 0] - 0.1, 0.1), c),
    # A function with a jump, for which nothing is promised.
    "light pixels, sharp threshold": lambda x, c: mean((luma(x) > 0.7).astype(float), c),
}


def measure_all(pixels: np.ndarray, survivors: np.ndarray, weights: np.ndarray, seed: int) -> list[Measure]:
    """@param pixels    q x 3 bytes, every pixel
    @param survivors d x 3 bytes, with their weights
    """
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    whole, whole_weights = colours / 255.0, counts.astype(float)
    kept = survivors / 255.0
    generator = np.random.default_rng(seed)
    subsets = [pixels[generator.choice(len(pixels), len(survivors), replace=False)] / 255.0
               for _ in range(RANDOM_SUBSETS)]
    ones = np.ones(len(survivors))
    measures = []
    for name, statistic in STATISTICS.items():
        truth = statistic(whole, whole_weights)
        errors = [abs(statistic(subset, ones) - truth) for subset in subsets]
        measures.append(Measure(name, truth, statistic(kept, weights), float(np.mean(errors))))
    return measures
