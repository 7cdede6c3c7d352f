"""The small version of the errors on pruned digits."""


def test_pruned_digits(reproduce):
    found = reproduce("pruned_digits")
    cells = {(row["metric"], row["fraction"]): row for row in found.rows}
    assert set(cells) == {("el2n", 0.2), ("el2n", 1), ("random", 0.2), ("random", 1)}
    assert all(row["size"] == 300 and row["seeds"] == 1 for row in found.rows)
    assert cells["el2n", 1]["error"] == cells["random", 1]["error"]  # nothing was pruned
    assert cells["random", 1]["error"] < cells["random", 0.2]["error"] < found.expected["largest_error"]
    assert cells["el2n", 0.2]["balance"] < cells["random", 0.2]["balance"] < 1
