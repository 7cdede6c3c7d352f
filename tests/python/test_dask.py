"""Coresets of Dask collections, on a local cluster of two processes, against sketches merged on one machine."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from partitions import PARTS, expect_same_bytes, one_machine, parts_of
from test_sketch import ORDER, SIZE, expect_same_moments

import momentset as ms
import momentset.dask

@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with dask.config.set({"distributed.admin.log-format": "%(message)s"}):
        with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
                          local_directory=str(tmp_path_factory.mktemp("dask"))) as cluster, Client(cluster) as client:
            yield client


def chunked(rows):
    return da.from_array(rows, chunks=(tuple(map(len, parts_of(rows))), *rows.shape[1:]))


def test_array_on_one_worker_and_two(client, rows):
    X, weights = rows
    lazy = momentset.dask.compress(chunked(X), size=SIZE, order=ORDER, weights=chunked(weights))
    expected = one_machine(list(zip(parts_of(X), parts_of(weights))))
    both = client.compute(lazy).result()
    workers = list(client.scheduler_info()["workers"])
    assert len(workers) == 2
    alone = client.compute(momentset.dask.compress(chunked(X), size=SIZE, order=ORDER, weights=chunked(weights)),
                           workers=workers[:1], allow_other_workers=False).result()
    for small in (both, alone, lazy.compute(scheduler="synchronous")):
        expect_same_bytes(small, expected)
    assert len(both) == SIZE
    np.testing.assert_array_equal(both.points, X[both.rows])
    expect_same_moments(both, X, weights)
    one_pass = ms.Sketch(SIZE, ORDER).update(X, weights).certificate()
    assert both.certificate.holds and both.certificate.rows == one_pass.rows
    assert both.certificate.mass_input == pytest.approx(one_pass.mass_input, rel=1e-14)


def test_tasks_of_a_killed_worker_run_again(client, rows, tmp_path):
    def die_once(block):  # in here, so that it travels as it is: workers need not import this file
        """Kills its process, once, when half of the blocks are through, so that sketches are lost with it."""
        made = len(list(tmp_path.iterdir()))
        (tmp_path / uuid.uuid4().hex).touch()
        if made >= PARTS // 2:
            try:
                (tmp_path / "killed").open("x").write(str(os.getpid()))
            except FileExistsError:
                return block
            os.kill(os.getpid(), signal.SIGKILL)
        return block

    X, _ = rows
    before = client.run(os.getpid).values()
    doomed = chunked(X).map_blocks(die_once, meta=X[:0])
    small = client.compute(momentset.dask.compress(doomed, size=SIZE, order=ORDER)).result()
    killed = int((tmp_path / "killed").read_text())
    assert killed in before and killed not in client.run(os.getpid).values()
    assert len(list(tmp_path.iterdir())) > PARTS + 1, "no task ran again"
    expect_same_bytes(small, one_machine([(part,) for part in parts_of(X)]))


def test_frame_keeps_the_columns_that_it_needs(client, rows):
    X, weights = rows
    table = pd.DataFrame({"id": np.arange(len(X)), "a": X[:, 0], "w": weights, "name": "x", "b": X[:, 1], "c": X[:, 2]})
    ends = np.cumsum([0, *map(len, parts_of(X))])
    frame = dd.from_delayed([dask.delayed(table.iloc[begin:end]) for begin, end in zip(ends, ends[1:])])
    assert frame.npartitions == PARTS
    small = momentset.dask.compress(frame, size=SIZE, order=ORDER, weights="w").compute()
    assert small.columns == ("a", "b", "c")
    expect_same_bytes(small, one_machine(list(zip(parts_of(X), parts_of(weights))), columns=["a", "b", "c"]))
    named = momentset.dask.compress(frame, size=SIZE, order=ORDER, weights="w", columns=["c", "a"], seed=3).compute()
    np.testing.assert_array_equal(named.points, X[named.rows][:, [2, 0]])
    assert named.certificate.holds and named.certificate.seed == 3
    numbered = momentset.dask.compress(dd.from_pandas(pd.DataFrame(X), npartitions=2), size=SIZE, order=ORDER).compute()
    assert numbered.columns == ("0", "1", "2") and numbered.certificate.holds


def test_chunks_of_unknown_length(rows):
    X, weights = rows
    positive = chunked(weights) > 0.5
    small = momentset.dask.compress(chunked(X)[positive].rechunk({1: 2}), size=SIZE, order=ORDER,
                                    weights=chunked(weights)[positive]).compute(scheduler="synchronous")
    kept = weights > 0.5
    np.testing.assert_array_equal(small.points, X[kept][small.rows])
    expect_same_moments(small, X[kept], weights[kept])
    column = momentset.dask.compress(chunked(X)[:, 1], size=10, order=2).compute(scheduler="synchronous")
    assert column.points.shape == (10, 1) and column.certificate.rows == len(X)


def frame(**columns):
    return dd.from_pandas(pd.DataFrame(columns), npartitions=2)


@pytest.mark.parametrize("data, options, message", [
    (np.zeros((9, 1)), {}, "^data: ndarray: must be a Dask DataFrame or array"),
    (frame(a=[1.0, 2.0])["a"], {}, "^data: Series: "),
    (da.zeros((9, 1)), {"size": 0}, "^size: 0: "),
    (da.zeros((9, 1)), {"size": 3}, "^size: 3: order 5 in 1 columns needs"),
    (da.zeros((9, 0)), {}, "^columns: 0: "),
    (da.zeros((9, 1, 1)), {}, r"^X: of shape \(0, 1, 1\): must have 2 dimensions"),
    (da.zeros((9, 1), dtype=bool), {}, "^X: an array of bool: "),
    (da.zeros((9, 1)), {"columns": ["a", "b"]}, "^columns: "),
    (da.zeros((9, 1)), {"weights": "w"}, "^weights: 'w': must be a Dask array"),
    (da.zeros((9, 1)), {"weights": da.zeros(8)}, r"^weights: of shape \(8,\): must have the rows"),
    (da.zeros((9, 1)), {"weights": da.zeros((9, 1))}, r"^weights: of shape \(9, 1\): must be a Dask array"),
    (da.zeros((9, 1))[da.zeros(9) > 1], {"weights": da.zeros(9, chunks=3)}, r"^weights: of shape \(9,\): must have"),
    (frame(a=["x", "y"]), {}, "must have a numeric column"),
    (frame(a=["x", "y"]), {"columns": ["a"]}, "^columns: a: must be an integer"),
    (frame(a=[1.0, 2.0]), {"columns": ["b"]}, "^columns: b: there is no such column; known: a"),
    (frame(a=[1.0, 2.0]), {"weights": "w"}, "^weights: w: there is no such column"),
    (frame(a=[1.0, 2.0]), {"weights": da.ones(2)}, "^weights: Array: must be the name of a column"),
])
def test_errors_before_anything_is_computed(data, options, message):
    with pytest.raises(ms.Error, match=message):
        momentset.dask.compress(data, **{"size": 10, **options})


@pytest.mark.parametrize("data, message", [
    (frame(a=[1.0, np.nan]), "^a: null or nan: row 0: must be a finite number"),
    (da.from_array(np.array([[1.0], [np.inf]]), chunks=1), "must be finite"),
    (da.zeros((0, 2)), "^sketch: has seen no row of positive weight"),
])
def test_errors_of_the_data(client, data, message):
    with pytest.raises(ms.Error, match=message):
        client.compute(momentset.dask.compress(data, size=10, order=1)).result()


@pytest.mark.parametrize("extra, package", [("dask", "dask"), ("spark", "pyspark"), ("ray", "ray")])
def test_without_the_engine_it_is_one_clear_line(tmp_path, extra, package):
    (tmp_path / f"{package}.py").write_text("raise ImportError")
    program = f"""
import momentset as ms, momentset.{extra}
try:
    momentset.{extra}.compress(0, size=1)
except ms.Error as error:
    print(error)
"""
    path = os.pathsep.join([str(tmp_path), str(Path(ms.__file__).parents[1])])
    result = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, text=True,
                            capture_output=True, timeout=60)
    rule = f"must be installed: pip install 'momentset[{extra}]'"
    assert result.stdout == f"{package}: not installed: {rule}\n", result.stderr
