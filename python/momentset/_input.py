"""From whatever the user hands over to points, weights and what is needed to name rows afterwards."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np

from momentset._arrays import Doubles, Integers, doubles, matrix
from momentset._error import Error
from momentset._files import is_path
from momentset._tables import ArrayTable, ColumnChoice, MemoryTable, Table, open_files


@dataclass
class Input:
    """The points of a table: q rows of m coordinates."""

    table: Table
    inputs: list[str]  # paths; none for what is in memory
    coordinates: Doubles  # (q, m), C-contiguous
    weights: Doubles | None  # (q,); None: every row weighs 1
    columns: list[str]  # names of the coordinates
    targets: Doubles | None  # (q, p), C-contiguous; None: there are none
    target_columns: list[str]  # their names; empty if they came as an array
    weight_column: str  # empty if none
    positions: Integers | None  # row of each point in the table; None: point i is row i
    row_numbers: Integers | None  # of each point in the first input of all; None: the position
    replaced: list[str]  # columns that give way to new ones of the output
    notices: list[str]
    dropped: int = 0  # rows left out

    def __len__(self) -> int:
        return len(self.coordinates)

    def positions_of(self, points: Integers) -> Integers:
        return points if self.positions is None else self.positions[points]

    def points_at(self, positions: Integers, name: str) -> Integers:
        """Numbers of the points that lie in these rows of the table. Throws Error where there is none."""
        if self.positions is None:
            return positions
        points = np.minimum(np.searchsorted(self.positions, positions), len(self.positions) - 1)
        missing = self.positions[points] != positions
        if np.any(missing):
            raise Error(name, str(positions[missing][0]), "the input has no such row, or it was left out")
        return points


def is_table(value: object) -> bool:
    return hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")


def open_table(X: Any) -> tuple[Table, list[str]]:
    """X as a table, and its paths if it is made of files."""
    if is_path(X):
        return open_files([X]), [os.fspath(X)]
    if isinstance(X, (list, tuple)) and X and all(map(is_path, X)):
        return open_files(X), [os.fspath(path) for path in X]
    if is_table(X):
        return MemoryTable(X), []
    return ArrayTable(matrix("X", X)), []


def read_input(X: Any, weights: Any = None, *, columns: Sequence[str] | None = None, exclude: Sequence[str] = (),
               target: Any = None, drop_invalid: bool = False) -> Input:
    """Reads the coordinates, weights and targets of X. `weights` is an array or the name of a column, `target` an array
    or names of columns."""
    table, inputs = open_table(X)
    weight_name = weights if isinstance(weights, str) else None
    target_names = names_of_targets(target)
    choice = ColumnChoice(table, columns, exclude, weight_name, target_names or ()).selection()
    if weights is not None and weight_name is None:
        choice.weight = None  # an array takes the place of a coreset's own weights
    extra = [number for number in (*choice.targets, choice.weight, choice.row) if number is not None]
    values = table.read(choice.coordinates + extra)
    names = [table.columns[number].name for number in choice.coordinates]
    m, p = len(names), len(choice.targets)
    given = None if weights is None or weight_name is not None else doubles("weights", weights, 1)
    if given is not None and len(given) != len(values):
        raise Error("weights", f"{len(given)} weights", f"one for each of the {len(values)} rows is needed")
    targets = None
    if target_names is not None:
        targets = np.ascontiguousarray(values[:, m : m + p])
    elif target is not None:
        targets = rows_of("target", target, len(values))
    found = Input(
        table=table,
        inputs=inputs,
        coordinates=np.ascontiguousarray(values[:, :m]) if extra else values,
        weights=given if choice.weight is None else np.ascontiguousarray(values[:, m + p]),
        columns=names,
        targets=targets,
        target_columns=list(target_names or ()),
        weight_column="" if choice.weight is None else table.columns[choice.weight].name,
        positions=None,
        row_numbers=None if choice.row is None else values[:, -1].astype(np.int64),
        replaced=choice.replaced,
        notices=choice.notices,
    )
    if drop_invalid:
        _drop_invalid(found)
    elif not isinstance(table, ArrayTable) or targets is not None:
        _require_finite(found)
    return found


def names_of_targets(target: Any) -> list[str] | None:
    """None where the target is no name of a column, nor several."""
    if isinstance(target, str):
        return [target]
    if isinstance(target, (list, tuple)) and target and all(isinstance(name, str) for name in target):
        return list(target)
    return None


def rows_of(name: str, values: Any, rows: int) -> Doubles:
    """(rows, p), one row for each of the input."""
    found = matrix(name, values)
    if len(found) != rows:
        raise Error(name, f"of shape {np.shape(values)}", f"must have one row for each of the {rows}")
    if found.shape[1] == 0:
        raise Error(name, f"of shape {np.shape(values)}", "must have at least one column")
    return found


def _valid_rows(found: Input) -> Any:
    valid = np.isfinite(found.coordinates).all(axis=1)
    if found.targets is not None:
        valid &= np.isfinite(found.targets).all(axis=1)
    return valid if found.weights is None else valid & np.isfinite(found.weights)


def _drop_invalid(found: Input) -> None:
    valid = _valid_rows(found)
    dropped = len(valid) - int(np.count_nonzero(valid))
    if dropped == 0:
        return
    if dropped == len(valid):
        raise Error(found.table.name, "", f"has no valid row: all {dropped} were dropped")
    found.positions, found.dropped = np.flatnonzero(valid), dropped
    found.coordinates = found.coordinates[valid]
    found.weights = None if found.weights is None else found.weights[valid]
    found.targets = None if found.targets is None else found.targets[valid]
    found.row_numbers = None if found.row_numbers is None else found.row_numbers[valid]
    found.notices.append(f"{dropped} row{'' if dropped == 1 else 's'} with NaN, infinity or no value left out")


def _require_finite(found: Input) -> None:
    """Names column and row, which the library, to whom a table is a list of points, cannot."""
    valid = _valid_rows(found)
    if valid.all():
        return
    row = int(np.argmin(valid))
    wrong = np.flatnonzero(~np.isfinite(found.coordinates[row]))
    wrong_targets = np.flatnonzero(~np.isfinite(found.targets[row])) if found.targets is not None else wrong
    if len(wrong) > 0:
        column, value = found.columns[wrong[0]], found.coordinates[row, wrong[0]]
    elif found.targets is not None and len(wrong_targets) > 0:
        column = found.target_columns[wrong_targets[0]] if found.target_columns else "target"
        value = found.targets[row, wrong_targets[0]]
    else:
        assert found.weights is not None
        column, value = found.weight_column or "weights", found.weights[row]
    raise Error(column, "null or nan" if np.isnan(value) else str(value),
                f"row {row}: must be a finite number; drop_invalid=True leaves such rows out")
