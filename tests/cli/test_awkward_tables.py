"""Tables as they are: very wide ones, columns that depend on each other, columns of all types."""

import datetime
import decimal
import json
import os
import re

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest


def written(tmp_path, content, suffix):
    if suffix == "csv":
        pa.csv.write_csv(content, tmp_path / "table.csv")
    else:
        pq.write_table(content, tmp_path / "table.parquet")
    return f"table.{suffix}"


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_thousands_of_columns(run, tmp_path, suffix):
    wide = np.random.default_rng(1).normal(size=(100, 3000))
    name = written(tmp_path, pa.table({f"c{k}": wide[:, k] for k in range(3000)}), suffix)
    result = run("compress", name, "-o", "small.parquet", "--size", 20)
    assert result.returncode == 0, result.stderr
    assert "order 0 in 3,000 columns" in result.stdout and "a random subset of this size would do" in result.stderr


def test_a_plan_of_ten_thousand_columns(run, refused, tmp_path):
    np.save(tmp_path / "wide.npy", np.random.default_rng(1).normal(size=(50, 10_000)).astype("float32"))
    plan = json.loads(run("compress", "wide.npy", "--size", 20, "--dry-run", "--json").stdout)
    assert plan["dimension"] == 10_000 and plan["order"] == 0 and plan["expected_memory_bytes"] > 8 * 50 * 10_000
    refused("compress", "wide.npy", "-o", "small.npy", "--size", 20, "--order", 1,
            says="order 1 in 10000 columns needs a size of at least 10001; order 0 is the highest that fits")


def test_directions_that_memory_cannot_hold_are_refused_with_what_they_take(refused, tmp_path):
    columns = 30_000
    if os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") > 80 * columns**2:
        pytest.skip("this machine holds them")
    np.save(tmp_path / "wide.npy", np.random.default_rng(1).normal(size=(30, columns)).astype("float32"))
    refused("compress", "wide.npy", "-o", "small.npy", "--size", 20, "--features", "pca:2",
            says="features: 2 directions in 30000 columns: takes about 72 GB, more than the ")


def test_what_memory_cannot_hold_is_refused_before_it_is_read(refused, tmp_path):
    """Ten million rows of ten thousand columns: the file is sparse, and takes no room on the disk."""
    shape = (10_000_000, 10_000)
    header = np.lib.format.header_data_from_array_1_0(np.empty((0, 0)))
    with open(tmp_path / "huge.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {**header, "shape": shape})
        try:
            file.truncate(file.tell() + 8 * shape[0] * shape[1])
        except OSError:
            pytest.skip("this file system has no files of that size")
    refused("compress", "huge.npy", "-o", "small.npy", "--size", 100, "--memory", "1TB",
            says=["huge.npy: about 10000000 rows of 10000 columns: take 800 GB, more than the ", "--columns names fewer"])


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_columns_that_depend_on_each_other(run, tmp_path, points, suffix):
    x, y = points[:, 0], points[:, 1]
    content = pa.table({"x": x, "y": y, "double": 2 * x + 1, "sum": x + y, "constant": np.full(2000, 3.0)})
    name = written(tmp_path, content, suffix)
    result = run("compress", name, "-o", "small.parquet", "--size", 200, "--order", 2, "--method", "tree")
    assert result.returncode == 0, result.stderr
    said = re.search(r"of the 21 moments (\d+) at most are independent in a cell: columns depend on each other", result.stderr)
    assert said and 6 <= int(said[1]) <= 10  # 6, and what rounding of 2 x + 1 makes independent
    small = pq.read_table(tmp_path / "small.parquet")
    for column in ("x", "sum"):
        assert np.isclose(small["weight"].to_numpy() @ small[column].to_numpy() ** 2, (content[column].to_numpy() ** 2).sum())
    assert run("verify", name, "small.parquet").returncode == 0


@pytest.fixture
def typed(points):
    """Columns of all kinds."""
    rows = len(points)
    return pa.table({
        "x": points[:, 0],
        "price": pa.array([decimal.Decimal(int(100 * value)) / 100 for value in points[:, 1]], pa.decimal128(9, 2)),
        "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=k % 366) for k in range(rows)],
        "at": pa.array([1_700_000_000 + k * k for k in range(rows)], pa.timestamp("s")),
        "late": points[:, 2] > -5,
        "count": pa.array(np.random.default_rng(2).integers(0, 9, rows), pa.int16()),
        "half": pa.array(points[:, 2].astype(np.float16), pa.float16()),
    })


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_columns_of_all_types(run, refused, tmp_path, typed, suffix):
    name = written(tmp_path, typed if suffix == "parquet" else typed.drop_columns("half"), suffix)
    result = run("compress", name, "-o", "small.parquet", "--size", 200)
    assert result.returncode == 0, result.stderr
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert certificate["columns"] == ["x", "price", "count"] + ["half"] * (suffix == "parquet")
    assert "day left out: is of type date32[day]" in result.stderr and "at left out: is of type timestamp" in result.stderr
    assert "left out, not numeric: late (bool)" in result.stderr
    assert run("verify", name, "small.parquet").returncode == 0
    for column, type in (("day", "date32[day]"), ("late", "bool")):
        refused("compress", name, "-o", "other.parquet", "--size", 50, "--columns", f"x,{column}",
                says=f"{column}: {type}: must be an integer, floating-point or decimal column")


def test_nested_types_are_named(run, refused, tmp_path, points):
    content = pa.table({"x": points[:, 0], "path": [[1.0, 2.0]] * 2000, "place": [{"lat": 1.0}] * 2000})
    name = written(tmp_path, content, "parquet")
    result = run("compress", name, "-o", "small.parquet", "--size", 50)
    assert result.returncode == 0 and "path (list<element: double>), place (struct<lat: double>)" in result.stderr
    refused("compress", name, "-o", "other.parquet", "--size", 50, "--columns", "x,path",
            says="path: list<element: double>: must be an integer, floating-point or decimal column")
    refused("compress", name, "-o", "other.parquet", "--size", 50, "--target", "path", says="path: list<element: double>")
    refused("compress", name, "-o", "other.csv", "--size", 50, says="path: list<element: double>: has no CSV form")


def test_a_class_with_fewer_rows_than_features_is_kept_whole(run, tmp_path, points):
    label = np.where(points[:, 0] > 3, "rare", "common")
    name = written(tmp_path, pa.table({"x": points[:, 0], "y": points[:, 1], "label": label}), "csv")
    rare = int((label == "rare").sum())
    assert 1 <= rare < 10
    result = run("compress", name, "-o", "small.parquet", "--size", 60, "--order", 3, "--target", "label")
    assert result.returncode == 0, result.stderr
    assert f"1 of 2 groups is kept whole, with no more rows than their share: rare ({rare} row" in result.stderr
    small = pq.read_table(tmp_path / "small.parquet")
    weights = small["weight"].to_numpy()[np.array(small["label"].to_pylist()) == "rare"]
    assert list(weights) == [1.0] * rare
