"""From whatever the user hands over to points, weights and what is needed to name rows afterwards."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Literal, Sequence

import numpy as np

from momentset import _core
from momentset._arrays import Doubles, Integers, doubles, matrix
from momentset._error import Error
from momentset._files import is_path
from momentset._levels import Levels, combined, of_array
from momentset._roles import Loss, Names, Roles, chosen_columns, name_list, roles_of
from momentset._tables import ArrayTable, ColumnChoice, MemoryTable, Table, open_files


Missing = Literal["error", "drop", "indicator"]


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
    levels: list[Levels]  # the columns that tell the groups apart; none if there are no groups
    categories: list[Levels]  # columns of which counts are kept
    roles: Roles
    weight_column: str  # empty if none
    positions: Integers | None  # row of each point in the table; None: point i is row i
    row_numbers: Integers | None  # of each point in the first input of all; None: the position
    replaced: list[str]  # columns that give way to new ones of the output
    notices: list[str]
    dropped: int = 0  # rows left out
    filled: dict[str, float] = field(default_factory=dict)  # columns with missing values, and their means

    def __len__(self) -> int:
        return len(self.coordinates)

    def groups(self) -> tuple[Integers, list[str]] | None:
        """Number of each point's group, and the groups' names."""
        return combined(self.levels) if self.levels else None

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


def read_input(X: Any, weights: Any = None, *, columns: Names | None = None, exclude: Names = (),
               target: Any = None, loss: Loss = "auto", groups: Any = None, more_groups: Sequence[str] = (),
               categories: Sequence[str] = (), missing: Missing = "error",
               filled: dict[str, float] | None = None, hint: bool = False) -> Input:
    """Reads the coordinates, weights, targets and groups of X. `weights` is an array or the name of a column, `target`
    and `groups` are arrays or names of columns. `hint`: whether the caller's user may set `missing`."""
    table, inputs = open_table(X)
    columns = chosen_columns(columns)
    roles = roles_of(table, target, groups, loss)
    roles.groups += more_groups
    weight_name = weights if isinstance(weights, str) else None
    if columns is not None and roles.joint:
        columns = [*columns, *roles.joint]
    choice = ColumnChoice(table, columns, name_list("exclude", exclude), weight_name, roles.targets, roles.groups,
                          categories).selection()
    if weights is not None and weight_name is None:
        choice.weight = None  # an array takes the place of a coreset's own weights
    extra = [number for number in (*choice.targets, choice.weight, choice.row) if number is not None]
    values = table.read(choice.coordinates + extra)
    names = [table.columns[number].name for number in choice.coordinates]
    m, p = len(names), len(choice.targets)
    given = None if weights is None or weight_name is not None else doubles("weights", weights, 1)
    if given is not None and len(given) != len(values):
        raise Error("weights", f"{len(given)} weights", f"one for each of the {len(values)} rows is needed")
    for name in roles.joint:
        if name not in names:
            raise Error("target", name, "is none of the coordinates, as it must be for the loss general")
    targets = None
    if roles.targets:
        targets = np.ascontiguousarray(values[:, m : m + p])
    elif roles.target_array is not None:
        targets = rows_of("target", roles.target_array, len(values))
    levels = [table.levels(number) for number in choice.levels[: len(roles.groups)]]
    counted = [table.levels(number) for number in choice.levels[len(roles.groups) :]]
    for name, array in (("groups", roles.group_array), ("target", roles.class_array)):
        if array is not None:
            levels.append(of_array(name, array, len(values)))
    found = Input(
        table=table,
        inputs=inputs,
        coordinates=np.ascontiguousarray(values[:, :m]) if extra else values,
        weights=given if choice.weight is None else np.ascontiguousarray(values[:, m + p]),
        columns=names,
        targets=targets,
        target_columns=list(roles.targets),
        levels=levels,
        categories=counted,
        roles=roles,
        weight_column="" if choice.weight is None else table.columns[choice.weight].name,
        positions=None,
        row_numbers=None if choice.row is None else values[:, -1].astype(np.int64),
        replaced=choice.replaced,
        notices=choice.notices,
    )
    if missing not in ("error", "drop", "indicator"):
        raise Error("missing", str(missing), "must be error, drop or indicator")
    if missing == "indicator":
        _fill_missing(found, filled)
    if missing == "drop":
        _drop_invalid(found)
    elif not isinstance(table, ArrayTable) or targets is not None or levels or counted:
        require_finite(found, hint)
    found.levels = [level.kept(slice(None)) for level in found.levels]
    found.categories = [level.kept(slice(None)) for level in found.categories]
    _require_classes(found)
    return found


