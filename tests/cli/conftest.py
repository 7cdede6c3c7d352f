"""What the tests of the executable share: how it is run, and tables to run it on."""

import os
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

EXECUTABLE = os.environ["MOMENTSET_EXECUTABLE"]


@pytest.fixture
def run(tmp_path):
    """Runs the executable in an empty folder and returns the finished process."""

    def run_momentset(*arguments, stdin=None, **options):
        command = [EXECUTABLE, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, input=stdin, capture_output=True, text=True, timeout=120, **options)

    return run_momentset


@pytest.fixture
def refused(run, tmp_path):
    """Runs the executable on bad input: one clear line, exit status 2, and no file more than before."""

    def run_and_expect_refusal(*arguments, says, **options):
        before = sorted(tmp_path.rglob("*"))
        result = run(*arguments, **options)
        assert result.returncode == 2, result
        assert result.stdout == ""
        errors = [line for line in result.stderr.splitlines() if not line.startswith("momentset: note: ")]
        assert len(errors) == 1, result.stderr
        assert errors[0].startswith("momentset: ")
        for words in [says] if isinstance(says, str) else says:
            assert words in errors[0], f"{words!r} is not in {errors[0]!r}"
        assert sorted(tmp_path.rglob("*")) == before
        return errors[0]

    return run_and_expect_refusal


@pytest.fixture
def points():
    """2,000 rows of a smooth cloud with three coordinates."""
    return np.random.default_rng(7).normal(size=(2000, 3)) * [1.0, 10.0, 0.1] + [0.0, 100.0, -5.0]


@pytest.fixture
def table(tmp_path, points):
    """The points as points.parquet, with a text, an identifier and a timestamp column beside them."""
    rows = len(points)
    content = pa.table(
        {
            "ride_id": pa.array(range(1000, 1000 + rows)),
            "taken": pa.array([1_700_000_000_000 + 60_000 * k for k in range(rows)], pa.timestamp("ms")),
            "x": points[:, 0],
            "y": points[:, 1],
            "z": points[:, 2],
            "colour": pa.array([["red", "green", "blue"][k % 3] for k in range(rows)]),
        }
    ).replace_schema_metadata({"origin": "a test"})
    pq.write_table(content, tmp_path / "points.parquet")
    return content


def monomials(x, order):
    """All monomials of total degree <= order of the columns of x, centred and scaled; one row for each point."""
    centre = (x.min(axis=0) + x.max(axis=0)) / 2
    half = (x.max(axis=0) - x.min(axis=0)) / 2
    t = (x - centre) / np.where(half > 0, half, 1)
    columns = [np.ones(len(t))]
    degrees = [0]
    for axis in range(t.shape[1]):
        for parent in range(len(columns)):
            for power in range(1, order - degrees[parent] + 1):
                columns.append(columns[parent] * t[:, axis] ** power)
                degrees.append(degrees[parent] + power)
    return np.stack(columns, axis=1)


def moment_residual(x, weights, rows, new_weights, order):
    """Worst |sum c' phi - sum c phi| / sum c |phi| over the monomials."""
    phi = monomials(x, order)
    before = weights @ phi
    after = new_weights @ phi[rows]
    return np.max(np.abs(after - before) / (weights @ np.abs(phi)))
