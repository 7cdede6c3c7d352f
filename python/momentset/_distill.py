"""distill(): few points or rows on which a model trains to the same coefficients as on all rows."""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import dataclass, field
from typing import Any, Iterator, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from momentset import _core
from momentset._arrays import Doubles, Integers, number
from momentset._certificate import plural
from momentset._compress import compress
from momentset._error import Error
from momentset._files import is_path
from momentset._input import is_table, read_input
from momentset._roles import Names, names_of
from momentset._tables import ArrayTable

Model = Literal["linear", "logistic", "binomial", "poisson", "gamma", "negative-binomial", "kernel"]
Link = Literal["canonical", "identity", "logit", "probit", "log", "square-root", "inverse", "negative-binomial"]


class PenaltyCheck(NamedTuple):
    """Coefficients of one penalised regression, on all rows and on the points."""

    penalty: str
    """least squares, ridge, lasso, elastic net (half of each) or quartic (theta^2 / 2 + theta^4 / 4)"""
    strength: float
    """alpha, as scikit-learn has it"""
    condition: float
    """By how much rounding of the sums of products may move the coefficients, relative to the largest:
    ``max_i sum_j |A^-1|_ij l_j (sum_k l_k |theta_k| + l_y) / max_k |theta_k|``, docs/distillation.md says of what."""
    difference: float
    """Largest difference of a coefficient times its column's length, relative to the largest."""
    by_condition: float
    """Largest difference over its condition."""
    solved: bool
    """Whether a minimum was found for both."""


class RidgeCheck(NamedTuple):
    """The models at one ridge, of all rows and of those kept."""

    ridge: float
    """L"""
    node: bool
    """Whether gradients were matched at it, or it lies between two such."""
    batch: int
    """0: of the rows alone; else of unions with this batch, which the search has not seen."""
    difference: float
    """``|theta_full - theta_small| / |theta_full|``, intercepts included; of a kernel, of predictions at all rows."""


class _Rows(NamedTuple):
    """What is to be distilled."""

    X: Doubles
    y: Doubles  # (n, p)
    weights: Doubles | None
    columns: tuple[str, ...]
    classes: tuple[str, str] | None  # names of 0 and 1


def _number(value: float | None) -> float:
    """JSON has no infinity."""
    return math.inf if value is None else value


@dataclass(frozen=True)
class DistillationCertificate:
    """What was measured of distilled points. docs/distillation.md describes the fields."""

    model: str
    status: str  #: of the fit: "converged", "separated", ... ; "exact" or "ill-conditioned" of linear regression
    rows: int
    points: int
    rank: int | None  #: of the rows, about their mean where a linear regression has an intercept; None: approximate
    fit_intercept: bool
    mass_input: float  #: sum of the weights of all rows
    mass_output: float  #: and of the points
    worst_difference: float  #: of coefficients, relative: over all penalties, or of the model that is fitted anew
    holds: bool  #: whether that and all else is within what rounding may leave
    gram_residual: float | None = None  #: linear: of X'WX, relative to its columns' lengths
    cross_residual: float | None = None  #: linear: of X'Wy
    worst_by_condition: float | None = None  #: linear: largest difference over condition and 2^-52
    gradient: float | None = None  #: other models: of the loss over all rows at the model, relative
    path: tuple[PenaltyCheck, ...] | tuple[RidgeCheck, ...] = ()  #: of approximate sets the latter
    tolerance: float | None = None  #: approximate: eps
    ridge_range: tuple[float, float] | None = None  #: approximate: of the strengths L
    worst_at_nodes: float | None = None  #: approximate: largest difference where gradients were matched
    worst_between: float | None = None  #: approximate: and between
    worst_combined: float | None = None  #: approximate: of unions with batches
    _text: str = field(default="", repr=False)

    def to_json(self) -> str:
        """As the command line writes it."""
        return self._text

    @classmethod
    def _of(cls, text: str) -> DistillationCertificate:
        stated = json.loads(text)
        numbers: dict[str, Any] = {name: _number(stated[name])
                   for name in ("worst_difference", "gram_residual", "cross_residual", "worst_by_condition", "gradient",
                                "tolerance", "worst_at_nodes", "worst_between", "worst_combined")
                   if name in stated}
        if "tolerance" in stated:
            checks = tuple(RidgeCheck(**{**each, "difference": _number(each["difference"])}) for each in stated["path"])
            return cls(stated["model"], stated["status"], stated["rows"], stated["points"], None,
                       stated.get("fit_intercept", False), stated["mass"]["input"], stated["mass"]["output"],
                       holds=stated["holds"], path=checks, ridge_range=tuple(stated["ridge_range"]), _text=text,
                       **numbers)
        path = tuple(PenaltyCheck(**{**each, "condition": _number(each["condition"])})
                     for each in stated.get("path", ()))
        return cls(stated["model"], stated.get("status", "exact"), stated["rows"], stated["points"], stated["rank"],
                   stated["fit_intercept"], stated["mass"]["input"], stated["mass"]["output"], holds=stated["holds"],
                   path=path, _text=text, **numbers)


