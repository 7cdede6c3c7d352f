"""Coresets of Spark DataFrames, on a local Spark of two cores that tries a task four times. Skipped where PySpark is
not installed; it needs a Java runtime."""

import os
import signal
import sys

import numpy as np
import pandas as pd
import pyarrow
import pytest
from partitions import PARTS, expect_same_bytes, one_machine, parts_of
from test_sketch import ORDER, SIZE, expect_same_moments

import momentset as ms
import momentset.spark

try:
    import pyspark
except ImportError:
    pyspark = None

pytestmark = [pytest.mark.skipif(pyspark is None, reason="PySpark is not installed"),
              pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")]


@pytest.fixture(scope="module")
def session():
    from pyspark.sql import SparkSession

    settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "3", "spark.log.level": "OFF"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        with SparkSession.builder.master("local[2,4]").config(map=settings).getOrCreate() as session:
            yield session


@pytest.fixture
def frame(session, rows):
    """The rows in partitions, one of which is made by each of as many numbers in a partition of their own."""
    X, weights = rows
    parts = [pyarrow.RecordBatch.from_pydict({"id": np.arange(len(part)), "a": part[:, 0], "w": masses,
                                              "name": ["x"] * len(part), "b": part[:, 1], "c": part[:, 2]})
             for part, masses in zip(parts_of(X), parts_of(weights))]

    def part_of(batches):
        for batch in batches:
            for number in batch["id"].to_pylist():
                yield parts[number]

    columns = "id long, a double, w double, name string, b double, c double"
    return session.range(0, PARTS, 1, PARTS).mapInArrow(part_of, columns)


def expected(rows, **options):
    return one_machine([part for part in zip(*map(parts_of, rows))], columns=["a", "b", "c"], **options)


def test_frame(frame, rows):
    X, weights = rows
    small = momentset.spark.compress(frame, size=SIZE, order=ORDER, weights="w", seed=3)
    expect_same_bytes(small, expected(rows, seed=3))
    np.testing.assert_array_equal(small.points, X[small.rows])
    expect_same_moments(small, X, weights)
    assert small.certificate.holds and small.certificate.rows == len(X)


def test_tasks_of_a_killed_worker_run_again(frame, rows, tmp_path):
    def die_once(batches):
        for batch in batches:
            if len(list(tmp_path.iterdir())) >= PARTS // 2 and not (tmp_path / "killed").exists():
                (tmp_path / "killed").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            (tmp_path / os.urandom(8).hex()).touch()
            yield batch

    small = momentset.spark.compress(frame.mapInArrow(die_once, frame.schema), size=SIZE, order=ORDER, weights="w")
    assert (tmp_path / "killed").exists()
    expect_same_bytes(small, expected(rows))


def made(**columns):
    return lambda session: session.createDataFrame(pd.DataFrame(columns))


@pytest.mark.parametrize("make, options, message", [
    (lambda session: np.zeros((9, 1)), {}, "^data: ndarray: must be a Spark DataFrame"),
    (lambda session: session.createDataFrame(session.sparkContext.emptyRDD(), "a double"), {}, "^partitions: 0: "),
    (lambda session: session.range(0).selectExpr("cast(id as double) as a"), {}, "^sketch: has seen no row|^partitions: 0"),
    (made(a=[1.0]), {"size": 0}, "^size: 0: "),
    (made(a=[1.0]), {"order": 20}, "^size: 10: order 20 in 1 columns needs"),
    (made(a=["x"]), {}, "must have a numeric column"),
    (made(a=["x"]), {"columns": ["a"]}, "^columns: a: must be an integer"),
    (made(a=[1.0]), {"columns": ["b"]}, "^columns: b: there is no such"),
    (made(a=[1.0]), {"weights": "w"}, "^weights: w: there is no such"),
])
def test_errors(session, make, options, message):
    with pytest.raises(ms.Error, match=message):
        momentset.spark.compress(make(session), **{"size": 10, **options})


def test_errors_of_the_data(session):
    data = session.createDataFrame([(1.0,), (float("nan"),)], "a double").coalesce(1)
    with pytest.raises(pyspark.errors.PythonException, match="a: null or nan: row 1: must be a finite number"):
        momentset.spark.compress(data, size=10, order=1)
