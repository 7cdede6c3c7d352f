"""verify of coresets of streams: of compress beyond --memory, and of finish."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

SMALL = ["--size", 30, "--order", 3]
CHECKS = ["rows", "size", "output", "points", "mass", "weights not negative", "smallest weight", "largest weight",
          "effective sample size", "moments overall"]


@pytest.fixture
def streamed(run):
    """Compresses in batches, and verifies."""

    def compress(*words, source="points.parquet", out="small.parquet"):
        result = run("compress", source, "-o", out, *SMALL, "--memory", 40_000, "--quiet", *words)
        assert result.returncode == 0, result.stderr
        return verified(run, source, out)

    return compress


def verified(run, *words):
    """Names of the checks of a coreset that passes all."""
    result = run("verify", *words)
    assert result.returncode == 0 and result.stderr == "", result
    assert "FAILED" not in result.stdout
    return [line[9:34].strip() for line in result.stdout.splitlines()[1:]]


def failed(run, *words):
    """The check that is named, and all that failed."""
    result = run("verify", *words)
    assert result.returncode == 3 and len(result.stderr.splitlines()) == 1, result
    lines = [line[9:34].strip() for line in result.stdout.splitlines() if line.startswith("  FAILED")]
    return result.stderr.split("'")[1], lines


def change(path, column, row, new):
    small = pq.read_table(path)
    values = small[column].to_numpy().copy()
    values[row] = new(values[row])
    index = small.schema.get_field_index(column)
    pq.write_table(small.set_column(index, small.schema.field(index), pa.array(values)), path)


def test_of_compress(streamed, table, run):
    assert streamed() == CHECKS
    assert streamed("--second-pass", "--force") == CHECKS + ["diameters", "probes"]
    assert streamed("--columns-only", out="small.npy") == CHECKS
    assert streamed(out="small.csv") == CHECKS
    quiet = run("verify", "points.parquet", "small.csv", "--quiet", "--threads", 1)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_of_sketches(run, table, points, tmp_path):
    for k in range(3):
        pq.write_table(table.slice(700 * k, 700), tmp_path / f"part{k}.parquet")
        run("sketch", f"part{k}.parquet", "-o", f"part{k}.sketch", *SMALL)
    run("merge", "part0.sketch", "part1.sketch", "part2.sketch", "-o", "all.sketch")
    run("finish", "all.sketch", "-o", "small.parquet")
    assert verified(run, "points.parquet", "small.parquet") == CHECKS
    assert verified(run, "part*.parquet", "small.parquet") == CHECKS
    assert "points" in failed(run, "part1.parquet", "part0.parquet", "part2.parquet", "small.parquet")[1]
    assert failed(run, "part0.parquet", "small.parquet")[0] == "rows"


def test_of_sketches_with_weights(run, table, points, tmp_path):
    """What a sketch does not know of its table is said again."""
    x = points[:, 0].copy()
    x[100:400] = np.nan
    weights = np.random.default_rng(2).uniform(size=2000)
    pq.write_table(table.set_column(2, "x", pa.array(x)).append_column("w", pa.array(weights)), tmp_path / "w.parquet")
    run("sketch", "w.parquet", "-o", "w.sketch", *SMALL, "--weights", "w", "--drop-invalid")
    run("finish", "w.sketch", "-o", "small.parquet")
    assert verified(run, "w.parquet", "small.parquet", "--weights", "w", "--drop-invalid") == CHECKS
    assert "mass" in failed(run, "w.parquet", "small.parquet", "--drop-invalid")[1]


def test_of_compress_with_weights(streamed, table, points, tmp_path, run, refused):
    """The certificate of compress knows the columns."""
    x = points[:, 0].copy()
    x[100:400] = np.nan
    weights = np.random.default_rng(2).uniform(size=2000)
    pq.write_table(table.set_column(2, "x", pa.array(x)).append_column("w", pa.array(weights)), tmp_path / "w.parquet")
    assert streamed("--weights", "w", "--drop-invalid", source="w.parquet") == CHECKS
    refused("verify", "points.parquet", "small.parquet", says="points.parquet: has no column 'w' of weights")


def test_of_a_coreset(run, streamed, table):
    """Its rows are named by the first input of all, in the output and in the hash."""
    run("compress", "points.parquet", "-o", "first.parquet", "--size", 1900, "--method", "tree", "--order", 3)
    assert streamed(source="first.parquet", out="second.parquet") == CHECKS
    assert streamed("--columns-only", source="first.parquet", out="third.parquet") == CHECKS


@pytest.mark.parametrize("column, row, new, named", [
    ("weight", 17, lambda w: w * (1 + 1e-9), "mass"), ("weight", 17, lambda w: -w, "mass"),
    ("x", 3, lambda x: np.nextafter(x, np.inf), "points"), ("row", 5, lambda row: row + 1, "points"),
    ("row", 5, lambda row: 10**6, "points"), ("row", 5, lambda row: -1, "rows")],
    ids=["weight", "sign", "coordinate", "row", "beyond", "negative"])
def test_tampering(run, streamed, table, tmp_path, column, row, new, named):
    streamed()
    change(tmp_path / "small.parquet", column, row, new)
    assert failed(run, "points.parquet", "small.parquet")[0] == named


def test_half_a_row_is_none(run, streamed, table, tmp_path):
    streamed("--columns-only", out="small.npy")
    small = np.load(tmp_path / "small.npy")
    small[4, -1] += 0.5
    np.save(tmp_path / "small.npy", small)
    assert failed(run, "points.parquet", "small.npy")[0] == "rows"


def test_other_inputs_and_certificates(run, streamed, table, points, tmp_path):
    streamed("--second-pass")
    moved = table.set_column(2, "x", pa.array(points[:, 0] + 1e-3 * (np.arange(2000) == 7)))
    pq.write_table(moved, tmp_path / "other.parquet")
    assert failed(run, "other.parquet", "small.parquet")[0] == "moments overall"
    assert failed(run, "points.parquet", "points.parquet", "small.parquet")[0] == "rows"
    path = tmp_path / "small.parquet.certificate.json"
    stated = json.loads(path.read_text())
    for key, inner, name in [("weights", "effective_sample_size", "effective sample size"),
                             ("diameters", "minimum", "diameters")]:
        other = {**stated, key: {**stated[key], inner: stated[key][inner] * 0.99}}
        path.write_text(json.dumps(other))
        assert failed(run, "points.parquet", "small.parquet") == (name, [name])
    path.write_text(json.dumps({**stated, "order": 4}))
    result = run("verify", "points.parquet", "small.parquet")
    assert result.returncode == 2 and "features: 20: must be C(dimension + order, order) = 35" in result.stderr
