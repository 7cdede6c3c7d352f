"""scikit-learn: the transformer is one, and fits on coresets come close to fits on all rows."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import momentset as ms


@pytest.fixture
def regression():
    random = np.random.default_rng(0)
    X = random.normal(size=(20_000, 3))
    return X, X @ [1.0, -2.0, 0.5] + 0.3 * X[:, 0] ** 2 + random.normal(0, 0.5, 20_000)


def test_parameters():
    coreset = ms.MomentCoreset(100, order=3)
    expected = {"size": 100, "keep": None, "order": 3, "max_weight": None, "resample": True, "seed": 0,
                "threads": None}
    assert coreset.get_params() == expected
    assert clone(coreset).set_params(size=50).size == 50


def test_fit(points):
    weights = np.arange(2000.0)
    coreset = ms.MomentCoreset(100, resample=False)
    kept = coreset.fit_transform(points, sample_weight=weights)
    expected = ms.compress(points, size=100, weights=weights)
    assert np.array_equal(coreset.sample_indices_, expected.indices) and np.array_equal(kept, expected.points)
    assert np.array_equal(coreset.weights_, expected.weights) and coreset.coreset_.certificate.holds
    assert np.array_equal(coreset.transform(points[:5]), points[:5])


@pytest.mark.parametrize(("resample", "rows"), [(True, 100), (1000, 1000)])
def test_rows_are_handed_on_as_often_as_they_weigh(points, resample, rows):
    coreset = ms.MomentCoreset(100, resample=resample, seed=3)
    kept = coreset.fit_transform(points)
    whole = ms.compress(points, size=100, seed=3)
    assert np.array_equal(coreset.sample_indices_, whole.resample(rows, seed=3)) and len(kept) == rows
    assert np.array_equal(kept, points[coreset.sample_indices_])
    assert np.allclose(coreset.weights_, 2000 / rows, rtol=1e-12) and len(coreset.coreset_) == 100


def test_what_is_handed_on_without_weights_beats_random_rows():
    """The next step sees no weights. Rows once each would be far worse than random ones."""
    X = np.exp(np.random.default_rng(0).normal(size=(20_000, 2)) @ [[0.5, 0.2], [0, 0.5]])

    def error(rows):
        return np.abs(np.cov(rows.T) / np.cov(X.T) - 1).max()

    random = np.random.default_rng(1)
    chance = np.median([error(X[random.choice(len(X), 500, replace=False)]) for _ in range(30)])
    small = ms.MomentCoreset(500).fit(X).coreset_
    default = np.median([error(X[small.resample(500, seed=seed)]) for seed in range(30)])
    once, tenfold = (error(ms.MomentCoreset(500, resample=resample).fit_transform(X)) for resample in (False, 5000))
    assert tenfold < default / 2 < chance / 4 < once / 8


def test_checks_of_scikit_learn():
    reduces = "fit_transform returns the rows that are kept, transform all of them"
    differing = {"check_transformer_general": reduces, "check_transformer_data_not_an_array": reduces}
    check_estimator(ms.MomentCoreset(10), expected_failed_checks=differing, on_skip=None)


def test_pipeline(points):
    clusters = KMeans(4, n_init=1, random_state=0)
    pipeline = make_pipeline(StandardScaler(), ms.MomentCoreset(300, max_weight=2, order=2), clusters)
    assert pipeline.fit(points).predict(points).shape == (2000,)
    assert len(pipeline[-1].labels_) == 300


def test_ridge_is_exact(regression):
    """Least squares sees moments of order two only, and these are kept."""
    X, y = regression
    fit = ms.compress_fit(Ridge(), X, y, size=500)
    whole = Ridge().fit(X, y)
    assert np.allclose(fit.estimator.coef_, whole.coef_, rtol=1e-9) and fit.score >= fit.random_score
    assert fit.coreset.columns == ["x0", "x1", "x2"] and len(fit.coreset.certificate.companions) == 1
    assert len(fit.indices) == 500 and fit.weights.sum() == pytest.approx(20_000, rel=1e-12)
    assert "Ridge fitted on 500 rows: score on all rows" in fit.summary()


def test_classes_keep_their_weight():
    random = np.random.default_rng(1)
    X = random.normal(size=(20_000, 2))
    y = np.where(random.uniform(size=20_000) < 1 / (1 + np.exp(-(2 * X[:, 0] - X[:, 1] - 1))), "yes", "no")
    weights = random.uniform(1, 2, 20_000)
    fit = ms.compress_fit(LogisticRegression(), X, y, size=600, weights=weights)
    whole = LogisticRegression().fit(X, y, sample_weight=weights)
    assert np.allclose(fit.estimator.coef_, whole.coef_, rtol=0.05) and len(fit.indices) == 600
    for label in ("yes", "no"):
        assert fit.weights[y[fit.indices] == label].sum() == pytest.approx(weights[y == label].sum(), rel=1e-12)


def test_other_estimators(regression):
    X, y = regression
    clusters = ms.compress_fit(KMeans(5, n_init=3, random_state=0), X, size=500)
    assert clusters.score > 1.1 * KMeans(5, n_init=3, random_state=0).fit(X).score(X)
    boosted = ms.compress_fit(GradientBoostingRegressor(random_state=0), X, y, size=1000)
    assert boosted.score > 0.85
    density = ms.compress_fit(KernelDensity(bandwidth=0.5), X[:5000], size=500)
    assert density.estimator.score_samples(X[:10]) == pytest.approx(
        KernelDensity(bandwidth=0.5).fit(X[:5000]).score_samples(X[:10]), abs=0.3)


def test_estimators_without_weights_take_resampled_rows(regression):
    X, _ = regression
    with pytest.raises(ms.Error, match="resample"):
        ms.compress_fit(GaussianMixture(), X, size=100)
    rows = ms.compress(X, size=1000).resample(5000)
    mixture = GaussianMixture(random_state=0).fit(X[rows])
    assert np.allclose(mixture.covariances_[0], np.cov(X.T), atol=0.05)


@pytest.mark.parametrize(
    ("field", "options"),
    [("size", {"size": 0}), ("size", {"size": 1}), ("y", {"size": 10, "y": [0, 1]}),
     ("weights", {"size": 10, "weights": [1]})],
)
def test_what_is_refused(points, field, options):
    y = options.pop("y", np.arange(2000) % 2)
    with pytest.raises(ms.Error) as caught:
        ms.compress_fit(LogisticRegression(), points, y, **options)
    assert caught.value.field == field


def test_an_estimator_without_weights(points):
    with pytest.raises(ms.Error, match="sample_weight"):
        ms.compress_fit(KNeighborsClassifier(), points, np.arange(2000) % 2, size=100)


@pytest.mark.parametrize("resample", [0, -5, 2.5, "yes", None])
def test_a_number_of_rows_to_hand_on(points, resample):
    with pytest.raises(ms.Error) as caught:
        ms.MomentCoreset(10, resample=resample).fit(points)
    assert caught.value.field == "resample"
