"""What a Coreset and its certificate can do besides holding numbers."""

import copy
import importlib.util
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import momentset as ms


@pytest.fixture
def small(points):
    return ms.compress(points, size=500, order=5, method="tree")


def test_certificate_mirrors_its_json(small):
    certificate = small.certificate
    fields = json.loads(certificate.to_json())
    for name in ["kind", "library_version", "rows", "size", "dimension", "order", "features", "seed", "columns",
                 "options", "moved_points", "worst_residual", "tolerance", "taylor_bound", "input_hash", "output_hash"]:
        assert getattr(certificate, name) == fields[name], name
    assert certificate.cells == fields["tree"]["cells"]
    assert certificate.mass_input == certificate.mass_expected == 2000
    assert certificate.mass_output == pytest.approx(2000, rel=1e-12)
    assert certificate.smallest_weight == small.weights.min() and certificate.largest_weight == small.weights.max()
    ess = small.weights.sum() ** 2 / (small.weights**2).sum()
    assert certificate.effective_sample_size == pytest.approx(ess, rel=1e-12)
    assert [residual.order for residual in certificate.residuals] == list(range(6))
    assert max(max(r.overall, r.cells) for r in certificate.residuals) == certificate.worst_residual
    assert certificate.diameters.minimum <= certificate.diameters.median <= certificate.diameters.maximum
    assert sum(probe.functions for probe in certificate.probes) == 48
    assert ms.Certificate.from_json(certificate.to_json()) == certificate
    with pytest.raises(ms.Error):
        ms.Certificate("{}")


def test_verdict(small):
    kept = "Holds: 500 of 2,000 rows keep 56 moments up to order 5 in each of 8 cells"
    assert small.certificate.verdict.startswith(kept)
    fields = json.loads(small.certificate.to_json())
    fields["weights"]["smallest"] = -0.5
    fields["mass"]["output"] = 1000.0
    broken = ms.Certificate(json.dumps(fields))
    assert not broken.holds
    assert broken.verdict == "Does not hold: the weights sum to 1000 instead of 2000; a weight is negative, -0.5."
    wide = ms.compress(np.random.default_rng(0).uniform(size=(3000, 12)), size=100)
    assert "a random subset of this size would do about as well" in wide.certificate.verdict


def test_texts(small):
    assert repr(small) == "<Coreset: 500 of 2,000 rows, order 5, 8 cells, holds>"
    assert "2,000 → 500" in small.summary() and "time:" in small.summary()
    html = small._repr_html_()
    assert "<table>" in html and "2,000 → 500" in html
    named = ms.compress(pa.table({"<b>": np.arange(50.0) ** 2}), size=10)
    assert "&lt;b&gt;" in named._repr_html_() and "<b>" not in named._repr_html_()


def test_tables(points, small):
    table = small.to_arrow()
    assert table.column_names == ["x0", "x1", "x2", "weight", "row"]
    assert np.array_equal(table["x1"].to_numpy(), points[small.indices, 1])
    assert small.to_arrow().equals(table)
    taken = pa.table({"weight": points[:, 0], "row": points[:, 1]})
    assert ms.compress(taken, size=100).to_arrow().column_names == ["weight", "row", "coreset_weight", "coreset_row"]


def test_estimate_of_what_is_kept(points, small):
    result = small.estimate(lambda p: p[:, 1] ** 2)
    assert isinstance(result.value, float)
    assert result.value == pytest.approx(np.mean(points[:, 1] ** 2), rel=1e-12)
    both = small.estimate(lambda p: p[:, :2])
    assert both.value == pytest.approx(points[:, :2].mean(axis=0), rel=1e-12, abs=1e-12) and both.error.shape == (2,)
    assert small.estimate(small.points[:, 0]).value == pytest.approx(points[:, 0].mean(), abs=1e-12)


@pytest.fixture(scope="module")
def normal():
    points = np.random.default_rng(3).normal(size=(50_000, 3))
    return points, ms.compress(points, size=2000, order=5, method="tree")


@pytest.mark.parametrize("options", [{}, {"order": 8}, {"method": "tree"}, {"smoothness": "kinked"}])
def test_the_error_of_a_jump_is_not_taken_for_that_of_a_wave(options):
    """Also where smooth functions come out thousands of times closer than with random rows."""
    points = np.random.default_rng(3).normal(size=(20_000, 3))
    small = ms.compress(points, size=1000, **options)
    errors = []
    for place in np.linspace(-1, 1, 9):
        share = small.estimate(lambda p, place=place: p[:, 0] > place)
        errors.append((share.value - np.mean(points[:, 0] > place)) / share.error)
    assert 0.05 < np.sqrt(np.mean(np.square(errors))) < 2


@pytest.mark.parametrize(("length", "over"), [(2.8, 100), (1.4, 50), (0.7, 30), (0.5, 10), (0.35, 10), (0.1, 10)])
def test_estimated_errors_are_of_the_size_of_the_errors(normal, length, over):
    """Of cosines of lengths between those of the certificate and beyond: not too small, nor too large by more than
    `over`."""
    points, small = normal
    random = np.random.default_rng(4)
    found, stated = [], []
    for _ in range(30):
        omega, phase = random.normal(size=3) / length, random.uniform(0, 2 * np.pi)
        result = small.estimate(lambda p: np.cos(p @ omega + phase))
        found.append(result.value - np.cos(points @ omega + phase).mean())
        stated.append(result.error)
    found, stated = np.sqrt(np.mean(np.square(found))), np.sqrt(np.mean(np.square(stated)))
    assert found < stated < over * found


