"""compress() and plan()."""

from __future__ import annotations

import math
from typing import Any, Literal, Mapping, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike

from momentset import _core
from momentset._arrays import Doubles, count, number, row_numbers
from momentset._basis import Features, split
from momentset._certificate import Certificate
from momentset._coreset import Coreset
from momentset._error import Error
from momentset._input import Input, Missing, leave_out_constant_targets, read_input, require_finite
from momentset._levels import indicators
from momentset._progress import Bar, Progress
from momentset._roles import Loss, Names, name_list, names_of

Order = Union[int, Literal["auto"]]
Method = Literal["auto", "tree", "kernel", "paper"]
Effort = Literal["low", "normal", "high"]
Smoothness = Literal["analytic", "smooth", "kinked"]
WeightSum = Literal["mass", "n", "1"]
GroupSizes = Literal["mass", "error", "equal"]
Scale = Literal["standard", "robust", "none"]


def compress(
    X: Any,
    *,
    size: int | None = None,
    keep: float | None = None,
    tolerance: float | None = None,
    order: Order = "auto",
    effort: Effort = "normal",
    smoothness: Smoothness = "smooth",
    method: Method = "auto",
    weights: ArrayLike | str | None = None,
    target: ArrayLike | str | Sequence[str] | None = None,
    loss: Loss = "auto",
    target_degree: int = 1,
    relabel: bool = False,
    groups: ArrayLike | Names | None = None,
    group_sizes: GroupSizes = "mass",
    categories: Names = (),
    category_pairs: bool = False,
    scale: Scale = "standard",
    column_weights: Mapping[str, float] | Sequence[float] | None = None,
    features: Features = None,
    max_weight: float | None = None,
    min_ess: float | None = None,
    weight_sum: WeightSum = "mass",
    columns: Names | None = None,
    exclude: Names = (),
    keep_rows: ArrayLike = (),
    drop_invalid: bool = False,
    missing: Missing = "error",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress = True,
) -> Coreset:
    """Replaces the rows of X by few of them with new weights that have the same moments, in every cell of a partition.

    Args:
        X: q rows of m numbers. A NumPy array (q, m) or (q,), float or integer, of any strides: a C-contiguous float64
            array is used as it is, others are copied. Anything with the Arrow PyCapsule interface (pyarrow, polars,
            pandas, duckdb relations): every numeric column that is no row identifier is a coordinate. Anything with
            DLPack (torch, on the CPU). Paths and globs of .csv, .parquet, .arrow, .feather and .npy files, one or a
            list.
        size: rows to keep, 1 or more. Exactly as many come out if X has that many distinct rows.
        keep: the same as a fraction of the rows, above 0 and at most 1.
        tolerance: as few rows as make the error of the means of test functions at most this, in units of the
            functions' standard deviations over the rows. Exactly one of `size`, `keep` and `tolerance` must be given.
        order: keep all moments up to this total degree K; needs size >= n, which is C(m + K, K) without targets.
            "auto": the one with the smallest error on test functions, as tried on some of the cells.
        effort: how many operations "auto" and `method` may lead to: "low", "normal" or "high".
        smoothness: the functions whose means matter: "analytic" (long waves), "smooth" (of all lengths) or "kinked"
            (short waves, steep steps, ridges).
        method: "tree": cells of a kd-tree, whose moments are kept exactly; "auto": these, then steps that lower the
            error, after which the moments are kept over all rows, or in many columns the best of several ways, as
            `certificate.options["choice"]` tells; "kernel": for many columns, rows and weights that follow the kernel
            means of all rows, with means and perhaps covariances exact; "paper": rounds of k-means and nearest
            neighbours.
        weights: (q,) weights >= 0 of the rows, or the name of the column that holds them. None: every row weighs 1,
            or what the rows of a coreset weigh.
        target: what is to be predicted from the coordinates: (q,) or (q, p) numbers, (q,) classes, or names of columns,
            which then are no coordinates. Of classes see `loss`; of numbers this: in every cell the sums of each target
            times all moments of the coordinates are kept: in the gradient of a squared loss, or of a logistic loss of a
            target of 0 and 1, nothing else stands. Cells are formed by the coordinates, equal rows are not merged, and
            n = 2 C(m + K, K) for one target.
        loss: "squared": as said. "logistic": the values of a target are classes, and each class is a group of rows
            which are compressed by themselves, with its exact mass and its own moments: the cross-entropy of any
            classifier is a sum over the classes of functions of the coordinates. Rare classes are never lost. "auto":
            "logistic" for text, booleans and categories, "squared" for numbers. "general": columns named as target are
            coordinates like others.
        target_degree: keep the powers of the targets up to this one, 1 or more, in the same way.
        relabel: give the rows that are kept new targets, solved from the sums: `targets` of the result. Then weights
            need to keep the moments of the coordinates only, n = C(m + K, K) for any number of targets: half the rows,
            or fewer, for the same sums. For the loss "squared", whose gradient stays the same; the sum of y^2, on which no
            gradient depends, is not kept, and `target_degree` is 1.
        groups: names of columns, or (q,) values, that tell groups of rows apart. Each is compressed by itself: it keeps
            its exact mass and its own moments, and is kept whole if it has no more rows than its share.
        group_sizes: how groups share the size, each getting what a cell needs at least: in proportion to their "mass";
            by "error", so that the error of all is smallest (docs/command-line.md, "Classes and groups"); or "equal".
        categories: names of columns of few different values, which are no coordinates: the count of each value is kept
            exactly (its weight, that is). Rows are not merged.
        category_pairs: keep the count of each combination of the values of two of the categories as well.
        scale: what columns are divided by before cells are formed and test functions are drawn: their "standard"
            deviation; "robust": their interquartile range over 1.349, which is blind to far outliers; "none": one
            number for all columns, for those that are in one unit.
        column_weights: factors >= 0 of the scaled columns, by name or a list of m of them. Cells are cut finer along
            columns that weigh more. Moments are kept whatever the scale.
        features: what is kept in every cell in place of all moments, or beside them. Words as on the command line
            (docs/command-line.md, "Features"): "degrees:x=3,y=1", "weights:x=1,y=2", "interactions:x*y,z", "low:1",
            "pca:3", "pls:3", "fourier:100", "nystroem:100", "length:1"; one or a list of them. Or features of one's own: a
            matrix (q,) or (q, p) of embeddings, activations, gradients, a function, or a Basis, whose weighted sums are
            kept beside the moments. Rows are then not merged. Or a list of words with one of these.
        max_weight: no new weight above this multiple, > 1, of their mean. None: no bound.
        min_ess: smallest effective sample size of the new weights, as a share of `size`, above 0 and at most 1. Takes
            the method "kernel". None: no bound.
        weight_sum: what the new weights sum to: "mass", what the old ones do; "n", the number of rows; "1".
        columns: names of the coordinates, in this order. The columns of an array are called x0, x1, ...
        exclude: names of columns that are no coordinates. The index of a pandas data frame is none unless named.
        keep_rows: row numbers that must survive. They keep their own weight and count towards the size.
        drop_invalid: the same as missing="drop".
        missing: "error": rows with NaN, infinity or no value are an Error; "drop": they are left out; "indicator": a
            coordinate without a value is filled with its column's mean, and for each such column there is one more
            coordinate of 0 and 1, "x is missing". `points` of the result hold these; `rows` are as they were.
        seed: of the certificate's test functions and random subsets.
        threads: threads to use; None: all cores. The result is the same bytes for any number.
        progress: True: a bar on standard error where that is a terminal and the call takes long, gone at the end; False:
            none; or a function of the stage's name and the fraction of it that is done, called from this thread about
            twenty times a second.

    Returns:
        The coreset, with its certificate. A numerical outcome, such as a certificate that does not hold or a random
        subset that would do as well, is told by `.certificate` and `.notices`.

    Raises:
        Error: an argument, column or value breaks a rule; it names all three.
        KeyboardInterrupt: within 0.2 s of Ctrl-C in the main thread.

    The interpreter lock is released meanwhile. O(q n + q n^2 log(q / size)) operations with n = C(m + K, K).
    """
    words, basis = split(features)
    if basis is not None and basis.order != "auto":
        if order != "auto":
            raise Error("order", str(order), "is stated by the basis")
        order = basis.order
    target_degree = count("target_degree", target_degree, 1)
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise Error("progress", repr(progress), "must be True, False or a function")
    found = read_input(X, weights, columns=columns, exclude=exclude, target=target, loss=loss, groups=groups,
                       categories=_named_categories(categories, category_pairs),
                       missing=_missing(missing, drop_invalid), hint=True)
    if target_degree > 1 and found.targets is None:
        raise Error("target_degree", str(target_degree), "needs a target, and the loss squared")
    _require_relabelling(relabel, target_degree, found)
    given = found.targets
    leave_out_constant_targets(found)
    named_weights = _column_weights(column_weights, found.columns)
    rows_asked = _asked_size(size, keep, tolerance, len(found))
    most = len(found) if tolerance is not None else max(0, min(rows_asked, len(found)) - 1)
    counted, counts = indicators(found.categories, category_pairs, most)
    options = _options(
        size=rows_asked,
        tolerance=None if tolerance is None else number("tolerance", tolerance),
        order=_order(order),
        effort=_choice("effort", _core.Effort, effort),
        smoothness=_choice("smoothness", _core.Smoothness, smoothness),
        method=_choice("method", _core.Method, method),
        max_weight=None if max_weight is None else number("max_weight", max_weight),
        min_ess=None if min_ess is None else number("min_ess", min_ess),
        mass_scale=_mass_scale(weight_sum, found.weights, len(found)),
        scale=_choice("scale", _core.Scale, scale),
        column_weights=list(named_weights.values()),
        group_sizes=_choice("group_sizes", _core.GroupSizes, group_sizes),
        keep_rows=_points_to_keep(found, keep_rows),
        seed=count("seed", seed, 0),
        threads=_threads(threads),
        features=_core.parse_features(words, found.columns),
    )
    companions: list[_core.Companions] = []
    if found.targets is not None:
        companions.append((found.targets, None, target_degree, relabel))
    if counts is not None:
        companions.append((counts, 0, 1, False))
    columns_of_basis = 0
    if basis is not None:
        values = basis.matrix(found)
        columns_of_basis = values.shape[1]
        companions.append((values, 0, 1, False))
    bar = Bar()
    try:
        made = _core.compress(found.coordinates, found.weights, companions, found.groups(), options,
                              bar if progress is True else progress or None)
    except Error:
        require_finite(found, hint=True)  # of an array, which is not looked through before
        raise
    finally:
        bar.clear()
    recorded = {
        "inputs": "\n".join(found.inputs),
        "weights": found.weight_column,
        "weight_sum": weight_sum,
        "drop_invalid": "true" if drop_invalid or missing == "drop" else "false",
        "missing": _missing(missing, drop_invalid),
        "filled": "\n".join(f"{name}={_number(value)}" for name, value in found.filled.items()),
        "dropped": str(found.dropped),
        "order": "auto" if order == "auto" else "stated",
        "tolerance": _number(tolerance),
        "effort": effort,
        "smoothness": smoothness,
        "finish": made.finish(),
        "choice": made.choice(),
        "achieved_error": "" if made.achieved_error is None else f"{made.achieved_error:.3g}",
        "method": method,
        "max_weight": _number(max_weight),
        "min_ess": _number(min_ess),
        "keep_rows": f"{len(options.keep_rows)} rows" if options.keep_rows else "",
        "target": _target_text(target),
        "loss": found.roles.loss,
        "target_degree": str(target_degree) if found.roles.targets or found.roles.target_array is not None else "",
        "relabel": "true" if relabel else "",
        "groups": "\n".join(level.column or "an array" for level in found.levels),
        "group_sizes": group_sizes if found.levels else "",
        "categories": "\n".join(level.column for level in found.categories),
        "category_pairs": "true" if category_pairs else "",
        "features": "\n".join(words + ["an array"] * (basis is not None)),
        "feature_columns": str(columns_of_basis or ""),
        "scale": scale,
        "column_weights": _stated(column_weights, found.columns),
    }
    certificate = Certificate(made.certificate_json(found.columns, recorded, _named(found, counted)))
    return _coreset(found, made, certificate, _kept_targets(target, given, made, relabel))


