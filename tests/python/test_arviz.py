"""Posteriors as PyMC and ArviZ hold them: dimensions chain, draw and those of the parameter, in xarray.

The posterior is PyMC's own of the eight schools, which ArviZ brings. Skipped where ArviZ is not installed.
"""

import numpy as np
import pytest

import momentset as ms


@pytest.fixture(scope="module")
def arviz():
    return pytest.importorskip("arviz")


@pytest.fixture(scope="module")
def draws(arviz):
    """All draws in one dimension, `sample`, that remembers chain and draw."""
    return arviz.extract(arviz.load_arviz_data("centered_eight"))


def parameters(draws):
    """(draws, 10): mu, log tau and the eight effects."""
    return np.column_stack([draws["mu"], np.log(draws["tau"]), draws["theta"].transpose("sample", "school")])


@pytest.fixture(scope="module")
def thinned(draws):
    small = ms.compress(parameters(draws), size=200, order=2)
    return small, draws.isel(sample=small.indices)


def test_rows_are_draws(draws, thinned):
    small, kept = thinned
    assert draws.sizes["sample"] == 2000 and kept.sizes["sample"] == 200
    assert np.array_equal(parameters(kept), small.points)
    chain, draw = np.divmod(small.indices, 500)
    assert np.array_equal(kept["chain"], chain) and np.array_equal(kept["draw"], draw)


def test_weighted_means_and_deviations_are_those_of_all_draws(arviz, draws, thinned):
    """With xarray's own weights, for each school."""
    small, kept = thinned
    weighted = kept["theta"].weighted(kept["mu"].copy(data=small.weights))
    summary = arviz.summary(arviz.load_arviz_data("centered_eight"), var_names=["theta"], round_to="none")
    assert np.allclose(weighted.mean("sample"), summary["mean"], rtol=1e-10)
    assert np.allclose(weighted.std("sample"), draws["theta"].std("sample"), rtol=1e-10)


def test_forecasts_come_closer_than_with_every_tenth_draw(draws, thinned):
    """The chance that a new school's effect is above 10: a smooth function of mu and tau."""
    small, kept = thinned

    def chance(some):
        return 1 / (1 + np.exp(-1.7 * (some["mu"] - 10) / some["tau"]))

    result = small.estimate(chance(kept).to_numpy())
    true = float(chance(draws).mean())
    assert abs(result.value - true) < 3 * result.error < 0.2
    every_tenth = [abs(float(chance(draws.isel(sample=slice(first, None, 10))).mean()) - true) for first in range(10)]
    assert abs(result.value - true) < 2 * np.sqrt(np.mean(np.square(every_tenth)))


def test_draws_of_equal_weight_are_a_posterior_again(arviz, draws, thinned):
    """For tools that take no weights: resampled draws as one chain of InferenceData."""
    small, _ = thinned
    rows = small.resample(1000)
    data = {name: draws[name].transpose("sample", ...).to_numpy()[rows][np.newaxis] for name in ("mu", "tau", "theta")}
    again = arviz.from_dict(data, dims={"theta": ["school"]}, coords={"school": draws["school"].to_numpy()})
    assert dict(again.posterior.sizes) == {"chain": 1, "draw": 1000, "school": 8}
    means = again.posterior["theta"].mean(("chain", "draw")), draws["theta"].mean("sample")
    assert np.allclose(*means, atol=0.1 * float(draws["theta"].std()))
