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
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_the_same_bytes_as_from_the_command_line(command, table, options):
    same_bytes_as_the_command_line(command, table, options)
    assert ms.verify("points.parquet", ms.read("theirs.parquet"))


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
