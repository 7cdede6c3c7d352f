"""An independent check by linear programming (HiGHS through scipy): what compress leaves is a feasible vertex."""

import numpy as np
import pytest
from conftest import monomials
from scipy.optimize import linprog


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dimension, order", [(1, 3), (2, 2), (2, 3), (3, 2)])
def test_the_support_carries_the_moments_in_one_way_only(run, tmp_path, dimension, order, seed):
    x = np.random.default_rng(seed).uniform(-1, 1, (60, dimension))
    phi = monomials(x, order)
    features = phi.shape[1]
    np.save(tmp_path / "x.npy", x)
    result = run("compress", "x.npy", "-o", "small.npy", "--size", features, "--order", order)
    assert result.returncode == 0, result.stderr
    small = np.load(tmp_path / "small.npy")
    weights, rows = small[:, dimension], small[:, dimension + 1].astype(int)
    moments = phi.sum(axis=0)

    # Restricted to the support, the largest and the smallest value of a random objective agree with ours: the
    # feasible weights are these alone, so they are a vertex of the set of all feasible weights.
    objective = np.random.default_rng(seed + 1000).normal(size=len(rows))
    scale = np.abs(objective) @ weights
    for sign in [1, -1]:
        best = linprog(sign * objective, A_eq=phi[rows].T, b_eq=moments, bounds=(0, None), method="highs")
        assert best.status == 0, best.message
        assert abs(sign * best.fun - objective @ weights) < 1e-6 * scale  # HiGHS' own feasibility tolerance is 1e-7


@pytest.mark.parametrize("seed", range(3))
def test_the_solver_too_finds_a_support_of_that_size(run, tmp_path, seed):
    x = np.random.default_rng(seed).normal(size=(80, 2))
    phi = monomials(x, 3)
    cost = np.random.default_rng(seed + 1).uniform(size=80)
    solved = linprog(cost, A_eq=phi.T, b_eq=phi.sum(axis=0), bounds=(0, None), method="highs-ds")
    assert solved.status == 0 and np.count_nonzero(solved.x > 0) <= phi.shape[1]
    np.save(tmp_path / "x.npy", x)
    run("compress", "x.npy", "-o", "small.npy", "--size", phi.shape[1], "--order", 3)
    assert len(np.load(tmp_path / "small.npy")) == phi.shape[1]
