"""--target: what is kept of columns that are to be predicted, told and verified."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import monomials


@pytest.fixture
def targets(tmp_path, points):
    """Two targets beside three coordinates, all in rides.parquet."""
    random = np.random.default_rng(3)
    fare = np.sin(points[:, 0]) + random.normal(size=len(points))
    tip = (random.uniform(size=len(points)) < 1 / (1 + np.exp(-points[:, 0]))).astype(float)
    content = {"x": points[:, 0], "y": points[:, 1], "fare": fare, "tip": tip, "z": points[:, 2]}
    pq.write_table(pa.table(content), tmp_path / "rides.parquet")
    return np.column_stack([fare, tip])


def compress(run, *words):
    result = run("compress", "rides.parquet", "-o", "small.parquet", *words)
    assert result.returncode == 0, result.stderr
    return result


def test_sums_times_moments_are_kept(run, tmp_path, points, targets):
    shown = compress(run, "--target", "fare,tip", "--size", 300, "--order", 2).stdout
    assert "target" in shown and "fare, tip, times all moments up to order 2" in shown
    small = pq.read_table(tmp_path / "small.parquet")
    rows, weights = small["row"].to_numpy(), small["weight"].to_numpy()
    features = monomials(points, 2)
    for factor in (np.ones(len(points)), *targets.T):
        everything = features * factor[:, None]
        assert np.allclose(everything[rows].T @ weights, everything.sum(axis=0), rtol=1e-11, atol=1e-8)
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert certificate["columns"] == ["x", "y", "z"] and certificate["features"] == 30
    assert [entry["column"] for entry in certificate["companions"]] == ["fare", "tip"]
    assert certificate["options"]["target"] == "fare\ntip" and certificate["options"]["loss"] == "squared"


def test_squares_are_kept_too(run, tmp_path, targets):
    compress(run, "--target", "fare", "--target-degree", 2, "--size", 300, "--order", 2, "--exclude", "tip")
    small = pq.read_table(tmp_path / "small.parquet")
    fare = targets[:, 0]
    assert np.isclose(small["weight"].to_numpy() @ fare[small["row"].to_numpy()] ** 2, (fare**2).sum(), rtol=1e-11)


def test_general_loss_makes_targets_coordinates(run, tmp_path, targets):
    compress(run, "--target", "fare", "--loss", "general", "--size", 300, "--order", 2, "--columns", "x,z")
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert certificate["columns"] == ["x", "z", "fare"] and "companions" not in certificate
    run("compress", "rides.parquet", "-o", "plain.parquet", "--size", 300, "--order", 2, "--columns", "x,z,fare")
    assert pq.read_table(tmp_path / "plain.parquet").equals(pq.read_table(tmp_path / "small.parquet"))


@pytest.mark.parametrize("suffix", ["parquet", "csv", "feather", "npy"])
def test_an_output_verifies(run, targets, suffix):
    assert run("compress", "rides.parquet", "-o", f"small.{suffix}", "--target", "fare,tip", "--size", 300).returncode == 0
    result = run("verify", "rides.parquet", f"small.{suffix}")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "companions               worst residual" in result.stdout
    assert ("targets " in result.stdout) == (suffix != "npy")


def test_a_changed_target_is_found(run, tmp_path, targets):
    compress(run, "--target", "fare", "--size", 300)
    rides = pq.read_table(tmp_path / "rides.parquet")
    fare = targets[:, 0].copy()
    fare[7] += 0.5
    pq.write_table(rides.set_column(2, "fare", pa.array(fare)), tmp_path / "rides.parquet")
    result = run("verify", "rides.parquet", "small.parquet")
    assert result.returncode == 3 and "check 'companions' failed" in result.stderr


def test_a_changed_target_of_the_output_is_found(run, tmp_path, targets):
    compress(run, "--target", "fare", "--size", 300)
    small = pq.read_table(tmp_path / "small.parquet")
    fare = small["fare"].to_numpy().copy()
    fare[7] += 0.5
    pq.write_table(small.set_column(2, "fare", pa.array(fare)), tmp_path / "small.parquet")
    result = run("verify", "rides.parquet", "small.parquet")
    assert result.returncode == 3 and "check 'targets' failed: 1 of 300" in result.stderr


def test_an_output_is_compressed_again(run, targets):
    compress(run, "--target", "fare", "--size", 300, "--columns", "x,y")
    assert run("compress", "small.parquet", "-o", "smaller.parquet", "--size", 60, "--target", "fare").returncode == 0
    result = run("verify", "small.parquet", "smaller.parquet")
    assert result.returncode == 0, result.stdout + result.stderr


def test_bad_targets_are_refused(refused, run, tmp_path, targets):
    def refuse(*words, says):
        refused("compress", "rides.parquet", "-o", "small.parquet", "--size", 300, *words, says=says)

    refuse("--target", "fara", says="target: fara: there is no such column; did you mean fare?")
    refuse("--target", "fare,fare", says="target: fare: must be named once")
    refuse("--target", "fare", "--columns", "x,fare", says="target: fare: must not be a coordinate as well")
    refuse("--target", "fare", "--method", "paper", says="companions: 1: cannot be had with method paper")
    refuse("--target", "fare", "--target-degree", 0, says="--target-degree: 0: must be at least 1")
    refuse("--target-degree", 2, says="--target-degree: 2: needs --target, and the loss squared")
    refuse("--target", "fare", "--loss", "general", "--exclude", "fare", says="--target: fare: is none of the coordinates")
    refuse("--target", "fare", "--order", 9, says="beside 1 companion needs a size of at least 1430")


def test_missing_values_of_a_target_are_errors(refused, run, tmp_path, targets):
    rides = pq.read_table(tmp_path / "rides.parquet")
    fare = [None if k in (7, 9) else value for k, value in enumerate(targets[:, 0])]
    pq.write_table(rides.set_column(2, "fare", pa.array(fare)), tmp_path / "gaps.parquet")
    words = ("compress", "gaps.parquet", "-o", "small.parquet", "--size", 300, "--target", "fare")
    refused(*words, says="fare: null: must be a finite number; --drop-invalid leaves such rows out (row 7)")
    assert "2 rows with NaN" in run(*words, "--drop-invalid").stderr
    assert run("verify", "gaps.parquet", "small.parquet").returncode == 0


def test_a_column_of_text_is_no_number(refused, tmp_path, points):
    pq.write_table(pa.table({"x": points[:, 0], "zone": ["a"] * len(points)}), tmp_path / "zones.parquet")
    refused("compress", "zones.parquet", "-o", "small.parquet", "--size", 30, "--target", "zone", "--loss", "squared",
            says="--target: zone: is of type string, the loss squared needs numbers")


def relabelled(run, suffix="parquet", *words):
    result = run("compress", "rides.parquet", "-o", f"soft.{suffix}", "--relabel", "--size", 60, "--order", 3, *words)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("suffix", ["parquet", "csv", "feather"])
def test_new_targets_verify(run, targets, suffix):
    assert "the rows have new values of it" in relabelled(run, suffix, "--target", "fare,tip")
    result = run("verify", "rides.parquet", f"soft.{suffix}")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "companions               worst residual" in result.stdout


def test_new_targets_keep_the_sums_and_are_marked(run, tmp_path, points, targets):
    relabelled(run, "parquet", "--target", "fare", "--exclude", "tip")  # 20 moments; with its own targets 40
    soft = pq.read_table(tmp_path / "soft.parquet")
    features, weights = monomials(points, 3), soft["weight"].to_numpy()
    kept = features[soft["row"].to_numpy()].T
    assert np.allclose(kept @ weights, features.sum(axis=0), rtol=1e-10, atol=1e-8)
    assert np.allclose(kept @ (weights * soft["fare"].to_numpy()), features.T @ targets[:, 0], rtol=1e-10, atol=1e-8)
    assert soft.column_names == ["x", "y", "fare", "tip", "z", "weight", "row"]
    assert np.array_equal(soft["tip"].to_numpy(), targets[soft["row"].to_numpy(), 1])
    assert json.loads(soft.schema.metadata[b"momentset"])["relabelled"] == ["fare"]
    assert "; new values of fare (--relabel)" in run("info", "soft.parquet").stdout
    certificate = json.loads((tmp_path / "soft.parquet.certificate.json").read_text())
    assert certificate["kind"] == "relabelled" and certificate["companions"][0]["relabelled"] is True
    assert certificate["options"]["relabel"] == "true" and certificate["features"] == 40


def test_a_changed_new_target_is_found(run, tmp_path, targets):
    relabelled(run, "parquet", "--target", "fare")
    soft = pq.read_table(tmp_path / "soft.parquet")
    fare = soft["fare"].to_numpy().copy()
    fare[np.argmax(soft["weight"].to_numpy())] += 1e-6
    pq.write_table(soft.set_column(2, "fare", pa.array(fare)), tmp_path / "soft.parquet")
    result = run("verify", "rides.parquet", "soft.parquet")
    assert result.returncode == 3 and "check 'companions' failed" in result.stderr
    pq.write_table(soft.drop_columns("fare"), tmp_path / "soft.parquet")
    result = run("verify", "rides.parquet", "soft.parquet")
    assert result.returncode == 3 and "check 'targets' failed" in result.stderr


def test_new_targets_stay_marked(run, tmp_path, targets):
    relabelled(run, "parquet", "--target", "fare")
    assert run("compress", "soft.parquet", "-o", "softer.parquet", "--size", 30, "--order", 1).returncode == 0
    assert json.loads(pq.read_schema(tmp_path / "softer.parquet").metadata[b"momentset"])["relabelled"] == ["fare"]


def test_relabelling_that_cannot_be_is_refused(refused, tmp_path, targets):
    def refuse(*words, says, output="soft.parquet"):
        refused("compress", "rides.parquet", "-o", output, "--size", 300, "--relabel", *words, says=says)

    needs = "--relabel: {}needs a --target of numbers and the loss squared"
    refuse(says=needs.format(""))
    refuse("--target", "tip", "--loss", "logistic", says=needs.format("logistic: "))
    refuse("--target", "fare", "--loss", "general", says=needs.format("general: "))
    refuse("--target", "fare", "--target-degree", 2, says="--relabel: --target-degree 2: needs the degree 1")
    refuse("--target", "fare", "--method", "paper", says="relabel: cannot be had with method paper")
    refuse("--target", "fare", output="soft.npy", says="--relabel: soft.npy: needs an output with the targets")