def plan(rows: int, dimension: int, *, size: int | None = None, keep: float | None = None, order: Order = "auto",
         max_weight: float | None = None, threads: int | None = None) -> _core.Plan:
    """What compress() would do with `rows` distinct rows of `dimension` columns: order, moments, cells, operations,
    bytes. Raises Error, naming the sizes and orders that would do, if the request cannot be met."""
    rows = count("rows", rows, 1)
    options = _options(
        size=_asked_size(size, keep, None, rows),
        order=_order(order),
        max_weight=None if max_weight is None else number("max_weight", max_weight),
        threads=_threads(threads),
    )
    return _core.plan(rows, count("dimension", dimension, 1), options)


def _require_relabelling(relabel: bool, target_degree: int, found: Input) -> None:
    if not isinstance(relabel, bool):
        raise Error("relabel", repr(relabel), "must be True or False")
    if relabel and found.targets is None:
        raise Error("relabel", found.roles.loss, "needs a target of numbers and the loss squared")
    if relabel and target_degree > 1:
        raise Error("relabel", f"target_degree {target_degree}",
                    "needs the degree 1: new targets keep what is linear in them only")


def _kept_targets(target: Any, given: Doubles | None, made: _core.Coreset, relabel: bool) -> Doubles | None:
    """Of the rows that are kept: their own, or the new ones but for constant columns, which have none."""
    if given is None:
        return None
    kept: Doubles = given[made.rows]
    if relabel:
        kept[:, (given != given[0]).any(axis=0)] = made.targets
    return kept[:, 0] if isinstance(target, str) or (names_of(target) is None and np.asarray(target).ndim == 1) else kept


