"""verify() and read(): what a coreset claims, measured anew; and coresets that were written before."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from momentset import _core
from momentset._arrays import Doubles, count
from momentset._basis import Basis, Features, split
from momentset._certificate import Certificate
from momentset._coreset import Coreset
from momentset._error import Error
from momentset._files import FilePath, certificate_path, format_of
from momentset._input import Input, leave_out_constant_targets, read_input
from momentset._levels import indicators
from momentset._outputs import names_of_array, new_targets, target_columns


class Check(NamedTuple):
    """One comparison of what is stated with what was found."""

    name: str
    passed: bool
    detail: str


class Verification(NamedTuple):
    """All checks, passed or not. True as a condition if all passed."""

    checks: list[Check]

    @property
    def passed(self) -> bool:
        """Whether all checks passed."""
        return all(check.passed for check in self.checks)

    def __bool__(self) -> bool:
        return self.passed

    def summary(self) -> str:
        """One line for each check."""
        return "\n".join(f"{'ok' if passed else 'FAILED':<7}{name:<26}{detail}" for name, passed, detail in self.checks)


def verify(X: Any, coreset: Coreset, *, weights: ArrayLike | str | None = None, target: ArrayLike | None = None,
           groups: ArrayLike | None = None, features: Features = None, threads: int | None = None) -> Verification:
    """Recomputes everything that a coreset's certificate claims of it, from the input X and the coreset's rows, weights
    and points.

    Args:
        X: the input, in any form that compress() takes.
        coreset: what compress() or read() returned.
        weights: (q,) weights of the input, if they were given as an array; a column is found by itself.
        target: (q,) or (q, p) targets or (q,) classes, if they were given as an array; columns are found by themselves.
            New ones (`relabel`) are those of the coreset.
            Without them the check "companions" or "groups" says that their sums were not checked.
        groups: (q,) groups, if they were given as an array, in the same way.
        features: the matrix, functions or Basis of the compression, if there were any. Without them the check
            "companions" says the same. Words need not be said again: the certificate has them.
        threads: threads to use; None: all cores.

    Raises:
        Error: X cannot be read. A claim that proves wrong is no error, but a check that did not pass.

    O(q (n + m log cells + 48 m)) operations with n moments, about 8 bytes a row beside X.
    """
    if not isinstance(coreset, Coreset):
        raise Error("coreset", type(coreset).__name__, "must be a Coreset, as compress() and read() return it")
    stated = coreset.certificate
    options = stated.options
    if weights is None:
        weights = options.get("weights") or None
    found = _read_again(X, stated, weights, target, groups)
    try:
        points = found.points_at(coreset.indices, "indices")
        companions = _companions(stated, found, split(features)[1])
        new = list(new_targets(coreset).values())
        relabelled = sum(relabel for *_, relabel in companions)
        if len(new) < relabelled:
            raise Error("targets", f"{len(new)} columns", f"the certificate states {relabelled}")
        answers = _core.verify(
            stated.to_json(), found.coordinates, found.weights, companions, found.groups(),
            points, coreset.weights, np.ascontiguousarray(coreset.points),
            np.column_stack(new) if relabelled else None,
            0 if threads is None else count("threads", threads, 1),
        )
    except Error as error:
        failed = {"indices": "rows", "categories": "companions"}.get(error.field)
        if failed is None:
            raise
        return Verification([Check(failed, False, str(error))])
    return Verification([Check(*answer) for answer in answers])


def _read_again(X: Any, stated: Certificate, weights: Any, target: Any, groups: Any) -> Input:
    """X as it was read for the compression. Groups of which an array is missing cannot be told: then there are none."""
    options = stated.options
    named = [name for name in options.get("target", "").split("\n")
             if name and any(companion.column == name for companion in stated.companions)]
    of_groups = options.get("groups", "").split("\n") if options.get("groups") else []
    has_classes = options.get("target") == "an array" and options.get("loss") == "logistic"
    handed_over = (groups is not None) + (has_classes and target is not None)
    if handed_over < of_groups.count("an array"):
        of_groups, groups, target = [], None, None if has_classes else target
    drops = options.get("drop_invalid") == "true"
    return read_input(
        X, weights, columns=stated.own_columns or None,
        missing="indicator" if stated.filled else "drop" if drops else "error", filled=stated.filled,
        target=named if target is None and named else target, loss="logistic" if has_classes else "squared",
        groups=groups, more_groups=[name for name in of_groups if name != "an array"],
        categories=options.get("categories", "").splitlines())


def _companions(stated: Certificate, found: Input, basis: Basis | None) -> list[_core.Companions]:
    """The columns that are at hand, each with the order and degree that are stated of it; none where some are missing
    that only the caller has."""
    pairs = stated.options.get("category_pairs") == "true"
    names, counts = indicators(found.categories, pairs, len(found))
    if [companion.column for companion in stated.companions if companion.column in names] != names:
        raise Error("categories", ", ".join(names), "are not the levels that are stated")
    features = ([] if counts is None else [counts]) + ([] if basis is None else [basis.matrix(found)])
    parts = ([] if found.targets is None else [found.targets]) + features
    if sum(part.shape[1] for part in parts) > len(stated.companions):
        leave_out_constant_targets(found)  # as compress() does
        parts = ([] if found.targets is None else [found.targets]) + features
    columns = tuple(np.hstack(parts).T) if parts else ()
    if len(columns) > len(stated.companions):
        raise Error("target" if basis is None else "features", f"{len(columns)} columns",
                    f"the certificate states {len(stated.companions)}")
    if len(columns) < len(stated.companions):
        return []
    return [(np.ascontiguousarray(values)[:, None], companion.order, companion.degree, companion.relabelled)
            for values, companion in zip(columns, stated.companions)]


def read(path: FilePath, certificate: FilePath | None = None) -> Coreset:
    """A coreset that save() or the command line wrote, with the certificate that lies beside it. O(size) numbers.

    Args:
        path: .csv, .parquet, .arrow, .feather or .npy.
        certificate: where its certificate lies. None: at PATH.certificate.json.

    `indices` are the numbers of the rows in the first input of all.

    Raises:
        Error: the file cannot be read, is no coreset, or has no certificate.
    """
    name = os.fspath(path)
    beside = certificate_path(name) if certificate is None else os.fspath(certificate)
    try:
        with open(beside, encoding="utf-8") as file:
            stated = Certificate(file.read())
    except OSError as error:
        raise Error("certificate", beside, f"cannot be read: {error.strerror}") from None
    filled = stated.filled
    if format_of(name) == "npy":  # which has names of its own
        filled = {f"x{stated.columns.index(column)}": value for column, value in filled.items()}
    found = read_input(name, missing="indicator" if filled else "error", filled=filled)
    if found.row_numbers is None or found.weights is None:
        raise Error(name, "", "must be a coreset: it says nothing of weights and rows of an input")
    return Coreset(
        indices=found.row_numbers,
        weights=found.weights,
        points=found.coordinates,
        certificate=stated,
        columns=found.columns,
        row_numbers=found.row_numbers,
        targets=_targets_of_file(name, found, stated),
        rows=found.table.take(np.arange(len(found))),
        replaced=found.replaced,
    )


def _targets_of_file(name: str, found: Input, stated: Certificate) -> Doubles | None:
    """Where there are new ones: the columns of all targets, as compress() hands them over."""
    new = sum(companion.relabelled for companion in stated.companions)
    if new == 0:
        return None
    numbers = {column.name: number for number, column in enumerate(found.table.columns)}
    names = target_columns(stated) or [
        longer if (longer := f"coreset_{column}") in numbers else column for column in names_of_array(new)]
    missing = [column for column in names if column not in numbers]
    if missing:
        raise Error(name, missing[0], "there is no such column, of which the certificate says that it has new values")
    targets = found.table.read([numbers[column] for column in names])
    return targets[:, 0] if len(names) == 1 else targets
