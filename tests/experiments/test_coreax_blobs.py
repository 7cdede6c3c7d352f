"""The small version of the blobs, and the MMD by another formula."""

import numpy as np
import pytest
from conftest import EXPERIMENTS, comparison, load


def test_small_version(reproduce):
    found = reproduce("coreax_blobs")
    best = comparison.by_cell(comparison.published("coreax_blobs"), ("size",), "best_weighted_mmd")
    assert [row["size"] for row in found.rows] == [25, 50, 100, 200]
    for row in found.rows:
        assert row["kept"] == row["size"] and row["min_mmd"] <= row["mean_mmd"] <= row["max_mmd"]
        assert row["mean_mmd"] < found.expected["ratio_to_best_weighted"][str(row["size"])] * best[row["size"],]


def test_mmd_is_that_of_the_three_means():
    blobs = load(EXPERIMENTS / "coreax_blobs" / "coreax_blobs.py")
    generator = np.random.default_rng(5)
    x, rows = generator.normal(size=(300, 2)), np.arange(0, 300, 7)
    weights = generator.uniform(0.5, 2, len(rows))
    scale = blobs.median_heuristic(x)
    distances = [np.hypot(*(x[i] - x[j])) for i in range(300) for j in range(i)]
    assert scale == pytest.approx(np.median(distances) / np.sqrt(2), rel=1e-3)

    def kernel(a, b):
        return np.exp(-((a[:, None] - b[None, :]) ** 2).sum(axis=2) / (2 * scale**2))

    c = weights / weights.sum()
    square = kernel(x, x).mean() + c @ kernel(x[rows], x[rows]) @ c - 2 * (kernel(x, x[rows]) @ c).mean()
    matrix = blobs.kernel_matrix(x, scale)
    assert blobs.mmd(matrix, rows, weights) == pytest.approx(np.sqrt(square), rel=1e-9)
    assert blobs.mmd(matrix, np.arange(300), np.full(300, 3.0)) < 1e-15


def test_highest_order_fits_one_cell():
    blobs = load(EXPERIMENTS / "coreax_blobs" / "coreax_blobs.py")
    assert [blobs.highest_order(size) for size in (1, 2, 3, 20, 21, 27, 28, 200)] == [0, 0, 1, 4, 5, 5, 6, 18]
