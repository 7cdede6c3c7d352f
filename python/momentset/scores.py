"""How hard each example of a training set is: metrics for data pruning (paper 003, and those that it takes them from).

Every metric gives one score for each of q examples, as an array that also says which end of it is hard. Where there are
several probes (models trained alike from different seeds) the score is the mean over them: the paper averages 10.
`ms.prune` keeps examples by their scores.

    >>> hardness = ms.scores.el2n(probs, labels)
    >>> kept = ms.prune(hardness, labels, keep=0.3)

Of several probes take a list of arrays, or an array with one dimension more. All functions raise Error, naming
argument, value and row, for numbers that are not finite and shapes that do not fit.
"""

from __future__ import annotations

import math
from typing import Any, Literal, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from momentset import _core
from momentset._arrays import Doubles, Integers, as_array, count, doubles, number
from momentset._error import Error
from momentset._levels import Levels, of_array

__all__ = [
    "Scores", "el2n", "entropy", "forgetting", "grand", "least_confidence", "margin", "memorisation",
    "memorisation_subsets", "prototypes", "random", "softmax", "supervised_prototypes",
]

Hard = Literal["high", "low"]


class Scores(np.ndarray[Any, np.dtype[np.float64]]):
    """One number for each example. What is computed from it is a plain array.

    Attributes:
        hard: the end at which the hard examples are, "high" or "low".
    """

    hard: Hard

    def __new__(cls, values: ArrayLike, hard: Hard = "high") -> Scores:
        scores = np.asarray(values, dtype=np.float64).view(cls)
        scores.hard = hard
        return scores

    def __array_finalize__(self, made_from: Any) -> None:
        self.hard = getattr(made_from, "hard", "high")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """The negative of scores is hard at the other end, and of a difference nobody knows."""
        plain = [np.asarray(each) if isinstance(each, Scores) else each for each in inputs]
        return getattr(ufunc, method)(*plain, **options)

    def __reduce__(self) -> Any:
        return Scores, (np.asarray(self), self.hard)


def softmax(logits: ArrayLike) -> Doubles:
    """Probabilities of the classes, (q, C), from logits (q, C): exp(z_c) / sum exp(z)."""
    return _core.softmax(doubles("logits", logits, 2))


def el2n(probs: ArrayLike | Sequence[ArrayLike], labels: ArrayLike) -> Scores:
    """abs(p - onehot(y)), in [0, sqrt 2] (Paul, Ganguli, Dziugaite 2021). Hard: high.

    Args:
        probs: (q, C) probabilities of the classes, or of several probes; rows sum to 1 to a thousandth.
        labels: (q,) classes: numbers of columns, or names, of which there must be C, whose columns are in sorted order
            (the `classes_` of scikit-learn).
    """
    probes = _probes("probs", probs)
    return _scores(_core.el2n(probes, _columns(labels, probes[0])))


def entropy(probs: ArrayLike | Sequence[ArrayLike]) -> Scores:
    """-sum p log p, in nats. Hard: high. `probs` as for `el2n`."""
    return _scores(_core.entropy(_probes("probs", probs)))


def least_confidence(probs: ArrayLike | Sequence[ArrayLike]) -> Scores:
    """1 - max p. Hard: high. `probs` as for `el2n`."""
    return _scores(_core.least_confidence(_probes("probs", probs)))


def margin(logits: ArrayLike | Sequence[ArrayLike], labels: ArrayLike | None = None) -> Scores:
    """The margin to a probe. Hard: low.

    Args:
        logits: (q,) or (q, 1) signed distances z to a probe's border: abs(z), as in the perceptron's theory. (q, C)
            logits: that of the label less the largest other one, which is negative where the probe is wrong; without
            labels the largest less the second. Or of several probes.
        labels: as for `el2n`; only for C > 1.
    """
    probes = _probes("logits", logits)
    return _scores(_core.margin(probes, None if labels is None else _columns(labels, probes[0])))


