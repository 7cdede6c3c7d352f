"""prune() and what goes with it: which examples of a training set to keep, by their scores."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from momentset import _core
from momentset._arrays import Doubles, Integers, count, doubles, number, row_numbers
from momentset._error import Error
from momentset._levels import Levels
from momentset.scores import Hard, Scores, classes_of

Policy = Literal["hard", "easy", "window", "stratified", "random", "theory"]
By = Literal["none", "rank", "value"]


class ClassReport(NamedTuple):
    """What became of a class."""

    name: str
    examples: int
    kept: int
    floor: int
    """That had to be kept. A class with fewer examples is kept whole."""


class ClassAccuracy(NamedTuple):
    """Shares of a class's test examples that are predicted right."""

    name: str
    before: float
    """By the model trained on all examples."""
    after: float
    """By the one trained on those kept."""


class ProbeAngle(NamedTuple):
    """The angle between a probe and what would label all examples right, as the agreement of probes tells it."""

    theta_deg: float
    standard_error_deg: float
    """By the number of examples; says nothing of probes that err alike."""
    agreement: float
    """Mean share of the examples that two probes give the same class."""
    probes: int


class TheoryChoice(NamedTuple):
    """What the theory of pruned perceptrons chose, and expects."""

    policy: str
    keep: float
    skip_hardest: float
    alpha: float
    """Kept examples per parameter."""
    theta_deg: float
    predicted_error: float
    """Probability of a wrong label."""
    random_error: float
    """Of as many examples kept at random."""
    full_error: float
    """Of all examples."""
    why: str


@dataclass(frozen=True)
class PruneReport:
    """What became of the classes, and why."""

    policy: str
    """The one that was used, also where the theory chose it."""
    keep: float
    classes: list[ClassReport]
    """None without labels."""
    balance_before: float
    """`class_balance` of all examples."""
    balance_after: float
    """Of those kept."""
    notices: list[str]
    """Classes below their floor."""
    choice: TheoryChoice | None = None
    """With policy="theory"."""


class Kept(np.ndarray[Any, np.dtype[np.int64]]):
    """Numbers of the examples kept, ascending.

    Attributes:
        report: what became of the classes; None of arrays that are made from this one.
    """

    report: PruneReport | None = None


def prune(
    scores: ArrayLike,
    labels: ArrayLike | None = None,
    keep: float | None = 0.3,
    policy: Policy = "hard",
    class_floor: float = 0.5,
    *,
    hard: Hard | None = None,
    skip_hardest: float = 0,
    strata: int = 50,
    examples_per_parameter: float | None = None,
    theta_deg: float | None = None,
    allowed_increase: float = 0.05,
    seed: int = 0,
) -> Kept:
    """Which examples to keep: of each class as many as its floor, then the preferred ones of all that are left.

    Args:
        scores: (q,) scores, from `ms.scores` or one's own.
        labels: (q,) classes, of any type; None: there are no floors.
        keep: fraction of the examples, above 0 and at most 1. None, with policy="theory": the smallest one that does.
        policy: "hard": the hardest; "easy": the easiest; "window": the hardest are skipped; "stratified": as many of
            each of `strata` ranges of scores of equal width, at random; "random"; "theory": what the theory of pruned
            perceptrons predicts to be best of hard, easy, a window and random.
        class_floor: every class keeps at least this share of the examples that it would have if all classes kept
            equally many (appendix H takes 0.5). A class with fewer examples is kept whole, and a notice says so.
        hard: the end of the scores at which the hard examples are, "high" or "low". None: what the scores say, or
            "high".
        skip_hardest: of the window: fraction of the examples that are too hard.
        strata: of "stratified".
        examples_per_parameter: of the theory: examples before pruning for each parameter of the model, 1e-3 to 1e4.
        theta_deg: of the theory: the probe's angle, at least 0 and below 90: see `probe_angle`.
        allowed_increase: of the theory where keep is None: the fraction is the smallest one whose predicted error is at
            most this share above that of all examples.
        seed: breaks ties, and draws what is random.

    Returns:
        The numbers of the examples kept, ascending; `.report` says what became of the classes, and why.

    Raises:
        Error: a score is not finite, labels do not fit, an option is outside its range.

    O(q): under a second for ten million on two cores; windows and strata O(q log q).
    """
    values = doubles("scores", scores, 1)
    classes = None if labels is None else classes_of(labels, len(values))
    theory = policy == "theory"
    if not theory and (examples_per_parameter is not None or theta_deg is not None):
        raise Error("policy", repr(policy), "must be theory where examples_per_parameter or theta_deg is given")
    if policy not in ("hard", "easy", "window", "stratified", "random", "theory"):
        raise Error("policy", repr(policy), "must be hard, easy, window, stratified, random or theory")
    options = _core.SelectOptions()
    choice = None
    if theory:
        choice = _chosen(examples_per_parameter, theta_deg, keep, allowed_increase)
        options.policy, options.keep = choice.policy, choice.keep
        options.skip_hardest = choice.skip_hardest
    else:
        if keep is None:
            raise Error("keep", "None", 'must be given unless policy is "theory"')
        options.policy, options.keep = _core.PrunePolicy[policy], number("keep", keep)
        options.skip_hardest = number("skip_hardest", skip_hardest)
    options.strata = count("strata", strata, 1)
    options.class_floor = number("class_floor", class_floor)
    options.seed = count("seed", seed, 0)
    found = _core.select(values, _high_is_hard(scores, hard), _pair(classes), options)
    kept = found.kept.view(Kept)
    kept.report = PruneReport(
        policy=options.policy.name,
        keep=options.keep,
        classes=[ClassReport(each.name, each.examples, each.kept, each.floor) for each in found.classes],
        balance_before=found.balance_before,
        balance_after=found.balance_after,
        notices=found.notices,
        choice=None if choice is None else TheoryChoice(
            choice.policy.name, choice.keep, choice.skip_hardest, choice.alpha, choice.theta_deg,
            choice.predicted_error, choice.random_error, choice.full_error, choice.why()),
    )
    return kept


