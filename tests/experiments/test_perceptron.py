"""The small version of the simulated perceptrons, and their solver beside scipy's."""

import os
import subprocess
from pathlib import Path

import comparison
import numpy as np
import pytest
from scipy.optimize import nnls


def test_small_version(reproduce):
    found = reproduce("perceptron")
    measured = [row for row in found.rows if row["draws"] > 0]
    assert len(measured) == 24 and "N = 100, keep easy: " in found.text
    assert "by more than 3 standard errors in 0 of 4 cells, predicted to be in 0" in found.text
    for row in measured:
        # Few draws, and a finite N: within four standard errors or a tenth.
        difference = abs(row["mean"] - row["theory"])
        assert difference < 4 * row["sem"] + 0.02 * row["theory"], row
        assert difference < found.expected["largest_relative_difference"] * row["theory"], row
        assert row["violation"] < found.expected["largest_violation"], row
    known = comparison.by_cell(comparison.published("perceptron_theory"), ("theta_deg", "f", "alpha_prune"), "eps_theory")
    compared = [row for row in measured if row["keep"] == "hard" and (row["theta_deg"], row["fraction"], row["alpha"]) in known]
    assert compared
    for row in compared:
        assert row["theory"] == pytest.approx(known[row["theta_deg"], row["fraction"], row["alpha"]], abs=1e-5)


@pytest.mark.parametrize("alpha, fraction, theta", [(0.5, 1, 0), (2, 0.2, 10), (6, 0.3, 40)])
def test_the_solver_finds_what_nnls_finds(tmp_path, alpha, fraction, theta):
    """min |w| with G w >= 1 is min |A l - e| over l >= 0 with A = (G^T; 1) and e the last unit vector: with the rest
    r = e - A l, w = -r[:-1] / r[-1]."""
    program = Path(os.environ["MOMENTSET_EXPERIMENTS"]) / "experiment_perceptron"
    problem = tmp_path / "problem.csv"
    words = ["--n", "60", "--alpha", alpha, "--fraction", fraction, "--theta", theta, "--problem", problem]
    subprocess.run([program, *map(str, words)], check=True, timeout=60)
    *rows, w = np.loadtxt(problem, delimiter=",")
    G = np.array(rows)
    assert G.shape == (60 * alpha, 60)
    A = np.vstack([G.T, np.ones(len(G))])
    multipliers, _ = nnls(A, np.r_[np.zeros(60), 1], maxiter=10_000)
    rest = np.r_[np.zeros(60), 1] - A @ multipliers
    assert w == pytest.approx(-rest[:-1] / rest[-1], abs=1e-7 * np.abs(w).max())
    # The conditions of Karush, Kuhn and Tucker: w is a positive combination of rows that it holds at 1.
    output = G @ w
    assert output.min() > 1 - 1e-9
    held = output < 1 + 1e-7
    combination, distance = nnls(G[held].T, w)
    assert distance < 1e-9 * np.linalg.norm(w)