def grand(gradients: ArrayLike | Sequence[ArrayLike]) -> Scores:
    """The length of the loss's gradient (Paul, Ganguli, Dziugaite 2021). Hard: high.

    Args:
        gradients: (q, P) derivatives of each example's loss by the parameters, or by those of the last layer; or of
            several probes.
    """
    return _scores(_core.grand(_probes("gradients", gradients)))


def forgetting(losses: ArrayLike | None = None, *, correct: ArrayLike | None = None,
               threshold: float = math.log(2)) -> Scores:
    """How often what was learned is forgotten, from epoch to epoch; of what was never learned the number of epochs
    (Toneva et al. 2019). Hard: high.

    Args:
        losses: (q, epochs), after each epoch. Below the threshold an example counts as learned; log 2 says that its
            class has more than half the probability.
        correct: in place of losses, (q, epochs): whether the model is right.
        threshold: of the losses.
    """
    if (losses is None) == (correct is None):
        raise Error("losses", "", "either they or correct must be given")
    if losses is not None:
        return _scores(_core.forgetting(doubles("losses", losses, 2), number("threshold", threshold)))
    return _scores(_core.forgetting(1 - doubles("correct", np.asarray(correct, dtype=np.float64), 2), 0.5))


def memorisation_subsets(examples: int, models: int, share: float = 0.7, seed: int = 0) -> NDArray[np.bool_]:
    """Which examples each model is to be trained on, for `memorisation`: (models, examples). Every example is in
    round(share * models) of the subsets, at least one and not all, drawn at random."""
    members = _core.memorisation_subsets(count("examples", examples, 1), count("models", models, 2),
                                         number("share", share), count("seed", seed, 0))
    return members.view(np.bool_)


def memorisation(members: ArrayLike, correct: ArrayLike) -> Scores:
    """How much more often the models that were trained on an example are right about it than the others are, in [-1, 1]
    (Feldman, Zhang 2020). Hard: high.

    Args:
        members: (models, q), as `memorisation_subsets` gives them.
        correct: (models, q): whether each model is right about each example, or the probability it gives the label.
    """
    inside = np.asarray(members)
    answers = doubles("correct", np.asarray(correct, dtype=np.float64), 2)
    if inside.ndim != 2 or inside.dtype.kind not in "biu":
        raise Error("members", f"an array of {inside.dtype} of shape {inside.shape}",
                    "must be (models, examples) of 0 and 1")
    return _scores(_core.memorisation(np.ascontiguousarray(inside != 0).view(np.uint8), answers))


def prototypes(embeddings: ArrayLike | Sequence[ArrayLike], clusters: int | Sequence[int], *, iterations: int = 25,
               examples_per_cluster: int = 256, seed: int = 0) -> Scores:
    """Self-supervised prototypes: the cosine distance to the nearest centre of spherical k-means. Hard: high.

    Args:
        embeddings: (q, m), in single precision; none all zero. Or those of several models, whose scores are averaged.
        clusters: k. Within a factor of ten of the number of classes the exact one matters little (Table 1). A list of
            them gives (len(clusters), q) scores, to see whether it does here.
        iterations: of k-means, at most.
        examples_per_cluster: centres are found on so many examples for each cluster at most, drawn at random.
        seed: of these, and of the first centres.

    O(iterations k^2 m examples_per_cluster + q k m), as matrix products. The same for any number of threads.
    """
    models = _ensemble(embeddings)
    found = []
    for k in [clusters] if isinstance(clusters, (int, np.integer)) else clusters:
        found.append(_scores(_core.prototypes(models, count("clusters", k, 1), count("iterations", iterations, 1),
                                              count("examples_per_cluster", examples_per_cluster, 1),
                                              count("seed", seed, 0))))
    if not found:
        raise Error("clusters", "[]", "must be at least one number")
    return found[0] if isinstance(clusters, (int, np.integer)) else Scores(np.stack(found), found[0].hard)


