"""--categories: counts of levels, and of pairs of them, told and verified."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def table(tmp_path, points):
    random = np.random.default_rng(5)
    content = pa.table({"x": points[:, 0], "y": points[:, 1], "zone": random.choice(["a", "b", "c", "d"], 2000),
                        "late": points[:, 2] > -5, "stars": random.integers(1, 4, 2000)})
    pq.write_table(content, tmp_path / "rides.parquet")
    return content


def compress(run, tmp_path, *words):
    result = run("compress", "rides.parquet", "-o", "small.parquet", "--size", 200, "--columns", "x,y", *words)
    assert result.returncode == 0, result.stderr
    return pq.read_table(tmp_path / "small.parquet"), json.loads((tmp_path / "small.parquet.certificate.json").read_text())


def counts(table, columns, weights):
    keys = list(zip(*(table[column].to_pylist() for column in columns)))
    found = {}
    for key, weight in zip(keys, weights):
        found[key] = found.get(key, 0) + weight
    return found


def assert_counted(small, table, *columns):
    expected = counts(table, columns, np.ones(2000))
    found = counts(small, columns, small["weight"].to_numpy())
    assert found.keys() == expected.keys()
    assert all(np.isclose(found[key], expected[key], rtol=1e-11) for key in expected)


def test_each_level_keeps_its_count(run, tmp_path, table):
    small, certificate = compress(run, tmp_path, "--categories", "zone,late,stars")
    for column in ("zone", "late", "stars"):
        assert_counted(small, table, column)
    names = [entry["column"] for entry in certificate["companions"]]
    assert len(names) == 3 + 1 + 2 and set(names) < {*(f"zone={z}" for z in "abcd"), "late=true", "late=false",
                                                     "stars=1", "stars=2", "stars=3"}
    assert run("verify", "rides.parquet", "small.parquet").returncode == 0


def test_pairs_keep_theirs(run, tmp_path, table):
    small, certificate = compress(run, tmp_path, "--categories", "zone,late,stars", "--category-pairs", "--order", 1)
    for pair in (("zone", "late"), ("zone", "stars"), ("late", "stars")):
        assert_counted(small, table, *pair)
    assert len(certificate["companions"]) == 7 + 11 + 5
    assert run("verify", "rides.parquet", "small.parquet").returncode == 0


def test_beside_targets_and_in_groups(run, tmp_path, table):
    small, certificate = compress(run, tmp_path, "--categories", "zone", "--target", "stars", "--groups", "late", "--order", 1)
    assert_counted(small, table, "zone", "late")
    assert [entry["column"] for entry in certificate["companions"]][0] == "stars"
    assert run("verify", "rides.parquet", "small.parquet").returncode == 0


def test_a_changed_level_is_found(run, tmp_path, table):
    compress(run, tmp_path, "--categories", "zone")
    zones = table["zone"].to_pylist()
    zones[100] = "b" if zones[100] == "a" else "a"
    pq.write_table(table.set_column(2, "zone", pa.array(zones)), tmp_path / "rides.parquet")
    result = run("verify", "rides.parquet", "small.parquet")
    assert result.returncode == 3 and "FAILED companions" in result.stdout


def test_what_does_not_fit_is_refused(refused, tmp_path, table):
    words = ("compress", "rides.parquet", "-o", "small.parquet")
    refused(*words, "--size", 6, "--categories", "zone,late,stars",
            says="--categories: 4 of zone, 2 of late, 3 of stars levels: need a size of at least 7")
    refused(*words, "--size", 60, "--categories", "zones", says="categories: zones: there is no such column; did you mean")
    refused(*words, "--size", 60, "--categories", "x", says="2000 of x levels: need a size of at least 2000")
    refused(*words, "--size", 60, "--categories", "zone", "--category-pairs", says="--category-pairs: needs two")
    refused(*words, "--size", 60, "--categories", "zone", "--groups", "zone", says="zone: must be named once")
    refused(*words, "--size", 60, "--columns", "x,zone", says="--groups compresses inside its levels, --categories keeps their counts")
