"""prune: which rows are kept, by which score and policy, what the report says, and the step that compresses them."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import moment_residual

ROWS = 1200
CLASSES = np.array(["ant", "bee", "cat"])


@pytest.fixture
def examples(tmp_path):
    """examples.parquet: two coordinates, a label of unequal classes; probs.npy and other.npy: two probes of it."""
    random = np.random.default_rng(5)
    labels = random.choice(3, ROWS, p=[0.6, 0.35, 0.05])
    points = random.normal(size=(ROWS, 2)) + labels[:, None]
    logits = random.normal(size=(2, ROWS, 3)) + 2 * np.eye(3)[labels]
    probs = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    np.save(tmp_path / "probs.npy", probs[0])
    np.save(tmp_path / "other.npy", probs[1].astype(np.float32))
    np.save(tmp_path / "y.npy", labels)
    pq.write_table(pa.table({"x": points[:, 0], "y": points[:, 1], "label": CLASSES[labels]}),
                   tmp_path / "examples.parquet")
    return {"labels": labels, "points": points, "probs": probs}


def el2n(probs, labels):
    return np.linalg.norm(probs - np.eye(3)[labels], axis=-1)


def pruned(run, *words, output="kept.parquet", input="examples.parquet"):
    result = run("prune", input, "-o", output, *words, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout), result.stderr


def rows_of(tmp_path, name="kept.parquet"):
    return pq.read_table(tmp_path / name)["row"].to_numpy()


def test_the_hardest_by_el2n(run, tmp_path, examples):
    report, _ = pruned(run, "--score", "el2n", "--probs", "probs.npy", "--keep", 0.3, "--class-floor", 0, "--labels",
                       "label")
    kept = rows_of(tmp_path)
    scores = el2n(examples["probs"][0], examples["labels"])
    assert np.array_equal(kept, np.sort(np.argsort(-scores)[:360]))
    assert (report["kept"], report["hard"], report["policy"]) == (360, "high", "hard")
    table = pq.read_table(tmp_path / "kept.parquet")
    assert table.column_names == ["x", "y", "label", "weight", "row"]
    assert set(table["weight"].to_pylist()) == {1.0}
    assert np.array_equal(table["x"].to_numpy(), examples["points"][kept, 0])


def test_floors_are_the_default_and_several_probes_are_averaged(run, tmp_path, examples):
    report, _ = pruned(run, "--score", "el2n", "--probs", "probs.npy,other.npy", "--keep", 0.2)  # the column label
    labels = examples["labels"]
    sizes = {each["name"]: each["kept"] for each in report["classes"]}
    kept = rows_of(tmp_path)
    assert sizes == {name: int(np.sum(labels[kept] == c)) for c, name in enumerate(CLASSES)}
    assert min(sizes.values()) >= report["classes"][0]["floor"] == 40 and sum(sizes.values()) == 240
    ratios = [min(a, b) / max(a, b) for a, b in ((sizes[p], sizes[q]) for p, q in (("ant", "bee"), ("ant", "cat"),
                                                                                  ("bee", "cat")))]
    assert report["balance"]["after"] == pytest.approx(np.mean(ratios))
    scores = el2n(examples["probs"], labels).mean(axis=0)
    for c in range(3):
        inside = np.flatnonzero(labels == c)
        hardest = inside[np.argsort(-scores[inside])[: sizes[CLASSES[c]]]]
        assert set(hardest) == set(kept[labels[kept] == c])


def test_labels_from_a_file_of_integers_and_classes_below_their_floor(run, tmp_path, examples):
    report, notes = pruned(run, "--score", "el2n", "--probs", "probs.npy", "--keep", 0.9, "--labels", "y.npy")
    few = int(np.sum(examples["labels"] == 2))
    assert [each for each in report["classes"] if each["name"] == "2"][0]["kept"] == few
    assert f"has fewer examples than the floor of 180 and is kept whole: 2 ({few})" in notes


def test_standard_output(run, tmp_path, examples):
    """Rows alone go there; the report does not mix with them."""
    words = ("--score", "random", "--keep", 0.3)
    result = run("prune", "examples.parquet", "-o", "-", *words)
    assert result.returncode == 0 and "random" in result.stderr and not list(tmp_path.glob("-*"))
    assert run("prune", "examples.parquet", "-o", "kept.csv", *words).returncode == 0
    assert result.stdout == (tmp_path / "kept.csv").read_text()


def test_policies(run, tmp_path, examples):
    scores = np.arange(ROWS, dtype=float)
    np.save(tmp_path / "s.npy", scores)
    base = ["--score", "file", "--scores", "s.npy", "--keep", 0.1, "--class-floor", 0, "--labels", "label", "--force"]
    for words, expected in ((["easy"], np.arange(120)), (["window", "--skip-hardest", 0.5], np.arange(480, 600))):
        pruned(run, *base, "--policy", *words)
        assert np.array_equal(rows_of(tmp_path), expected)
    pruned(run, *base, "--policy", "stratified", "--strata", 4)
    assert np.bincount(rows_of(tmp_path) // 300).tolist() == [30, 30, 30, 30]


def test_theory_chooses_and_says_why(run, tmp_path, examples):
    words = ["--score", "el2n", "--probs", "probs.npy,other.npy", "--policy", "theory"]
    report, _ = pruned(run, *words, "--parameters", 20, "--keep", 0.3)
    assert report["policy"] == "hard" and report["kept"] == 360
    theory = json.loads(run("theory", "window", "--alpha", 18, "--fraction", 0.3, "--theta",
                            report["probe"]["theta_deg"], "--json").stdout)[0]
    assert report["theory"]["predicted_error"] == pytest.approx(theory["hard"], rel=1e-6)
    assert report["theory"]["alpha"] == pytest.approx(18)
    result = run("prune", "examples.parquet", "-o", "b.parquet", *words, "--parameters", 20, "--theta", 10, "--epochs", 20)
    assert result.returncode == 0, result.stderr
    assert "from the one stated, 10" in result.stdout and "the hardest examples, since" in result.stdout
    assert "epochs, for 20 on all rows (matched iterations factor 0.5)" in result.stdout
    report, _ = pruned(run, *words, "--parameters", 4000, "--theta", 0, "--keep", 0.3, output="c.parquet")
    assert report["policy"] in ("easy", "window")


@pytest.mark.parametrize("weights", [None, "none", "value"])
def test_then_compress(run, tmp_path, examples, weights):
    words = ["--score", "el2n", "--probs", "probs.npy", "--keep", 0.5, "--then-compress", 100, "--order", 2,
             "--pruned", "measure.parquet"] + (["--score-weights", weights] if weights else [])
    report, _ = pruned(run, *words, output="small.parquet")
    small, measure = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("small", "measure"))
    assert small.num_rows == report["compressed"]["size"] == 100 and measure.num_rows == report["kept"] == 600
    mass = measure["weight"].to_numpy()
    labels, few = (np.array(table["label"].to_pylist()) for table in (measure, small))
    for name in CLASSES:  # each class keeps its examples' number as its mass, and its moments
        inside, kept = labels == name, few == name
        assert mass[inside].sum() == pytest.approx(inside.sum())
        points = np.column_stack([measure["x"].to_numpy()[inside], measure["y"].to_numpy()[inside]])
        places = np.searchsorted(measure["row"].to_numpy()[inside], small["row"].to_numpy()[kept])
        assert moment_residual(points, mass[inside], places, small["weight"].to_numpy()[kept], 2) < 1e-12
    if weights == "value":
        scores = el2n(examples["probs"][0], examples["labels"])[measure["row"].to_numpy()]
        ratio = (mass / scores)[labels == "ant"]
        assert np.allclose(ratio, ratio[0])
    assert (np.ptp(mass) == 0) == (weights == "none")
    verified = run("verify", "measure.parquet", "small.parquet")
    assert verified.returncode == 0, verified.stderr


def test_rows_left_out_have_no_score(run, tmp_path, examples):
    points = examples["points"].copy()
    points[::10, 0] = np.nan
    np.save(tmp_path / "points.npy", points)
    scores = np.arange(ROWS, dtype=float)
    np.save(tmp_path / "s.npy", scores)
    pruned(run, "--score", "file", "--scores", "s.npy", "--keep", 0.1, "--drop-invalid", input="points.npy")
    valid = np.flatnonzero(np.arange(ROWS) % 10 != 0)
    assert np.array_equal(rows_of(tmp_path), valid[-108:])


PROBS = ["--score", "el2n", "--probs", "probs.npy"]
RANDOM = ["--score", "random"]


@pytest.mark.parametrize("arguments, says", [
    ([*PROBS], "--keep: must be given"),
    ([*PROBS, "--keep", 0], "--keep: 0: must be a fraction above 0"),
    ([*PROBS, "--keep", 1.5], "--keep: 1.5: must be a fraction above 0 and at most 1"),
    ([*PROBS, "--keep", 0.3, "--labels", "y"], "--labels: 1200 classes: must be as many as the columns, 3"),
    ([*PROBS, "--keep", 0.3, "--labels", "none.npy"], "--labels: none.npy"),
    (["--score", "el2n", "--keep", 0.3], "--probs: must be given for the score el2n"),
    (["--score", "el2n", "--keep", 0.3, "--probs", "wrong.npy"], "--probs: row 3: sum 1.2"),
    (["--score", "el2n", "--keep", 0.3, "--probs", "short.npy"], "--probs: short.npy: 10 rows: must have one for each"),
    (["--score", "file", "--keep", 0.3], "--scores: must be given"),
    (["--score", "file", "--keep", 0.3, "--scores", "nan.npy"], "--scores: nan.npy: x0: nan: must be a finite number"),
    (["--score", "file", "--keep", 0.3, "--scores", "probs.npy"], "--scores: probs.npy: 3 columns: must have one"),
    (["--score", "prototypes", "--keep", 0.3], "--clusters: must be given"),
    (["--score", "prototypes", "--keep", 0.3, "--clusters", 5000], "--clusters: 5000: must be at least 1"),
    ([*RANDOM, "--keep", 0.3, "--class-floor", 2], "--class-floor: needs --labels"),
    ([*RANDOM, "--keep", 0.3, "--class-floor", 2, "--labels", "label"], "--class-floor: 2: must be at least 0"),
    ([*RANDOM, "--keep", 0.3, "--skip-hardest", 0.1], "--skip-hardest: has a meaning for --policy window only"),
    ([*RANDOM, "--keep", 0.3, "--theta", 5], "--theta: has a meaning for --policy theory only"),
    ([*RANDOM, "--keep", 0.3, "--pruned", "a.npy"], "--pruned: has a meaning with --then-compress only"),
    ([*RANDOM, "--policy", "theory"], "--parameters: must be given"),
    ([*RANDOM, "--policy", "theory", "--parameters", 10], "--theta: must be given, or two probes"),
    ([*RANDOM, "--policy", "theory", "--parameters", 10, "--theta", 90], "--theta: 90: must be at least 0 and below 90"),
    ([*RANDOM, "--keep", 0.3, "--then-compress", 10, "--order", "x"], "--order: x: must be auto or a whole number"),
    (["--score", "other", "--keep", 0.3], "other"),
])
def test_bad_input(refused, tmp_path, examples, arguments, says):
    wrong = examples["probs"][0].copy()
    wrong[3] *= 1.2
    np.save(tmp_path / "wrong.npy", wrong)
    np.save(tmp_path / "short.npy", wrong[:10])
    np.save(tmp_path / "nan.npy", np.where(np.arange(ROWS) == 7, np.nan, 1.0))
    refused("prune", "examples.parquet", "-o", "kept.parquet", *arguments, says=says)