def supervised_prototypes(embeddings: ArrayLike | Sequence[ArrayLike], labels: ArrayLike) -> Scores:
    """The cosine distance to the mean direction of the example's own class. Hard: high.

    Args:
        embeddings: as for `prototypes`.
        labels: (q,) classes, of any type.
    """
    models = _ensemble(embeddings)
    classes = classes_of(labels, len(models[0]))
    return _scores(_core.class_prototypes(models, (classes.numbers, classes.names)))


def random(examples: int, seed: int = 0) -> Scores:
    """Uniform in [0, 1): what any metric should beat."""
    return _scores(_core.random_scores(count("examples", examples, 1), count("seed", seed, 0)))


def classes_of(labels: Any, rows: int) -> Levels:
    """The class of each example. Throws Error where one has none."""
    array = labels if isinstance(labels, np.ndarray) else None
    if array is not None and array.dtype.kind in "iu" and array.ndim == 1 and len(array) == rows > 0:
        least, most = int(array.min()), int(array.max())
        if most - least < rows:  # counted, not sorted: ten million are a matter of time
            shifted = array - least if least else array
            present = np.flatnonzero(np.bincount(shifted))
            numbers = shifted.astype(np.int64, copy=False)
            if len(present) <= most - least:
                place = np.zeros(most - least + 1, np.int64)
                place[present] = np.arange(len(present))
                numbers = place[numbers]
            return Levels("", [str(value + least) for value in present.tolist()], np.ascontiguousarray(numbers), False)
    found = of_array("labels", labels, rows)
    missing = np.flatnonzero(found.numbers < 0)
    if len(missing) > 0:
        raise Error("labels", f"row {missing[0]}: none", "must be given for each example")
    return found


def _scores(found: tuple[Doubles, bool]) -> Scores:
    values, high_is_hard = found
    return Scores(values, "high" if high_is_hard else "low")


def _probes(name: str, values: Any) -> list[Doubles]:
    """One (q, c) array for each probe."""
    if isinstance(values, (list, tuple)) and values and np.ndim(values[0]) == 2:
        return [doubles(name, each, 2) for each in values]
    array = as_array(name, values)
    if array.ndim == 3:
        return [doubles(name, each, 2) for each in array]
    return [doubles(name, array.reshape(-1, 1) if array.ndim == 1 else array, 2)]


def _columns(labels: Any, probe: Doubles) -> Integers:
    """The column of each example's class."""
    if labels is None:
        raise Error("labels", "", "must be given")
    rows, columns = probe.shape
    classes = classes_of(labels, rows)
    if all(name.isdecimal() and int(name) < columns for name in classes.names):
        return np.array([int(name) for name in classes.names], np.int64)[classes.numbers]
    if len(classes.names) != columns:
        raise Error("labels", f"{len(classes.names)} classes", f"must be as many as there are columns, {columns}, or "
                    "their numbers from 0")
    try:
        order = np.argsort([float(name) for name in classes.names])
    except ValueError:
        order = np.argsort(classes.names)
    place = np.empty(columns, np.int64)
    place[order] = np.arange(columns)
    return place[classes.numbers]


def _ensemble(values: Any) -> list[NDArray[np.float32]]:
    """One (q, m) array for each model."""
    if isinstance(values, (list, tuple)) and values and np.ndim(values[0]) == 2:
        parts = list(values)
    else:
        array = as_array("embeddings", values)
        parts = list(array) if array.ndim == 3 else [array]
    models = []
    for part in parts:
        array = as_array("embeddings", part)
        if array.dtype.kind not in "fiu" or array.ndim != 2:
            raise Error("embeddings", f"an array of {array.dtype} of shape {array.shape}",
                        "must be (examples, columns) of real numbers")
        models.append(np.ascontiguousarray(array, dtype=np.float32))
    return models
