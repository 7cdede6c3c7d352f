"""The same numbers and bytes from Python and from the command line, and each reads what the other wrote."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import momentset as ms


@pytest.fixture
def table(points):
    weights = np.random.default_rng(1).uniform(0.5, 4, len(points))
    columns = {"ride_id": pa.array(range(2000)), "x": points[:, 0], "y": points[:, 1], "z": points[:, 2], "c": weights,
               "colour": pa.array([["red", "green"][k % 2] for k in range(2000)])}
    content = pa.table(columns).replace_schema_metadata({"origin": "a test"})
    pq.write_table(content, "points.parquet")
    return content


OPTIONS = {
    "size": {"size": 300},
    "keep": {"keep": 0.0625},
    "order": {"size": 100, "order": 3},
    "weights": {"size": 100, "weights": "c"},
    "weight sum n": {"size": 100, "weights": "c", "weight_sum": "n"},
    "weight sum 1": {"size": 100, "weights": "c", "weight_sum": "1"},
    "largest weight": {"size": 200, "order": 2, "max_weight": 1.5},
    "whole largest weight": {"size": 200, "order": 2, "max_weight": 3},
    "columns": {"size": 100, "columns": ["z", "x"]},
    "exclude": {"size": 100, "exclude": ["c", "y"]},
    "seed": {"size": 100, "seed": 12345678901234567890},
    "all": {"size": 5000},
    "tolerance": {"tolerance": 0.01},
    "small tolerance, weights": {"tolerance": 1e-3, "weights": "c", "columns": ["x", "y"]},
    "tolerance, order": {"tolerance": 0.002, "order": 2, "method": "tree"},
    "tree": {"size": 200, "method": "tree"},
    "tree, order": {"size": 200, "order": 3, "method": "tree"},
    "paper": {"size": 200, "order": 2, "method": "paper"},
    "paper, weights": {"size": 300, "weights": "c", "columns": ["x", "y"], "method": "paper"},
    "kernel": {"size": 100, "method": "kernel"},
    "kernel, weights": {"size": 60, "weights": "c", "order": 1, "method": "kernel"},
    "effective size": {"size": 100, "min_ess": 0.97},
    "finished": {"size": 200, "order": 3, "method": "auto"},
    "little effort": {"size": 200, "effort": "low"},
    "much effort": {"size": 100, "effort": "high", "columns": ["x", "y"]},
    "long waves": {"size": 200, "smoothness": "analytic"},
    "kinks": {"size": 200, "smoothness": "kinked", "weights": "c"},
    "kinks within a tolerance": {"tolerance": 0.02, "smoothness": "kinked", "effort": "low"},
}


def words(options):
    found = []
    for name, value in options.items():
        found += ["--" + name.replace("_", "-"), ",".join(value) if isinstance(value, list) else value]
    return found


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_certificate_and_rows(command, tmp_path, table, options):
    command("compress", "points.parquet", "-o", "theirs.parquet", *words(options))
    small = ms.compress("points.parquet", **options)
    assert small.certificate.to_json() == (tmp_path / "theirs.parquet.certificate.json").read_text()
    theirs, ours = pq.read_table("theirs.parquet"), small.to_arrow()
    assert ours.equals(theirs)
    assert small.weights.tobytes() == theirs.column(theirs.column_names[-2]).to_numpy().tobytes()
    assert ours.schema.metadata[b"origin"] == b"a test"
    assert json.loads(ours.schema.metadata[b"momentset"]) == json.loads(theirs.schema.metadata[b"momentset"])


def test_options_are_told_apart(table):
    """What the options above change, they change: they do not all come out alike because none is passed on."""
    found = {str(name): ms.compress("points.parquet", size=200, **options).weights.tobytes() for name, options in {
        "default": {}, "tree": {"method": "tree", "order": 3}, "finished": {"order": 3},
        "paper": {"method": "paper", "order": 3}, "kinked": {"smoothness": "kinked"}}.items()}
    assert len(set(found.values())) >= 4 and found["tree"] != found["finished"] != found["paper"]
    sizes = [len(ms.compress("points.parquet", tolerance=error, columns=["x", "y"])) for error in (0.03, 0.003)]
    assert sizes[0] < sizes[1] < 2000


@pytest.mark.parametrize("suffix", ["npy", "parquet", "csv", "feather"])
def test_each_verifies_what_the_other_wrote(command, tmp_path, table, points, suffix):
    small = ms.compress("points.parquet", size=100, columns=["x", "y", "z"])
    small.save(f"ours.{suffix}")
    command("verify", "points.parquet", f"ours.{suffix}")
    command("compress", "points.parquet", "-o", f"theirs.{suffix}", "--size", 100, "--columns", "x,y,z")
    theirs = ms.read(f"theirs.{suffix}")
    assert np.array_equal(theirs.indices, small.indices) and theirs.weights.tobytes() == small.weights.tobytes()
    assert theirs.certificate == small.certificate
    checked = ms.verify("points.parquet", theirs)
    assert checked, checked.summary()
    if suffix == "npy":
        assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()


def test_a_coreset_is_compressed_again(command, tmp_path, table, points):
    first = ms.compress("points.parquet", size=500, columns=["x", "y", "z"])
    first.save("first.parquet")
    command("compress", "first.parquet", "-o", "theirs.parquet", "--size", 100)
    for X in ("first.parquet", first.to_arrow()):
        second = ms.compress(X, size=100)
        assert second.to_arrow().equals(pq.read_table("theirs.parquet"))
        assert np.array_equal(second.row_numbers, first.indices[second.indices])
        assert ms.verify(X, second)


def test_npy(command, tmp_path, points):
    np.save("points.npy", points)
    command("compress", "points.npy", "-o", "theirs.npy", "--size", 100)
    small = ms.compress("points.npy", size=100)
    assert small.certificate.to_json() == (tmp_path / "theirs.npy.certificate.json").read_text()
    small.save("ours.npy")
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()
    command("compress", "theirs.npy", "-o", "again.npy", "--size", 60)
    again = ms.compress("theirs.npy", size=60)
    assert again.certificate.to_json() == (tmp_path / "again.npy.certificate.json").read_text()


def test_read_refuses_what_is_no_coreset(command, table, points):
    with pytest.raises(ms.Error, match="certificate"):
        ms.read("points.parquet")
    ms.compress(points, size=100).save("small.parquet")
    with pytest.raises(ms.Error, match="must be a coreset"):
        ms.read("points.parquet", "small.parquet.certificate.json")


def test_save_names_the_path_that_was_given(points, tmp_path):
    small = ms.compress(points, size=100)
    for write in (small.save, small.report):
        with pytest.raises(ms.Error, match="^path: no/such/out.csv: there is no folder no/such$"):
            write("no/such/out.csv")
    nested = ms.compress(pa.table({"x": points[:, 0], "y": [[1, 2]] * 2000}), size=100)
    with pytest.raises(ms.Error, match="^y: list<.*>: has no CSV form: write Parquet or Arrow"):
        nested.save("out.csv")
    with pytest.raises(ms.Error, match="^path: /proc/self/fd/out.csv: cannot be written: "):
        small.save("/proc/self/fd/out.csv")  # where root may not write either


def test_save_leaves_what_is_there(points, tmp_path):
    small = ms.compress(points, size=100)
    small.save("small.csv")
    before = (tmp_path / "small.csv").read_bytes()
    with pytest.raises(ms.Error, match="exists already"):
        ms.compress(points, size=50).save("small.csv")
    assert (tmp_path / "small.csv").read_bytes() == before
    ms.compress(points, size=50).save("small.csv", force=True)
    assert len(ms.read("small.csv")) == 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.csv", "small.csv.certificate.json"]


def test_verify_finds_what_was_changed(points):
    small = ms.compress(points, size=300)
    assert ms.verify(points, small)
    moved = points.copy()
    moved[small.indices[7], 1] += 1e-9
    failed = {check.name for check in ms.verify(moved, small).checks if not check.passed}
    assert {"input", "points"} <= failed
    small.weights[5] *= 1.001
    failed = {check.name for check in ms.verify(points, small).checks if not check.passed}
    assert {"output", "mass", "moments overall"} <= failed
    assert not ms.verify(points[:-1], small)
    assert not ms.verify(points[:100], small)