def class_balance(labels: ArrayLike, classes: ArrayLike | None = None) -> float:
    """The class balance score b of appendix H: of two different classes drawn at random, the number of examples of the
    smaller one divided by that of the larger one, on average. 1: all classes are equally large.

    Args:
        labels: classes of the examples.
        classes: names of all classes, where some may have no example in `labels`. None: those that occur.
    """
    array = np.asarray(labels)
    if array.ndim != 1 or (array.size == 0 and classes is None):
        raise Error("labels", f"of shape {array.shape}", "must be one for each example, and at least one")
    sizes: list[int] = []
    if array.size > 0:
        found = classes_of(array, len(array))
        by_name = dict(zip(found.names, np.bincount(found.numbers, minlength=len(found.names)).tolist()))
    else:
        by_name = {}
    sizes = list(by_name.values())
    if classes is not None:
        names = np.asarray(classes)
        known = classes_of(names, len(names)).names
        missing = sorted(set(by_name) - set(known))
        if missing:
            raise Error("labels", missing[0], "is none of the classes")
        sizes = [by_name.get(name, 0) for name in known]
    return _core.class_balance(sizes)


def score_weights(scores: ArrayLike, kept: ArrayLike, labels: ArrayLike | None = None, *, by: By = "rank",
                  policy: Policy = "hard", hard: Hard | None = None) -> Doubles:
    """Weights of the examples kept, by their scores: with these `ms.compress` compresses the pruned measure.

    Args:
        scores: (q,) scores of all examples.
        kept: numbers of those kept, from `prune`.
        labels: (q,) classes. The weights of each sum to the number of its examples kept.
        by: "rank": in proportion to the rank among all examples of the class, from 1/n, the easiest, to 1, the hardest,
            or with policy="easy" the other way round; "value": to the score, which must be 0 or more and hard where it is
            high; "none": equal.
        policy: the one of `prune`. With "theory" that of its report is meant: give `kept.report.policy`.
        hard: as for `prune`.
    """
    values = doubles("scores", scores, 1)
    if policy == "theory" or policy not in _core.PrunePolicy.__members__:
        raise Error("policy", repr(policy), "must be hard, easy, window, stratified or random")
    if by not in ("none", "rank", "value"):
        raise Error("by", repr(by), "must be none, rank or value")
    classes = None if labels is None else classes_of(labels, len(values))
    return _core.score_weights(values, _high_is_hard(scores, hard), _pair(classes), row_numbers("kept", kept),
                               _core.ScoreWeights[f"by_{by}"], _core.PrunePolicy[policy])


