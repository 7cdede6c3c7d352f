"""Sketches of streams, in Python."""

import json
import pickle

import numpy as np
import pyarrow as pa
import pytest

import momentset as ms

ORDER, SIZE = 3, 60


def products(points, weights):
    """Sums of all monomials of up to ORDER of three columns, in units in which they are of order 1."""
    t = (points - [0.0, 100.0, -5.0]) / [1.0, 10.0, 0.1]
    powers = [np.prod(t ** np.array(e), axis=1) for e in np.ndindex(4, 4, 4) if sum(e) <= ORDER]
    return np.array(powers) @ weights


def expect_same_moments(small, points, weights):
    magnitudes = products(np.abs(points - [0.0, 100.0, -5.0]) + [0.0, 100.0, -5.0], weights)
    difference = products(small.points, small.weights) - products(points, weights)
    assert np.all(np.abs(difference) <= 1e-11 * magnitudes)


def test_batches_merges_and_bytes(points):
    weights = np.random.default_rng(1).uniform(size=len(points))
    first, second = ms.Sketch(SIZE, ORDER), ms.Sketch(SIZE, ORDER)
    for begin in range(0, 1000, 130):
        first.update(points[begin : min(begin + 130, 1000)], weights[begin : min(begin + 130, 1000)])
    second.update(points[1000:], weights[1000:])
    first.merge(pickle.loads(pickle.dumps(second))).compact()
    assert first.rows_seen == len(points) and first.points_held <= SIZE
    assert first.mass == pytest.approx(weights.sum(), rel=1e-14)
    small = ms.Sketch.from_bytes(first.to_bytes(), threads=1).coreset()
    assert len(small) == SIZE and small.rows.dtype == np.uint64
    np.testing.assert_array_equal(small.points, points[small.rows])
    expect_same_moments(small, points, weights)
    assert small.certificate.holds and small.certificate.rows == len(points)
    assert f"{SIZE} of 2,000 rows" in small.summary()
    assert json.loads(small.certificate.to_json())["worst_residual"] == small.certificate.worst_residual
    assert first.certificate() == small.certificate
    np.testing.assert_array_equal(first.coreset(30).points, points[first.coreset(30).rows])


def test_tables_keep_their_columns(points):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": np.arange(len(points)), "a": points[:, 0], "w": np.ones(len(points)),
                           "b": points[:, 1], "c": points[:, 2]})
    sketch = ms.Sketch(SIZE, ORDER, weights="w")
    for batch in table.to_batches(max_chunksize=300):
        sketch.update(batch)
    assert sketch.columns == ("a", "b", "c")
    small = sketch.coreset()
    assert small.columns == small.certificate.columns == ("a", "b", "c")
    expect_same_moments(small, points, np.ones(len(points)))
    plain = ms.Sketch(SIZE, ORDER, columns=["a", "b", "c"]).update(points)
    assert plain.to_bytes() == sketch.to_bytes()
    with pytest.raises(ms.Error, match="c: there is no such column"):
        sketch.update(table.drop_columns("c"))
    with pytest.raises(ms.Error, match="a, b, d: must be as in the sketch"):
        sketch.merge(ms.Sketch(SIZE, ORDER, columns=["a", "b", "d"]).update(points))


def test_numbers_of_ones_own(points):
    numbers = np.arange(len(points), dtype=np.int64)[::-1] * 10
    small = ms.Sketch(SIZE, ORDER).update(points, rows=numbers).coreset()
    np.testing.assert_array_equal(small.points, points[len(points) - 1 - small.rows // 10])
    with pytest.raises(ms.Error, match="^rows: "):
        ms.Sketch(SIZE, ORDER).update(points, rows=-numbers)


def test_forgetting():
    sketch = ms.Sketch(10, 1)
    for batch in range(50):
        sketch.decay(0.5).update(np.full((4, 1), float(batch)))
    small = sketch.coreset()
    # 4 sum_b 2^(b - 49) b / (4 sum_b 2^(b - 49)), b = 0 to 49
    assert small.weights @ small.points[:, 0] / small.weights.sum() == pytest.approx(48, rel=1e-12)
    assert sketch.reset().rows_seen == 0


def test_before_the_first_batch():
    sketch = pickle.loads(pickle.dumps(ms.Sketch(SIZE, ORDER, columns=["x"], seed=3)))
    assert (sketch.size, sketch.order, sketch.columns, sketch.rows_seen, sketch.mass) == (SIZE, ORDER, ("x",), 0, 0)
    for use in (sketch.coreset, sketch.certificate, sketch.to_bytes):
        with pytest.raises(ms.Error, match="^sketch: "):
            use()
    full = ms.Sketch(SIZE, ORDER).update(np.linspace(0, 1, 500)[:, None])
    assert sketch.merge(full).rows_seen == 500 and full.merge(ms.Sketch(SIZE, ORDER)).rows_seen == 500
    assert repr(sketch) == "Sketch(size=60, order=3): 500 rows seen"


@pytest.mark.parametrize("make, message", [
    (lambda: ms.Sketch(0), "size: 0"),
    (lambda: ms.Sketch(10, -1), "order: -1"),
    (lambda: ms.Sketch(10, 5).update(np.zeros((3, 3))), "size: 10: order 5 in 3 columns needs"),
    (lambda: ms.Sketch(10, 1, memory=100).update(np.zeros((3, 3))), "memory: 100: must be at least"),
    (lambda: ms.Sketch(10, 1).update([[np.nan]]), "points: .*must be finite"),
    (lambda: ms.Sketch(10, 1).update(pa.table({"x": [np.nan]})), "^x: null or nan: row 0: must be a finite number$"),
    (lambda: ms.Sketch(10, 1, weights="w").update([[1.0]]), "weights: w: names a column of tables"),
    (lambda: ms.Sketch(10, 1, columns=[]), r"columns: \[\]: must name at least one column"),
    (lambda: ms.Sketch(10, 1).update([[1.0]]).update([[1.0, 2.0]]), "points: 2 columns: must have the 1"),
    (lambda: ms.Sketch(10, 1).merge(3), "other: int"),
    (lambda: ms.Sketch.from_bytes(b"PAR1" * 100), "sketch: the bytes are not those of a sketch"),
    (lambda: ms.Sketch.from_bytes(ms.Sketch(10, 1).update([[1.0]]).to_bytes()[:-1]), "sketch: the bytes"),
])
def test_errors(make, message):
    with pytest.raises(ms.Error, match=message):
        make()
