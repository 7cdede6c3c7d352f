"""The small version of Figure 2."""

import itertools
import math
import os
import subprocess
from pathlib import Path

import comparison
import pytest

CELL, VALUE = ("m", "k", "d"), "median_abs_error"


def test_small_version(reproduce):
    found = reproduce("fig2_error")
    cells = {(row["m"], row["k"], row["d"]) for row in found.rows}
    assert cells == set(itertools.product((1, 2), (1, 2, 3), (1000, 2000, 4000, 8000)))
    for row in found.rows:
        assert row["d_out"] == row["d"] // 10 and row["chosen_order"] == row["k"] and row["trials"] == 10
        assert 0 < row["median_abs_error"] < 1e-4 and row["std_abs_error"] > 0 and row["worst_residual"] < 1e-12

    for m, k in itertools.product((1, 2), (1, 2)):
        line = [row for row in found.rows if (row["m"], row["k"]) == (m, k)]
        tolerance = found.expected["exponent_tolerance"]
        assert comparison.exponent(line) == pytest.approx(comparison.expected_exponent(m, k), abs=tolerance)

    published = comparison.by_cell(comparison.published("fig2_error"), CELL, VALUE)
    ratios = comparison.ratios(comparison.by_cell(found.rows, CELL, VALUE), published)
    low, high = found.expected["geometric_mean"]
    assert len(ratios) >= 20 and low < comparison.geometric_mean(ratios.values()) < high
    assert f"{len(ratios)} cells" in found.text


def test_the_default_method_is_better_than_published(reproduce):
    found = reproduce("fig2_error", "small_default")
    published = comparison.by_cell(comparison.published("fig2_error"), CELL, VALUE)
    logarithms = [math.log(max(row[VALUE], 1e-17) / published[row["m"], row["k"], row["d"]]) for row in found.rows]
    assert math.exp(sum(logarithms) / len(logarithms)) < found.expected["default_geometric_mean"]
    assert all(row["worst_residual"] < 1e-12 for row in found.rows)


def test_problems_are_the_same_whatever_the_threads(tmp_path):
    program = Path(os.environ["MOMENTSET_EXPERIMENTS"]) / "experiment_fig2_error"
    texts = []
    for threads in ("1", "2"):
        table = tmp_path / f"{threads}.csv"
        subprocess.run([program, "--m", "2", "--d", "1000", "--order", "3,auto", "--trials", "2", "--threads", threads,
                        "--output", table], check=True, capture_output=True)
        texts.append([{name: value for name, value in row.items() if name != "median_seconds"}
                      for row in comparison.read(table)])
    assert texts[0] == texts[1] and [row["k"] for row in texts[0]] == [3, "auto"]


@pytest.mark.parametrize("words, says", [(("--method", "magic"), "--method: magic: must be"),
                                         (("--order", "1,high"), "--order: high: must be"),
                                         (("--trials", "0"), "--trials: 0: must be"),
                                         (("--m", "0"), "--m: 0: must be"),
                                         (("--output", "/dev/null/x.csv"), "/dev/null")])
def test_bad_options_are_one_line(tmp_path, words, says):
    program = Path(os.environ["MOMENTSET_EXPERIMENTS"]) / "experiment_fig2_error"
    result = subprocess.run([program, *words], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 2 and says in result.stderr and result.stderr.count("\n") == 1, result
