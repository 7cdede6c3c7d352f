"""verify: catches every kind of change, and names the check that failed."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

READ = {"parquet": pq.read_table, "csv": pyarrow.csv.read_csv, "feather": pyarrow.feather.read_table}
WRITE = {"parquet": pq.write_table, "csv": pyarrow.csv.write_csv, "feather": pyarrow.feather.write_feather}


class Coreset:
    """A compressed table in one of the formats, and how to tamper with it."""

    def __init__(self, path):
        self.path, self.name, self.suffix = path, path.name, path.suffix[1:]

    def change(self, column, row, new):
        if self.suffix == "npy":
            values = np.load(self.path)
            k = ["x", "y", "z", "weight", "row"].index(column)
            values[row, k] = new(values[row, k])
            np.save(self.path, values)
            return
        small = READ[self.suffix](self.path)
        values = small[column].to_numpy().copy()
        values[row] = new(values[row])
        index = small.schema.get_field_index(column)
        WRITE[self.suffix](small.set_column(index, small.schema.field(index), pa.array(values)), self.path)

    def drop(self, row):
        if self.suffix == "npy":
            np.save(self.path, np.delete(np.load(self.path), row, axis=0))
            return
        small = READ[self.suffix](self.path)
        WRITE[self.suffix](pa.concat_tables([small.slice(0, row), small.slice(row + 1)]), self.path)


@pytest.fixture(params=["parquet", "csv", "feather", "npy"])
def coreset(request, run, tmp_path, table):
    path = tmp_path / f"small.{request.param}"
    assert run("compress", "points.parquet", "-o", path.name, "--size", 200).returncode == 0
    return Coreset(path)


def failure(run, *arguments):
    result = run("verify", "points.parquet", *arguments)
    assert result.returncode == 3, result
    errors = result.stderr.splitlines()
    assert len(errors) == 1 and "failed" in errors[0]
    return errors[0]


def test_an_untouched_output_verifies(run, coreset):
    result = run("verify", "points.parquet", coreset.name)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "FAILED" not in result.stdout and "moments in cells" in result.stdout


@pytest.mark.parametrize("factor", [1 + 1e-9, 1.5, -1])
def test_a_changed_weight_is_caught(run, coreset, factor):
    coreset.change("weight", 17, lambda weight: weight * factor)
    assert "check '" in failure(run, coreset.name)


@pytest.mark.parametrize("column", ["x", "y", "z"])
def test_a_moved_point_is_caught(run, coreset, column):
    coreset.change(column, 3, lambda value: np.nextafter(value, np.inf))
    failure(run, coreset.name)


def test_a_missing_row_is_caught(run, coreset):
    coreset.drop(11)
    failure(run, coreset.name)


def test_a_wrong_row_number_is_caught(run, coreset):
    coreset.change("row", 5, lambda row: row - 1)
    failure(run, coreset.name)


def test_a_row_number_beyond_the_input_is_caught(run, coreset):
    coreset.change("row", 199, lambda row: 10**6)
    assert "check 'rows' failed" in failure(run, coreset.name)


def test_a_row_that_stands_there_twice_is_caught(run, coreset):
    rows = []
    coreset.change("row", 0, lambda row: rows.append(row) or row)
    coreset.change("row", 1, lambda row: rows[0])
    assert "check 'rows' failed" in failure(run, coreset.name)


def test_a_negative_weight_is_named(run, tmp_path, table):
    run("compress", "points.parquet", "-o", "small.parquet", "--size", 200)
    Coreset(tmp_path / "small.parquet").change("weight", 0, lambda weight: -weight)
    result = run("verify", "points.parquet", "small.parquet")
    assert result.returncode == 3
    failed = [line for line in result.stdout.splitlines() if "FAILED" in line]
    assert any("weights not negative" in line for line in failed)
    assert any("moments in cells" in line for line in failed)


def test_another_input_is_caught(run, tmp_path, table, points):
    run("compress", "points.parquet", "-o", "small.parquet", "--size", 200)
    changed = points.copy()
    changed[123, 1] += 1e-3
    pq.write_table(pa.table({"x": changed[:, 0], "y": changed[:, 1], "z": changed[:, 2]}), tmp_path / "other.parquet")
    result = run("verify", "other.parquet", "small.parquet")
    assert result.returncode == 3 and "check 'input' failed" in result.stderr


def test_a_certificate_that_states_something_else_is_caught(run, tmp_path, table):
    run("compress", "points.parquet", "-o", "small.parquet", "--size", 200)
    path = tmp_path / "small.parquet.certificate.json"
    certificate = json.loads(path.read_text())
    certificate["weights"]["effective_sample_size"] *= 1.5
    path.write_text(json.dumps(certificate))
    assert "effective sample size" in failure(run, "small.parquet")


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_an_input_with_a_weight_and_a_row_of_its_own(run, tmp_path, points, suffix):
    """A person's weight in kilograms stays; ours goes by a longer name, which verify knows."""
    table = pa.table({"weight": points[:, 1], "row": points[:, 0] * 2.5, "x": points[:, 2]})
    pq.write_table(table, tmp_path / "people.parquet")
    name = f"small.{suffix}"
    assert run("compress", "people.parquet", "-o", name, "--size", 100).returncode == 0
    assert run("verify", "people.parquet", name).returncode == 0
    small = READ[suffix](tmp_path / name)
    assert small.column_names == ["weight", "row", "x", "coreset_weight", "coreset_row"]
    assert small.select(["weight", "row", "x"]).equals(table.take(small["coreset_row"]))
    (tmp_path / f"{name}.certificate.json").unlink()
    arguments = ["--columns", "weight,row,x", "--order", 5]
    assert run("verify", "people.parquet", name, *arguments).returncode == 0