def test_estimated_errors_of_what_is_not_smooth(normal):
    points, small = normal
    spread = 1 / np.sqrt(small.certificate.effective_sample_size)
    signs = small.estimate(lambda p: np.sign(np.sin(1e5 * p[:, 0])))
    assert spread < signs.error < 5 * spread
    jump = small.estimate(lambda p: p[:, 0] > 0.3)
    assert abs(jump.value - np.mean(points[:, 0] > 0.3)) < jump.error < 3 * spread
    constant = small.estimate(lambda p: np.full(len(p), 2.5))
    assert constant.value == pytest.approx(2.5, rel=1e-15) and constant.error < 1e-12


@pytest.mark.parametrize("slope", [1, 2, 4, 8])
def test_the_error_of_a_sigmoid_is_not_taken_for_that_of_a_wave(slope):
    """At high orders waves come out exactly, and sigmoids millions of times less so."""
    points, random = np.random.default_rng(0).uniform(-1, 1, (20_000, 2)), np.random.default_rng(1)
    small = ms.compress(points, size=200)
    slopes, shifts = slope * random.normal(size=(2, 16)), slope * random.normal(size=16) / 2

    def sigmoids(p):
        return 1 / (1 + np.exp(-(p @ slopes + shifts)))

    result = small.estimate(sigmoids)
    true = np.abs(result.value - sigmoids(points).mean(axis=0))
    assert small.certificate.order > 15 and small.certificate.probes[0].coreset < 1e-14
    assert np.all(true < 3 * result.error) and np.mean(true < result.error) > 0.8
    assert 1 < np.median(result.error / true) < 300


@pytest.fixture(scope="module")
def trusted():
    """The benchmark in small: (function, coreset, true error, expected error, size of the function)."""
    bench = Path(__file__).resolve().parents[2] / "bench" / "estimate_trust.py"
    found = importlib.util.spec_from_file_location("estimate_trust", bench)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module, list(module.cases(coresets=15, seed=7))


def test_errors_are_seldom_larger_than_expected(trusted):
    module, cases = trusted
    true, expected, spread = np.array([numbers for _, _, *numbers in cases]).T
    felt = true > module.ROUNDING * spread
    assert felt.sum() > 200
    assert np.mean(felt & (true > expected)) < 0.1 and np.mean(felt & (true > 10 * expected)) < 0.01
    assert 2 < np.median(expected[felt] / true[felt]) < 100


def test_nothing_left_out_is_exact(points):
    assert ms.compress(points, size=5000).estimate(lambda p: p[:, 0]).error == 0


def test_one_point_says_nothing_of_its_error(points):
    assert ms.compress(points, size=1).estimate(lambda p: p[:, 0] ** 2).error == np.inf


def test_an_estimate_follows_the_weights(points):
    """What is kept of an earlier estimate is not used for other weights."""
    first, second = (ms.compress(points, size=100) for _ in range(2))
    first.estimate(lambda p: p[:, 0])
    for small in (first, second):
        small.weights[:50] *= 2
    assert first.estimate(lambda p: np.abs(p[:, 0])) == second.estimate(lambda p: np.abs(p[:, 0]))


def test_what_estimate_refuses(small):
    for statistic in (np.ones(3), lambda p: 1.0, lambda p: p[:10], lambda p: ["a"] * len(p)):
        with pytest.raises(ms.Error, match="statistic"):
            small.estimate(statistic)


def test_resample(points, small):
    rows = small.resample(5000, seed=1)
    assert len(rows) == 5000 and np.all(np.diff(rows) >= 0)
    drawn = np.bincount(rows, minlength=2000)[small.indices]
    assert drawn.sum() == 5000
    expected = 5000 * small.weights / small.weights.sum()
    assert np.all(np.abs(drawn - expected) < 1 + 1e-9)  # systematic: rounded down or up
    assert np.array_equal(rows, small.resample(5000, seed=1)) and not np.array_equal(rows, small.resample(5000, seed=2))
    with pytest.raises(ms.Error, match="n: 0"):
        small.resample(0)


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_what_rounding_takes_from_a_row_its_neighbours_get(columns):
    """Far closer than rows drawn by weight without regard to where they lie."""
    points = np.random.default_rng(0).normal(size=(20_000, columns))
    small = ms.compress(points, size=500)
    share, random = small.weights / small.weights.sum(), np.random.default_rng(1)

    def error(rows):
        return np.sqrt(np.mean((points[rows] - points.mean(axis=0)).mean(axis=0) ** 2))

    drawn = [error(small.resample(500, seed=seed)) for seed in range(20)]
    alone = [error(small.indices[random.choice(500, 500, p=share)]) for _ in range(20)]
    assert np.median(drawn) < np.median(alone) / 5


def test_resampled_rows_of_equal_points():
    points = np.repeat([[0.0, 1.0], [2.0, 3.0], [2.0, 5.0]], [5, 3, 2], axis=0)
    drawn = points[ms.compress(points, size=3).resample(10)]
    assert np.array_equal(drawn[np.lexsort(drawn.T[::-1])], points)
    assert np.array_equal(ms.compress(np.zeros((9, 2)), size=1).resample(2), [0, 0])


def test_plot(points, small):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert small.plot("x2", 0, X=points, ax=axes) is axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x2", "x0")
    behind, survivors = axes.collections
    assert len(behind.get_offsets()) == 2000 and np.array_equal(survivors.get_offsets(), small.points[:, [2, 0]])
    areas = survivors.get_sizes()
    assert areas / areas.max() == pytest.approx(small.weights / small.weights.max())
    with pytest.raises(ms.Error, match="x9"):
        small.plot("x9", 0, ax=axes)


def test_a_copy_is_independent(small):
    other = copy.deepcopy(small)
    other.weights[0] = 7
    assert small.weights[0] != 7
