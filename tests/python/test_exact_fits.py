"""Fits that see a table only through its moments up to order 2 are the same on C(p + 2, 2) weighted rows of it.

Every expected value is the fit of scikit-learn, SciPy or NumPy on all rows.
"""

from math import comb

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.linear_model import ElasticNet, Lasso, LassoCV, LinearRegression, Ridge, lars_path_gram
from sklearn.model_selection import KFold, PredefinedSplit
from sklearn.preprocessing import StandardScaler

import momentset as ms

P = 6  # columns of X and y together


@pytest.fixture(scope="module")
def table():
    """5,000 rows of five columns of different spread, dependent and far from the origin, and y with an intercept."""
    random = np.random.default_rng(3)
    X = random.normal(size=(5000, 5)) @ random.normal(size=(5, 5)) * [1, 10, 0.1, 1, 3] + [0, 100, -5, 1, 0]
    y = 7 + X @ [1.0, -0.2, 0.0, 0.0, 0.5] + random.gamma(2.0, 2.0, 5000)
    return np.column_stack([X, y])


def smallest(table, weights=None, **options):
    """As few rows as moments up to order 2: one cell."""
    small = ms.compress(table, size=comb(table.shape[1] + 2, 2), order=2, weights=weights, **options)
    assert len(small) == comb(table.shape[1] + 2, 2) and small.certificate.holds
    return small


def parts(table):
    return table[:, :-1], table[:, -1]


@pytest.fixture(scope="module", params=["auto", "tree"])
def small(request, table):
    return smallest(table, method=request.param)


ESTIMATORS = {
    "least squares": LinearRegression(),
    "ridge": Ridge(alpha=100.0),
    "strong ridge": Ridge(alpha=1e6),
    "lasso": Lasso(alpha=0.3, tol=1e-13, max_iter=100_000),
    "elastic net": ElasticNet(alpha=0.5, l1_ratio=0.3, tol=1e-13, max_iter=100_000),
}


def assert_same_line(fit, full):
    scale = np.abs(full.coef_).max()
    assert np.allclose(fit.coef_, full.coef_, rtol=1e-8, atol=1e-9 * scale)
    assert np.array_equal(np.abs(fit.coef_) > 1e-9 * scale, np.abs(full.coef_) > 1e-9 * scale)  # the same are left out
    assert fit.intercept_ == pytest.approx(full.intercept_, rel=1e-8)


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
def test_linear_models_with_an_intercept(table, small, estimator):
    full = clone(estimator).fit(*parts(table))
    assert_same_line(clone(estimator).fit(*parts(small.points), sample_weight=small.weights), full)


def centred_products(table, weights):
    """X'X and X'y about the means, per unit of weight."""
    share = weights / weights.sum()
    rows = table - share @ table
    products = (rows * share[:, None]).T @ rows
    return products[:-1, :-1], products[:-1, -1]


def test_the_knots_of_the_lasso_path_are_the_same(table, small):
    """Where a column enters or leaves, with columns in their standard deviations, as lars() takes them."""
    paths = []
    for rows, weights in ((table, np.ones(len(table))), (small.points, small.weights)):
        scaled = StandardScaler().fit(rows, sample_weight=weights).transform(rows)
        gram, product = centred_products(scaled, weights)
        paths.append(lars_path_gram(product, gram, n_samples=1, method="lasso"))
    assert paths[0][1] == paths[1][1] and len(paths[0][0]) >= P
    assert np.allclose(paths[1][0], paths[0][0], rtol=1e-9, atol=1e-12)
    assert np.allclose(paths[1][2], paths[0][2], rtol=1e-8, atol=1e-11)


def test_what_is_said_of_the_fit_is_the_same(table, small):
    """R^2, the variance of the residuals and the coefficients' standard errors, with the mass as number of rows."""
    def statement(rows, weights):
        A, y = np.column_stack([np.ones(len(rows)), rows[:, :-1]]), rows[:, -1]
        root = np.sqrt(weights)
        coefficients = np.linalg.lstsq(A * root[:, None], y * root, rcond=None)[0]
        residual = weights @ (y - A @ coefficients) ** 2
        variance = residual / (weights.sum() - A.shape[1])
        about_mean = weights @ (y - weights @ y / weights.sum()) ** 2
        errors = np.sqrt(variance * np.diag(np.linalg.inv((A * weights[:, None]).T @ A)))
        return np.array([1 - residual / about_mean, variance, *errors])

    full = statement(table, np.ones(len(table)))
    assert np.allclose(statement(small.points, small.weights), full, rtol=1e-7)
    assert full[0] == pytest.approx(LinearRegression().fit(*parts(table)).score(*parts(table)))


def test_errors_in_cross_validation_are_the_same(table):
    """Each fold compressed by itself: errors of all folds at all penalties, and so the penalty chosen."""
    folds = list(KFold(4, shuffle=True, random_state=0).split(table))
    full = LassoCV(alphas=10, cv=folds, tol=1e-12, max_iter=100_000).fit(*parts(table))
    kept = [smallest(table[test]) for _, test in folds]
    fold = np.repeat(np.arange(4), [len(few) for few in kept])
    few = LassoCV(alphas=10, cv=PredefinedSplit(fold), tol=1e-12, max_iter=100_000).fit(
        *parts(np.concatenate([few.points for few in kept])),
        sample_weight=np.concatenate([few.weights for few in kept]),
    )
    assert len(fold) == 4 * comb(P + 2, 2)
    assert np.allclose(few.alphas_, full.alphas_, rtol=1e-9) and few.alpha_ == pytest.approx(full.alpha_, rel=1e-9)
    assert np.allclose(few.mse_path_, full.mse_path_, rtol=1e-8)
    assert_same_line(few, full)


