"""What scikit-learn expects: a transformer, and a fit on a coreset. Imported when it is asked for."""

from __future__ import annotations

from inspect import signature
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin, clone, is_classifier
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from momentset._arrays import Doubles, Integers, count, doubles, matrix
from momentset._compress import Order, compress
from momentset._coreset import Coreset
from momentset._error import Error


class MomentCoreset(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """compress() as a transformer that selects rows while fitting.

    `fit_transform(X)` returns rows of the coreset, so that the following steps of a Pipeline are fitted on few rows;
    `transform(X)` returns X as it is, so that predictions are made for all rows. A Pipeline passes no weights on.
    Therefore each row is returned as often as its weight asks for, some several times and some not at all: with every
    row once, as `resample=False` has it, light rows count as much as heavy ones, which is worse than random rows. Where
    the next estimator takes weights, compress_fit() is the better way. It hands y on as a whole, too, so that no step
    that needs y can follow: see compress_fit().

    Parameters are those of compress(), and

    Args:
        resample: True: as many rows as the coreset has, drawn by Coreset.resample() with `seed`; a number: so many,
            and ten times the size comes closest to the weights; False: every row once, for those who pass `weights_`
            on themselves.

    Attributes:
        sample_indices_: (n,) numbers of the rows that fit_transform returns, ascending; with repetitions if resampled.
        weights_: (n,) their weights; all the same if resampled.
        coreset_: the Coreset, with its certificate.
        n_features_in_: number of columns seen by fit.
    """

    def __init__(self, size: int | None = None, *, keep: float | None = None, order: Order = "auto",
                 max_weight: float | None = None, resample: bool | int = True, seed: int = 0,
                 threads: int | None = None):
        self.size = size
        self.keep = keep
        self.order: Order = order
        self.max_weight = max_weight
        self.resample = resample
        self.seed = seed
        self.threads = threads

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> MomentCoreset:
        """Compresses X, (q, m), with weights (q,) or none. y is ignored. Raises Error, as compress() and
        Coreset.resample() do."""
        values = validate_data(self, X, dtype=np.float64)
        weights = None if sample_weight is None else doubles("sample_weight", sample_weight, 1)
        if weights is not None and not weights.any():
            raise Error("sample_weight", "all zero", "at least one must be positive")
        self.coreset_ = compress(values, size=self.size, keep=self.keep, order=self.order, weights=weights,
                                 max_weight=self.max_weight, seed=self.seed, threads=self.threads)
        self.sample_indices_, self.weights_ = self._handed_on(self.coreset_)
        return self

    def _handed_on(self, coreset: Coreset) -> tuple[Integers, Doubles]:
        """Rows and their weights."""
        if self.resample is False:
            return coreset.indices, coreset.weights
        rows = len(coreset) if self.resample is True else count("resample", self.resample, 1)
        return coreset.resample(rows, seed=self.seed), np.full(rows, coreset.weights.sum() / rows)

    # scikit-learn's own passes further arguments on to fit(), which takes the weights only.
    def fit_transform(self, X: Any, y: Any = None,  # pyright: ignore[reportIncompatibleMethodOverride]
                      sample_weight: ArrayLike | None = None) -> Any:
        """The rows `sample_indices_` of X, (n, m). Raises Error, as fit() does."""
        coreset = self.fit(X, y, sample_weight).coreset_
        return coreset.points[np.searchsorted(coreset.indices, self.sample_indices_)]

    def transform(self, X: Any) -> Any:
        """X as it is."""
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=[np.float64, np.float32])


class CoresetFit(NamedTuple):
    """An estimator fitted on a coreset, beside one fitted on a random subset."""

    estimator: Any
    indices: Integers
    """(size,) rows that it was fitted on, ascending."""
    weights: Doubles
    """(size,) their weights."""
    coreset: Coreset
    """What was compressed, with its certificate; that of a classifier has a group for each class."""
    score: float | None
    """estimator.score() on all rows of X; None without one, or if it takes no weights and the rows have some."""
    random_score: float | None
    """The same of a fit on as many random rows."""

    def summary(self) -> str:
        """One line."""
        compared = "" if self.score is None else (f": score on all rows {self.score:.6g}, fitted on as many random "
                                                  f"rows {self.random_score:.6g}")
        return f"{type(self.estimator).__name__} fitted on {len(self.indices):,} rows{compared}"


def compress_fit(estimator: Any, X: ArrayLike, y: ArrayLike | None = None, *, size: int,
                 weights: ArrayLike | None = None, order: Order = "auto", max_weight: float | None = None,
                 seed: int = 0, threads: int | None = None) -> CoresetFit:
    """Fits an estimator that takes `sample_weight` on a coreset, and another one on as many random rows to compare.

    The classes of a classifier are compressed each by itself, so that each keeps its weight and its own moments, and
    none is lost. The y of other estimators is a target: the moments of X are kept, and the sums of y times these. See
    `target` and `loss` of compress().

    Args:
        estimator: any with fit(X, y, sample_weight=...). It is cloned, and left as it is.
        X: (q, m) rows.
        y: (q,) classes or numbers; None for estimators that take none.
        size: rows to fit on.
        weights: (q,) weights of the rows.
        order, max_weight, seed, threads: as in compress(). The random rows depend on the seed.

    Raises:
        Error: an argument breaks a rule, or the estimator takes no weights.

    As long as compress() and two fits on `size` rows and their scores on all rows take.
    """
    rows = matrix("X", X)
    size = count("size", size, 1)
    mass = np.ones(len(rows)) if weights is None else doubles("weights", weights, 1)
    if len(mass) != len(rows):
        raise Error("weights", f"{len(mass)} weights", f"one for each of the {len(rows)} rows is needed")
    labels = None if y is None else np.asarray(y)
    if labels is not None and len(labels) != len(rows):
        raise Error("y", f"of length {len(labels)}", f"must have one value for each of the {len(rows)} rows")
    target: Any = None
    if labels is not None:
        target = labels if is_classifier(estimator) else doubles("y", labels, 1)
    coreset = compress(rows, size=size, weights=mass, target=target, order=order, max_weight=max_weight, seed=seed,
                       loss="logistic" if is_classifier(estimator) else "squared", threads=threads)
    indices, new_weights = coreset.indices, coreset.weights
    fitted = _fitted(estimator, rows, labels, indices, new_weights)
    chosen = np.sort(np.random.default_rng(seed).choice(len(rows), len(indices), replace=False))
    random = _fitted(estimator, rows, labels, chosen, mass[chosen])
    return CoresetFit(fitted, indices, new_weights, coreset, _score(fitted, rows, labels, mass),
                      _score(random, rows, labels, mass))


def _fitted(estimator: Any, X: Doubles, y: Any, indices: Integers, weights: Doubles) -> Any:
    arguments = [X[indices]] if y is None else [X[indices], y[indices]]
    if not has_fit_parameter(estimator, "sample_weight"):
        raise Error("estimator", type(estimator).__name__, "its fit() must take sample_weight; for others use the rows "
                    "of Coreset.resample()")
    copy: Any = clone(estimator)
    return copy.fit(*arguments, sample_weight=weights)


def _score(estimator: Any, X: Doubles, y: Any, weights: Doubles) -> float | None:
    if not hasattr(estimator, "score"):
        return None
    arguments = [X] if y is None else [X, y]
    if "sample_weight" in signature(estimator.score).parameters:
        return float(estimator.score(*arguments, sample_weight=weights))
    return float(estimator.score(*arguments)) if np.all(weights == weights[0]) else None
