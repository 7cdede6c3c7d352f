"""ms.scores, ms.prune and their siblings: formulas written out in NumPy, what arguments may be, errors, and speed."""

import copy
import json
import pickle
import time

import momentset as ms
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from momentset.scores import Scores


@pytest.fixture
def probes():
    """Probabilities of two probes (2, q, 4), and labels."""
    random = np.random.default_rng(2)
    labels = random.integers(0, 4, 500)
    logits = random.normal(size=(2, 500, 4)) + np.eye(4)[labels]
    return np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True), labels


def test_scores_are_their_formulas(probes):
    p, labels = probes
    onehot = np.eye(4)[labels]
    logits = np.log(p)
    others = np.where(onehot == 1, -np.inf, logits).max(axis=2)
    expected = {
        "el2n": (ms.scores.el2n(p, labels), np.linalg.norm(p - onehot, axis=2), "high"),
        "entropy": (ms.scores.entropy(p), -(p * np.log(p)).sum(axis=2), "high"),
        "least_confidence": (ms.scores.least_confidence(p), 1 - p.max(axis=2), "high"),
        "margin": (ms.scores.margin(logits, labels), (logits * onehot).sum(axis=2) - others, "low"),
        "grand": (ms.scores.grand(logits), np.linalg.norm(logits, axis=2), "high"),
    }
    for name, (found, by_probe, hard) in expected.items():
        assert np.allclose(found, by_probe.mean(axis=0), rtol=1e-12), name
        assert found.hard == hard, name
    assert np.allclose(ms.scores.softmax(logits[0]), p[0])


def test_probes_may_come_as_a_list_or_alone(probes):
    p, labels = probes
    assert np.array_equal(ms.scores.el2n(list(p), labels), ms.scores.el2n(p, labels))
    assert np.array_equal(ms.scores.el2n([p[0]], labels), ms.scores.el2n(p[0], labels))
    assert np.array_equal(ms.scores.el2n(p[0].astype(np.float32), labels),
                          ms.scores.el2n(p[0].astype(np.float32).astype(float), labels))
    assert np.array_equal(ms.scores.margin([-1.0, 2.0]), [1, 2])


def test_labels_may_be_names(probes):
    p, labels = probes
    by_number = ms.scores.el2n(p, labels)
    for names in (np.array(["a", "b", "c", "d"]), np.array([2, 9, 10, 11])):
        for given in (names[labels], names[labels].tolist(), pd.Series(names[labels])):
            assert np.array_equal(ms.scores.el2n(p, given), by_number)


def test_scores_say_which_end_is_hard():
    scores = ms.scores.margin(np.array([-3.0, 1.0, 2.0]))
    assert isinstance(scores, Scores) and scores[1:].hard == "low"
    assert pickle.loads(pickle.dumps(scores)).hard == copy.copy(scores).hard == "low"
    assert not isinstance(-scores, Scores) and not isinstance(scores + scores, Scores)
    assert ms.prune(scores, keep=0.3).tolist() == [1]
    assert ms.prune(np.asarray(scores), keep=0.3).tolist() == [0]
    assert ms.prune(np.asarray(scores), keep=0.3, hard="low").tolist() == [1]
    assert ms.prune(scores, keep=0.3, policy="easy").tolist() == [0]


def test_forgetting():
    correct = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [0, 1, 1, 1], [1, 0, 1, 0]], bool)
    assert ms.scores.forgetting(correct=correct).tolist() == [1, 4, 0, 2]
    assert ms.scores.forgetting(np.where(correct, 0.1, 2.0)).tolist() == [1, 4, 0, 2]


def test_memorisation_finds_what_only_its_owner_knows():
    """Nearest neighbours know a mislabelled example only if they were trained on it."""
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 2)) + 6 * (np.arange(200) % 2)[:, None]
    y = np.arange(200) % 2
    y[:5] = 1 - y[:5]
    members = ms.scores.memorisation_subsets(200, 30)
    assert members.shape == (30, 200) and np.all(members.sum(axis=0) == 21)
    distances = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    correct = np.array([y[inside][distances[:, inside].argmin(axis=1)] == y for inside in members])
    scores = ms.scores.memorisation(members, correct)
    share = np.array([[correct[members[:, i] == m, i].mean() for i in range(200)] for m in (True, False)])
    assert np.allclose(scores, share[0] - share[1])
    assert set(np.argsort(-scores)[:5]) == set(range(5))


