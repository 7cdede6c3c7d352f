"""What scikit-learn expects: a transformer, and a fit on a coreset. Imported when it is asked for."""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from numbers import Real
from typing import Any, Callable, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin, clone, is_classifier
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from momentset._arrays import Doubles, Integers, count, doubles, matrix
from momentset._compress import compress
from momentset._coreset import Coreset
from momentset._error import Error
from momentset._input import is_table
from momentset._roles import names_of
from momentset._tables import pyarrow_table

# X, weights and target are what fit() is handed; rows to keep go by numbers that a fit on other rows does not know.
_OF_COMPRESS = {name: parameter for name, parameter in signature(compress).parameters.items()
                if name not in ("X", "weights", "target", "keep_rows", "drop_invalid", "progress")}


def _options_of_compress(function: Callable[..., Any]) -> Signature:
    """The signature of a function with the options of compress() in place of its own `**options`, so that their names
    and defaults stand there only."""
    own = {name: parameter for name, parameter in signature(function).parameters.items()
           if parameter.kind != Parameter.VAR_KEYWORD}
    return Signature([*own.values(), *(more for name, more in _OF_COMPRESS.items() if name not in own)])


def _rows(X: Any) -> Any:
    """Data frames as they are, since scikit-learn can take rows of them; relations, streams and single columns as a
    pyarrow Table; anything else as it is."""
    return X if not is_table(X) or type(X).__name__ in ("DataFrame", "Table") else pyarrow_table(X)


def _rows_at(X: Any, numbers: Integers) -> Any:
    """Rows of an array or of what _rows() returns, by number."""
    if hasattr(X, "iloc"):
        return X.iloc[numbers]
    return X.take(numbers) if hasattr(X, "column_names") else X[numbers]


def _compressed(X: Any, y: Any, weights: Any, options: dict[str, Any], weights_name: str) -> Coreset:
    """compress() with y as target. Every column of a table that has no other part is a coordinate, as scikit-learn has
    it, even one that looks like a row identifier."""
    if is_table(X) and options["columns"] is None:
        others = {name for key in ("exclude", "groups", "categories") for name in names_of(options[key]) or ()}
        names = map(str, X.column_names if hasattr(X, "column_names") else X.columns)  # an index is none of them
        options = {**options, "columns": [name for name in names if name not in others]}
    try:
        return compress(X, target=_target(y), weights=weights, **options)
    except Error as error:
        field = {"target": "y", "weights": weights_name}.get(error.field, error.field)
        raise Error(field, error.value, error.rule) from None


def _target(y: Any) -> Any:
    """y as compress() takes it, to whom a list of text is names of columns, and objects are no numbers."""
    array = np.asarray(y) if isinstance(y, (list, tuple)) else y
    if isinstance(array, np.ndarray) and array.dtype.kind == "O":
        if all(isinstance(value, Real) and not isinstance(value, bool) for value in array.flat):
            return array.astype(np.float64)
    return array


