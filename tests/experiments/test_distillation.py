"""The small version of the distillation experiment, and its own models by scikit-learn's."""

import sys

import numpy as np
import pytest
from conftest import EXPERIMENTS, load
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression


def test_small_version(reproduce):
    found = reproduce("distillation")
    plot = load(EXPERIMENTS / "distillation" / "plot.py")
    (distilled,) = (row for row in found.rows if row["method"] == "distilled")
    assert distilled["setting"] == 0.1 and distilled["value"] <= 0.105  # also at ridges that nobody has looked at
    for method in plot.SUBSETS:
        needed = plot.rows_needed([row for row in found.rows if row["method"] == method], 0.1)
        assert distilled["rows"] <= found.expected["largest_share_of_rows"] * needed, method


def test_models_are_those_of_scikit_learn():
    sys.path.insert(0, str(EXPERIMENTS / "distillation"))
    own = load(EXPERIMENTS / "distillation" / "logistic.py")
    random = np.random.default_rng(1)
    X, weights = random.normal(size=(200, 2)), random.uniform(0.5, 2, 50)
    y = (X[:, 0] + random.normal(size=200) > 0).astype(float)
    rows = np.arange(50)
    few = own.Task(X, y, np.array([3.0])).path(rows, weights)[0]
    model = LogisticRegression(C=1 / 3, tol=1e-12, solver="newton-cholesky")
    model.fit(X[rows], y[rows], sample_weight=weights)
    assert few == pytest.approx([model.intercept_[0], *model.coef_[0]], rel=1e-6)

    task = own.KernelTask(X, X[:, 0] ** 2, np.array([0.3]), 0.5)
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    kernel = KernelRidge(alpha=0.3, kernel="rbf", gamma=1 / (2 * 2 * 0.25))
    kernel.fit(z[rows], X[rows, 0] ** 2, sample_weight=weights)
    assert task.path(rows, weights)[0] == pytest.approx(kernel.predict(z), rel=1e-8, abs=1e-10)


def test_rows_needed():
    plot = load(EXPERIMENTS / "distillation" / "plot.py")
    line = [{"setting": size, "value": value} for size, value in ((10, 1.0), (100, 0.01), (200, 0.0))]
    assert plot.rows_needed(line, 0.1) == pytest.approx(10 * 10**0.5)
    assert plot.rows_needed(line, 0.001) == 200
    assert plot.rows_needed(line[:2], 0.001) is None
