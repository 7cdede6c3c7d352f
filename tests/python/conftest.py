"""What the tests of the Python package share."""

import os
import subprocess
from pathlib import Path

import momentset as ms
import numpy as np
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def points():
    """2,000 rows of a smooth cloud with three coordinates."""
    return np.random.default_rng(7).normal(size=(2000, 3)) * [1.0, 10.0, 0.1] + [0.0, 100.0, -5.0]


@pytest.fixture
def rows():
    """22,000 rows of the same cloud, and weights."""
    random = np.random.default_rng(7)
    return random.normal(size=(22_000, 3)) * [1.0, 10.0, 0.1] + [0.0, 100.0, -5.0], random.uniform(size=22_000)


@pytest.fixture
def command(tmp_path):
    """Runs the executable in an empty folder and returns the finished process; it must succeed."""

    def run(*words):
        words = [os.environ["MOMENTSET_EXECUTABLE"], *map(str, words)]
        result = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stderr
        return result

    return run


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def moments(points, weights):
    """Weighted sums of all products of up to two columns, for comparisons that need not be exact."""
    augmented = np.column_stack([np.ones(len(points)), points])
    return (augmented * weights[:, None]).T @ augmented


def same_bytes_as_the_command_line(command, table, options, relabel=False):
    """Compresses points.parquet by the command line, and it and the table of its rows by the package: certificate and
    rows must be the same bytes, and verify on the command line. Returns what was compressed, with its coreset."""
    words = []
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), ",".join(value) if isinstance(value, list) else value]
    if relabel:
        words, options = [*words, "--relabel"], {**options, "relabel": True}
    command("compress", "points.parquet", "-o", "theirs.parquet", "--size", 200, *words)
    theirs = Path("theirs.parquet.certificate.json").read_text()
    made = []
    for X, stated in (("points.parquet", theirs), (table, theirs.replace("points.parquet", ""))):
        small = ms.compress(X, size=200, **options)
        assert small.certificate.to_json() == stated
        assert small.to_arrow().equals(pq.read_table("theirs.parquet"))
        made.append((X, small))
    made[-1][1].save("ours.parquet")
    command("verify", "points.parquet", "ours.parquet")
    return made
