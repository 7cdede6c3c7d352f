"""The small version of the theory's figures, beside closed forms and what must hold between policies."""

import math

import numpy as np
import pytest
from conftest import EXPERIMENTS, load
from scipy.optimize import brentq
from scipy.stats import norm


def test_small_version(reproduce):
    found = reproduce("perceptron_policies")
    figures = {}
    for row in found.rows:
        figures.setdefault(str(row["figure"]), []).append(row)
    assert set(figures) == {"1B", "1C", "1E", "1F", "2", "7A", "7B", "7C", "11A"}

    for row in figures["7B"]:
        # docs/perceptron-theory.md, section 4: R = z / sqrt(z^2 + x^2) with alpha ((x^2 + 1) Phi(x) + x phi(x)) = 1.
        margin = float(row["line"].removeprefix("margin "))
        x = brentq(lambda x: row["alpha"] * ((x * x + 1) * norm.cdf(x) + x * norm.pdf(x)) - 1, 0, 50)
        assert row["value"] == pytest.approx(math.atan2(x, margin) / math.pi, rel=1e-6)

    by_alpha = {}
    for row in figures["7A"]:
        by_alpha.setdefault(row["alpha"], {})[row["line"]] = row["value"]
    for errors in by_alpha.values():
        assert errors["window"] <= min(errors["easy"], errors["random"]) * (1 + 1e-6)
        assert errors["hard"] <= errors["random"] * (1 + 1e-9)
    ends = {(row["line"], row["fraction"], row["alpha"]): row["value"] for row in figures["7C"]}
    for (end, fraction, alpha), lower in ends.items():
        if end == "lower":  # a window of that fraction
            kept = 2 * (norm.sf(lower) - norm.sf(ends["upper", fraction, alpha]))
            assert kept == pytest.approx(fraction, rel=1e-6)
    # Few examples: keep the easiest. Many: the hardest.
    totals = {}
    for row in figures["1C"]:
        totals.setdefault((round(row["alpha"] / row["fraction"], 4), row["fraction"]), {})[row["line"]] = row["value"]
    smallest, largest = min(totals), max(total for total in totals if total[1] == min(totals)[1])
    assert totals[smallest]["easy"] < totals[smallest]["hard"] and totals[largest]["hard"] < totals[largest]["easy"]


def test_fits_find_the_laws_that_made_the_points():
    plot = load(EXPERIMENTS / "perceptron_policies" / "plot.py")
    alphas = np.linspace(1, 4, 9)
    power = plot.fits([{"alpha": alpha, "value": 0.3 * alpha**-1.5} for alpha in alphas])
    assert power["power law"] == pytest.approx((1.5, math.log(0.3), 1)) and power["exponential"][2] < 0.99
    exponential = plot.fits([{"alpha": alpha, "value": 2 * math.exp(-0.7 * alpha)} for alpha in alphas])
    assert exponential["exponential"] == pytest.approx((0.7, math.log(2), 1)) and exponential["power law"][2] < 0.99
