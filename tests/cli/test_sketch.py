"""sketch, merge, finish, and info of a sketch."""

import json
import resource
import subprocess
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from conftest import EXECUTABLE, moment_residual

ORDER = 3


def sketch(run, *inputs, out, size=60):
    result = run("sketch", *inputs, "-o", out, "--size", size, "--order", ORDER, "--memory", 400_000)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_from_a_table_to_its_coreset(run, table, points, tmp_path):
    assert "sketch of 2,000 rows" in sketch(run, "points.parquet", out="all.sketch")
    assert run("finish", "all.sketch", "-o", "small.parquet").returncode == 0
    small = pq.read_table(tmp_path / "small.parquet")
    assert small.schema.names == ["x", "y", "z", "weight", "row"] and len(small) == 60
    rows = small["row"].to_numpy()
    np.testing.assert_array_equal(np.stack([small[name] for name in "xyz"], axis=1), points[rows])
    assert moment_residual(points, np.ones(len(points)), rows, small["weight"].to_numpy(), ORDER) < 1e-12
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert certificate["rows"] == 2000 and certificate["columns"] == ["x", "y", "z"]
    assert certificate["worst_residual"] < certificate["tolerance"]
    stated = json.loads(run("info", "small.parquet", "--json").stdout)
    assert stated["momentset"]["columns"] == ["x", "y", "z"] and stated["momentset"]["order"] == ORDER


def test_parts_are_merged(run, table, points, tmp_path):
    for k in range(4):
        pq.write_table(table.slice(500 * k, 500), tmp_path / f"part{k}.parquet")
        sketch(run, f"part{k}.parquet", out=f"part{k}.sketch")
    result = run("merge", *[f"part{k}.sketch" for k in range(4)], "-o", "all.sketch")
    assert result.returncode == 0, result.stderr
    info = json.loads(run("info", "all.sketch", "--json").stdout)
    assert (info["rows"], info["order"], info["columns"]) == (2000, ORDER, ["x", "y", "z"])
    assert info["points"] <= info["size"] == 60
    assert "order 3 in 3 columns: x, y, z" in run("info", "all.sketch").stdout
    for out in ["small.csv", "small.npy", "small.arrow"]:
        assert run("finish", "all.sketch", "-o", out, "--size", 40).returncode == 0
    small = np.load(tmp_path / "small.npy")
    rows = small[:, 4].astype(int)
    assert small.shape == (40, 5)
    np.testing.assert_array_equal(small[:, :3], points[rows])
    assert moment_residual(points, np.ones(len(points)), rows, small[:, 3], ORDER) < 1e-12
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "small.csv", delimiter=",", skiprows=1), small)


def test_several_files_and_standard_input_give_the_same(run, table, points, tmp_path):
    np.savetxt(tmp_path / "all.csv", points, delimiter=",", header="x,y,z", comments="", fmt="%.17g")
    for k in range(3):
        pq.write_table(table.slice(700 * k, 700), tmp_path / f"part{k}.parquet")
    sketch(run, "part*.parquet", out="parts.sketch")
    sketch(run, "points.parquet", out="whole.sketch")
    result = run("sketch", "-", "-o", "piped.sketch", "--size", 60, "--order", ORDER, "--memory", 400_000,
                 stdin=(tmp_path / "all.csv").read_text())
    assert result.returncode == 0, result.stderr
    whole = (tmp_path / "whole.sketch").read_bytes()
    assert (tmp_path / "parts.sketch").read_bytes() == whole == (tmp_path / "piped.sketch").read_bytes()


