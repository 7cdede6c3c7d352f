"""groups= and targets of classes: from arrays and columns, the same as on the command line, and verified."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from conftest import same_bytes_as_the_command_line

import momentset as ms


@pytest.fixture
def zones():
    names = np.array(["north"] * 1397 + ["south"] * 600 + ["far away"] * 3)
    return names[np.random.default_rng(3).permutation(2000)]


@pytest.fixture
def table(points, zones):
    content = pa.table({"x": points[:, 0], "zone": zones, "y": points[:, 1], "z": points[:, 2],
                        "late": points[:, 0] > 1, "stars": np.arange(2000) % 7 % 5})
    pq.write_table(content, "points.parquet")
    return content


def check(verification, name="groups"):
    return next(check for check in verification.checks if check.name == name)


@pytest.mark.parametrize("options", [{"groups": ...}, {"target": ...}], ids=["groups", "target"])
def test_mass_and_moments_of_each_group_are_kept(points, zones, options):
    small = ms.compress(points, size=150, order=2, **{name: zones for name in options})
    assert small.certificate.holds and len(small) == 150 and small.certificate.cells >= 3
    assert [group.name for group in small.certificate.groups] == list(dict.fromkeys(zones))
    for group in small.certificate.groups:
        inside, kept = zones == group.name, zones[small.indices] == group.name
        assert (group.rows, group.size) == (inside.sum(), kept.sum())
        for power in (0, 1, 2):
            assert np.allclose(small.weights[kept] @ points[small.indices][kept] ** power,
                               (points[inside] ** power).sum(axis=0), rtol=1e-11)
    assert "far away (3 rows)" in small.notices[0]
    assert not check(ms.verify(points, small)).detail.startswith("worst") and ms.verify(points, small)
    assert check(ms.verify(points, small, **{name: zones for name in options})).detail.startswith("worst residual")
    assert not ms.verify(points, small, **{name: zones[::-1] for name in options})


OPTIONS = {
    "groups": {"groups": "zone"},
    "several": {"groups": ["zone", "late"], "columns": ["y", "z"]},
    "integers": {"groups": "stars", "order": 2},
    "class": {"target": "zone"},
    "boolean class": {"target": "late"},
    "integer class": {"target": "stars", "loss": "logistic"},
    "class and number": {"target": ["zone", "x"], "order": 1},
    "class in groups": {"target": "late", "groups": "zone", "order": 1},
    "by error": {"groups": "zone", "group_sizes": "error"},
    "equal": {"groups": "zone", "group_sizes": "equal"},
    "tree": {"groups": "zone", "method": "tree"},
    "bounded": {"groups": "zone", "order": 1, "max_weight": 3},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_the_same_bytes_as_from_the_command_line(command, table, options):
    for X, small in same_bytes_as_the_command_line(command, table, options):
        assert check(ms.verify(X, small)).detail.startswith("worst residual") and ms.verify(X, small)
    assert ms.verify("points.parquet", ms.read("theirs.parquet"))


def test_csv_as_on_the_command_line(command, tmp_path, table):
    pa.csv.write_csv(table, "points.csv")
    command("compress", "points.csv", "-o", "theirs.csv", "--size", 200, "--groups", "zone,late")
    small = ms.compress("points.csv", size=200, groups=["zone", "late"])
    assert small.certificate.to_json() == (tmp_path / "theirs.csv.certificate.json").read_text()


KINDS = {
    "objects": lambda zones: zones.astype(object),
    "Arrow": lambda zones: pa.array(zones),
    "dictionary": lambda zones: pa.chunked_array([pa.array(zones).dictionary_encode()]),
    "dictionary of views": lambda zones: pa.DictionaryArray.from_arrays(
        [0, 1] * 1000, pa.array(["a", "b"], pa.string_view())),
    "integers": lambda zones: np.char.str_len(zones),
    "fractions": lambda zones: np.char.str_len(zones) / 4,
    "booleans": lambda zones: zones == "north",
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_groups_of_any_kind(points, zones, make):
    values = make(zones)
    small = ms.compress(points, size=100, groups=values)
    assert small.certificate.holds
    assert len(small.certificate.groups) == len(set(make(zones).to_pylist() if hasattr(values, "to_pylist") else values))
    assert ms.verify(points, small, groups=values)


def test_groups_from_pandas(points, zones):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(points, columns=["x", "y", "z"]).assign(zone=pandas.Categorical(zones))
    by_name, by_values = ms.compress(frame, size=100, target="zone"), ms.compress(points, size=100, target=frame["zone"])
    assert np.array_equal(by_name.indices, by_values.indices)
    assert by_name.certificate.groups == by_values.certificate.groups


def test_one_class_and_constant_targets(points):
    small = ms.compress(points, size=50, target=np.full(2000, "a"))
    assert [group.size for group in small.certificate.groups] == [50]
    constant = ms.compress(points, size=50, target=np.column_stack([np.full(2000, 7.5), points[:, 0] ** 2]))
    assert len(constant.certificate.companions) == 1 and "target 0 is constant" in constant.notices[0]
    assert ms.verify(points, constant, target=np.column_stack([np.full(2000, 7.5), points[:, 0] ** 2]))


def test_rows_without_a_group_are_left_out_on_request(points, zones):
    gaps = zones.astype(object)
    gaps[[3, 1500]] = None
    for name in ("groups", "target"):
        with pytest.raises(ms.Error, match=f'^{name}: null: row 3: must have a value; missing="drop" leaves'):
            ms.compress(points, size=100, **{name: gaps})
    small = ms.compress(points, size=100, groups=gaps, drop_invalid=True)
    assert not {3, 1500} & set(small.indices) and ms.verify(points, small, groups=gaps)


def test_bad_groups_are_refused(points, zones, table):
    for options, words in (({"groups": zones[:5]}, "groups: of length 5: must have one value for each of the 2000"),
                           ({"groups": points}, "groups: of shape .* must have one dimension"),
                           ({"groups": np.arange(2000)}, "size: 100: 2000 groups need a size of at least 2000"),
                           ({"groups": zones, "group_sizes": "fair"}, "group_sizes: fair: must be one of mass, error, equal"),
                           ({"target": points[:, 0], "loss": "logistic"}, "has 2000 values, must be text")):
        with pytest.raises(ms.Error, match=words):
            ms.compress(points, size=100, **options)
    for options, words in (({"groups": "zona"}, "groups: zona: there is no such column"),
                           ({"groups": ["zone", "zone"]}, "groups: zone: must be named once"),
                           ({"groups": "stars", "columns": ["x", "stars"]}, "groups: stars: must not be a coordinate"),
                           ({"target": "zone", "loss": "squared"}, "target: zone: is of names"),
                           ({"columns": ["x", "zone"]}, "columns: zone: must be .*groups=")):
        with pytest.raises(ms.Error, match=words):
            ms.compress(table, size=100, **options)