def class_accuracy(model: Any, X: Any, labels: ArrayLike, kept: ArrayLike, X_test: Any,
                   labels_test: ArrayLike) -> list[ClassAccuracy]:
    """How pruning changes the accuracy of each class: trains copies of a model on all examples and on those kept.

    Args:
        model: with `fit(X, y)` and `predict(X)`, as in scikit-learn; it is copied, and stays as it is.
        X: (q, m) examples.
        labels: (q,) their classes.
        kept: numbers of the examples kept.
        X_test: (t, m) examples to predict.
        labels_test: (t,) their classes.
    """
    X, X_test = np.asarray(X), np.asarray(X_test)
    classes, truth = np.asarray(labels), np.asarray(labels_test)
    rows = row_numbers("kept", kept)
    if len(classes) != len(X) or len(truth) != len(X_test):
        raise Error("labels", f"{len(classes)} and {len(truth)}", "must be one for each example")
    before = np.asarray(copy.deepcopy(model).fit(X, classes).predict(X_test)) == truth
    after = np.asarray(copy.deepcopy(model).fit(X[rows], classes[rows]).predict(X_test)) == truth
    return [ClassAccuracy(str(name), float(before[truth == name].mean()), float(after[truth == name].mean()))
            for name in np.unique(truth)]


def matched_epochs(epochs: float, fraction: float, factor: float = 0.5) -> float:
    """Epochs to train on a fraction of the examples (appendix J): epochs (1 + factor (1 / fraction - 1)).

    Args:
        epochs: that training on all examples takes.
        fraction: of the examples that is kept.
        factor: of matched iterations: 0, as many epochs; 1, as many iterations. 0.4 to 0.6 is enough for the full
            benefit where a fifth of ImageNet is pruned (Table 3).
    """
    return _core.matched_epochs(number("epochs", epochs), number("fraction", fraction), number("factor", factor))


def probe_angle(predictions: ArrayLike) -> ProbeAngle:
    """Estimates the angle between a probe and the teacher, which nobody knows, from the agreement of probes.

    Args:
        predictions: (q, probes), two probes at least: the class that each gives each example; or (q, probes) signed
            margins, fractions whose signs are the classes.

    Probes that stray from the teacher in independent directions, each by the angle theta, have the angle phi to each
    other with cos(phi) = cos(theta)^2, and disagree on phi / pi of the examples. For more than two classes, or unequal
    ones, phi = pi (1 - kappa) / 2 with Cohen's kappa. Probes that were trained on the same examples err alike: then
    theta comes out too small.

    Raises:
        Error: the probes agree no more than by chance.
    """
    array = np.asarray(predictions)
    if array.ndim != 2:
        raise Error("predictions", f"of shape {array.shape}", "must be (examples, probes)")
    if array.dtype.kind == "f":
        numbers = (doubles("predictions", array, 2) > 0).astype(np.int64)
    else:
        numbers = classes_of(array.reshape(-1), array.size).numbers.reshape(array.shape)
    found = _core.probe_angle(np.ascontiguousarray(numbers))
    return ProbeAngle(found.theta_deg, found.standard_error_deg, found.agreement, found.probes)


def _chosen(examples_per_parameter: float | None, theta_deg: float | None, keep: float | None,
            allowed_increase: float) -> _core.TheoryChoice:
    if examples_per_parameter is None:
        raise Error("examples_per_parameter", "None", 'must be given with policy="theory"')
    if theta_deg is None:
        raise Error("theta_deg", "None", 'must be given with policy="theory": see probe_angle')
    return _core.choose_by_theory(number("examples_per_parameter", examples_per_parameter),
                                  number("theta_deg", theta_deg), None if keep is None else number("keep", keep),
                                  number("allowed_increase", allowed_increase))


def _high_is_hard(scores: Any, hard: Hard | None) -> bool:
    if hard not in (None, "high", "low"):
        raise Error("hard", repr(hard), "must be high or low")
    return (hard or (scores.hard if isinstance(scores, Scores) else "high")) == "high"


def _pair(classes: Levels | None) -> tuple[Integers, list[str]] | None:
    return None if classes is None else (classes.numbers, classes.names)
