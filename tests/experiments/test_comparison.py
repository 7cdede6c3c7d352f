"""Fits and ratios on tables whose answers are known."""

import comparison
import numpy as np
import pytest


def line(exponent, factor=1.0):
    return [{"d": d, "d_out": d // 10, "median_abs_error": factor * d**-exponent} for d in (1000, 2000, 4000, 8000)]


def test_exponent_of_a_power_law():
    assert comparison.exponent(line(1.75)) == pytest.approx(1.75)
    assert comparison.expected_exponent(4, 4) == 1.75


def test_exponent_leaves_out_rounding_and_sizes_above_a_tenth():
    rows = line(2.0)
    floor = [{"d": d, "d_out": d // 10, "median_abs_error": 5e-15} for d in (16000, 32000)]
    larger = [{"d": 500, "d_out": 462, "median_abs_error": 1e-9}]
    assert comparison.exponent(rows + floor + larger) == pytest.approx(2.0)
    assert comparison.exponent(rows[:2] + floor) is None


def test_ratios_and_shares():
    measured, reference = {1: 3e-8, 2: 5e-9, 3: 1e-15, 4: 1e-9, 5: 1e-9}, {1: 1e-8, 2: 1e-8, 3: 1e-9, 4: 1e-15, 6: 1.0}
    ratios = comparison.ratios(measured, reference)
    assert ratios == pytest.approx({1: 3.0, 2: 0.5})
    assert comparison.geometric_mean(ratios.values()) == pytest.approx(1.5**0.5)
    assert comparison.shares([0.4, 0.6, 1.9, 2.1]) == (0.5, 0.75)
    assert "2 cells" in comparison.summary_line("error", ratios) and "no cell" in comparison.summary_line("error", {})


def test_order_of_a_published_table():
    found = comparison.in_order({("new", 1): 0, ("b", 1): 1, ("a", 1): 2}, {"a": 0, "b": 0}, lambda cell: cell[0])
    assert list(found) == [("a", 1), ("b", 1), ("new", 1)]


def test_paired_ratios():
    mean, low, high = comparison.paired_ratio({1: 2.0, 2: 8.0, 3: 5.0}, {1: 1.0, 2: 1.0, 4: 1.0})
    error = np.log(2)  # logarithms log 3 -+ log 2: standard deviation sqrt(2) log 2, of the mean log 2
    assert (mean, low, high) == pytest.approx((4.0, 4 * np.exp(-2 * error), 4 * np.exp(2 * error)))
    assert comparison.shown_ratio((mean, low, high)) == "4.00 (1.00 to 16.00)"
    assert comparison.paired_ratio({1: 3.0}, {1: 2.0}) == (pytest.approx(1.5), None, None)
    assert comparison.paired_ratio({}, {1: 2.0}) is None and comparison.shown_ratio(None) == "-"


def test_published_tables_are_read():
    rows = comparison.published("fig2_error")
    assert len(rows) == 181 and comparison.by_cell(rows, ("m", "k", "d"), "median_abs_error")[5, 5, 16000] > 0
    assert {row["trials"] for row in rows} == {14, 20}