def _named_categories(categories: Names, pairs: bool) -> list[str]:
    names = name_list("categories", categories)
    if pairs and len(names) < 2:
        raise Error("category_pairs", "", "needs two categories at least")
    return names


def _named(found: Input, counted: list[str]) -> list[str]:
    """Names of the companions. Those of a target that came as an array are empty, for the others' sake."""
    targets = found.target_columns or [""] * (0 if found.targets is None else found.targets.shape[1])
    return targets + counted


def _missing(missing: Missing, drop_invalid: bool) -> Missing:
    if drop_invalid and missing == "indicator":
        raise Error("missing", missing, "excludes drop_invalid, which is missing=\"drop\"")
    return "drop" if drop_invalid else missing


def _column_weights(weights: Mapping[str, float] | Sequence[float] | None, columns: list[str]) -> dict[str, float]:
    """One for each column, or none."""
    if weights is None:
        return {}
    if not isinstance(weights, Mapping):
        if np.ndim(weights) != 1:
            raise Error("column_weights", repr(weights), "must be numbers by name, or a list of numbers")
        if len(weights) != len(columns):
            raise Error("column_weights", f"{len(weights)} numbers", f"one for each of the {len(columns)} columns is "
                        "needed")
        return {name: number("column_weights", weight) for name, weight in zip(columns, weights)}
    for name in weights:
        if name not in columns:
            raise Error("column_weights", name, f"is none of the coordinates: {', '.join(columns)}")
    return {name: number("column_weights", weights.get(name, 1)) for name in columns}