class MomentCoreset(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """compress() as a transformer that selects rows while fitting.

    `fit_transform(X)` returns rows of the coreset, so that the following steps of a Pipeline are fitted on few rows;
    `transform(X)` returns X as it is, so that predictions are made for all rows. A Pipeline passes no weights on.
    Therefore each row is returned as often as its weight asks for, some several times and some not at all: with every
    row once, as `resample=False` has it, light rows count as much as heavy ones, which is worse than random rows. Where
    the next estimator takes weights, compress_fit() is the better way. It hands y on as a whole, too, so that no step
    that needs y can follow: see compress_fit(). New targets (`relabel`) are `coreset_.targets`.

    X is an array, or a data frame, all whose columns are coordinates but those that are named as groups or categories.
    The y of fit() is the target: sums of numbers times the moments are kept, and of classes each is compressed by
    itself; see `target` and `loss` of compress(), by which whole numbers are classes with loss="logistic" only.

    Parameters are those of compress(), by the same names and with the same defaults, but `weights` (`sample_weight` of
    fit), `target` (y), `keep_rows`, `drop_invalid` (missing="drop") and `progress`, and

    Args:
        resample: True: as many rows as the coreset has, drawn by Coreset.resample() with `seed`; a number: so many,
            and ten times the size comes closest to the weights; False: every row once, for those who pass `weights_`
            on themselves.

    Attributes:
        sample_indices_: (n,) numbers of the rows that fit_transform returns, ascending; with repetitions if resampled.
        weights_: (n,) their weights; all the same if resampled.
        coreset_: the Coreset, with its certificate.
        n_features_in_: number of columns seen by fit.
        feature_names_in_: `(n_features_in_,)` their names, if X was a data frame.
    """

    def __init__(self, size: int | None = None, *, resample: bool | int = True, **options: Any):
        given = signature(MomentCoreset).bind(size, resample=resample, **options)
        given.apply_defaults()
        self.resample: bool | int = given.arguments.pop("resample")
        for name, value in given.arguments.items():
            setattr(self, name, value)

    __init__.__signature__ = _options_of_compress(__init__)  # type: ignore[attr-defined] # pyright: ignore

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._takes_missing_values()
        return tags

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> MomentCoreset:
        """Compresses X, (q, m), with targets y, (q,), (q, p) or none, and weights (q,) or none. Raises Error, as
        compress() and Coreset.resample() do."""
        self._fit(X, y, sample_weight)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> Any:
        """Returns X as it was read."""
        values = self._read(X, reset=True)
        weights = None if sample_weight is None else doubles("sample_weight", sample_weight, 1)
        if weights is not None and not weights.any():
            raise Error("sample_weight", "all zero", "at least one must be positive")
        self.coreset_ = _compressed(values, y, weights, self._options(), "sample_weight")
        self.sample_indices_, self.weights_ = self._handed_on(self.coreset_)
        return values

    def _options(self) -> dict[str, Any]:
        """What compress() is handed."""
        return {name: getattr(self, name) for name in _OF_COMPRESS}

    def _takes_missing_values(self) -> bool:
        return bool(self._options()["missing"] != "error")

    def _read(self, X: Any, *, reset: bool) -> Any:
        """A data frame as it is; else an array of float64, or where nothing is computed of float32 if it is that."""
        X = _rows(X)
        if is_table(X):
            return validate_data(self, X, reset=reset, skip_check_array=True)
        return validate_data(self, X, reset=reset, dtype=np.float64 if reset else [np.float64, np.float32],
                             ensure_all_finite=not self._takes_missing_values())

    def _handed_on(self, coreset: Coreset) -> tuple[Integers, Doubles]:
        """Rows and their weights."""
        if self.resample is False:
            return coreset.indices, coreset.weights
        rows = len(coreset) if self.resample is True else count("resample", self.resample, 1)
        return coreset.resample(rows, seed=self._options()["seed"]), np.full(rows, coreset.weights.sum() / rows)

    # scikit-learn's own passes further arguments on to fit(), which takes the weights only.
    def fit_transform(self, X: Any, y: Any = None,  # pyright: ignore[reportIncompatibleMethodOverride]
                      sample_weight: ArrayLike | None = None) -> Any:
        """The rows `sample_indices_` of X, (n, m). Raises Error, as fit() does."""
        values = self._fit(X, y, sample_weight)
        return _rows_at(values, self.sample_indices_)

    def transform(self, X: Any) -> Any:
        """X as it is."""
        check_is_fitted(self)
        return self._read(X, reset=False)


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


def compress_fit(estimator: Any, X: Any, y: ArrayLike | None = None, *, weights: ArrayLike | None = None,
                 **options: Any) -> CoresetFit:
    """Fits an estimator that takes `sample_weight` on a coreset, and another one on as many random rows to compare.

    The classes of a classifier are compressed each by itself, so that each keeps its weight and its own moments, and
    none is lost. The y of other estimators is a target: the moments of X are kept, and the sums of y times these. See
    `target` and `loss` of compress(); another loss than "auto" takes the place of this rule. With `relabel` the fit is on
    the new targets.

    Further options are those of compress(), `size` (or `keep`, or `tolerance`) first of all, by the same names and with
    the same defaults, but `target` (y), `keep_rows`, `drop_invalid` (missing="drop") and `progress`. The random rows
    depend on the seed. Where values are missing the estimator has to take such rows, as all rows are scored.

    Args:
        estimator: any with fit(X, y, sample_weight=...). It is cloned, and left as it is.
        X: (q, m) rows, or a data frame, all whose columns are coordinates but those named as groups or categories.
        y: (q,) classes or numbers, or (q, p) numbers; None for estimators that take none.
        weights: (q,) weights of the rows.

    Raises:
        Error: an argument breaks a rule, or the estimator takes no weights.

    As long as compress() and two fits on `size` rows and their scores on all rows take.
    """
    given = signature(compress_fit).bind(estimator, X, y, weights=weights, **options)
    given.apply_defaults()
    chosen_options = {name: given.arguments[name] for name in _OF_COMPRESS}
    if not has_fit_parameter(estimator, "sample_weight"):
        raise Error("estimator", type(estimator).__name__, "its fit() must take sample_weight; for others use the rows "
                    "of Coreset.resample()")
    rows = _rows(X)
    rows = rows if is_table(rows) else matrix("X", rows)
    mass = np.ones(len(rows)) if weights is None else doubles("weights", weights, 1)
    labels = None if y is None else np.asarray(y)
    if chosen_options["loss"] == "auto":
        chosen_options["loss"] = "logistic" if is_classifier(estimator) else "squared"
    coreset = _compressed(rows, labels, mass, chosen_options, "weights")
    indices, new_weights = coreset.indices, coreset.weights
    targets = coreset.targets if chosen_options["relabel"] else None if labels is None else labels[indices]
    fitted = _fitted(estimator, rows, targets, indices, new_weights)
    that_count = np.flatnonzero(mass)
    chosen = np.sort(np.random.default_rng(chosen_options["seed"]).choice(that_count, len(indices), replace=False))
    random = _fitted(estimator, rows, None if labels is None else labels[chosen], chosen, mass[chosen])
    return CoresetFit(fitted, indices, new_weights, coreset, _score(fitted, rows, labels, mass),
                      _score(random, rows, labels, mass))


compress_fit.__signature__ = _options_of_compress(compress_fit)  # type: ignore[attr-defined] # pyright: ignore


def _fitted(estimator: Any, X: Any, targets: Any, indices: Integers, weights: Doubles) -> Any:
    """`targets` are those of the rows `indices`."""
    rows = _rows_at(X, indices)
    copy: Any = clone(estimator)
    return copy.fit(*([rows] if targets is None else [rows, targets]), sample_weight=weights)


def _score(estimator: Any, X: Any, y: Any, weights: Doubles) -> float | None:
    if not hasattr(estimator, "score"):
        return None
    arguments = [X] if y is None else [X, y]
    if "sample_weight" in signature(estimator.score).parameters:
        return float(estimator.score(*arguments, sample_weight=weights))
    return float(estimator.score(*arguments)) if np.all(weights == weights[0]) else None