def test_prototypes_are_distances_to_centres():
    random = np.random.default_rng(3)
    centres = np.linalg.qr(random.normal(size=(16, 4)))[0].T
    cloud = random.integers(0, 4, 3000)
    X = (centres[cloud] + 0.05 * random.normal(size=(3000, 16))).astype(np.float32)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    means = np.array([unit[cloud == c].mean(axis=0) for c in range(4)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    expected = 1 - (unit * means[cloud]).sum(axis=1)
    assert np.allclose(ms.scores.supervised_prototypes(X, cloud), expected, atol=1e-6)
    best = min(np.abs(ms.scores.prototypes(X, 4, seed=seed) - expected).max() for seed in range(8))
    assert best < 2e-3
    swept = ms.scores.prototypes(X, [2, 4])
    assert swept.shape == (2, 3000) and np.array_equal(swept[1], ms.scores.prototypes(X, 4))
    pair = ms.scores.prototypes([X, X[:, ::-1]], 4)
    assert np.allclose(pair, (ms.scores.prototypes(X, 4) + ms.scores.prototypes(X[:, ::-1], 4)) / 2)


def test_prune_and_its_report():
    random = np.random.default_rng(4)
    labels = random.choice(["rare", "usual", "other"], 2000, p=[0.02, 0.5, 0.48])
    scores = random.uniform(size=2000) - (labels == "rare")
    kept = ms.prune(scores, labels, keep=0.3)
    assert isinstance(kept, np.ndarray) and kept.dtype == np.int64 and len(kept) == 600
    assert np.all(np.diff(kept) > 0)
    report = kept.report
    rare = int(np.sum(labels == "rare"))
    sizes = {each.name: each.kept for each in report.classes}
    assert sizes["rare"] == rare < report.classes[0].floor == 100
    assert report.notices == [f"1 of 3 classes has fewer examples than the floor of 100 and is kept whole: rare ({rare})"]
    assert report.balance_before == ms.class_balance(labels)
    assert report.balance_after == pytest.approx(ms.class_balance(labels[kept]))
    assert (report.policy, report.keep, report.choice) == ("hard", 0.3, None)
    plain = ms.prune(scores, keep=0.3)
    assert plain.report.classes == [] and np.array_equal(plain, np.sort(np.argsort(-scores)[:600]))
    assert kept[:3].report is None


def test_class_balance_is_that_of_the_paper():
    labels = ["a"] * 4 + ["b"] * 2 + ["c"]
    assert ms.class_balance(labels) == pytest.approx((2 / 4 + 1 / 4 + 1 / 2) / 3)
    assert ms.class_balance(np.array([7, 7, 7])) == 1
    assert ms.class_balance(["a"], classes=["a", "b"]) == 0
    assert ms.class_balance([], classes=["a", "b"]) == 1


def test_theory_chooses():
    random = np.random.default_rng(6)
    N, q = 100, 4000
    teacher = np.eye(N)[0]
    x = random.normal(size=(q, N))
    noise = random.normal(size=(N, 5))
    noise[0] = 0
    probes = np.cos(np.radians(15)) * teacher[:, None] + np.sin(np.radians(15)) * noise / np.linalg.norm(noise, axis=0)
    margins = x @ probes
    angle = ms.probe_angle(margins)
    assert angle.theta_deg == pytest.approx(15, abs=1.5) and angle.probes == 5
    assert angle == ms.probe_angle((margins > 0).astype(int)) == ms.probe_angle(np.where(margins > 0, "yes", "no"))
    kept = ms.prune(ms.scores.margin(margins[:, 0]), keep=0.3, policy="theory", examples_per_parameter=q / N,
                    theta_deg=angle.theta_deg)
    choice = kept.report.choice
    assert (choice.policy, kept.report.policy, len(kept)) == ("hard", "hard", 1200)
    assert choice.predicted_error == pytest.approx(ms.theory.perceptron(12, 0.3, angle.theta_deg).error)
    assert "12 kept examples for each parameter" in choice.why
    free = ms.prune(ms.scores.margin(margins[:, 0]), keep=None, policy="theory", examples_per_parameter=40, theta_deg=5)
    assert free.report.choice.predicted_error <= 1.05 * free.report.choice.full_error * (1 + 1e-9)
    assert len(free) < q


def test_pruned_measure_is_compressed():
    random = np.random.default_rng(8)
    X, labels = random.normal(size=(3000, 2)), random.integers(0, 3, 3000)
    scores = random.uniform(size=3000)
    kept = ms.prune(scores, labels, keep=0.4)
    weights = ms.score_weights(scores, kept, labels)
    small = ms.compress(X[kept], weights=weights, groups=labels[kept], size=90, order=2)
    rows = kept[small.indices]
    for c in range(3):
        inside = labels[kept] == c
        assert weights[inside].sum() == pytest.approx(inside.sum())
        assert small.weights[labels[rows] == c].sum() == pytest.approx(inside.sum())
    ranks = np.array([(scores[labels == labels[i]] <= scores[i]).mean() for i in kept])
    ratio = (weights / ranks)[labels[kept] == 1]
    assert np.allclose(ratio, ratio[0])
    assert np.allclose(ms.score_weights(scores, kept, labels, by="none"), 1)


class NearestMean:
    """The class of the nearest class mean."""

    def fit(self, X, y):
        self.classes, self.means = np.unique(y), np.array([X[y == name].mean(axis=0) for name in np.unique(y)])
        return self

    def predict(self, X):
        return self.classes[((X[:, None] - self.means) ** 2).sum(axis=2).argmin(axis=1)]


def test_accuracy_by_class():
    random = np.random.default_rng(9)
    labels = random.integers(0, 2, 600)
    X = random.normal(size=(600, 2)) + 2 * labels[:, None]
    kept = np.array([0, 1, 2, 3, 4, 5, 6, 7])
    model = NearestMean()
    found = ms.class_accuracy(model, X[:400], labels[:400], kept, X[400:], labels[400:])
    assert [each.name for each in found] == ["0", "1"] and not hasattr(model, "means")
    for rows, share in ((slice(0, 400), "before"), (slice(0, 8), "after")):
        right = NearestMean().fit(X[rows], labels[rows]).predict(X[400:]) == labels[400:]
        assert [getattr(each, share) for each in found] == [right[labels[400:] == c].mean() for c in (0, 1)]


def test_matched_epochs():
    assert ms.matched_epochs(20, 0.5) == 30 and ms.matched_epochs(20, 0.5, factor=1) == 40


@pytest.mark.parametrize("call, says", [
    (lambda: ms.scores.el2n([[0.5, 0.6]], [0]), "probs: row 0: sum 1.1: must sum to 1"),
    (lambda: ms.scores.el2n([[0.5, 0.5]], None), "labels: must be given"),
    (lambda: ms.scores.el2n([[0.5, 0.5]], [0, 1]), "labels: of length 2"),
    (lambda: ms.scores.el2n([[0.5, 0.5]], ["a"]), "labels: 1 classes: must be as many as there are columns, 2"),
    (lambda: ms.scores.el2n([[0.5, np.nan]], [0]), "probs: row 0: nan"),
    (lambda: ms.scores.forgetting(), "losses: either they or correct"),
    (lambda: ms.scores.prototypes([[1.0, 0.0]], 2), "clusters: 2: must be at least 1 and at most"),
    (lambda: ms.scores.prototypes([["a"]], 2), "embeddings: an array of"),
    (lambda: ms.scores.supervised_prototypes([[1.0], [2.0]], [1, None]), "labels: row 1: none"),
    (lambda: ms.prune([1.0, np.nan]), "scores: row 1: nan: must be a finite number"),
    (lambda: ms.prune([1.0, 2.0], keep=0), "keep: 0"),
    (lambda: ms.prune([1.0, 2.0], keep=1.1), "keep: 1.1"),
    (lambda: ms.prune([1.0, 2.0], keep=None), "keep: None"),
    (lambda: ms.prune([1.0, 2.0], [1]), "labels: of length 1"),
    (lambda: ms.prune([1.0, 2.0], policy="best"), "policy: 'best'"),
    (lambda: ms.prune([1.0, 2.0], hard="up"), "hard: 'up'"),
    (lambda: ms.prune([1.0, 2.0], theta_deg=3), "policy: 'hard': must be theory where"),
    (lambda: ms.prune([1.0, 2.0], policy="theory"), "examples_per_parameter: None"),
    (lambda: ms.prune([1.0, 2.0], policy="theory", examples_per_parameter=1), "theta_deg: None"),
    (lambda: ms.prune([1.0, 2.0], policy="theory", examples_per_parameter=1, theta_deg=90), "theta_deg: 90"),
    (lambda: ms.prune([1.0, 2.0], policy="theory", keep=2, examples_per_parameter=1, theta_deg=0), "fraction: 2"),
    (lambda: ms.score_weights([1.0, 2.0], [0], policy="theory"), "policy: 'theory'"),
    (lambda: ms.score_weights([1.0, 2.0], [2]), "kept: 2"),
    (lambda: ms.class_balance([]), "labels: of shape (0,)"),
    (lambda: ms.class_balance(["a"], classes=["b"]), "labels: a: is none of the classes"),
    (lambda: ms.probe_angle([[1, 1], [1, 1]]), "probes: an agreement of 1"),
    (lambda: ms.matched_epochs(1, 2), "fraction: 2"),
])
def test_bad_input(call, says):
    with pytest.raises(ms.Error) as refused:
        call()
    assert str(refused.value).startswith(says)


COMMANDS = {
    "el2n": ["--probs", "probs.npy"],
    "entropy": ["--probs", "probs.npy"],
    "least-confidence": ["--logits", "logits.npy"],
    "margin": ["--logits", "margins.npy"],
    "grand": ["--gradients", "logits.npy"],
    "forgetting": ["--correct", "correct.npy"],
    "memorisation": ["--members", "members.npy", "--correct", "correct.npy"],
    "prototypes": ["--clusters", "3"],
    "supervised-prototypes": ["--embeddings", "logits.npy,probs.npy"],
    "random": ["--seed", "4"],
    "file": ["--scores", "margins.npy", "--hard", "low"],
}


@pytest.mark.parametrize("score", COMMANDS)
def test_the_command_keeps_the_same(command, probes, score):
    (p, _), labels = probes
    random = np.random.default_rng(1)
    logits, margins, points = np.log(p), random.normal(size=500), random.normal(size=(500, 2))
    correct, members = random.uniform(size=(500, 6)) < 0.6, ms.scores.memorisation_subsets(500, 6)
    arrays = {"probs": p, "logits": logits, "margins": margins, "correct": correct, "members": members.T}
    for name, values in arrays.items():
        np.save(f"{name}.npy", values)
    names = np.array(["ant", "bee", "cat", "dog"])[labels]
    pq.write_table(pa.table({"x": points[:, 0], "y": points[:, 1], "label": names}), "examples.parquet")
    scores = {
        "el2n": lambda: ms.scores.el2n(p, labels),
        "entropy": lambda: ms.scores.entropy(p),
        "least-confidence": lambda: ms.scores.least_confidence(ms.scores.softmax(logits)),
        "margin": lambda: ms.scores.margin(margins),
        "grand": lambda: ms.scores.grand(logits),
        "forgetting": lambda: ms.scores.forgetting(correct=correct),
        "memorisation": lambda: ms.scores.memorisation(members, correct.T),
        "prototypes": lambda: ms.scores.prototypes(points, 3),
        "supervised-prototypes": lambda: ms.scores.supervised_prototypes([logits, p], names),
        "random": lambda: ms.scores.random(500, seed=4),
        "file": lambda: Scores(margins, "low"),
    }[score]()
    report = json.loads(command("prune", "examples.parquet", "-o", "kept.parquet", "--score", score, *COMMANDS[score],
                                "--keep", 0.25, "--json").stdout)
    assert report["hard"] == scores.hard
    kept = pq.read_table("kept.parquet")["row"].to_numpy()
    assert np.array_equal(kept, ms.prune(scores, names, keep=0.25, seed=4 if score == "random" else 0))


def test_a_million_scores_in_a_moment():
    """A tenth of what a second is asked for; bench/prune.py measures ten million."""
    random = np.random.default_rng(0)
    scores, labels = random.normal(size=1_000_000), random.integers(0, 100, 1_000_000)
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        ms.prune(scores, labels, keep=0.3)
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 0.5
