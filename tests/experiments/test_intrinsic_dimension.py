"""The small version of the errors on curved surfaces."""

import comparison


def test_errors_fall_as_in_the_dimensions_of_the_surface(reproduce):
    found = reproduce("intrinsic_dimension")
    for inner in (2, 3):
        line, random = ([row for row in found.rows if (row["inner"], row["k"]) == (inner, k)] for k in (1, 0))
        assert [row["d"] for row in line] == [2000, 4000, 8000, 16000, 32000]
        assert all(row["d_out"] == row["d"] // 10 for row in line)
        # In ten columns without a surface it would be 0.7. Medians of few trials scatter.
        along = comparison.expected_exponent(inner, 1)
        assert comparison.exponent(line) > along - found.expected["exponent_tolerance"] > 0.5
        assert line[-1]["median_abs_error"] < random[-1]["median_abs_error"] / 50
