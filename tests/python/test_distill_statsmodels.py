"""Models of distill() against statsmodels, on the data sets that come with it."""

import numpy as np
import pytest

import momentset as ms

statsmodels = pytest.importorskip("statsmodels.api")

FIT = {"tol": 1e-12, "tol_criterion": "params", "maxiter": 60}


def assert_same(X, y, expected, model, **options):
    """The intercept is a column of X, as in statsmodels. Columns of very different size are compared in their own."""
    small = ms.distill(X, y, model, **options)
    scale = np.sqrt((X**2).mean(axis=0))
    ours, theirs = small.coefficients * scale, expected * scale
    assert np.linalg.norm(ours - theirs) <= 1e-8 * np.linalg.norm(theirs)
    assert small.certificate.holds and small.certificate.worst_difference <= 1e-8
    assert len(small) == 1


def glm(X, y, family):
    return statsmodels.GLM(y, X, family=family).fit(**FIT).params


def rows_of(data):
    """Columns after one of ones, and targets."""
    return statsmodels.add_constant(data.exog.to_numpy(float)), data.endog.to_numpy(float)


def test_poisson_and_negative_binomial():
    X, y = rows_of(statsmodels.datasets.fair.load())
    counts = np.floor(y)
    families = statsmodels.families
    assert_same(X, counts, glm(X, counts, families.Poisson()), "poisson")
    assert_same(X, counts, glm(X, counts, families.NegativeBinomial(alpha=0.5)), "negative-binomial", link="log",
                dispersion=0.5)


def test_gamma():
    X, y = rows_of(statsmodels.datasets.scotland.load())
    families = statsmodels.families
    assert_same(X, y, glm(X, y, families.Gamma()), "gamma")
    assert_same(X, y, glm(X, y, families.Gamma(families.links.Log())), "gamma", link="log")


def test_binomial():
    X, y = rows_of(statsmodels.datasets.star98.load())
    successes, failures = y.T
    trials = successes + failures
    expected = glm(X, np.column_stack([successes, failures]), statsmodels.families.Binomial())
    assert_same(X, successes / trials, expected, "binomial", weights=trials)


def test_logistic_and_probit():
    X, y = rows_of(statsmodels.datasets.spector.load())
    families = statsmodels.families
    assert_same(X, y, glm(X, y, families.Binomial()), "logistic")
    assert_same(X, y, glm(X, y, families.Binomial(families.links.Probit())), "logistic", link="probit")


def test_linear():
    X, y = rows_of(statsmodels.datasets.stackloss.load())
    assert_same(X, y, statsmodels.OLS(y, X).fit().params, "linear", one_point=True)
