"""--missing: rows left out, or filled with means and told by coordinates of their own; the output stays as it was."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def gaps(tmp_path, points):
    """Every seventh x and every eleventh z missing, in gaps.parquet, .csv and .npy."""
    x, z = points[:, 0].copy(), points[:, 2].copy()
    x[::7] = np.nan
    z[::11] = np.nan
    masked = {name: pa.array(values, mask=np.isnan(values)) for name, values in (("x", x), ("z", z))}
    content = pa.table({"x": masked["x"], "y": points[:, 1], "z": masked["z"]})
    pq.write_table(content, tmp_path / "gaps.parquet")
    pa.csv.write_csv(content, tmp_path / "gaps.csv")
    np.save(tmp_path / "gaps.npy", np.column_stack([x, points[:, 1], z]))
    return np.column_stack([x, points[:, 1], z])


def compress(run, input, *words, output="small.parquet"):
    result = run("compress", input, "-o", output, "--size", 200, *words)
    assert result.returncode == 0, result.stderr
    return result


def test_an_indicator_keeps_what_is_there_and_how_often_it_is_not(run, tmp_path, gaps):
    result = compress(run, "gaps.parquet", "--missing", "indicator", "--order", 2)
    mean = np.nanmean(gaps[:, 0])
    assert f"missing values of x are told by a coordinate of their own and filled with the mean, {mean:.4f}" in result.stderr
    small = pq.read_table(tmp_path / "small.parquet")
    assert small["x"].null_count > 0 and small.column_names == ["x", "y", "z", "weight", "row"]
    rows, weights = small["row"].to_numpy(), small["weight"].to_numpy()
    kept = small["x"].to_numpy()
    assert np.array_equal(kept, gaps[rows, 0], equal_nan=True)
    missing = np.isnan(kept)
    assert np.isclose(weights[missing].sum(), np.isnan(gaps[:, 0]).sum(), rtol=1e-11)
    assert np.isclose(weights[~missing] @ kept[~missing], np.nansum(gaps[:, 0]), rtol=1e-10)
    assert np.isclose(weights[~missing] @ kept[~missing] ** 2, np.nansum(gaps[:, 0] ** 2), rtol=1e-10)
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert certificate["columns"] == ["x", "y", "z", "x is missing", "z is missing"]
    assert certificate["options"]["missing"] == "indicator"


@pytest.mark.parametrize("input", ["parquet", "csv", "npy"])
@pytest.mark.parametrize("output", ["parquet", "csv", "npy"])
def test_an_output_verifies(run, gaps, input, output):
    compress(run, f"gaps.{input}", "--missing", "indicator", "--order", 2, output=f"small.{output}")
    result = run("verify", f"gaps.{input}", f"small.{output}")
    assert result.returncode == 0, result.stdout + result.stderr


def test_rows_are_left_out_and_counted(run, tmp_path, gaps):
    result = compress(run, "gaps.parquet", "--missing", "drop")
    dropped = np.isnan(gaps).any(axis=1).sum()
    assert f"{dropped} rows with NaN, infinity or no value left out" in result.stderr
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert certificate["options"]["dropped"] == str(dropped) and certificate["options"]["missing"] == "drop"
    rows = pq.read_table(tmp_path / "small.parquet")["row"].to_numpy()
    assert not np.isnan(gaps[rows]).any()
    assert run("verify", "gaps.parquet", "small.parquet").returncode == 0


def test_a_value_put_in_place_of_a_missing_one_is_found(run, tmp_path, gaps):
    compress(run, "gaps.parquet", "--missing", "indicator", "--order", 2)
    small = pq.read_table(tmp_path / "small.parquet")
    pq.write_table(small.set_column(0, "x", small["x"].fill_null(0.5)), tmp_path / "small.parquet")
    result = run("verify", "gaps.parquet", "small.parquet")
    assert result.returncode == 3 and "check 'points' failed" in result.stderr


def test_what_cannot_be_filled_is_refused(refused, tmp_path, gaps, points):
    words = ("-o", "small.parquet", "--size", 50)
    refused("compress", "gaps.parquet", *words, says="x: null: must be a finite number")
    refused("compress", "gaps.parquet", *words, "--missing", "indicator", "--drop-invalid",
            says="--missing: indicator: excludes --drop-invalid")
    refused("compress", "gaps.parquet", *words, "--missing", "indicator", "--target", "z", says="z: null: must be a finite")
    never = pa.table({"x": points[:, 0], "y": pa.array([None] * 2000, pa.float64())})
    pq.write_table(never, tmp_path / "never.parquet")
    refused("compress", "never.parquet", *words, "--missing", "indicator", says="y: has no value in any row")
    infinite = points[:, 0].copy()
    infinite[5] = np.inf
    pq.write_table(pa.table({"x": infinite}), tmp_path / "infinite.parquet")
    refused("compress", "infinite.parquet", *words, "--missing", "indicator", says="x: inf: must be a finite number")