def _stated(weights: Mapping[str, float] | Sequence[float] | None, columns: list[str]) -> str:
    """As on the command line, with the columns that were named."""
    if weights is None:
        return ""
    named = weights if isinstance(weights, Mapping) else dict(zip(columns, weights))
    return "\n".join(f"{name}={_number(weight)}" for name, weight in named.items())


def _target_text(target: Any) -> str:
    """As the command line writes it; an array has no name."""
    if target is None:
        return ""
    names = names_of(target)
    return "an array" if names is None else "\n".join(names)


def _options(**values: Any) -> _core.CompressOptions:
    """The options under the names that they have in C++."""
    options = _core.CompressOptions()
    for name, value in values.items():
        setattr(options, name, value)
    return options


def _order(order: Order) -> int | None:
    """None leaves the choice to the library."""
    if order == "auto":
        return None
    return min(count("order", order, 0), 2**31 - 1)


def _threads(threads: int | None) -> int:
    return 0 if threads is None else min(count("threads", threads, 1), 2**31 - 1)


def _number(value: float | None) -> str:
    """As the command line writes it."""
    return "" if value is None else repr(float(value)).removesuffix(".0")


def _choice(name: str, choices: Any, word: str) -> Any:
    if not isinstance(word, str) or word not in choices.__members__:
        raise Error(name, str(word), f"must be one of {', '.join(choices.__members__)}")
    return choices.__members__[word]