@dataclass(frozen=True)
class Distillation:
    """Few weighted points for all rows."""

    points: Doubles  #: (k, d); none where `status` says that there is no model
    targets: Doubles  #: (k,), or (k, p) where y had two dimensions
    weights: Doubles  #: (k,), which sum to those of all rows
    certificate: DistillationCertificate
    columns: tuple[str, ...] = ()  #: names of the columns of X; empty if unnamed
    classes: tuple[str, str] | None = None  #: names of the classes 0 and 1, where y had names
    coefficients: Doubles | None = None  #: (d,) of the model that the point was made of; None for the linear one
    intercept: float | None = None
    indices: Integers | None = None  #: (k,) numbers of the rows that the points are; None of synthetic points
    _state: Any = field(default=None, repr=False, compare=False)
    _flat: bool = field(default=True, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def status(self) -> str:
        return self.certificate.status

    def summary(self) -> str:
        """One line."""
        stated = self.certificate
        return (f"{plural(stated.rows, 'row')} in {plural(len(self), 'point')}, model {stated.model}, {stated.status}, "
                f"worst difference of coefficients {stated.worst_difference:.1e}")

    def combine(self, other: Distillation) -> Distillation:
        """Points for the rows of both. Linear regression only.

        Raises:
            Error: for another model, for which a theorem rules it out; where columns or targets differ; for real rows.
        """
        state = self._own_state()
        if not isinstance(other, Distillation):
            raise Error("other", type(other).__name__, "must be a Distillation")
        theirs = other._own_state()
        if other.columns != self.columns and self.columns and other.columns:
            raise Error("other", ", ".join(other.columns), f"must have the columns {', '.join(self.columns)}")
        state.combine(theirs)
        return _linear(state, self.certificate.fit_intercept, self.columns or other.columns, self._flat)

    def forget(self, X: Any, y: Any, weights: ArrayLike | str | None = None) -> Distillation:
        """Points for all rows but these, which were among them. Linear regression only.

        Where too little is left to tell it from rounding, the result has the status "ill-conditioned" and no points:
        distill the rows that remain. This one stays as it is.

        Raises:
            Error: as combine, and for more rows or weight than there is.
        """
        state = self._own_state()
        with _named():
            has_names = is_table(X) or is_path(X)
            rows = _read(X, y, weights, "linear", self.columns if has_names and self.columns else None)
            if state.forget(rows.X, rows.y, rows.weights):
                return _linear(state, self.certificate.fit_intercept, self.columns, self._flat)
        stated = {**json.loads(self.certificate.to_json()), "status": "ill-conditioned", "points": 0, "path": [],
                  "mass": {"input": self.certificate.mass_input, "output": 0.0}, "gram_residual": None,
                  "cross_residual": None, "worst_difference": None, "worst_by_condition": None, "holds": False}
        refused = DistillationCertificate._of(json.dumps(stated))
        return Distillation(self.points[:0], self.targets[:0], self.weights[:0], refused, self.columns)

    def _own_state(self) -> Any:
        if self.certificate.tolerance is not None:
            raise Error("points", "rows kept within a tolerance",
                        "stack them with those of other data; batches= makes and checks them for that")
        _core.require_exact(self.certificate.model, _core.Demand.combination)
        if self._state is None:
            raise Error("points", "real rows" if len(self) else "none", "only synthetic points can be changed")
        return self._state.copy()


def distill(
    X: Any,
    y: Any,
    model: Model = "linear",
    ridge: float | Literal["path"] = 0.0,
    fit_intercept: bool = False,
    exact: bool = True,
    tolerance: float | None = None,
    weights: ArrayLike | str | None = None,
    *,
    ridge_range: tuple[float, float] | None = None,
    batches: int = 0,
    length: float = 1.0,
    landmarks: int = 256,
    seed: int = 0,
    link: Link = "canonical",
    dispersion: float = 1.0,
    scale: float | None = None,
    one_point: bool | None = None,
    real_rows: bool = False,
    columns: Names | None = None,
) -> Distillation:
    """Few weighted points on which a model trains to the same coefficients as on all rows.

    Linear regression takes as many points as X has columns (one more with an intercept), and they serve every
    penalty: scikit-learn's Ridge, Lasso and ElasticNet with the same alpha, fitted with `sample_weight=weights`. They
    also serve unions with other data. Any other model takes one point (two with an intercept), which serves that model
    and that ridge alone. docs/distillation.md has the theorems.

    With `exact=False` it is rows of X with new weights whose model is within a tolerance of that of all rows for every
    ridge of a range: the smallest set found, checked by fitting both.

    Args:
        X: rows (n, d): an array, a table (pandas, polars, pyarrow) or the path of one.
        y: targets (n,), for linear regression also (n, p); or names of columns of the table.
        model: which. Targets are numbers (linear), 0 and 1 or two names (logistic), shares of successes with `weights`
            as numbers of trials (binomial), counts (poisson, negative-binomial), positive numbers (gamma).
        ridge: L >= 0: ``L |theta|^2 / 2`` is added to the negative log-likelihood of the rows, never of the intercept:
            alpha of Ridge, 1 / C of LogisticRegression. The points of linear regression serve every one. "path" asks
            for all of them, which only linear regression has.
        fit_intercept: whether the model has a coefficient beside those of the columns.
        exact: whether points shall give the same coefficients; else rows of X that give them within `tolerance`, for
            every ridge of `ridge_range`. The model "kernel", kernel ridge regression, has these alone.
        tolerance: largest ``|theta_full - theta_small| / |theta_full|``, intercepts included; of a kernel that of
            predictions at all rows. None: 0.01. Needs exact=False.
        weights: one for each row, or the name of a column of the table; None: 1.
        ridge_range: smallest and largest strength L > 0 for exact=False. None: 1e-4 to 1 times the mean of a column's
            sum of weighted squares; of a kernel 1e-6 to 1e-2 times the sum of the weights.
        batches: for exact=False: make the rows for unions with other data as well, by so many batches of rows that lie
            together, and check them with as many others.
        length: of the kernel ``exp(-|z - z'|^2 / (2 m length^2))`` of m standardised columns z.
        landmarks: of the kernel's reference at most.
        seed: of the batches and landmarks.
        link: canonical; or probit (logistic, binomial), square-root (poisson), log (gamma, negative-binomial).
        dispersion: alpha of negative-binomial, whose variance is mu + alpha mu^2.
        scale: s of the point x = s theta of one model; 1 is that of the theorem. None: such that the target keeps its
            digits.
        one_point: one point for a linear model too, of this ridge alone.
        real_rows: for linear regression: rows of X with new weights, C(d + p + 2, 2) of them, in place of synthetic
            points.
        columns: names of the columns of a table; None: all that look like coordinates, as for compress.

    Returns:
        Distillation. Where the rows have no model, as classes that a plane separates, `status` says so and there are no
        points.

    Raises:
        Error: for input that breaks a rule, such as counts that are fractions, naming the row; and for what a theorem
            rules out, naming it.
    """
    if not exact:
        return _within_tolerance(X, y, weights, columns, model, ridge, 0.01 if tolerance is None else tolerance,
                                 fit_intercept, link, dispersion, ridge_range, batches, length, landmarks, seed)
    if tolerance is not None:
        raise Error("tolerance", str(tolerance), "needs exact=False")
    if ridge == "path":
        _core.require_exact(model, _core.Demand.regularisation_path)
        strength = 0.0
    else:
        _core.require_exact(model, _core.Demand.one_model)
        strength = number("ridge", ridge)
        if not (strength >= 0 and math.isfinite(strength)):
            raise Error("ridge", str(ridge), "must be finite and not negative")
    single = model != "linear" if one_point is None else one_point
    if not single and model != "linear":
        raise Error("one_point", "False", "only linear regression has points for every penalty")
    if single and (real_rows or ridge == "path"):
        raise Error("real_rows" if real_rows else "ridge", str(real_rows or ridge),
                    "is for linear regression, not for one point")
    with _named():
        rows = _read(X, y, weights, model, columns)
        if not single:
            state = _core.LinearDistiller(rows.X.shape[1], rows.y.shape[1])
            state.update(rows.X, rows.y, rows.weights)
            flat = isinstance(y, str) or (names_of(y) is None and np.ndim(y) == 1)
            return (_real_rows(state, rows, fit_intercept, flat) if real_rows
                    else _linear(state, fit_intercept, rows.columns, flat))
        (points, targets, masses), text, coefficients, intercept = _core.distil_one_model(
            rows.X, rows.y, rows.weights, model, link, number("dispersion", dispersion), strength, fit_intercept,
            None if scale is None else number("scale", scale))
    return Distillation(points, targets[:, 0], masses, DistillationCertificate._of(text), rows.columns, rows.classes,
                        coefficients, intercept)


def _linear(state: _core.LinearDistiller, fit_intercept: bool, columns: tuple[str, ...], flat: bool) -> Distillation:
    (points, targets, weights), text = state.distil(fit_intercept)
    return Distillation(points, targets[:, 0] if flat else targets, weights, DistillationCertificate._of(text), columns,
                        _state=state, _flat=flat)


def _within_tolerance(X: Any, y: Any, weights: Any, columns: Names | None, model: str, ridge: float | str,
                      tolerance: float, fit_intercept: bool, link: str, dispersion: float,
                      ridge_range: tuple[float, float] | None, batches: int, length: float, landmarks: int,
                      seed: int) -> Distillation:
    if ridge != "path" and ridge != 0:
        raise Error("ridge", str(ridge), "must be path where exact=False; ridge_range states the strengths")
    for name, count in (("batches", batches), ("landmarks", landmarks), ("seed", seed)):
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
            raise Error(name, str(count), "must be a whole number, not negative")
    if ridge_range is not None:
        try:
            smallest, largest = ridge_range
        except (TypeError, ValueError):
            raise Error("ridge_range", str(ridge_range), "must be two numbers") from None
        ridge_range = number("ridge_range", smallest), number("ridge_range", largest)
    with _named():
        rows = _read(X, y, weights, model, columns)
        indices, masses, text = _core.distil_rows(
            rows.X, rows.y, rows.weights, model, link, number("dispersion", dispersion), fit_intercept,
            number("tolerance", tolerance), ridge_range, int(batches), number("length", length), int(landmarks),
            int(seed))
    return Distillation(rows.X[indices], rows.y[indices, 0], masses, DistillationCertificate._of(text), rows.columns,
                        rows.classes, indices=indices)


def _real_rows(state: _core.LinearDistiller, rows: _Rows, fit_intercept: bool, flat: bool) -> Distillation:
    """Those with the moments up to order 2 of X and y together, which is more than a fit sees."""
    table = np.column_stack([rows.X, rows.y])
    kept = compress(table, size=min(len(table), math.comb(table.shape[1] + 2, 2)), order=2, method="tree",
                    weights=rows.weights)
    d = rows.X.shape[1]
    points, targets = np.ascontiguousarray(kept.points[:, :d]), np.ascontiguousarray(kept.points[:, d:])
    text = state.certify(points, targets, kept.weights, fit_intercept)
    return Distillation(points, targets[:, 0] if flat else targets, kept.weights, DistillationCertificate._of(text),
                        rows.columns, indices=kept.indices, _flat=flat)


def _read(X: Any, y: Any, weights: Any, model: str, columns: Names | None) -> _Rows:
    found = read_input(X, weights, columns=columns, target=y)
    named = () if isinstance(found.table, ArrayTable) else tuple(found.columns)
    if not found.levels:
        assert found.targets is not None
        return _Rows(found.coordinates, found.targets, found.weights, named, None)
    level = found.levels[0]
    if model != "logistic":
        raise Error("y", level.column, f"is of names, the model {model} needs numbers")
    if len(found.levels) > 1 or found.targets is not None:
        raise Error("y", level.column, "must be one column of classes")
    if len(level.names) != 2:
        raise Error("y", level.column, f"has the classes {', '.join(level.names[:5])}: must be two")
    first, second = sorted(level.names)
    y = (level.numbers == level.names.index(second)).astype(np.float64).reshape(-1, 1)
    return _Rows(found.coordinates, y, found.weights, named, (first, second))


@contextlib.contextmanager
def _named() -> Iterator[None]:
    """Errors by the names of the arguments here."""
    try:
        yield
    except Error as error:
        names = {"points": "X", "targets": "y", "target": "y"}
        raise Error(names.get(error.field, error.field), error.value, error.rule) from None
