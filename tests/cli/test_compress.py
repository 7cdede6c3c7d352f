"""compress: what comes out, in every format and for every option."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from conftest import moment_residual

ROUNDING = 56 * 64 * np.finfo(float).eps  # of 56 moments: what a certificate allows


def compressed(path):
    return pq.read_table(path)


def test_rows_keep_their_columns_types_and_metadata(run, tmp_path, table):
    result = run("compress", "points.parquet", "-o", "small.parquet", "--size", 100)
    assert result.returncode == 0, result.stderr
    small = compressed(tmp_path / "small.parquet")
    assert small.num_rows == 100
    assert small.schema.names == [*table.schema.names, "weight", "row"]
    assert [field.type for field in small.schema][:-2] == [field.type for field in table.schema]
    assert small.schema.field("weight").type == pa.float64() and small.schema.field("row").type == pa.int64()
    assert small.schema.metadata[b"origin"] == b"a test"
    assert small.select(table.schema.names).equals(table.take(small["row"]))


def test_moments_and_mass_are_kept(run, tmp_path, table, points):
    run("compress", "points.parquet", "-o", "small.parquet", "--size", 100)
    small = compressed(tmp_path / "small.parquet")
    weights = small["weight"].to_numpy()
    assert np.all(weights > 0)
    residual = moment_residual(points, np.ones(len(points)), small["row"].to_numpy(), weights, 5)
    assert residual < ROUNDING


def test_identifiers_and_timestamps_are_left_out_and_named(run, table):
    result = run("compress", "points.parquet", "-o", "small.parquet", "--size", 100)
    notes = [line for line in result.stderr.splitlines() if line.startswith("momentset: note: ")]
    assert any("ride_id" in note for note in notes)
    assert any("taken" in note for note in notes)
    assert "(x, y, z)" in result.stdout


@pytest.mark.parametrize("suffix", ["csv", "parquet", "pq", "arrow", "feather", "ipc", "npy"])
def test_every_format_holds_the_same_rows_and_weights(run, tmp_path, table, suffix):
    run("compress", "points.parquet", "-o", "reference.parquet", "--size", 80)
    reference = compressed(tmp_path / "reference.parquet")
    assert run("compress", "points.parquet", "-o", f"small.{suffix}", "--size", 80).returncode == 0
    path = tmp_path / f"small.{suffix}"
    if suffix == "npy":
        values = np.load(path)
        assert values.dtype == np.float64 and values.shape == (80, 5)
        expected = np.stack([reference[name].to_numpy() for name in ["x", "y", "z", "weight", "row"]], axis=1)
        assert np.array_equal(values, expected)
        return
    readers = {"csv": pyarrow.csv.read_csv, "parquet": pq.read_table, "pq": pq.read_table}
    small = readers.get(suffix, pyarrow.feather.read_table)(path)
    for name in ["x", "y", "z", "weight", "row"]:
        assert np.array_equal(small[name].to_numpy(), reference[name].to_numpy()), name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_npy_input(run, tmp_path, points, dtype, layout):
    np.save(tmp_path / "points.npy", np.asarray(points, dtype=dtype, order=layout))
    assert run("compress", "points.npy", "-o", "small.npy", "--size", 60).returncode == 0
    small = np.load(tmp_path / "small.npy")
    assert np.array_equal(small[:, :3], points.astype(dtype).astype(float)[small[:, 4].astype(int)])


def test_same_bytes_for_any_number_of_threads(run, tmp_path, table):
    outputs = []
    for threads in [1, 2, 8]:
        name = f"small{threads}.parquet"
        assert run("compress", "points.parquet", "-o", name, "--size", 300, "--threads", threads).returncode == 0
        certificate = (tmp_path / f"{name}.certificate.json").read_bytes()
        outputs.append(((tmp_path / name).read_bytes(), certificate))
    assert outputs[0] == outputs[1] == outputs[2]


def test_keep_is_a_fraction(run, tmp_path, table):
    run("compress", "points.parquet", "-o", "small.parquet", "--keep", "0.05")
    assert compressed(tmp_path / "small.parquet").num_rows == 100


def test_columns_exclude_and_order(run, tmp_path, table):
    result = run("compress", "points.parquet", "-o", "a.parquet", "--size", 50, "--columns", "z,x", "--order", 3, "--json")
    summary = json.loads(result.stdout)
    assert summary["columns"] == ["z", "x"] and summary["order"] == 3 and summary["features"] == 10
    result = run("compress", "points.parquet", "-o", "b.parquet", "--size", 50, "--exclude", "z", "--json")
    assert json.loads(result.stdout)["columns"] == ["x", "y"]


def test_the_summary_has_the_names_that_are_documented(run, tmp_path, table):
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    names = page.partition("With `--json` the same stands under these names:")[2].partition("###")[0]
    documented = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", names, re.MULTILINE)))
    result = run("compress", "points.parquet", "-o", "small.parquet", "--size", 50, "--json")
    assert sorted(json.loads(result.stdout)) == sorted(documented)


def test_what_was_compared_is_told(run, tmp_path):
    """In many columns: the best first, and it was taken."""
    np.save(tmp_path / "wide.npy", np.random.default_rng(3).normal(size=(3000, 10)))
    result = run("compress", "wide.npy", "-o", "few.npy", "--size", 60, "--json")
    compared = json.loads(result.stdout)["alternatives"]
    errors = [each["typical_error"] for each in compared]
    assert errors == sorted(errors) and {"stratified rows", "random rows"} < {each["name"] for each in compared}
    options = json.loads((tmp_path / "few.npy.certificate.json").read_text())["options"]
    assert compared[0]["name"] in options["choice"]


def test_the_order_is_chosen_by_trials(run, tmp_path, table):
    result = run("compress", "points.parquet", "-o", "small.parquet", "--size", 120, "--json")
    summary = json.loads(result.stdout)
    orders = [trial["order"] for trial in summary["trials"]]
    assert orders == list(range(len(orders))) and orders[-1] <= 7  # 120 = C(3 + 7, 7)
    expected = {trial["order"]: trial["typical_error"] for trial in summary["trials"]}
    assert expected[summary["order"]] <= 1.5 * min(expected.values())
    options = json.loads((tmp_path / "small.parquet.certificate.json").read_text())["options"]
    assert options["order"] == "auto" and (options["effort"], options["smoothness"]) == ("normal", "smooth")
    assert options["choice"].startswith(f"order {summary['order']} of 0..{orders[-1]}; expected error by order: 0: ")
    text = run("compress", "points.parquet", "-o", "small.parquet", "--size", 120, "--order", "auto", "--force").stdout
    assert f"the best of 0 to {orders[-1]} by trials" in text


def test_effort_and_smoothness(run, table):
    def trials(*flags):
        return json.loads(run("compress", "points.parquet", "--size", 500, "--dry-run", "--json", *flags).stdout)["trials"]

    smooth = trials()
    assert trials("--effort", "low") and len(trials("--effort", "low")) <= len(smooth) <= len(trials("--effort", "high"))
    for smoothness, factor in {"analytic": 1 / 3, "kinked": 3}.items():
        error = trials("--smoothness", smoothness)[3]["typical_error"] / smooth[3]["typical_error"]
        assert error < factor if factor < 1 else error > factor


def test_tolerance_in_place_of_a_size(run, tmp_path, table):
    result = run("compress", "points.parquet", "-o", "small.parquet", "--tolerance", 0.02, "--json")
    summary = json.loads(result.stdout)
    assert summary["achieved_error"] <= 0.02 and summary["size"] < 1000
    fewer = run("compress", "points.parquet", "-o", "fewer.parquet", "--tolerance", 0.1, "--json")
    assert json.loads(fewer.stdout)["size"] < summary["size"]
    assert "of the spread" in run("compress", "points.parquet", "-o", "a.csv", "--tolerance", 0.02).stdout
    planned = json.loads(run("compress", "points.parquet", "--tolerance", 0.02, "--dry-run", "--json").stdout)
    assert planned["size"] <= summary["size"]


def test_weights_and_weight_sum(run, tmp_path, points):
    weights = np.random.default_rng(1).uniform(0.5, 4, len(points))
    pq.write_table(pa.table({"x": points[:, 0], "y": points[:, 1], "c": weights}), tmp_path / "weighted.parquet")
    for weight_sum, expected in [("mass", weights.sum()), ("n", len(points)), ("1", 1.0)]:
        out = f"small{weight_sum}.parquet"
        result = run("compress", "weighted.parquet", "-o", out, "--size", 60, "--weights", "c", "--weight-sum", weight_sum)
        assert result.returncode == 0, result.stderr
        small = compressed(tmp_path / out)
        new = small["weight"].to_numpy()
        assert abs(new.sum() - expected) < ROUNDING * expected
        scaled = new * (weights.sum() / expected)
        assert moment_residual(points[:, :2], weights, small["row"].to_numpy(), scaled, 5) < ROUNDING
        assert run("verify", "weighted.parquet", out).returncode == 0


def test_rows_that_must_survive_do(run, tmp_path, table, points):
    (tmp_path / "keep.txt").write_text("# the first and the last\n0\n1999\n\n777\n")
    run("compress", "points.parquet", "-o", "small.parquet", "--size", 100, "--keep-rows", "keep.txt")
    small = compressed(tmp_path / "small.parquet")
    rows = small["row"].to_numpy()
    assert {0, 777, 1999} <= set(rows) and len(rows) == 100
    assert moment_residual(points, np.ones(len(points)), rows, small["weight"].to_numpy(), 5) < ROUNDING
    assert run("verify", "points.parquet", "small.parquet").returncode == 0


def test_weights_stay_below_their_bound(run, tmp_path, table, points):
    for bound in [1.5, 3]:
        result = run("compress", "points.parquet", "-o", f"{bound}.parquet", "--size", 200, "--order", 2, "--max-weight", bound)
        assert result.returncode == 0, result.stderr
        small = compressed(tmp_path / f"{bound}.parquet")
        weights = small["weight"].to_numpy()
        assert len(weights) == 200 and weights.max() <= bound * len(points) / 200
        assert moment_residual(points, np.ones(len(points)), small["row"].to_numpy(), weights, 2) < ROUNDING
        assert run("verify", "points.parquet", f"{bound}.parquet").returncode == 0


def test_equal_rows_are_merged_into_the_first(run, tmp_path):
    x = np.repeat(np.arange(40.0), 25)
    np.random.default_rng(2).shuffle(x)
    np.save(tmp_path / "x.npy", x[:, None])
    run("compress", "x.npy", "-o", "small.npy", "--size", 20, "--order", 3)
    small = np.load(tmp_path / "small.npy")
    assert len(small) == 20 and len(set(small[:, 0])) == 20
    assert all(row == np.flatnonzero(x == value)[0] for value, row in small[:, [0, 2]])


def test_a_size_beyond_the_rows_copies_them(run, tmp_path, table):
    result = run("compress", "points.parquet", "-o", "same.parquet", "--size", 5000)
    assert result.returncode == 0 and "all are kept" in result.stderr
    same = compressed(tmp_path / "same.parquet")
    assert same.num_rows == 2000 and set(same["weight"].to_pylist()) == {1.0}


def test_one_row(run, tmp_path):
    (tmp_path / "one.csv").write_text("x,y\n1.5,2\n")
    assert run("compress", "one.csv", "-o", "out.csv", "--size", 1).returncode == 0
    assert (tmp_path / "out.csv").read_text().splitlines()[1].split(",") == ["1.5", "2", "1", "0"]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "npy", "feather"])
def test_an_output_can_be_compressed_again(run, tmp_path, table, points, suffix):
    first, second = f"first.{suffix}", f"second.{suffix}"
    columns = ["--columns", "x,y,z"]
    run("compress", "points.parquet", "-o", first, "--size", 500)
    result = run("compress", first, "-o", second, "--size", 100, *([] if suffix == "npy" else columns))
    assert result.returncode == 0, result.stderr
    assert run("compress", second, "-o", "final.npy", "--size", 99, "--order", 4).returncode == 0
    final = np.load(tmp_path / "final.npy")
    rows, weights = final[:, 4].astype(int), final[:, 3]
    assert np.array_equal(final[:, :3], points[rows])
    assert moment_residual(points, np.ones(len(points)), rows, weights, 4) < 3 * ROUNDING
    assert run("verify", first, second).returncode == 0


def test_an_edited_output_is_no_longer_taken_for_one(run, tmp_path, table):
    run("compress", "points.parquet", "-o", "first.csv", "--size", 500)
    lines = (tmp_path / "first.csv").read_text().splitlines()
    (tmp_path / "first.csv").write_text("\n".join(lines[:-1]) + "\n")
    result = run("compress", "first.csv", "-o", "second.csv", "--size", 100)
    assert result.returncode == 0 and "first.csv is read as an ordinary table" in result.stderr


def test_several_files_count_rows_on(run, tmp_path, table, points):
    for name, rows in [("part-1.parquet", (0, 700)), ("part-2.parquet", (700, 2000))]:
        pq.write_table(table.slice(rows[0], rows[1] - rows[0]), tmp_path / name)
    run("compress", "points.parquet", "-o", "whole.parquet", "--size", 100)
    result = run("compress", "part-*.parquet", "-o", "parts.parquet", "--size", 100)
    assert result.returncode == 0, result.stderr
    whole, parts = compressed(tmp_path / "whole.parquet"), compressed(tmp_path / "parts.parquet")
    assert parts.drop_columns(["file"]).equals(whole)
    for row, file in zip(parts["row"].to_pylist(), parts["file"].to_pylist()):
        assert file.endswith("part-1.parquet" if row < 700 else "part-2.parquet")
    assert run("verify", "part-1.parquet", "part-2.parquet", "parts.parquet").returncode == 0


def test_standard_input_and_output(run, tmp_path, table, points):
    pyarrow.csv.write_csv(table.select(["x", "y", "z"]), tmp_path / "points.csv")
    text = (tmp_path / "points.csv").read_text()
    result = run("compress", "-", "-o", "-", "--size", 70, stdin=text)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 71
    values = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
    rows = values[:, 4].astype(int)
    assert np.array_equal(values[:, :3], points[rows])
    assert moment_residual(points, np.ones(len(points)), rows, values[:, 3], 5) < ROUNDING
    assert sorted(path.name for path in tmp_path.iterdir()) == ["points.csv", "points.parquet"]


def test_config_file_and_quiet(run, tmp_path, table):
    (tmp_path / "options.toml").write_text('size = 64\norder = 3\ncolumns = ["x", "y"]\nquiet = true\n')
    result = run("compress", "points.parquet", "-o", "small.parquet", "--config", "options.toml")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert certificate["size"] == 64 and certificate["order"] == 3 and certificate["columns"] == ["x", "y"]


def test_command_line_overrides_the_config_file(run, tmp_path, table):
    (tmp_path / "options.toml").write_text("size = 64\n")
    run("compress", "points.parquet", "-o", "small.parquet", "--config", "options.toml", "--size", 65)
    assert compressed(tmp_path / "small.parquet").num_rows == 65


def test_keep_on_the_command_line_overrides_size_in_the_config_file(run, tmp_path, table):
    (tmp_path / "options.toml").write_text("[compress]\nsize = 64\n")
    result = run("compress", "points.parquet", "-o", "small.parquet", "--config", "options.toml", "--keep", "0.1")
    assert result.returncode == 0, result.stderr
    assert compressed(tmp_path / "small.parquet").num_rows == 200


def test_no_better_than_random_is_said(run, tmp_path):
    np.save(tmp_path / "wide.npy", np.random.default_rng(0).uniform(size=(3000, 12)))
    result = run("compress", "wide.npy", "-o", "small.npy", "--size", 100)
    assert result.returncode == 0 and "a random subset of this size would do about as well" in result.stderr


def test_dry_run_prints_the_plan_and_writes_nothing(run, tmp_path, table):
    before = sorted(tmp_path.iterdir())
    result = run("compress", "points.parquet", "--size", 120, "--order", 5, "--dry-run", "--json")
    plan = json.loads(result.stdout)
    assert (plan["dimension"], plan["order"], plan["features"], plan["cells"]) == (3, 5, 56, 2)
    assert plan["expected_memory_bytes"] > 0 and plan["expected_seconds"] > 0
    assert sorted(tmp_path.iterdir()) == before
    assert "cells" in run("compress", "points.parquet", "--size", 120, "--dry-run").stdout


def test_existing_output_needs_force(run, refused, tmp_path, table):
    (tmp_path / "small.parquet").write_text("mine")
    refused("compress", "points.parquet", "-o", "small.parquet", "--size", 100, says=["small.parquet", "--force"])
    assert (tmp_path / "small.parquet").read_text() == "mine"
    assert run("compress", "points.parquet", "-o", "small.parquet", "--size", 100, "--force").returncode == 0
    assert compressed(tmp_path / "small.parquet").num_rows == 100


def test_no_progress_bar_in_a_pipe(run, table):
    result = run("compress", "points.parquet", "-o", "small.parquet", "--size", 100)
    assert "\r" not in result.stderr and "\x1b" not in result.stderr


def test_error_against_random_rows(run, tmp_path, table):
    summary = json.loads(run("compress", "points.parquet", "-o", "s.parquet", "--size", 400, "--json").stdout)
    assert summary["holds"] is True
    assert 0 < summary["error"]["coreset"] < summary["error"]["random"]
    assert set(summary["seconds"]) >= {"read", "partition", "recombine", "certify", "write"}
    certificate = json.loads((tmp_path / "s.parquet.certificate.json").read_text())
    long_waves = next(p for p in certificate["probes"] if (p["family"], p["scale"]) == ("cosine", 4))
    assert 0 < long_waves["coreset"] < long_waves["random"] / 1000


def test_the_method_of_the_paper_keeps_the_moments_of_the_whole(run, tmp_path, table, points):
    result = run("compress", "points.parquet", "-o", "small.parquet", "--size", 100, "--method", "paper")
    assert result.returncode == 0, result.stderr
    small = compressed(tmp_path / "small.parquet")
    rows = small["row"].to_numpy()
    assert len(rows) == 100
    assert moment_residual(points, np.ones(len(points)), rows, small["weight"].to_numpy(), 5) < ROUNDING
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert certificate["options"]["method"] == "paper"
    assert run("verify", "points.parquet", "small.parquet").returncode == 0
    run("compress", "points.parquet", "-o", "tree.parquet", "--size", 100, "--method", "tree")
    assert set(rows) != set(compressed(tmp_path / "tree.parquet")["row"].to_numpy())
