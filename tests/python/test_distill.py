"""distill(): the expected coefficients are scikit-learn's on all rows, or closed forms."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

import momentset as ms

EPS = np.finfo(float).eps


@pytest.fixture(scope="module")
def table():
    """4,000 rows of six dependent columns of different spread, weights, and two targets."""
    random = np.random.default_rng(3)
    X = random.normal(size=(4000, 6)) @ random.normal(size=(6, 6)) * [1, 10, 0.1, 1, 3, 1] + [0, 10, -5, 1, 0, 2]
    Y = X[:, :2] @ [[1.0, 2.0], [-0.2, 0.0]] + random.gamma(2.0, 2.0, (4000, 2)) + 7
    return X, Y, random.integers(0, 4, 4000) / 2


def condition(X, weights, alpha, intercept):
    """Of the normal equations, columns scaled to length 1."""
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    gram = (A.T * weights) @ A + alpha * np.diag([0.0] * intercept + [1.0] * X.shape[1])
    scale = np.sqrt(np.diag(gram))
    return np.linalg.cond(gram / np.outer(scale, scale))


EXACT = {"tol": 1e-15, "max_iter": 1_000_000}
PENALTIES = ([Ridge(alpha, solver="cholesky") for alpha in np.geomspace(1e-3, 1e6, 20)]
             + [Lasso(alpha, **EXACT) for alpha in np.geomspace(1e-2, 30, 15)]
             + [ElasticNet(alpha, l1_ratio=0.5, **EXACT) for alpha in np.geomspace(1e-2, 30, 15)])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
def test_fifty_penalties_of_scikit_learn(table, intercept, weighted):
    X, Y, weights = table
    y, weights = Y[:, 0], weights if weighted else np.ones(len(X))
    small = ms.distill(X, y, fit_intercept=intercept, weights=weights if weights.std() > 0 else None)
    assert small.points.shape == (7 if intercept else 6, 6) and small.certificate.holds
    assert np.allclose(small.weights.sum(), weights.sum(), rtol=4 * EPS)
    spread = X.std(axis=0)
    for estimator in PENALTIES:
        estimator = clone(estimator).set_params(fit_intercept=intercept)
        full = clone(estimator).fit(X, y, sample_weight=weights)
        few = estimator.fit(small.points, small.targets, sample_weight=small.weights)
        worst = np.abs((few.coef_ - full.coef_) * spread).max() / np.abs(full.coef_ * spread).max(initial=1e-300)
        alpha = estimator.alpha if isinstance(estimator, Ridge) else 0
        assert worst <= 100 * EPS * condition(X, weights, alpha, intercept), (estimator, worst)
        assert few.intercept_ == pytest.approx(full.intercept_, rel=1e-11)


def test_lasso_needs_no_weights(table):
    """All points weigh the same, and it averages over them."""
    X, Y, _ = table
    small = ms.distill(X, Y[:, 0], fit_intercept=True)
    full = Lasso(0.5, **EXACT).fit(X, Y[:, 0])
    assert np.allclose(Lasso(0.5, **EXACT).fit(small.points, small.targets).coef_, full.coef_, rtol=1e-10, atol=1e-12)


def test_several_targets(table):
    X, Y, weights = table
    small = ms.distill(X, Y, fit_intercept=True, weights=weights)
    assert small.targets.shape == (7, 2)
    full = Ridge(3.0).fit(X, Y, sample_weight=weights)
    few = Ridge(3.0).fit(small.points, small.targets, sample_weight=small.weights)
    assert np.allclose(few.coef_, full.coef_, rtol=1e-10)


@pytest.mark.parametrize("intercept", [False, True])
def test_union_with_other_data(table, intercept):
    X, Y, weights = table
    y = Y[:, 0]
    small = ms.distill(X[:3000], y[:3000], fit_intercept=intercept, weights=weights[:3000])
    few = Ridge(2.0, fit_intercept=intercept).fit(
        np.vstack([small.points, X[3000:]]), np.concatenate([small.targets, y[3000:]]),
        sample_weight=np.concatenate([small.weights, weights[3000:]]))
    full = Ridge(2.0, fit_intercept=intercept).fit(X, y, sample_weight=weights)
    assert np.allclose(few.coef_, full.coef_, rtol=1e-10)


def gram(set_, first=0):
    A = np.column_stack([np.ones(len(set_.points)), set_.points])[:, first:]
    return (A.T * set_.weights) @ A


def test_combine_and_forget(table):
    X, Y, weights = table
    y = Y[:, 0]
    one, two = (ms.distill(X[rows], y[rows], fit_intercept=True, weights=weights[rows])
                for rows in (slice(1500), slice(1500, 4000)))
    both = one.combine(two)
    whole = ms.distill(X, y, fit_intercept=True, weights=weights)
    assert both.certificate.holds and both.certificate.rows == 4000
    assert np.allclose(gram(both), gram(whole), rtol=1e-12)
    again = both.forget(X[1500:], y[1500:], weights[1500:])
    scale = np.sqrt(np.diag(gram(one)))
    assert again.status == "exact" and len(again) == 7
    assert np.abs((gram(again) - gram(one)) / np.outer(scale, scale)).max() <= 1e-12
    assert again.certificate.rows == 1500


def test_pickled_points_combine_and_forget(table):
    X, Y, _ = table
    small = ms.distill(X[:3000], Y[:3000, 0], fit_intercept=True)
    again = pickle.loads(pickle.dumps(small))
    assert again.certificate == small.certificate
    rest = ms.distill(X[3000:], Y[3000:, 0], fit_intercept=True)
    assert np.array_equal(again.combine(rest).points, small.combine(rest).points)
    assert np.array_equal(copy.deepcopy(small).forget(X[:9], Y[:9, 0]).points, small.forget(X[:9], Y[:9, 0]).points)


def test_forgetting_what_leaves_too_little_has_a_status(table):
    X, Y, _ = table
    small = ms.distill(X, Y[:, 0])
    refused = small.forget(X[2:], Y[2:, 0])
    assert refused.status == "ill-conditioned" and len(refused) == 0 and not refused.certificate.holds
    assert refused.points.shape == (0, 6) and len(small) == 6


def test_fewer_rows_than_columns_and_collinear_columns(table):
    X, Y, _ = table
    few = ms.distill(X[:4], Y[:4, 0])
    assert len(few) == few.certificate.rank == 4
    assert np.allclose(Ridge(1.0, fit_intercept=False).fit(few.points, few.targets, sample_weight=few.weights).coef_,
                       Ridge(1.0, fit_intercept=False).fit(X[:4], Y[:4, 0]).coef_, rtol=1e-9)
    double = np.column_stack([X, X[:, 0] - 2 * X[:, 3]])
    small = ms.distill(double, Y[:, 0], fit_intercept=True)
    assert len(small) == 7 and small.certificate.holds
    assert np.allclose(Ridge(5.0).fit(small.points, small.targets, sample_weight=small.weights).coef_,
                       Ridge(5.0).fit(double, Y[:, 0]).coef_, rtol=1e-8)


def test_real_rows(table):
    X, Y, weights = table
    small = ms.distill(X, Y[:, 0], fit_intercept=True, weights=weights, real_rows=True)
    assert len(small) == 36 and small.certificate.holds  # C(6 + 1 + 2, 2)
    assert set(map(tuple, small.points)) <= set(map(tuple, X))
    assert np.allclose(LinearRegression().fit(small.points, small.targets, sample_weight=small.weights).coef_,
                       LinearRegression().fit(X, Y[:, 0], sample_weight=weights).coef_, rtol=1e-9)
    with pytest.raises(ms.Error, match="synthetic points"):
        small.forget(X[:3], Y[:3, 0])


def test_tables(table):
    X, Y, _ = table
    frame = pd.DataFrame(X, columns=list("abcdef")).assign(y=Y[:, 0], w=1.0)
    small = ms.distill(frame, "y", weights="w", fit_intercept=True)
    assert small.columns == tuple("abcdef")
    assert np.array_equal(small.points, ms.distill(X, Y[:, 0], fit_intercept=True, weights=np.ones(4000)).points)
    assert ms.distill(frame.assign(z=1.0), ["y", "z"], weights="w", columns=list("abcdef")).targets.shape == (6, 2)
    deleted = frame.iloc[3000:]
    assert small.forget(deleted, "y", "w").certificate.rows == 3000
    other = ms.distill(frame.rename(columns={"a": "A"}), "y", weights="w", fit_intercept=True)
    with pytest.raises(ms.Error, match="must have the columns a, b"):
        small.combine(other)


def descended(x, y, weight, ridge, slope, steps=20_000):
    """Gradient descent from 0."""
    theta = np.zeros(x.shape[1])
    rate = 1 / (weight @ (x**2).sum(axis=1) + ridge)
    for _ in range(steps):
        step = rate * (x.T @ (weight * slope(y, x @ theta)) + ridge * theta)
        theta -= step
        if np.abs(step).max() <= 1e-16 * np.abs(theta).max():
            break
    return theta


@pytest.fixture(scope="module")
def classes():
    random = np.random.default_rng(8)
    X = random.normal(size=(500, 3))
    return X, (expit(X @ [1.0, -2.0, 0.5] + 0.7) > random.uniform(size=500)).astype(int)


@pytest.mark.parametrize("ridge", [0.0, 2.5])
def test_one_point_for_logistic_regression(classes, ridge):
    X, y = classes
    small = ms.distill(X, y, "logistic", ridge=ridge)
    assert small.points.shape == (1, 3) and small.certificate.holds
    C = np.inf if ridge == 0 else 1 / ridge
    full = LogisticRegression(C=C, fit_intercept=False, tol=1e-14, max_iter=10_000, solver="newton-cholesky").fit(X, y)
    assert np.allclose(small.coefficients, full.coef_[0], rtol=1e-7)
    end = descended(small.points, small.targets, small.weights, ridge, lambda y, eta: expit(eta) - y)
    assert np.linalg.norm(end - small.coefficients) <= 1e-8 * np.linalg.norm(small.coefficients)


def test_two_points_with_an_intercept_by_scikit_learn(classes):
    """A point of a soft class is one row of each class."""
    X, y = classes
    small = ms.distill(X, y, "logistic", ridge=2.5, fit_intercept=True)
    assert small.points.shape == (2, 3)
    solver = LogisticRegression(C=1 / 2.5, tol=1e-14, max_iter=10_000, solver="newton-cholesky")
    few = clone(solver).fit(np.vstack([small.points, small.points]), [0, 0, 1, 1],
                            sample_weight=np.concatenate([small.weights * (1 - small.targets),
                                                          small.weights * small.targets]))
    full = solver.fit(X, y)
    assert np.allclose(few.coef_, full.coef_, rtol=1e-8) and np.allclose(few.intercept_, full.intercept_, rtol=1e-8)


def test_classes_by_name(classes):
    X, y = classes
    named = ms.distill(X, np.array(["no", "yes"])[y], "logistic")
    assert named.classes == ("no", "yes")
    assert np.array_equal(named.points, ms.distill(X, y, "logistic").points)
    with pytest.raises(ms.Error, match="^y: .*must be two"):
        ms.distill(X, np.array(["a", "b", "c"])[np.arange(500) % 3], "logistic")
    with pytest.raises(ms.Error, match="the model poisson needs numbers"):
        ms.distill(X, np.array(["no", "yes"])[y], "poisson")


def test_one_point_for_a_ridge_by_a_closed_form(table):
    X, Y, _ = table
    small = ms.distill(X, Y[:, 0], ridge=4.0, one_point=True)
    assert len(small) == 1
    assert np.allclose(small.coefficients, np.linalg.solve(X.T @ X + 4 * np.eye(6), X.T @ Y[:, 0]), rtol=1e-9)
    x, y, w = small.points[0], small.targets[0], small.weights[0]
    assert np.allclose(np.linalg.solve(w * np.outer(x, x) + 4 * np.eye(6), w * y * x), small.coefficients, rtol=1e-8)


def test_separable_classes_have_a_status():
    small = ms.distill([[-2.0], [-1.0], [1.0], [2.0]], [0, 0, 1, 1], "logistic", fit_intercept=True)
    assert small.status == "separated" and len(small) == 0 and small.points.shape == (0, 1)
    assert not small.certificate.holds and "separated" in small.summary()


def test_what_theorems_rule_out_is_refused_by_name(classes):
    X, y = classes
    with pytest.raises(ms.Error, match="Theorem 4.*exact=False"):
        ms.distill(X, y, "logistic", ridge="path")
    with pytest.raises(ms.Error, match="Theorem 2.*exact=False"):
        ms.distill(X, y, "kernel")
    small = ms.distill(X, y, "logistic")
    with pytest.raises(ms.Error, match="combination with other data cannot.*Theorem 4"):
        small.combine(small)
    with pytest.raises(ms.Error, match="Theorem 4"):
        small.forget(X[:2], y[:2])
    assert len(ms.distill(X, y, ridge="path")) == 3  # linear regression has its path


def logistic_path(X, y, ridges, weights=None):
    """Coefficients and intercepts by scikit-learn."""
    models = (LogisticRegression(C=1 / ridge, tol=1e-12, max_iter=10_000, solver="newton-cholesky") for ridge in ridges)
    fits = [model.fit(X, y, sample_weight=weights) for model in models]
    return np.array([[*model.coef_[0], model.intercept_[0]] for model in fits])


def worst(full, few):
    return (np.linalg.norm(few - full, axis=1) / np.linalg.norm(full, axis=1)).max()


def test_logistic_path_within_a_tolerance(classes):
    X, y = classes
    small = ms.distill(X, y, "logistic", ridge="path", fit_intercept=True, exact=False, tolerance=0.01)
    stated = small.certificate
    assert stated.holds and len(small) <= 40 and small.status == "converged" and stated.rank is None
    assert np.array_equal(small.points, X[small.indices]) and np.array_equal(small.targets, y[small.indices])
    assert small.weights.sum() == pytest.approx(500) and small.weights.min() > 0
    ridges = np.geomspace(*stated.ridge_range, 12)  # most are between those that were checked
    full = logistic_path(X, y, ridges)
    assert worst(full, logistic_path(small.points, small.targets, ridges, small.weights)) <= 0.0101
    assert max(stated.worst_at_nodes, stated.worst_between) == stated.worst_difference <= 0.01
    assert len(stated.path) == 33 and sum(check.node for check in stated.path) == 9
    random = np.random.default_rng(1).choice(500, 2 * len(small), replace=False)  # twice as many do not do
    assert worst(full, logistic_path(X[random], y[random], ridges)) > 0.05
    with pytest.raises(ms.Error, match="stack them"):
        small.combine(small)


def test_unions_within_a_tolerance(classes):
    X, y = classes
    small = ms.distill(X[:400], y[:400], "logistic", fit_intercept=True, exact=False, tolerance=0.02, batches=4)
    ridges = np.geomspace(*small.certificate.ridge_range, 7)
    full = logistic_path(X, y, ridges)
    few = logistic_path(np.vstack([small.points, X[400:]]), np.concatenate([small.targets, y[400:]]), ridges,
                        np.concatenate([small.weights, np.ones(100)]))
    assert worst(full, few) <= 0.02 and 0 < small.certificate.worst_combined <= 0.02


def test_kernel_ridge_regression_within_a_tolerance():
    random = np.random.default_rng(2)
    X = random.uniform(-1, 1, (400, 2)) * [1.0, 30.0]
    y = np.sin(3 * X[:, 0]) * X[:, 1] / 30 + random.normal(0, 0.1, 400)
    small = ms.distill(X, y, "kernel", exact=False, tolerance=0.02, ridge_range=(0.01, 1.0), length=0.7)
    assert small.certificate.holds and len(small) <= 80
    scale = X.std(axis=0)
    for ridge in (0.01, 0.03, 0.2, 1.0):
        model = KernelRidge(alpha=ridge, kernel="rbf", gamma=1 / (2 * 2 * 0.7**2))  # two columns
        full = model.fit(X / scale, y).predict(X / scale)
        few = model.fit(small.points / scale, small.targets, sample_weight=small.weights).predict(X / scale)
        assert np.linalg.norm(few - full) <= 0.0205 * np.linalg.norm(full)


def test_a_tolerance_names_bad_arguments(classes):
    X, y = classes
    for words, says in [({"tolerance": 0.1, "exact": True}, "tolerance: 0.1: needs exact=False"),
                        ({"tolerance": 2}, "tolerance: 2: must be between 0 and 1"),
                        ({"ridge": 1.0}, "ridge: 1.0: must be path"),
                        ({"ridge_range": (2, 1)}, "ridge_range: 2, 1"), ({"ridge_range": 1.0}, "ridge_range"),
                        ({"batches": -1}, "batches: -1"), ({"model": "kernel", "length": 0}, "length: 0"),
                        ({"model": "forest"}, "model: forest"), ({"model": "poisson", "link": "probit"}, "link")]:
        with pytest.raises(ms.Error, match=says):
            ms.distill(X, y, **{"model": "logistic", "exact": False, **words})


@pytest.mark.parametrize("model, target, says", [
    ("poisson", -1, "y: -1.*row 2 must be a count"),
    ("poisson", 1.5, "row 2 must be a count"),
    ("negative-binomial", 0.5, "row 2 must be a count"),
    ("gamma", 0, "row 2 must be positive"),
    ("binomial", 1.01, "row 2 must be a share"),
    ("logistic", 2, "row 2 must be 0 or 1"),
    ("linear", np.nan, "row 2: must be a finite number"),
])
def test_targets_outside_the_range_are_named(model, target, says):
    with pytest.raises(ms.Error, match=says):
        ms.distill([[1.0], [2.0], [3.0]], [1.0, 1.0, target], model)


def test_bad_arguments_are_named(table):
    X, Y, _ = table
    for words, says in [({"ridge": -1}, "ridge: -1"), ({"model": "forest"}, "model: forest.*linear, logistic"),
                        ({"model": "poisson", "link": "probit"}, "link: probit.*square-root"),
                        ({"weights": -np.ones(4000)}, "weights"), ({"one_point": True, "real_rows": True}, "real_rows"),
                        ({"model": "gamma", "real_rows": True}, "real_rows"),
                        ({"scale": 0, "one_point": True}, "scale")]:
        with pytest.raises(ms.Error, match=says):
            ms.distill(X, np.abs(np.round(Y[:, 0])) + 1, **words)
    with pytest.raises(ms.Error, match="target|y: .*one row for each"):
        ms.distill(X, Y[:10, 0])