def rows_of(name: str, values: Any, rows: int) -> Doubles:
    """(rows, p), one row for each of the input."""
    found = matrix(name, values)
    if len(found) != rows:
        raise Error(name, f"of shape {np.shape(values)}", f"must have one row for each of the {rows}")
    if found.shape[1] == 0:
        raise Error(name, f"of shape {np.shape(values)}", "must have at least one column")
    return found


def leave_out_constant_targets(found: Input) -> None:
    """A constant target tells nothing: its sums are those of the moments, which are kept anyway."""
    if found.targets is None:
        return
    varies = (found.targets != found.targets[0]).any(axis=0)
    for number in np.flatnonzero(~varies):
        name = found.target_columns[number] if found.target_columns else str(number)
        found.notices.append(f"target {name} is constant: its sums are those of the moments, kept anyway")
    found.target_columns = [name for name, telling in zip(found.target_columns, varies) if telling]
    if not varies.all():
        found.targets = np.ascontiguousarray(found.targets[:, varies]) if varies.any() else None


def _require_classes(found: Input) -> None:
    """Fractions of more than two values are no classes."""
    for level in found.levels:
        is_class = level.column in found.roles.classes if level.column else found.roles.class_array is not None
        whole = all(name.lstrip("-").isdigit() for name in level.names)
        if is_class and not (level.categorical or whole) and len(level.names) > 2:
            raise Error("target", level.column, f"has {len(level.names)} values, must be text, a boolean, whole "
                        "numbers or of two values for the loss logistic")


def _valid_rows(found: Input) -> Any:
    valid = np.isfinite(found.coordinates).all(axis=1)
    if found.targets is not None:
        valid &= np.isfinite(found.targets).all(axis=1)
    for level in found.levels + found.categories:
        valid &= level.numbers >= 0
    return valid if found.weights is None else valid & np.isfinite(found.weights)


def _fill_missing(found: Input, filled: dict[str, float] | None) -> None:
    """Means in place of missing coordinates, and columns that tell where; or as another table was filled."""
    as_in = None
    if filled is not None:
        as_in = [found.columns.index(name) for name in filled], list(filled.values())
    weights = found.weights
    if weights is not None and not np.isfinite(weights).all():
        weights = None  # which require_finite refuses
    found.coordinates, columns, values = _core.fill_missing(found.coordinates, weights, found.columns, as_in)
    found.filled = {found.columns[column]: value for column, value in zip(columns, values)}
    found.columns = found.columns + [f"{name} is missing" for name in found.filled]
    found.notices += [f"missing values of {name} are told by a coordinate of their own and filled with the mean, "
                      f"{repr(value).removesuffix('.0')}" for name, value in found.filled.items()]


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
    found.levels = [level.kept(valid) for level in found.levels]
    found.categories = [level.kept(valid) for level in found.categories]
    found.notices.append(f"{dropped} row{'' if dropped == 1 else 's'} with NaN, infinity or no value left out")


def _name_of(found: Input, level: Levels) -> str:
    """Its column, or the argument that an array came as: groups come before classes."""
    unnamed = [each for each in found.levels if not each.column]
    is_groups = found.roles.group_array is not None and bool(unnamed) and level is unnamed[0]
    return level.column or ("groups" if is_groups else "target")


def require_finite(found: Input, hint: bool) -> None:
    """Names column and row, which the library, to whom a table is a list of points, cannot, and with `hint` what can be
    done about it."""
    valid = _valid_rows(found)
    if valid.all():
        return
    row = int(np.argmin(valid))
    remedy = '; missing="drop" leaves such rows out' if hint else ""
    wrong = np.flatnonzero(~np.isfinite(found.coordinates[row]))
    wrong_targets = np.flatnonzero(~np.isfinite(found.targets[row])) if found.targets is not None else wrong
    if len(wrong) > 0:
        column, value = found.columns[wrong[0]], found.coordinates[row, wrong[0]]
        if hint and np.isnan(value):
            remedy += ', "indicator" fills what is missing'
    elif found.targets is not None and len(wrong_targets) > 0:
        column = found.target_columns[wrong_targets[0]] if found.target_columns else "target"
        value = found.targets[row, wrong_targets[0]]
    elif any(level.numbers[row] < 0 for level in found.levels + found.categories):
        level = next(level for level in found.levels + found.categories if level.numbers[row] < 0)
        raise Error(_name_of(found, level), "null", f"row {row}: must have a value{remedy}")
    else:
        assert found.weights is not None
        column, value = found.weight_column or "weights", found.weights[row]
    raise Error(column, "null or nan" if np.isnan(value) else str(value),
                f"row {row}: must be a finite number{remedy}")