def test_principal_components_are_the_same(table, small):
    variances, axes = np.linalg.eigh(np.cov(small.points.T, aweights=small.weights, ddof=0))
    full_variances, full_axes = np.linalg.eigh(np.cov(table.T, ddof=0))
    assert np.allclose(variances, full_variances, rtol=1e-9, atol=1e-12 * full_variances[-1])
    assert np.allclose(np.abs((axes * full_axes).sum(axis=0)), 1, rtol=0, atol=1e-9)


@pytest.fixture(scope="module")
def classes(table):
    """Three classes of different size."""
    X, y = parts(table)
    return X, np.digitize(y + np.random.default_rng(5).normal(0, 5, len(y)), np.quantile(y, [0.2, 0.85]))


def discriminant(X, labels, weights):
    """Coefficients and intercepts of linear discriminant analysis, from masses, means and the pooled covariance."""
    masses, means, within = [], [], np.zeros((X.shape[1], X.shape[1]))
    for label in np.unique(labels):
        rows, share = X[labels == label], weights[labels == label]
        masses.append(share.sum())
        means.append(share @ rows / share.sum())
        within += (rows - means[-1]).T @ ((rows - means[-1]) * share[:, None])
    coefficients = np.linalg.solve(within / weights.sum(), np.transpose(means)).T
    intercepts = np.log(np.array(masses) / weights.sum()) - 0.5 * (coefficients * means).sum(axis=1)
    return coefficients, intercepts


def test_linear_discriminants_are_the_same(classes):
    """With the rows of each class, and with far fewer: masses and means of classes beside the moments of all."""
    X, labels = classes
    full = LinearDiscriminantAnalysis(solver="lsqr").fit(X, labels)
    by_class = {label: smallest(X[labels == label]) for label in (0, 1, 2)}
    separate = (np.concatenate([few.points for few in by_class.values()]), np.repeat([0, 1, 2], comb(5 + 2, 2)),
                np.concatenate([few.weights for few in by_class.values()]))

    member = (labels[:, None] == [1, 2]).astype(float)
    basis = ms.Basis(np.hstack([member, *(member[:, [k]] * X for k in (0, 1))]), order=2)
    few = ms.compress(X, size=comb(5 + 2, 2) + 2 * 6, features=basis)
    joint = (few.points, labels[few.indices], few.weights)

    for rows, kept, weights in (separate, joint):
        coefficients, intercepts = discriminant(rows, kept, weights)
        assert np.allclose(coefficients, full.coef_, rtol=1e-7, atol=1e-9 * np.abs(full.coef_).max())
        assert np.allclose(intercepts, full.intercept_, rtol=1e-7)


def test_quadratic_discriminants_are_the_same(classes):
    """Means and covariances of each class are all that they see."""
    X, labels = classes
    full = QuadraticDiscriminantAnalysis(store_covariance=True, reg_param=0.0).fit(X, labels)
    for label in (0, 1, 2):
        few = smallest(X[labels == label])
        assert np.allclose(few.weights @ few.points / few.weights.sum(), full.means_[label], rtol=1e-10)
        covariance = np.cov(few.points.T, aweights=few.weights, ddof=0)
        unbiased = full.covariance_[label] * (1 - 1 / (labels == label).sum())
        scale = np.sqrt(np.outer(np.diag(unbiased), np.diag(unbiased)))
        assert any(np.allclose(covariance / scale, expected / scale, rtol=0, atol=1e-9)
                   for expected in (unbiased, full.covariance_[label]))  # divided by n - 1 or by n


def test_rows_that_weigh(table):
    weights = np.random.default_rng(1).exponential(size=len(table))
    few = smallest(table, weights=weights)
    full = Ridge(alpha=10.0).fit(*parts(table), sample_weight=weights)
    assert_same_line(Ridge(alpha=10.0).fit(*parts(few.points), sample_weight=few.weights), full)


def test_columns_that_depend_on_each_other(table):
    """Two equal columns, one that is constant: least squares of least norm, and ridge."""
    wide = np.column_stack([table[:, 0], np.full(len(table), 4.0), table])
    few = smallest(wide)
    for estimator in (LinearRegression, Ridge):
        full = estimator().fit(*parts(wide))
        fit = estimator().fit(*parts(few.points), sample_weight=few.weights)
        assert np.allclose(fit.predict(wide[:, :-1]), full.predict(wide[:, :-1]), rtol=1e-8)


def test_one_column():
    x = np.random.default_rng(0).exponential(size=1000)
    few = smallest(x.reshape(-1, 1))
    assert len(few) == 3 and np.cov(few.points[:, 0], aweights=few.weights, ddof=0) == pytest.approx(x.var(), rel=1e-12)


def nearest_costs(rows, centres):
    return ((rows[:, None, :] - centres) ** 2).sum(axis=2).min(axis=1)


def test_costs_of_clusters_come_close():
    """The cost of k-means is quadratic inside the region of a centre, and has a kink between two. Root mean square
    over 20 sets of centres, beside random rows of the same number. Ten draws of the data: 10 to 70 times smaller."""
    random = np.random.default_rng(8)
    rows = random.normal(size=(20_000, 2)) + random.normal(0, 4, size=(6, 2))[random.integers(0, 6, 20_000)]
    few = ms.compress(rows, size=600, order=2, method="tree")
    chosen = random.choice(20_000, 600, replace=False)
    errors = []
    for _ in range(20):
        centres = rows[random.choice(20_000, 6, replace=False)]
        cost = nearest_costs(rows, centres).mean()
        errors.append([few.weights @ nearest_costs(few.points, centres) / 20_000 / cost - 1,
                       nearest_costs(rows[chosen], centres).mean() / cost - 1])
    kept, by_chance = np.sqrt(np.mean(np.square(errors), axis=0))
    assert kept < by_chance / 5
