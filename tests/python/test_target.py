"""target=: from arrays and columns, the same as on the command line, and verified."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import same_bytes_as_the_command_line

import momentset as ms


@pytest.fixture
def y(points):
    return np.sin(points[:, 0]) + np.random.default_rng(2).normal(size=len(points))


@pytest.fixture
def table(points, y):
    content = pa.table({"x": points[:, 0], "y": points[:, 1], "fare": y, "z": points[:, 2], "tip": y**2 - points[:, 0]})
    pq.write_table(content, "points.parquet")
    return content


def test_sums_with_an_array_are_kept(points, y):
    small = ms.compress(points, target=y, size=200, order=2)
    assert small.certificate.holds and small.certificate.features == 20
    kept = points[small.indices] * y[small.indices][:, None]
    assert np.allclose(small.weights @ kept, (points * y[:, None]).sum(axis=0), rtol=1e-11, atol=1e-8)
    (companion,) = small.certificate.companions
    assert (companion.column, companion.degree, companion.order) == ("", 1, 2)
    assert max(companion.overall, companion.cells) <= small.certificate.worst_residual


def test_least_squares_is_the_same(points, y):
    """The normal equations are made of the moments of x up to order 2 and of y times those up to order 1."""
    small = ms.compress(points, target=y, size=100, order=2)
    A = np.column_stack([np.ones(len(points)), points])
    full = np.linalg.lstsq(A, y, rcond=None)[0]
    root = np.sqrt(small.weights)
    fit = np.linalg.lstsq(A[small.indices] * root[:, None], y[small.indices] * root, rcond=None)[0]
    assert np.allclose(fit, full, rtol=1e-8)


OPTIONS = {
    "one": {"target": "fare"},
    "two": {"target": ["fare", "tip"], "order": 2},
    "degree": {"target": "tip", "target_degree": 2, "columns": ["z", "x"]},
    "general": {"target": "fare", "loss": "general", "columns": ["x"]},
    "none": {},
    "relabelled": {"target": ["tip", "fare"], "order": 2},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_same_bytes_as_from_the_command_line(command, table, name):
    made = same_bytes_as_the_command_line(command, table, OPTIONS[name], relabel=name == "relabelled")
    assert ms.verify("points.parquet", ms.read("theirs.parquet"))
    if name == "relabelled":
        assert np.array_equal(ms.read("theirs.parquet").targets, made[0][1].targets)


def check(verification):
    return next(check for check in verification.checks if check.name == "companions")


def test_verify_reads_the_columns_again(table, y):
    small = ms.compress(table, size=200, target="fare")
    assert check(ms.verify(table, small)).passed and "worst residual" in check(ms.verify(table, small)).detail
    changed = y.copy()
    changed[11] += 1
    assert not ms.verify(table.set_column(2, "fare", pa.array(changed)), small)


def test_verify_says_what_it_was_not_handed(points, y):
    small = ms.compress(points, size=200, target=y)
    assert check(ms.verify(points, small)).detail.startswith("not checked")
    assert "worst residual" in check(ms.verify(points, small, target=y)).detail
    assert not ms.verify(points, small, target=y[::-1])
    with pytest.raises(ms.Error, match="target: 2 columns: the certificate states 1"):
        ms.verify(points, small, target=np.column_stack([y, y]))


def test_rows_without_a_target_are_left_out_on_request(points, y):
    y[[3, 1500]] = np.nan
    with pytest.raises(ms.Error, match="target: null or nan: row 3: must be a finite number"):
        ms.compress(points, size=200, target=y)
    small = ms.compress(points, size=200, target=y, drop_invalid=True)
    assert not {3, 1500} & set(small.indices)
    assert ms.verify(points, small, target=y) and "worst residual" in check(ms.verify(points, small, target=y)).detail


def test_bad_targets_are_refused(points, y, table):
    bad = {
        "length": ({"target": y[:5]}, "must have one row for each of the 2000"),
        "shape": ({"target": np.zeros((2000, 2, 2))}, "must have 2 dimensions"),
        "text": ({"target": np.array(["a"] * 2000), "loss": "squared"}, "must hold integers or real"),
        "none": ({"target": np.zeros((2000, 0))}, "at least one column"),
        "loss": ({"target": y, "loss": "hinge"}, "loss: hinge: must be auto, squared, logistic or general"),
        "general": ({"target": y, "loss": "general"}, "put the target into X"),
        "degree": ({"target": y, "target_degree": 0}, "target_degree: 0"),
        "no target": ({"target_degree": 2}, "needs a target"),
        "method": ({"target": y, "method": "paper"}, "cannot be had with method paper"),
    }
    for options, words in bad.values():
        with pytest.raises(ms.Error, match=words):
            ms.compress(points, size=200, **options)
    for options, words in (({"target": "fara"}, "target: fara: there is no such column"),
                           ({"target": ["fare", "fare"]}, "target: fare: must be named once"),
                           ({"target": "x", "columns": ["x"]}, "target: x: must not be a coordinate as well")):
        with pytest.raises(ms.Error, match=words):
            ms.compress(table, size=200, **options)


def normal_equations(A, y, weights, strength):
    """Ridge regression without a penalty on the intercept, its first coefficient."""
    penalty = np.diag([0.0] + [strength] * (A.shape[1] - 1))
    return np.linalg.solve((A.T * weights) @ A + penalty, (A.T * weights) @ y)


@pytest.mark.parametrize("degree", [1, 2])
def test_new_targets_make_the_same_ridge_regressions_on_half_the_rows(points, y, degree):
    """Of features up to order k of x, which see moments up to 2k, for three targets and several strengths."""
    X = (points[:, :2] - points[:, :2].mean(axis=0)) / points[:, :2].std(axis=0)
    columns = [np.ones(len(X)), *X.T]
    A = np.column_stack(columns if degree == 1 else [*columns, X[:, 0] ** 2, X[:, 0] * X[:, 1], X[:, 1] ** 2])
    targets = np.column_stack([y, y**2, X[:, 0] * y])
    size = ms.plan(len(X), 2, size=100, order=2 * degree).features
    with pytest.raises(ms.Error, match=f"needs a size of at least {2 * size}"):
        ms.compress(X, target=y, size=2 * size - 1, order=2 * degree)
    soft = ms.compress(X, target=targets, relabel=True, size=size, order=2 * degree)
    assert len(soft) == size and soft.certificate.holds and soft.targets.shape == (size, 3)
    for strength in (0, 1, 100, 1e4):
        full = normal_equations(A, targets, np.ones(len(X)), strength)
        assert np.allclose(normal_equations(A[soft.indices], soft.targets, soft.weights, strength), full, rtol=1e-9,
                           atol=1e-9 * np.abs(full).max())


def test_targets_are_those_of_the_rows_unless_relabelled(points, y):
    small = ms.compress(points, target=y, size=200, order=2)
    assert np.array_equal(small.targets, y[small.indices])
    both = ms.compress(points, target=np.column_stack([y, np.ones(2000), -y]), relabel=True, size=200, order=2)
    assert np.array_equal(both.targets[:, 1], np.ones(200))  # constant, and left out
    assert np.allclose(both.targets[:, 2], -both.targets[:, 0])
    assert ms.compress(points, size=200).targets is None


def test_new_targets_of_an_array_are_written_and_verified(points, y):
    soft = ms.compress(points, target=y, relabel=True, size=60, order=3)
    assert np.array_equal(soft.to_pandas()["target"], soft.targets)
    assert "not checked" in check(ms.verify(points, soft)).detail
    assert ms.verify(points, soft, target=y) and "worst residual" in check(ms.verify(points, soft, target=y)).detail
    soft.save("soft.parquet")
    again = ms.read("soft.parquet")
    assert np.array_equal(again.targets, soft.targets) and ms.verify(points, again, target=y)
    again.targets[np.argmax(again.weights)] += 1e-6
    assert not ms.verify(points, again, target=y)
    with pytest.raises(ms.Error, match="has no place for new targets"):
        soft.save("soft.npy")


def test_a_fit_is_on_the_new_targets(points, y):
    linear_model = pytest.importorskip("sklearn.linear_model")
    fit = ms.compress_fit(linear_model.LinearRegression(), points, y, size=10, order=2, relabel=True)
    assert np.allclose(fit.estimator.coef_, linear_model.LinearRegression().fit(points, y).coef_, rtol=1e-8)


def test_relabelling_that_cannot_be_is_refused(points, y):
    for options, words in (({}, "needs a target of numbers"),
                           ({"target": y > 0}, "relabel: logistic: needs a target of numbers"),
                           ({"target": y, "target_degree": 2}, "needs the degree 1"),
                           ({"target": y, "method": "paper"}, "relabel: cannot be had with method paper")):
        with pytest.raises(ms.Error, match=words):
            ms.compress(points, size=200, relabel=True, **options)
    with pytest.raises(ms.Error, match="must be True or False"):
        ms.compress(points, target=y, size=200, relabel="yes")
