"""What the tests of the Python package share."""

import os
import subprocess

import numpy as np
import pytest


@pytest.fixture
def points():
    """2,000 rows of a smooth cloud with three coordinates."""
    return np.random.default_rng(7).normal(size=(2000, 3)) * [1.0, 10.0, 0.1] + [0.0, 100.0, -5.0]


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
