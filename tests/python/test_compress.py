"""compress, plan and recombine: what comes out, and what is refused."""

import copy
import io
import pickle
import sys

import numpy as np
import pytest
from conftest import moments

import momentset as ms


def test_moments_are_kept(points):
    small = ms.compress(points, size=100, order=5)
    assert len(small) == 100 and np.all(np.diff(small.indices) > 0) and np.all(small.weights > 0)
    assert np.array_equal(small.points, points[small.indices])
    assert np.allclose(moments(small.points, small.weights), moments(points, np.ones(2000)), rtol=1e-12)
    assert small.certificate.holds and small.certificate.order == 5
    assert set(small.seconds) >= {"partition", "recombine", "certify"}


def test_notices(points):
    assert ms.compress(points, size=1000).notices == []
    assert any("all are kept" in notice for notice in ms.compress(points, size=5000).notices)
    wide = np.random.default_rng(0).uniform(size=(3000, 12))
    assert any("random subset" in notice for notice in ms.compress(wide, size=100).notices)


def test_what_was_compared_in_many_columns(points):
    small = ms.compress(np.random.default_rng(0).uniform(size=(2000, 8)), size=100)
    errors = list(small.alternatives.values())
    assert {"kernel exchange", "stratified rows", "random rows"} < set(small.alternatives) and errors == sorted(errors)
    assert f"{next(iter(small.alternatives))} {errors[0]:.1e}, " in small.summary()
    assert ms.compress(points, size=100).alternatives == {}


def test_keep_is_a_fraction(points):
    assert len(ms.compress(points, keep=0.05)) == 100


def test_weights_and_their_sum(points):
    weights = np.random.default_rng(1).uniform(0.5, 4, len(points))
    for weight_sum, mass in [("mass", weights.sum()), ("n", 2000), ("1", 1)]:
        small = ms.compress(points, size=100, weights=weights, weight_sum=weight_sum)
        expected = moments(points, weights * (mass / weights.sum()))
        assert np.allclose(moments(small.points, small.weights), expected, rtol=1e-12)


def test_largest_weight(points):
    small = ms.compress(points, size=200, order=2, max_weight=1.5)
    assert small.weights.max() <= 1.5 * 2000 / 200


def test_rows_that_must_survive(points):
    small = ms.compress(points, size=100, keep_rows=[1999, 0])
    assert {0, 1999} <= set(small.indices) and np.all(small.weights[[0, -1]] == 1)


def test_same_for_any_number_of_threads(points):
    results = [ms.compress(points, size=300, threads=threads) for threads in (1, 2, 8)]
    for other in results[1:]:
        assert other.certificate.to_json() == results[0].certificate.to_json()
        assert other.weights.tobytes() == results[0].weights.tobytes()


def test_seed_changes_the_test_functions_only(points):
    first, second = (ms.compress(points, size=100, seed=seed) for seed in (0, 2**64 - 1))
    assert np.array_equal(first.weights, second.weights)
    assert first.certificate.probe_random != second.certificate.probe_random


def test_progress(points):
    seen = []
    big = np.random.default_rng(0).normal(size=(300_000, 4))
    ms.compress(big, size=30_000, progress=lambda stage, fraction: seen.append((stage, fraction)))
    assert seen and all(0 <= fraction <= 1 for _, fraction in seen)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream, progress, shown", [(Terminal, True, True), (Terminal, False, False),
                                                     (io.StringIO, True, False)])
def test_a_bar_on_terminals_that_is_gone_at_the_end(monkeypatch, stream, progress, shown):
    monkeypatch.setattr("momentset._progress.PATIENCE", 0)
    monkeypatch.setattr(sys, "stderr", stream())
    ms.compress(np.random.default_rng(0).normal(size=(100_000, 3)), size=10_000, order=3, progress=progress)
    drawn = sys.stderr.getvalue()
    assert (" %" in drawn) == shown  # of which stages depends on how long they take
    assert drawn == "" or drawn.endswith("\r") and drawn.split("\r")[-2].strip() == ""


def test_no_bar_of_a_short_call(monkeypatch, points):
    monkeypatch.setattr(sys, "stderr", Terminal())
    ms.compress(points, size=100, order=2)
    assert sys.stderr.getvalue() == ""


