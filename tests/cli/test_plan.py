"""plan: the theorems' figures by their formulas, costs, and requests that cannot be met."""

import json
import math

import pytest


def planned(run, *arguments):
    result = run("plan", *arguments, "--json")
    assert result.returncode == 0, result
    return json.loads(result.stdout)


def test_a_line_for_each_order_of_a_size(run):
    plan = planned(run, "--rows", 128000, "--columns", 3, "--size", 12800)
    assert plan["rows"] == 128000 and plan["columns"] == 3 and plan["polylog_size"] is None
    assert [row["order"] for row in plan["candidates"]] == list(range(1, 13))
    for row in plan["candidates"]:
        order, moments = row["order"], math.comb(3 + row["order"], 3)
        assert row["moments"] == row["smallest_size"] == moments and row["size"] == 12800
        assert 1 <= row["cells"] <= 12800 // moments
        assert row["bound_exponent"] == pytest.approx(1 - (order + 1) / 3)
        assert row["bound_vanishes"] == (order + 1 > 3)
        assert row["observed_exponent"] == pytest.approx((order + 1) / 3 + 0.5)
        assert row["scaling"] == pytest.approx(128000**-0.5 * (moments / 12800) ** ((order + 1) / 3))
        assert row["expected_memory_bytes"] > 8 * 3 * 128000
        assert row["expected_seconds"] == pytest.approx(row["operations"] / plan["operations_per_second"])
        assert "bound_size" not in row
    operations = [row["operations"] for row in plan["candidates"]]
    assert operations == sorted(operations)
    assert plan["optimal_order"] == pytest.approx((6 * 12800) ** (1 / 3) / math.e)
    sigma = math.log(12800) / math.log(128000)
    assert plan["vanishing_order"] == math.floor((1 + 1 / sigma) * 3 - 1) + 1


def test_costs_are_those_of_a_dry_run(run, table):
    plan = planned(run, "points.parquet", "--size", 200, "--order", 4)
    dry = json.loads(run("compress", "points.parquet", "--size", 200, "--order", 4, "--dry-run", "--json").stdout)
    assert plan["rows"] == 2000 and plan["columns"] == 3 and len(plan["candidates"]) == 1
    row = plan["candidates"][0]
    for name in ("order", "size", "cells", "expected_memory_bytes"):
        assert row[name] == dry[name]


def test_a_size_for_each_order_of_a_tolerance(run):
    plan = planned(run, "--rows", 1000000, "--columns", 2, "--tolerance", 1e-8, "--max-order", 6)
    assert [row["order"] for row in plan["candidates"]] == [1, 2, 3, 4, 5, 6]
    for row in plan["candidates"]:
        moments, power = row["moments"], (row["order"] + 1) / 2
        exact = moments * max(1, (1e-3 / 1e-8) ** (1 / power))
        assert -1e-6 < row["size"] - exact < 1 + 1e-6 and row["scaling"] <= 1e-8 * (1 + 1e-9)
        if row["order"] == 1:
            assert row["bound_size"] is None
        else:
            assert row["bound_size"] == pytest.approx(1e8 ** (2 / (row["order"] - 1)))
    assert plan["polylog_size"] == pytest.approx((math.e * math.log(1e8)) ** 2 / 2)


def test_some_sizes_of_an_order(run):
    plan = planned(run, "--rows", 1000000, "--columns", 3, "--order", 5)
    assert [row["size"] for row in plan["candidates"]] == [56, 1000, 10000, 100000]
    assert {row["order"] for row in plan["candidates"]} == {5}


def test_text(run):
    text = run("plan", "--rows", 128000, "--columns", 3, "--size", 12800, "--threads", 1).stdout
    assert "plan for 128,000 rows in 3 columns" in text and "with 1 thread," in text and "polylog" not in text
    orders = {int(line.split()[0]): line for line in text.splitlines() if line.split()[0].isdigit()}
    assert sorted(orders) == list(range(1, 13))
    assert "0.33*" in orders[1] and "0.00*" in orders[2] and "-1.00 " in orders[5] and "2.50" in orders[5]
    assert "tolerance" in run("plan", "--rows", 128000, "--columns", 3, "--tolerance", 1e-4).stdout


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--rows", 1000, "--columns", 5, "--size", 20, "--order", 3],
         ["at least 56", "order 1 is the highest that fits"]),
        (["--rows", 1000, "--columns", 5, "--order", 9], ["at least 2,002", "1,000 rows", "order 7", "at least 792"]),
        (["--rows", 1000, "--columns", 5, "--size", 1000], ["--size: 1,000", "below the 1,000 rows"]),
        (["--rows", 1000, "--columns", 5, "--size", 0], "--size: 0: must be at least 1"),
        (["--rows", 5000, "--columns", 4, "--tolerance", 1e-9], ["--tolerance: 1e-09", "more than the 5,000 rows"]),
        (["--rows", 5, "--columns", 9, "--tolerance", 1e-9], "too few for order 1"),
        (["--rows", 1000, "--columns", 5, "--tolerance", 1.5], "must be above 0 and below 1"),
        (["--rows", 1000, "--columns", 5, "--order", -1], "--order: -1: must not be negative"),
        (["--rows", 1000, "--columns", 5], "needs --size, --tolerance or --order"),
        (["--rows", 1000, "--size", 5], "needs a FILE, or --rows and --columns"),
        (["--rows", 1000, "--columns", 0, "--size", 5], "--columns: 0: must be at least 1"),
        (["--rows", "many", "--columns", 2, "--size", 5], "--rows: many: must be a whole number"),
        (["--rows", 1000, "--columns", 5, "--size", 50, "--tolerance", 0.1], "excludes"),
        (["none.csv", "--size", 5], "none.csv: cannot be read"),
        (["points.parquet", "--rows", 5, "--size", 5], "--rows: cannot be given with a FILE"),
    ],
)
def test_what_cannot_be_met_is_refused(refused, table, arguments, says):
    refused("plan", *arguments, says=says)