def _asked_size(size: int | None, keep: float | None, tolerance: float | None, rows: int) -> int:
    """0 where a tolerance is asked for instead."""
    if sum(value is not None for value in (size, keep, tolerance)) != 1:
        raise Error("size", "", "exactly one of size, keep and tolerance must be given")
    if tolerance is not None:
        return 0
    if size is not None:
        return count("size", size, 1)
    assert keep is not None
    fraction = number("keep", keep)
    if not 0 < fraction <= 1:
        raise Error("keep", str(keep), "must be a fraction above 0 and at most 1")
    return max(1, math.floor(fraction * rows + 0.5))


def _mass_scale(weight_sum: WeightSum, weights: Doubles | None, rows: int) -> float:
    if weight_sum not in ("mass", "n", "1"):
        raise Error("weight_sum", str(weight_sum), "must be mass, n or 1")
    if weight_sum == "mass":
        return 1.0
    # One after the other, as the command line adds: NumPy's own sum rounds otherwise.
    mass = float(rows) if weights is None else float(np.cumsum(weights)[-1])
    if not mass > 0:
        raise Error("weights", "", "at least one must be positive")
    return (rows if weight_sum == "n" else 1.0) / mass


def _points_to_keep(found: Input, keep_rows: ArrayLike) -> list[int]:
    rows = row_numbers("keep_rows", keep_rows)
    last = len(found) if found.positions is None else int(found.positions[-1]) + 1
    wrong = rows[(rows < 0) | (rows >= last)]
    if len(wrong) > 0:
        raise Error("keep_rows", str(wrong[0]), "the input has no such row, or it was left out")
    points: list[int] = found.points_at(rows, "keep_rows").tolist()
    return points


def _coreset(found: Input, made: _core.Coreset, certificate: Certificate, targets: Doubles | None) -> Coreset:
    points = made.rows
    indices = found.positions_of(points)
    return Coreset(
        indices=indices,
        weights=made.weights,
        points=found.coordinates[points],
        certificate=certificate,
        columns=found.columns,
        targets=targets,
        row_numbers=indices if found.row_numbers is None else found.row_numbers[points],
        notices=found.notices + made.notices,
        seconds=dict(made.stages),
        alternatives=dict(made.alternatives),
        rows=found.table.take(indices),
        replaced=found.replaced,
    )
