"""momentset.theory: the values that were solved and simulated elsewhere, its arguments, and its speed."""

import csv
import inspect
import math
import re
import time
from pathlib import Path

import momentset as ms
import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "experiments" / "reference" / "perceptron_theory.csv"


def test_it_is_the_independent_solution():
    with open(REFERENCE, newline="") as file:
        rows = [{name: float(text) for name, text in row.items()} for row in csv.DictReader(file)]
    assert len(rows) == 40
    for row in rows:
        found = ms.theory.perceptron(row["alpha_prune"], row["f"], row["theta_deg"])
        expected = row["R_theory"], row["rho"], row["kappa"], row["eps_theory"]
        assert found[:4] == pytest.approx(expected, abs=1e-5), row
        assert found.residual < 1e-9


def test_fields_and_default_window():
    found = ms.theory.perceptron(2, 0.3)
    assert (found.R, found.rho, found.kappa, found.error, found.residual) == found
    assert found.error == pytest.approx(math.acos(found.R) / math.pi)
    assert found == ms.theory.perceptron(2, 0.3, theta_deg=0, window="hard")
    assert ms.theory.perceptron(2, 0.3, window="random") == ms.theory.perceptron(2, 1)
    assert ms.theory.perceptron(0.5, 0.3, window="easy").error < found.error + 1


def test_the_optimal_window_is_a_window_of_perceptron():
    window = ms.theory.optimal_window(2, 0.5)
    assert window == pytest.approx((0.4339, 1.3905), abs=4e-4)
    errors = {kept: ms.theory.perceptron(2, 0.5, window=kept).error for kept in ("easy", "hard", "random")}
    assert ms.theory.perceptron(2, 0.5, window=window).error < min(errors.values())
    assert (errors["easy"], errors["hard"]) == pytest.approx((0.11731, 0.13610), abs=1e-5)
    lower, upper = ms.theory.optimal_window(2, 1)
    assert (lower, upper) == (0, math.inf)
    assert ms.theory.perceptron(2, 1, window=(lower, upper)) == ms.theory.perceptron(2, 1)


def test_the_policy_says_what_it_expects():
    choice = ms.theory.adaptive_policy(20, 0.3)
    assert choice.policy == "keep_hard" and choice.window.lower == 0
    assert choice.error == pytest.approx(ms.theory.perceptron(20, 0.3).error)
    assert choice.random_error == pytest.approx(ms.theory.perceptron(20, 1).error)
    best = ms.theory.pareto_frontier(5, theta_deg=20)
    assert 0.01 <= best.fraction < 1
    assert best.error == pytest.approx(ms.theory.perceptron(5, best.fraction, 20).error)


def test_smallest_fraction_and_information():
    assert [ms.theory.f_min(theta) for theta in (1, 10, 40)] == pytest.approx([0.024117, 0.237815, 0.783212], abs=1e-6)
    assert ms.theory.information_gain(1, 0.5) == pytest.approx(0.83657, abs=1e-5)
    assert ms.theory.information_gain(5, 1) == pytest.approx(0.18736, abs=1e-5)
    assert ms.theory.next_example_gain(5, 1) == pytest.approx(0.18736, abs=1e-5)
    assert ms.theory.perceptron_at_margin(2, 1).error == 0


def test_a_curve_of_100_points_takes_less_than_a_second():
    alphas = [0.1 * 10 ** (k / 33) for k in range(100)]
    for fraction, theta in [(0.3, 0), (0.3, 20)]:
        start = time.perf_counter()
        curve = ms.theory.curve(alphas, fraction, theta)
        taken = time.perf_counter() - start
        assert taken < 3, taken  # 1 s on a machine that does nothing else; tests run beside each other
        assert curve[50][:4] == pytest.approx(ms.theory.perceptron(alphas[50], fraction, theta)[:4], rel=1e-8)


@pytest.mark.parametrize("field, arguments", [
    ("alpha", {"alpha": 0}),
    ("alpha", {"alpha": math.nan}),
    ("alpha", {"alpha": "many"}),
    ("fraction", {"fraction": 0}),
    ("fraction", {"fraction": 1.01}),
    ("fraction", {"fraction": None}),
    ("theta_deg", {"theta_deg": 90}),
    ("theta_deg", {"theta_deg": -1}),
    ("window", {"window": "hardest"}),
    ("window", {"window": (1, 2, 3)}),
    ("window", {"window": (1, 0.5)}),
    ("window", {"window": (0, 1)}),  # keeps 0.68
])
def test_bad_arguments_are_named(field, arguments):
    with pytest.raises(ms.Error) as refused:
        ms.theory.perceptron(**{"alpha": 2, "fraction": 0.3, **arguments})
    assert refused.value.field == field


def test_everything_public_is_documented():
    reference = (REFERENCE.parents[2] / "docs" / "api" / "python.md").read_text(encoding="utf-8")
    for name in ms.theory.__all__:
        member = getattr(ms.theory, name)
        assert member.__doc__
        kind = "class" if inspect.isclass(member) else "function"
        assert f".. auto{kind}:: momentset.theory.{name}\n" in reference


@pytest.mark.parametrize("question, lines", [
    (["curve", "--alpha", "0.1:100:12", "--fraction", "0.3,1", "--theta", "0,20"], 4),
    (["window", "--alpha", "0.5:5:3", "--fraction", "0.3"], 4),
    (["frontier", "--alpha", "1,5,20", "--theta", "10"], 2),
    (["fmin", "--theta", "1:40:5"], 1),
    (["information", "--alpha", "1,5", "--fraction", "0.2,1"], 4),
])
def test_the_report_draws_what_the_command_prints(command, tmp_path, question, lines):
    from momentset import _report

    (tmp_path / "theory.json").write_text(command("theory", *question, "--json").stdout)
    assert _report.main(["theory.json", "-o", "theory.html"]) == 0
    page = (tmp_path / "theory.html").read_text(encoding="utf-8")
    assert len(re.findall(r'id="theory-line2d_\d+"', page)) >= lines and "Theory of pruned perceptrons" in page
    assert page.count("</svg>") == 1


def test_the_report_refuses_other_lists(tmp_path, capsys):
    from momentset import _report

    for text in ("[]", "[1]", '[{"alpha": 1}]', "[1"):
        (tmp_path / "other.json").write_text(text)
        assert _report.main(["other.json"]) == 2
        assert "momentset-report: other.json: is " in capsys.readouterr().err
