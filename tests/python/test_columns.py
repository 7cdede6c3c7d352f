"""missing=, categories=, scale= and column_weights=: the same as on the command line, and verified."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import momentset as ms


@pytest.fixture
def table(points):
    """Every seventh x missing, beside two categories."""
    random = np.random.default_rng(5)
    x = pa.array(points[:, 0], mask=np.arange(2000) % 7 == 0)
    content = pa.table({"x": x, "y": points[:, 1], "z": points[:, 2], "zone": random.choice(["a", "b", "c"], 2000),
                        "late": points[:, 2] > -5})
    pq.write_table(content, "points.parquet")
    return content


OPTIONS = {
    "drop": {"missing": "drop"},
    "indicator": {"missing": "indicator", "order": 2},
    "indicator, weights": {"missing": "indicator", "weights": "y", "columns": ["x", "z"]},
    "categories": {"categories": ["zone", "late"], "columns": ["y", "z"]},
    "pairs": {"categories": ["zone", "late"], "category_pairs": True, "columns": ["y", "z"], "order": 1},
    "categories, target, groups": {"categories": "zone", "target": "y", "groups": "late", "columns": ["z"], "order": 1},
    "features": {"features": "nystroem:12", "columns": ["y", "z"], "order": 1},
    "directions": {"features": "pls:1", "columns": ["x", "z"], "target": "y", "missing": "indicator", "order": 2},
    "robust": {"scale": "robust", "columns": ["y", "z"]},
    "none": {"scale": "none", "columns": ["y", "z"], "method": "tree"},
    "column weights": {"column_weights": {"z": 0.125, "y": 3}, "columns": ["y", "z"]},
}


def words(options):
    found = []
    for name, value in options.items():
        found.append("--" + name.replace("_", "-"))
        if isinstance(value, dict):
            found.append(",".join(f"{key}={number}" for key, number in value.items()))
        elif value is not True:
            found.append(",".join(value) if isinstance(value, list) else value)
    return found


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_the_same_bytes_as_from_the_command_line(command, tmp_path, table, options):
    command("compress", "points.parquet", "-o", "theirs.parquet", "--size", 200, *words(options))
    for X in ("points.parquet", table):
        small = ms.compress(X, size=200, **options)
        theirs = (tmp_path / "theirs.parquet.certificate.json").read_text()
        assert small.certificate.to_json() == (theirs if X is not table else theirs.replace("points.parquet", ""))
        assert small.to_arrow().equals(pq.read_table("theirs.parquet"))
        checked = ms.verify(X, small)
        assert checked, checked.summary()
    small.save("ours.parquet")
    command("verify", "points.parquet", "ours.parquet")
    assert ms.verify("points.parquet", ms.read("theirs.parquet"))


def test_missing_numbers_of_an_array(points):
    points[::7, 0] = np.nan
    small = ms.compress(points, size=200, order=1, missing="indicator")
    assert small.columns == ["x0", "x1", "x2", "x0 is missing"] and small.points.shape == (200, 4)
    assert small.certificate.filled == {"x0": pytest.approx(np.nanmean(points[:, 0]))}
    kept = points[small.indices, 0]
    assert np.isclose(small.weights[np.isnan(kept)].sum(), np.isnan(points[:, 0]).sum(), rtol=1e-11)
    assert np.isclose(np.nansum(small.weights * kept), np.nansum(points[:, 0]), rtol=1e-10)
    assert ms.verify(points, small) and np.isfinite(small.estimate(lambda x: x[:, 0]).error)
    for suffix in ("npy", "parquet"):
        small.save(f"small.{suffix}")
        back = ms.read(f"small.{suffix}")
        assert np.array_equal(back.points, small.points) and ms.verify(points, back)
    assert np.array_equal(np.load("small.npy")[:, 0], kept, equal_nan=True)


def test_a_changed_level_is_found(table):
    small = ms.compress(table, size=200, columns=["y", "z"], categories="zone")
    zones = table["zone"].to_pylist()
    zones[5:50] = ["a"] * 45
    assert not ms.verify(table.set_column(3, "zone", pa.array(zones)), small)


def test_column_weights_of_an_array(points):
    by_list = ms.compress(points, size=200, column_weights=[1, 2, 0.5])
    by_name = ms.compress(points, size=200, column_weights={"x1": 2, "x2": 0.5})
    assert np.array_equal(by_list.indices, by_name.indices)
    assert not np.array_equal(by_list.indices, ms.compress(points, size=200).indices)


def test_what_is_refused(points, table):
    for options, words in (({"column_weights": [1, 2]}, "column_weights: 2 numbers: one for each of the 3"),
                           ({"column_weights": {"a": 1}}, "column_weights: a: is none of the coordinates: x0, x1, x2"),
                           ({"column_weights": [0, 0, 0]}, "at least one must be positive"),
                           ({"scale": "loud"}, "scale: loud: must be one of standard, robust, none"),
                           ({"missing": "ignore"}, "missing: ignore: must be error, drop or indicator"),
                           ({"missing": "indicator", "drop_invalid": True}, "excludes drop_invalid"),
                           ({"columns": []}, r"columns: \[\]: must name at least one column"),
                           ({"categories": 3}, "categories: 3: must be the name of a column, or a list of names"),
                           ({"category_pairs": True}, "needs two categories")):
        with pytest.raises(ms.Error, match=words):
            ms.compress(points, size=100, **options)
    with pytest.raises(ms.Error, match="^categories: zoom: there is no such column"):
        ms.compress(table, size=100, columns=["y"], groups="late", categories=["zoom"])
    with pytest.raises(ms.Error, match="categories: 3 of zone, 2 of late levels: need a size of at least 4"):
        ms.compress(table, size=3, columns=["y"], categories=["zone", "late"])
