"""The small version of the pruned images, and the statistics of its plot."""

import comparison
import numpy as np
import pytest
from conftest import EXPERIMENTS, load


def test_small_version(reproduce, tmp_path):
    found = reproduce("pruning_digits")
    plot = load(EXPERIMENTS / "pruning_digits" / "plot.py")
    table = plot.Table(found.rows)
    assert table.trials == 1 and table.sizes == [150] and table.fractions == [0.3]
    assert all(row["kept"] == (45 if row["fraction"] < 1 else 150) for row in found.rows)

    def mean(column="error", **cell):
        return plot.mean(table.values(column, size=150, **cell))[0]

    whole = mean(metric="random", policy="random", fraction=1)
    assert whole < mean(metric="random", policy="random", fraction=0.3) and whole < found.expected["largest_error"]
    easy = {"metric": "el2n", "policy": "easy", "fraction": 0.3}
    assert mean("balance", **easy, class_floor=0) < mean("balance", **easy)
    weak, strong = (mean("theta_deg", **{**easy, "metric": metric}) for metric in ("el2n_weak", "el2n"))
    assert 0 < strong < weak < 90
    assert all(row["contrast"] >= 0 for row in found.rows) and "support vectors" in found.text

    task = plot.image_tasks.digits()
    extremes = comparison.read(tmp_path / "pruning_digits_extremes.csv")
    assert all(task.labels[row["image"]] == row["class"] for row in extremes)
    for metric in ("el2n", "memorisation"):
        ends = [[row["image"] for row in extremes if (row["metric"], row["end"]) == (metric, end)]
                for end in ("easy", "hard")]
        assert len(ends[0]) == len(ends[1]) >= 50 and not set(ends[0]) & set(ends[1])
    assert (tmp_path / "pruning_digits_extremes.png").stat().st_size > 10_000


def test_tasks_and_statistics():
    plot = load(EXPERIMENTS / "pruning_digits" / "plot.py")
    tasks = plot.image_tasks
    patches = tasks.patches()
    assert patches.images.shape == (len(patches.labels), 64) and 0 <= patches.images.min() < patches.images.max() <= 1
    assert np.bincount(patches.labels).min() > 2000 and len(patches.classes) == 4
    small, large = (tasks.split(patches, size, 3) for size in patches.sizes)
    assert np.array_equal(small.rows, large.rows[: len(small.rows)])
    assert np.array_equal(small.tests["noise"], large.tests["noise"])
    # One bright column in the middle stays in the middle when the image is turned.
    image = np.zeros((1, 8, 8))
    image[0, :, 3:5] = 1
    turned = tasks.shifted(image.reshape(1, 64), 0)["rotation"].reshape(8, 8)
    assert turned[3:5, 3:5].min() > 0.8 and turned.sum() == pytest.approx(16, rel=0.1)
    assert tasks.shifted(np.full((1, 64), 0.9), 0)["contrast"] == pytest.approx(np.full((1, 64), 0.7))
    assert plot.mean({0: 1.0, 1: 3.0}) == pytest.approx((2, 1))
    assert plot.mean({0: 1.0, 1: 3.0}, {0: 0.5, 1: 1.5, 2: 9.0}) == pytest.approx((1, 0.5))
