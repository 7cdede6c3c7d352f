"""The small version of Figure 8."""

import math

import comparison


def test_small_version(reproduce):
    found = reproduce("fig8_polylog")
    published = comparison.by_cell(comparison.published("fig8_polylog"), ("m", "d", "d_out"), "median_best_error")
    assert {(row["m"], row["d"]) for row in found.rows} == {(m, d) for m in (1, 2) for d in (1000, 2000, 4000)}
    for row in found.rows:
        theirs = published[row["m"], row["d"], row["d_out"]]  # of the same size
        assert row["median_best_error"] <= max(theirs, comparison.ROUNDING), row
        assert math.comb(row["m"] + row["median_best_k"], row["m"]) <= row["d_out"]
    assert "6 cells, of which 6" in found.text


def test_errors_fall_with_the_size_on_the_same_problems(reproduce):
    short, longer = reproduce("fig8_polylog", "short"), reproduce("fig8_polylog", "longer")
    for found, factor in ((short, 6), (longer, 24)):  # of the published 120
        assert [row["d_out"] for row in found.rows] == [int(factor * math.log(16000))]
    fall = short.rows[0]["median_best_error"] / longer.rows[0]["median_best_error"]
    assert fall > short.expected["fall_from_short_to_longer"]
