"""scikit-learn: the transformer is one, and fits on coresets come close to fits on all rows."""

import pickle
from inspect import signature

import numpy as np
import pandas
import polars
import pyarrow as pa
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import KMeans
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, KFold
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


# What the estimators hand to compress(), by a value other than the default, and what it needs beside it.
OPTIONS = {
    "size": (100, {}),
    "keep": (0.05, {}),
    "tolerance": (0.05, {}),
    "order": (2, {}),
    "effort": ("low", {}),
    "smoothness": ("kinked", {}),
    "method": ("kernel", {}),
    "loss": ("logistic", {"y": np.arange(2000) % 3}),
    "target_degree": (2, {"y": np.sin(np.arange(2000.0))}),
    "relabel": (True, {"y": np.sin(np.arange(2000.0)), "order": 2}),
    "groups": (np.where(np.arange(2000) % 7 < 5, "often", "rarely"), {}),
    "group_sizes": ("equal", {"groups": np.where(np.arange(2000) % 7 < 5, "often", "rarely")}),
    "categories": (["x3", "x4"], {}),
    "category_pairs": (True, {"categories": ["x3", "x4"]}),
    "scale": ("robust", {}),
    "column_weights": ([1.0, 3.0, 0.5, 1.0, 1.0], {}),
    "features": (ms.Basis(lambda rows: np.abs(rows[:, 0])), {}),
    "max_weight": (3.0, {}),
    "min_ess": (0.9, {"method": "kernel"}),
    "weight_sum": ("1", {}),
    "columns": (["x2", "x0"], {}),
    "exclude": (["x1"], {}),
    "missing": ("drop", {"gap": True}),
    "seed": (5, {}),
    "threads": (1, {}),
}


class Average(BaseEstimator):
    """An estimator that takes whatever rows there are."""

    def fit(self, X, y=None, sample_weight=None):
        self.weights_ = sample_weight
        return self


