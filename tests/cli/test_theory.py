"""theory: tables, CSV and JSON of what the library computes, and requests that make no sense."""

import csv
import io
import json
import math

import pytest


def asked(run, *arguments):
    result = run("theory", *arguments, "--json")
    assert result.returncode == 0, result
    return json.loads(result.stdout)


def test_curve(run):
    rows = asked(run, "curve", "--alpha", "5,2", "--fraction", "0.3,1", "--theta", "0,20")
    assert [(row["alpha"], row["fraction"], row["theta_deg"]) for row in rows] == [
        (alpha, fraction, theta) for fraction in (0.3, 1) for theta in (0, 20) for alpha in (2, 5)]
    first = rows[0]  # experiments/reference/perceptron_theory.csv
    assert [first[name] for name in ("R", "rho", "kappa", "error")] == pytest.approx(
        [0.938435, 0.938435, 0.159146, 0.112276], abs=1e-5)
    assert rows[3]["error"] == pytest.approx(0.051664, abs=1e-5)


def test_all_three_forms_have_the_same_numbers(run):
    arguments = ["theory", "curve", "--alpha", "0.1:1000:5", "--keep", "easy", "--fraction", 0.5]
    rows = json.loads(run(*arguments, "--json").stdout)
    assert [row["alpha"] for row in rows] == pytest.approx([0.1, 1, 10, 100, 1000])
    table = list(csv.DictReader(io.StringIO(run(*arguments, "--csv").stdout)))
    assert [{name: float(text) for name, text in row.items()} for row in table] == rows
    text = run(*arguments).stdout.splitlines()
    assert text[0].split() == list(rows[0]) and len(text) == 6
    assert [float(word) for word in text[3].split()] == pytest.approx(list(rows[2].values()), rel=1e-5)


def test_window(run):
    best, all_kept = asked(run, "window", "--alpha", "2", "--fraction", "0.5,1")
    assert (best["lower"], best["upper"]) == pytest.approx((0.4339, 1.3905), abs=4e-4)
    assert [best[name] for name in ("error", "easy", "hard")] == pytest.approx([0.11266, 0.11731, 0.13610], abs=1e-5)
    assert best["policy"] == "window" and best["error"] < best["random"]
    assert all_kept["upper"] == "inf" and all_kept["policy"] == "random"
    (inside,) = asked(run, "curve", "--alpha", "2", "--window", f"{best['lower']},{best['upper']}")
    assert inside["fraction"] == pytest.approx(0.5) and inside["error"] == pytest.approx(best["error"])


def test_fmin_frontier_and_information(run):
    assert [row["f_min"] for row in asked(run, "fmin", "--theta", "0:40:5")] == pytest.approx(
        [0, 0.237815, 0.456306, *(row["f_min"] for row in asked(run, "fmin", "--theta", "30,40"))], abs=1e-6)
    (gain,) = asked(run, "information", "--alpha", 1, "--fraction", 0.5)
    assert [gain[name] for name in ("R", "q", "gain")] == pytest.approx([0.37124, 0.55917, 0.83657], abs=1e-5)
    (frontier,) = asked(run, "frontier", "--alpha", 5, "--theta", 10)
    assert frontier["error"] < frontier["random"] and math.isfinite(frontier["fraction"])


@pytest.mark.parametrize("arguments, says", [
    (["curve", "--fraction", 0.5], "--alpha: must be given"),
    (["curve", "--alpha", 1], "--fraction: must be given"),
    (["curve", "--alpha", 0, "--fraction", 0.5], "--alpha: 0: must be at least"),
    (["curve", "--alpha", "x", "--fraction", 0.5], "--alpha: x: must be a number"),
    (["curve", "--alpha", "1:2:1", "--fraction", 0.5], "--alpha: 1:2:1: its COUNT"),
    (["curve", "--alpha", 1, "--fraction", 2], "--fraction: 2: must be above 0"),
    (["curve", "--alpha", 1, "--fraction", 0.5, "--theta", 90], "--theta: 90: must be at least 0 and below 90"),
    (["curve", "--alpha", 1, "--window", 1], "--window: 1: must be two numbers"),
    (["curve", "--alpha", 1, "--window", "2,1"], "--window: 2 to 1: its upper end"),
    (["curve", "--alpha", 1, "--window", "0,1", "--fraction", 0.5], "--fraction: 0.5: cannot be given with --window"),
    (["curve", "--alpha", 1, "--window", "0,1", "--keep", "easy"], "--keep: easy: has no meaning"),
    (["fmin", "--theta", 10, "--alpha", 1], "--alpha: 1: has no meaning for theory fmin"),
    (["information", "--alpha", 1, "--fraction", 0.5, "--theta", 10], "--theta: 10: has no meaning"),
    (["window", "--alpha", 1, "--fraction", 0.5, "--keep", "easy"], "--keep: easy: has no meaning"),
    (["something"], "something"),
    ([], "question"),
])
def test_bad_requests(refused, arguments, says):
    refused("theory", *arguments, says=says)
