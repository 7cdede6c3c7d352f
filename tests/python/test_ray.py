"""Coresets of Ray Datasets and objects, on a local cluster of two workers. Skipped where Ray is not installed."""

import os
import signal

import numpy as np
import pyarrow
import pytest
from partitions import PARTS, expect_same_bytes, one_machine, parts_of
from test_sketch import ORDER, SIZE, expect_same_moments

import momentset as ms
import momentset.ray

try:
    import ray
except ImportError:
    ray = None

pytestmark = pytest.mark.skipif(ray is None, reason="Ray is not installed")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    yield
    ray.shutdown()


def tables(rows):
    X, weights = rows
    return [pyarrow.table({"id": np.arange(len(part)), "a": part[:, 0], "w": masses, "name": ["x"] * len(part),
                           "b": part[:, 1], "c": part[:, 2]}) for part, masses in zip(parts_of(X), parts_of(weights))]


def test_arrays(rows):
    X, _ = rows
    small = momentset.ray.compress([ray.put(part) for part in parts_of(X)], size=SIZE, order=ORDER)
    expect_same_bytes(small, one_machine([(part,) for part in parts_of(X)]))
    np.testing.assert_array_equal(small.points, X[small.rows])
    expect_same_moments(small, X, np.ones(len(X)))
    assert small.certificate.holds and small.certificate.rows == len(X)


def expected(rows, as_objects, **options):
    """Of a Dataset, Ray drops blocks without rows."""
    parts = [part for part in zip(*map(parts_of, rows)) if as_objects or len(part[0]) > 0]
    assert len(parts) == (PARTS if as_objects else PARTS - 2)
    return one_machine(parts, columns=["a", "b", "c"], **options)


def test_tables_and_datasets(rows):
    options = {"size": SIZE, "order": ORDER, "weights": "w", "seed": 3}
    objects = [ray.put(part) for part in tables(rows)]
    expect_same_bytes(momentset.ray.compress(objects, **options), expected(rows, True, seed=3))
    dataset = ray.data.from_arrow(tables(rows))
    ordered = dataset.context.execution_options.preserve_order
    small = momentset.ray.compress(dataset, **options)
    expect_same_bytes(small, expected(rows, False, seed=3))
    np.testing.assert_array_equal(small.points, rows[0][small.rows])
    expect_same_moments(small, *rows)
    assert dataset.context.execution_options.preserve_order == ordered


@pytest.mark.parametrize("as_objects", [True, False])
def test_tasks_of_a_killed_worker_run_again(rows, tmp_path, as_objects):
    def die_once(block):
        made = len(list(tmp_path.iterdir()))
        (tmp_path / f"{made} {os.urandom(8).hex()}").touch()
        if made >= PARTS // 2:
            try:
                (tmp_path / "killed").touch(exist_ok=False)
            except FileExistsError:
                return block
            os.kill(os.getpid(), signal.SIGKILL)
        return block

    if as_objects:
        data = [ray.remote(die_once).remote(part) for part in tables(rows)]
    else:
        data = ray.data.from_arrow(tables(rows)).map_batches(die_once, batch_size=None, batch_format="pyarrow")
    small = momentset.ray.compress(data, size=SIZE, order=ORDER, weights="w")
    assert (tmp_path / "killed").exists()
    expect_same_bytes(small, expected(rows, as_objects))


@pytest.mark.parametrize("make, options, message", [
    (lambda: np.zeros((9, 1)), {}, "^data: ndarray: must be a Ray Dataset"),
    (lambda: [np.zeros((9, 1))], {}, "^data: list: must be a Ray Dataset"),
    (lambda: [], {}, "^partitions: 0: "),
    (lambda: ray.data.from_items([]), {}, "^partitions: 0: "),
    (lambda: [], {"size": 0}, "^size: 0: "),
    (lambda: [ray.put(np.zeros((9, 1)))], {"weights": "w"}, "weights: w: must be None for arrays"),
    (lambda: [ray.put(np.zeros((9, 1)))], {"order": 20}, "size: 10: order 20 in 1 columns needs"),
    (lambda: [ray.put(np.zeros((9, 1))), ray.put(np.full((9, 1), np.nan))], {}, "points: nan: .*must be finite"),
    (lambda: [ray.put(np.zeros((0, 1)))], {}, "sketch: has seen no row of positive weight"),
    (lambda: ray.data.from_arrow(pyarrow.table({"a": ["x"]})), {}, "must have a numeric column"),
    (lambda: ray.data.from_arrow(pyarrow.table({"a": ["x"]})), {"columns": ["a"]}, "^columns: a: must be an integer"),
    (lambda: ray.data.from_arrow(pyarrow.table({"a": [1.0]})), {"columns": ["b"]}, "^columns: b: there is no such"),
    (lambda: ray.data.from_arrow(pyarrow.table({"a": [1.0]})), {"weights": "w"}, "^weights: w: there is no such"),
])
def test_errors(make, options, message):
    with pytest.raises(ms.Error, match=message):
        momentset.ray.compress(make(), **{"size": 10, **options})


def test_errors_of_a_dataset(rows):
    data = ray.data.from_arrow(pyarrow.table({"a": [1.0, float("nan")]}))
    with pytest.raises(ray.exceptions.RayTaskError, match="a: null or nan: row 1: must be a finite number"):
        momentset.ray.compress(data, size=10, order=1)
