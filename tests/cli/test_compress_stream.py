"""compress where the coordinates take more than --memory: in batches, through a sketch."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from conftest import moment_residual

# 2,000 rows of three columns take 48,000 bytes; a sketch of 30 rows needs 16 * 30 * 70.
OPTIONS = ["--size", 30, "--order", 3, "--memory", 40_000]


@pytest.fixture
def streamed(run, tmp_path):
    """Compresses in batches; the summary and the table that was written."""

    def compress(*inputs, out="small.parquet", options=OPTIONS, **more):
        result = run("compress", *inputs, "-o", out, "--json", *options, **more)
        assert result.returncode == 0, result.stderr
        summary = json.loads(result.stdout)
        assert summary["streamed"] and summary["holds"]
        return summary, pq.read_table(tmp_path / out) if out.endswith("parquet") else None

    return compress


def test_all_columns_of_the_survivors(run, streamed, table, points, tmp_path):
    summary, small = streamed("points.parquet")
    rows = small["row"].to_numpy()
    assert len(rows) == 30 and np.all(np.diff(rows) > 0)
    assert small.drop_columns(["weight", "row"]).equals(table.take(rows))
    assert moment_residual(points, np.ones(2000), rows, small["weight"].to_numpy(), 3) < 1e-12
    assert (summary["rows"], summary["size"], summary["order"], summary["columns"]) == (2000, 30, 3, ["x", "y", "z"])
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert certificate["format"] == "momentset-stream-certificate" and "probes" not in certificate
    stated = json.loads(run("info", "small.parquet", "--json").stdout)
    assert stated["momentset"]["columns"] == ["x", "y", "z"] and stated["momentset"]["order"] == 3
    text = run("compress", "points.parquet", "-o", "again.parquet", *OPTIONS, "--threads", 1).stdout
    assert "2,000 -> 30, in batches" in text
    assert pq.read_table(tmp_path / "again.parquet").equals(small)


def test_memory_decides(run, table, tmp_path):
    """48,000 bytes have room for all rows, one byte less has not; nothing else changes what is written then."""
    for memory, is_streamed in [("48000", False), ("48 kB", False), ("46KiB", True), ("47999", True)]:
        result = run("compress", "points.parquet", "-o", "small.parquet", "--size", 30, "--order", 3, "--json",
                     "--force", "--memory", memory)
        assert json.loads(result.stdout).get("streamed", False) is is_streamed
    run("compress", "points.parquet", "-o", "whole.parquet", "--size", 30, "--order", 3)
    run("compress", "points.parquet", "-o", "roomy.parquet", "--size", 30, "--order", 3, "--memory", "1TiB")
    assert (tmp_path / "whole.parquet").read_bytes() == (tmp_path / "roomy.parquet").read_bytes()


def test_from_every_format(streamed, table, points, tmp_path):
    wanted = streamed("points.parquet")[1]
    pa.csv.write_csv(table, tmp_path / "points.csv")
    with pa.ipc.new_stream(tmp_path / "points.arrow", table.schema) as stream:
        stream.write_table(table, max_chunksize=300)
    np.save(tmp_path / "points.npy", points)
    for k in range(3):
        pq.write_table(table.slice(700 * k, 700), tmp_path / f"part{k}.parquet")
    keys = ["row", "weight"]
    for inputs in ["points.csv", "points.arrow", "points.npy", "part*.parquet"]:
        small = streamed(inputs, out=f"of-{inputs.replace('*', '')}.parquet")[1]
        assert small.select(keys).equals(wanted.select(keys)), inputs
        if inputs.endswith("csv") or inputs.endswith("arrow"):
            assert small["colour"].to_pylist() == wanted["colour"].to_pylist()
    files = pq.read_table(tmp_path / "of-part.parquet.parquet")["file"].to_pylist()
    assert files == [f"part{row // 700}.parquet" for row in wanted["row"].to_pylist()]
    piped = streamed("-", out="piped.parquet", stdin=(tmp_path / "points.csv").read_text())[1]
    assert piped.select(keys).equals(wanted.select(keys)) and piped["colour"].equals(wanted["colour"])


def test_columns_only_is_what_finish_writes(run, streamed, table, tmp_path):
    streamed("points.parquet", options=[*OPTIONS, "--columns-only"])
    run("sketch", "points.parquet", "-o", "all.sketch", *OPTIONS)
    run("finish", "all.sketch", "-o", "finished.parquet")
    names = ["small.parquet", "finished.parquet"]
    assert len({(tmp_path / name).read_bytes() for name in names}) == 1
    whole, finished = [json.loads((tmp_path / f"{name}.certificate.json").read_text()) for name in names]
    assert whole.pop("options")["inputs"] == "points.parquet" and finished.pop("options") == {} and whole == finished
    run("compress", "points.parquet", "-o", "in-memory.parquet", "--size", 30, "--order", 3, "--columns-only")
    assert pq.read_table(tmp_path / "in-memory.parquet").column_names == ["x", "y", "z", "weight", "row"]
    assert run("verify", "points.parquet", "in-memory.parquet").returncode == 0


def test_second_pass(streamed, table, points, tmp_path):
    summary, _ = streamed("points.parquet", options=[*OPTIONS, "--second-pass"])
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    assert [probe["family"] for probe in certificate["probes"]] == ["cosine"] * 4 + ["sigmoid"] * 2
    assert certificate["cells"] == 1
    diagonal = np.linalg.norm((points.max(axis=0) - points.min(axis=0)) / points.std(axis=0))
    assert certificate["diameters"]["maximum"] == pytest.approx(diagonal, rel=1e-9)
    smoothest = certificate["probes"][0]
    assert 0 < smoothest["coreset"] < smoothest["random"] / 5 and smoothest["random"] < 1
    assert summary["error"] == certificate["probe_rms"]


def test_rows_left_out_and_weights(streamed, table, points, tmp_path):
    x = points[:, 0].copy()
    x[100:400] = np.nan
    weights = np.random.default_rng(2).uniform(size=2000)
    content = table.set_column(2, "x", pa.array(x)).append_column("w", pa.array(weights))
    pq.write_table(content, tmp_path / "gaps.parquet")
    summary, small = streamed("gaps.parquet", options=[*OPTIONS, "--drop-invalid", "--weights", "w"])
    assert (summary["rows"], summary["dropped"]) == (2000, 300)
    rows, valid = small["row"].to_numpy(), np.isfinite(x)
    assert small["ride_id"].to_pylist() == (rows + 1000).tolist() and np.all(valid[rows])
    place = np.cumsum(valid) - 1
    assert moment_residual(points[valid], weights[valid], place[rows], small["weight"].to_numpy(), 3) < 1e-12


def test_rows_of_a_coreset_keep_their_names(run, streamed, table, tmp_path):
    run("compress", "points.parquet", "-o", "first.parquet", "--size", 1900, "--method", "tree", "--order", 3)
    first = pq.read_table(tmp_path / "first.parquet")
    small = streamed("first.parquet", out="second.parquet")[1]
    assert small.column_names == first.column_names
    rows = small["row"].to_numpy()
    assert small.drop_columns(["weight", "row"]).equals(table.take(rows))
    assert small["weight"].to_numpy().sum() == pytest.approx(2000, rel=1e-12)
    assert set(rows) <= set(first["row"].to_pylist()) and not np.array_equal(rows, np.searchsorted(first["row"], rows))


@pytest.mark.parametrize("words", [
    ["--target", "z"], ["--groups", "colour"], ["--categories", "colour"], ["--method", "kernel"],
    ["--effort", "high"], ["--smoothness", "kinked"], ["--max-weight", 3], ["--min-ess", 0.5], ["--scale", "none"],
    ["--column-weights", "x=2"], ["--weight-sum", "n"], ["--keep-rows", "rows.txt"], ["--missing", "indicator"],
    ["--dry-run"]], ids=lambda words: words[0])
def test_what_takes_all_rows_is_refused(refused, table, tmp_path, words):
    (tmp_path / "rows.txt").write_text("1\n")
    refused("compress", "points.parquet", "-o", "small.parquet", *OPTIONS, *words,
            says=[f"{words[0]}: takes all rows at once", "more than the 40 kB of --memory: give more"])


def test_refusals(refused, table):
    words = ["compress", "points.parquet", "-o", "small.parquet"]
    refused(*words, "--keep", 0.1, "--memory", 40_000, says="--keep: takes all rows at once")
    refused(*words, "--tolerance", 0.1, "--memory", 40_000, says="--tolerance: takes all rows at once")
    refused(*words, "--size", 300, "--memory", 40_000, says=["memory: 40000: must be at least 336000", "size of 300"])
    refused(*words, "--size", 19, "--order", 3, "--memory", 40_000, says="order 3 in 3 columns needs")
    refused(*words, "--size", 30, "--memory", "many", says="--memory: many: must be a whole number")
    refused(*words, "--size", 30, "--memory", "99999999 TB", says="--memory: 99999999 TB: must be below 2^64 bytes")
    refused(*words, *OPTIONS, "--resume", says="--resume: needs --checkpoint")


def test_the_order_is_the_highest_up_to_five(streamed, table):
    assert streamed("points.parquet", options=["--size", 30, "--memory", 40_000])[0]["order"] == 3


def test_checkpoints(streamed, table, tmp_path):
    plain = streamed("points.parquet")[1]
    aside = [*OPTIONS, "--checkpoint", "state", "--checkpoint-seconds", 0]
    assert streamed("points.parquet", out="aside.parquet", options=aside)[1].equals(plain)
    assert not (tmp_path / "state").exists()