def test_weights_and_rows_left_out(run, tmp_path):
    values = np.random.default_rng(1).normal(size=3000)
    weights = np.random.default_rng(2).uniform(size=3000)
    values[100:200] = np.nan
    pq.write_table(pa.table({"v": values, "w": weights}), tmp_path / "v.parquet")
    result = run("sketch", "v.parquet", "-o", "v.sketch", "--size", 10, "--order", 2, "--weights", "w",
                 "--drop-invalid", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    run("finish", "v.sketch", "-o", "small.parquet")
    small = pq.read_table(tmp_path / "small.parquet")
    rows = small["row"].to_numpy()
    np.testing.assert_array_equal(small["v"], values[rows])
    valid = np.isfinite(values)
    np.testing.assert_allclose(small["weight"].to_numpy() @ small["v"].to_numpy() ** 2,
                               weights[valid] @ values[valid] ** 2, rtol=1e-12)


def test_refusals(run, refused, table, tmp_path):
    sketch(run, "points.parquet", out="three.sketch")
    run("sketch", "points.parquet", "-o", "two.sketch", "--columns", "x,y", "--size", 20, "--order", 2)
    refused("merge", "three.sketch", "two.sketch", "-o", "out.sketch", says=["two.sketch: columns 2", "must be as in"])
    refused("merge", "three.sketch", "points.parquet", "-o", "out.sketch", says="points.parquet: the bytes are not")
    refused("merge", "none.sketch", "-o", "out.sketch", says="none.sketch: cannot be read: No such file")
    refused("finish", "three.sketch", "-o", "small.txt", says="small.txt")
    refused("finish", "three.sketch", "-o", "small.csv", "--size", 5, says="size: 5: must be between 20")
    refused("sketch", "points.parquet", "-o", "out.sketch", "--size", 5, says="size: 5: order 5 in 3 columns needs")
    refused("sketch", "points.parquet", "-o", "out.sketch", "--size", 60, "--memory", 9, says="memory: 9: must be at")
    refused("sketch", "points.parquet", "-o", "three.sketch", "--size", 60, says="three.sketch")
    damaged = bytearray((tmp_path / "three.sketch").read_bytes())
    damaged[300] ^= 1
    (tmp_path / "damaged.sketch").write_bytes(damaged)
    refused("info", "damaged.sketch", says="damaged.sketch: the bytes do not have the checksum")


def test_killed_and_resumed(run, refused, tmp_path):
    """After kill -9 the bytes at the end are those of an uninterrupted run."""
    np.save(tmp_path / "all.npy", np.random.default_rng(3).normal(size=(1_500_000, 2)))
    options = ["--size", 50, "--order", 2, "--memory", 100_000]
    aside = ["--checkpoint", "state", "--checkpoint-seconds", 0]
    process = subprocess.Popen([EXECUTABLE, "sketch", "all.npy", "-o", "a.sketch", *map(str, options + aside)],
                               cwd=tmp_path)
    while not (tmp_path / "state").exists():
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert not (tmp_path / "a.sketch").exists()
    kept = (tmp_path / "state").read_bytes()
    assert json.loads(kept[: kept.index(b"\n")])["rows"] < 1_500_000
    refused("sketch", "all.npy", "-o", "b.sketch", "--size", 60, *aside, "--resume", says="is of other inputs or options")
    result = run("sketch", "all.npy", "-o", "a.sketch", *options, *aside, "--resume")
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "state").exists()
    assert run("sketch", "all.npy", "-o", "whole.sketch", *options).returncode == 0
    assert (tmp_path / "a.sketch").read_bytes() == (tmp_path / "whole.sketch").read_bytes()
    refused("sketch", "all.npy", "-o", "b.sketch", "--size", 50, "--resume", says="--resume: needs --checkpoint")
    refused("sketch", "all.npy", "-o", "b.sketch", *options, "--checkpoint", "all.npy", "--resume",
            says="all.npy: is not a checkpoint")


def test_a_full_disk_during_a_checkpoint(run, tmp_path):
    """The checkpoint before it stays, and serves."""
    values = np.random.default_rng(3).normal(size=(400_000, 2))
    options = ["--size", 50, "--order", 2, "--memory", 100_000]
    again = [*options, "--checkpoint", "state", "--checkpoint-seconds", 0]
    np.save(tmp_path / "all.npy", np.where(np.arange(400_000)[:, None] == 250_000, np.nan, values))
    assert "row 250000" in run("sketch", "all.npy", "-o", "a.sketch", *again).stderr
    kept = (tmp_path / "state").read_bytes()
    np.save(tmp_path / "all.npy", values)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    result = run("sketch", "all.npy", "-o", "a.sketch", *again, "--resume", preexec_fn=limit)
    assert result.returncode == 2 and "state: cannot be written: File too large" in result.stderr, result
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.npy", "state"]
    assert (tmp_path / "state").read_bytes() == kept
    assert run("sketch", "all.npy", "-o", "a.sketch", *again, "--resume").returncode == 0
    run("sketch", "all.npy", "-o", "whole.sketch", *options)
    assert (tmp_path / "a.sketch").read_bytes() == (tmp_path / "whole.sketch").read_bytes()