def case_of(points, name):
    """Rows, y and options."""
    value, beside = OPTIONS[name]
    options = {"size": 100, **beside, name: value}
    if name in ("keep", "tolerance"):
        del options["size"]
    X = np.column_stack([points, np.arange(2000) % 2, np.arange(2000) % 5 // 2])
    if options.pop("gap", False):
        X[::9, 1] = np.nan
    return X, options.pop("y", None), options


def same(made, expected):
    """Not only the rows: the certificate tells of options that change none."""
    return (np.array_equal(made.indices, expected.indices) and np.array_equal(made.weights, expected.weights)
            and made.certificate.to_json() == expected.certificate.to_json())


def test_parameters():
    """Those of compress() with its defaults, size in the first place."""
    coreset = ms.MomentCoreset(100, order=3)
    of_compress = {name: parameter.default for name, parameter in signature(ms.compress).parameters.items()
                   if name not in ("X", "weights", "target", "keep_rows", "drop_invalid", "progress")}
    assert set(OPTIONS) == set(of_compress)
    assert coreset.get_params() == {**of_compress, "size": 100, "order": 3, "resample": True}
    assert clone(coreset).set_params(size=50).size == 50 and repr(coreset) == "MomentCoreset(order=3, size=100)"
    assert set(signature(ms.compress_fit).parameters) == {"estimator", "X", "y", "weights", *of_compress}
    for made in (lambda: ms.MomentCoreset(100, sizes=3), lambda: ms.compress_fit(Ridge(), [[1]], sizes=3)):
        with pytest.raises(TypeError, match="unexpected keyword argument 'sizes'"):
            made()


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_reaches_compress(points, name):
    X, y, options = case_of(points, name)
    expected = ms.compress(X, target=y, **options)
    coreset = ms.MomentCoreset(**options, resample=False)
    params = clone(coreset).get_params()
    assert all(params[key] is options[key] or np.all(params[key] == options[key]) for key in options if key != "features")
    kept = coreset.fit_transform(X, y)
    assert same(coreset.coreset_, expected)
    assert np.array_equal(kept, X[expected.indices], equal_nan=True)
    fit = ms.compress_fit(Average(), X, y, **options)
    assert same(fit.coreset, ms.compress(X, target=y, weights=np.ones(len(X)), **options))
    assert np.array_equal(fit.estimator.weights_, expected.weights)


@pytest.mark.parametrize("y", [np.cos(np.arange(2000.0)), np.eye(3)[np.arange(2000) % 3][:, :2],
                               np.arange(2000).astype(object) % 7, np.where(np.arange(2000) % 9 < 2, "a", "b"),
                               list("ab") * 1000])
def test_y_is_the_target(points, y):
    made = ms.MomentCoreset(100).fit(points, y).coreset_
    assert same(made, ms.compress(points, size=100, target=np.array(list(y))))
    assert bool(made.certificate.groups) == isinstance(y[0], str) and made.certificate.holds
    assert len(made.certificate.companions) == (0 if isinstance(y[0], str) else np.ndim(y))


@pytest.mark.parametrize("read", [pandas.DataFrame, polars.DataFrame, pa.table])
def test_data_frames(points, read):
    """Columns have their names, rows come as they were, and groups are named. A pandas index is no column."""
    zone = np.where(points[:, 0] > 0.5, "centre", "harbour")
    frame = read({"id": np.arange(2000), "x": points[:, 1], "zone": zone})
    if read is pandas.DataFrame:
        frame.index = np.arange(2000)[::-1] ** 2
    coreset = ms.MomentCoreset(100, groups="zone", column_weights={"x": 2})
    kept = coreset.fit_transform(frame)
    assert type(kept) is type(frame) and kept.shape == (100, 3)
    assert np.array_equal(np.asarray(kept["x"]), points[coreset.sample_indices_, 1])
    assert coreset.coreset_.columns == ["id", "x"] and list(coreset.feature_names_in_) == ["id", "x", "zone"]
    assert [group.mass_output for group in coreset.coreset_.certificate.groups] == pytest.approx(
        [np.sum(zone == group.name) for group in coreset.coreset_.certificate.groups])
    assert coreset.transform(frame[:5]).shape == (5, 3)
    fit = ms.compress_fit(Average(), frame, size=100, groups="zone")
    assert fit.weights[zone[fit.indices] == "harbour"].sum() == pytest.approx(np.sum(zone == "harbour"))
    with pytest.raises(ms.Error, match="columns: zone: must be"):
        ms.MomentCoreset(100).fit(frame)


def test_what_is_no_data_frame_becomes_one(points):
    """Streams, which can be read only once, and single columns."""
    table = pa.table({"x": points[:, 0], "y": points[:, 1]})
    kept = ms.MomentCoreset(100, resample=False).fit_transform(table.to_reader())
    assert kept.equals(table.take(ms.compress(table, size=100).indices))
    fit = ms.compress_fit(Average(), pandas.Series(points[:, 0]), size=50)
    assert np.array_equal(fit.indices, ms.compress(points[:, 0], size=50).indices)


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


def test_grid_search(points):
    """Over options of the coreset, whose scores are those of fits by hand."""
    pipeline = make_pipeline(ms.MomentCoreset(100, seed=2), KMeans(4, n_init=1, random_state=0))
    grid = {"momentcoreset__order": [0, 2], "momentcoreset__size": [50, 200]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(points)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) == 4
    assert search.best_estimator_["momentcoreset"].coreset_.certificate.order == search.best_params_[
        "momentcoreset__order"]
    by_hand = []
    for train, test in KFold(2).split(points):
        rows = ms.compress(points[train], size=50, order=0, seed=2).resample(50, seed=2)
        by_hand.append(KMeans(4, n_init=1, random_state=0).fit(points[train][rows]).score(points[test]))
    assert scores[0] == pytest.approx(np.mean(by_hand))


def test_a_pickled_transformer(points):
    coreset = pickle.loads(pickle.dumps(ms.MomentCoreset(100, method="tree").fit(points)))
    assert coreset.get_params()["method"] == "tree" and len(coreset.coreset_) == 100


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


def test_several_targets(regression):
    X, y = regression
    y = np.column_stack([y, np.abs(y)])
    fit = ms.compress_fit(Ridge(), X, y, size=500)
    assert np.allclose(fit.estimator.coef_, Ridge().fit(X, y).coef_, rtol=1e-9) and fit.score >= fit.random_score
    assert len(fit.coreset.certificate.companions) == 2


def test_random_rows_are_of_those_that_count(points):
    weights = np.where(np.arange(2000) % 40 == 0, 1.0, 0.0)
    fit = ms.compress_fit(KMeans(3, n_init=1, random_state=0), points, size=50, weights=weights)
    assert fit.random_score == pytest.approx(fit.score) and len(fit.indices) == 50


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
     ("weights", {"size": 10, "weights": [1]}), ("size", {}), ("keep", {"keep": 2}),
     ("method", {"size": 10, "method": "magic"}), ("scale", {"size": 10, "scale": "big"}),
     ("loss", {"size": 100, "loss": "hinge"}), ("missing", {"size": 100, "missing": "guess"}),
     ("target", {"size": 100, "loss": "general"}), ("groups", {"size": 100, "groups": "zone"}),
     ("min_ess", {"size": 100, "min_ess": 2, "method": "kernel"})],
)
def test_what_is_refused(points, field, options):
    y = options.pop("y", np.arange(2000) % 2)
    field = "y" if field == "target" else field
    with pytest.raises(ms.Error) as caught:
        ms.compress_fit(LogisticRegression(), points, y, **options)
    assert caught.value.field == field and caught.value.rule
    if "weights" not in options:
        with pytest.raises(ms.Error) as caught:
            ms.MomentCoreset(**options).fit(points, y)
        assert caught.value.field == field


def test_an_estimator_without_weights(points):
    with pytest.raises(ms.Error, match="sample_weight"):
        ms.compress_fit(KNeighborsClassifier(), points, np.arange(2000) % 2, size=100)


@pytest.mark.parametrize("resample", [0, -5, 2.5, "yes", None])
def test_a_number_of_rows_to_hand_on(points, resample):
    with pytest.raises(ms.Error) as caught:
        ms.MomentCoreset(10, resample=resample).fit(points)
    assert caught.value.field == "resample"