def test_a_coreset_of_a_coreset_belongs_to_its_own_input(run, refused, table):
    run("compress", "points.parquet", "-o", "first.parquet", "--size", 500)
    run("compress", "first.parquet", "-o", "second.parquet", "--size", 100)
    assert run("verify", "first.parquet", "second.parquet").returncode == 0
    refused("verify", "points.parquet", "second.parquet", says=["points.parquet", "first.parquet"])


def test_garbage_certificates_are_bad_input(run, tmp_path, table):
    run("compress", "points.parquet", "-o", "small.parquet", "--size", 200)
    path = tmp_path / "small.parquet.certificate.json"
    for text in ["", "{", "[]", "{}", '{"format": "momentset-certificate"}', "[" * 10**5, "\0\1\2"]:
        path.write_text(text)
        result = run("verify", "points.parquet", "small.parquet")
        assert result.returncode == 2 and len(result.stderr.splitlines()) == 1, (text[:20], result)


def test_metadata_serve_where_the_certificate_is_gone(run, tmp_path, table):
    run("compress", "points.parquet", "-o", "small.parquet", "--size", 200)
    (tmp_path / "small.parquet.certificate.json").unlink()
    result = run("verify", "points.parquet", "small.parquet")
    assert result.returncode == 0 and "metadata" in result.stdout
    Coreset(tmp_path / "small.parquet").change("weight", 0, lambda weight: weight * 1.01)
    failure(run, "small.parquet")


def test_flags_serve_where_metadata_are_gone_too(run, refused, tmp_path, table):
    run("compress", "points.parquet", "-o", "small.csv", "--size", 200, "--order", 5)
    (tmp_path / "small.csv.certificate.json").unlink()
    refused("verify", "points.parquet", "small.csv", says=["small.csv", "--order"])
    result = run("verify", "points.parquet", "small.csv", "--columns", "x,y,z", "--order", 5)
    assert result.returncode == 0, result.stderr
    assert run("verify", "points.parquet", "small.csv", "--columns", "x,y,z", "--order", 8).returncode == 3


def test_the_certificate_may_lie_elsewhere(run, tmp_path, table):
    run("compress", "points.parquet", "-o", "small.csv", "--size", 200, "--certificate", "elsewhere.json")
    assert not (tmp_path / "small.csv.certificate.json").exists()
    assert run("verify", "points.parquet", "small.csv", "--certificate", "elsewhere.json").returncode == 0