def test_progress_may_raise():
    def refuse(stage, fraction):
        raise LookupError(stage)

    with pytest.raises(LookupError):
        ms.compress(np.random.default_rng(0).normal(size=(300_000, 4)), size=30_000, progress=refuse)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("size", {}),
        ("size", {"size": 10, "keep": 0.5}),
        ("size", {"size": 0}),
        ("size", {"size": 1.5}),
        ("size", {"size": True}),
        ("keep", {"keep": 1.5}),
        ("keep", {"keep": float("nan")}),
        ("order", {"size": 100, "order": -1}),
        ("order", {"size": 100, "order": "5"}),
        ("size", {"size": 100, "order": 9}),
        ("weights", {"size": 100, "weights": np.ones(3)}),
        ("weights", {"size": 100, "weights": np.full(2000, -1.0)}),
        ("weights", {"size": 100, "weights": "x9"}),
        ("weight_sum", {"size": 100, "weight_sum": "2"}),
        ("max_weight", {"size": 100, "max_weight": 1}),
        ("keep_rows", {"size": 100, "keep_rows": [2000]}),
        ("keep_rows", {"size": 100, "keep_rows": [-1]}),
        ("keep_rows", {"size": 100, "keep_rows": [0.5]}),
        ("columns", {"size": 100, "columns": ["y"]}),
        ("columns", {"size": 100, "columns": ["x0", "x0"]}),
        ("exclude", {"size": 100, "exclude": ["y"]}),
        ("seed", {"size": 100, "seed": 2**64}),
        ("threads", {"size": 100, "threads": 0}),
        ("keep", {"keep": "half"}),
        ("tolerance", {"tolerance": "1e-3"}),
        ("max_weight", {"size": 100, "max_weight": [2]}),
        ("min_ess", {"size": 100, "min_ess": "most"}),
        ("column_weights", {"size": 100, "column_weights": 2}),
        ("column_weights", {"size": 100, "column_weights": {"x0": "2"}}),
        ("basis", {"size": 100, "basis": np.ones(2000)}),
        ("effort", {"size": 100, "effort": ["low"]}),
        ("progress", {"size": 100, "progress": 3}),
    ],
)
def test_what_is_refused(points, field, options):
    with pytest.raises(ms.Error) as caught:
        ms.compress(points, **options)
    assert caught.value.field == field and caught.value.rule
    assert str(caught.value).startswith(f"{field}: ")


def test_errors_can_be_pickled():
    error = pickle.loads(pickle.dumps(ms.Error("size", "0", "must be at least 1")))
    assert (error.field, error.value, error.rule) == ("size", "0", "must be at least 1")
    assert str(error) == "size: 0: must be at least 1" and isinstance(error, ValueError)


def test_copies_are_equal(points):
    small = ms.compress(points, size=100)
    for other in (copy.copy(small), copy.deepcopy(small), pickle.loads(pickle.dumps(small))):
        assert np.array_equal(other.indices, small.indices) and np.array_equal(other.weights, small.weights)
        assert other.certificate == small.certificate and other.columns == small.columns
        assert ms.verify(points, other)
    assert len(pickle.dumps(small)) < 30_000  # nothing of the input but what survived


def test_plan(points):
    plan = ms.plan(2000, 3, size=120, order=5)
    assert (plan.order, plan.features, plan.cells, plan.size) == (5, 56, 2, 120)
    assert plan.operations > 0 and plan.memory > 0
    assert repr(plan).startswith("Plan(rows=2000, dimension=3, size=120, order=5, features=56, cells=2, operations=")
    with pytest.raises(ms.Error, match="size"):
        ms.plan(2000, 3, size=10, order=5)


def test_recombine(points):
    features = np.column_stack([np.ones(2000), points, points**2])
    weights = np.random.default_rng(2).uniform(size=2000)
    result = ms.recombine(features, weights)
    assert len(result.support) == result.rank == 7 and result.exact and result.residual <= result.tolerance
    assert np.allclose(features[result.support].T @ result.weights, features.T @ weights, rtol=1e-12)
    bounded = ms.recombine(features, weights, max_weights=np.full(2000, 20.0), target=100)
    assert bounded.weights.max() <= 20
    assert np.allclose(features[bounded.support].T @ bounded.weights, features.T @ weights)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("weights", lambda A: ms.recombine(A, np.ones(3))),
        ("A", lambda A: ms.recombine(A[None], np.ones(len(A)))),
        ("max_weights", lambda A: ms.recombine(A, np.ones(len(A)), max_weights=np.zeros(len(A)))),
        ("target", lambda A: ms.recombine(A, np.ones(len(A)), target=-1)),
    ],
)
def test_what_recombine_refuses(points, field, call):
    with pytest.raises(ms.Error) as caught:
        call(points)
    assert caught.value.field == field
