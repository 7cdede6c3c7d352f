"""What columns are for that are no coordinates: targets, classes, groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Sequence, Union

import numpy as np

from momentset._error import Error
from momentset._tables import Table

Loss = Literal["auto", "squared", "logistic", "general"]
Names = Union[str, Sequence[str]]


@dataclass
class Roles:
    """The same rules as those of the command line (cli/column_roles.hpp)."""

    loss: str  # squared, logistic, both or general; empty where there is no target
    targets: list[str] = field(default_factory=list)  # of which sums times the moments are kept
    classes: list[str] = field(default_factory=list)  # targets whose classes are groups
    groups: list[str] = field(default_factory=list)  # those asked for, then the classes
    joint: list[str] = field(default_factory=list)  # targets that are coordinates like others
    target_array: Any = None
    class_array: Any = None
    group_array: Any = None


def roles_of(table: Table, target: Any, groups: Any, loss: Loss) -> Roles:
    """`target` and `groups` are None, names of columns, or an array with a row for each row of the table."""
    if loss not in ("auto", "squared", "logistic", "general"):
        raise Error("loss", str(loss), "must be auto, squared, logistic or general")
    names, group_names = names_of(target), names_of(groups)
    roles = Roles("" if target is None else loss, groups=list(group_names or ()))
    if groups is not None and group_names is None:
        roles.group_array = groups
    if target is None:
        return roles
    if loss == "general":
        if names is None:
            raise Error("target", "an array", "must be names of columns for the loss general: put the target into X")
        roles.joint = names
        return roles
    if names is None:
        _sort_array(target, loss, roles)
    else:
        _sort_columns(table, names, loss, roles)
    roles.groups += [name for name in roles.classes if name not in roles.groups]
    has_classes = bool(roles.classes) or roles.class_array is not None
    has_numbers = bool(roles.targets) or roles.target_array is not None
    roles.loss = "squared" if not has_classes else "squared and logistic" if has_numbers else "logistic"
    return roles


def names_of(columns: Any) -> list[str] | None:
    """None where it is no name of a column, nor several."""
    if isinstance(columns, str):
        return [columns]
    if isinstance(columns, (list, tuple)) and columns and all(isinstance(name, str) for name in columns):
        return list(columns)
    return None


def name_list(field: str, columns: Names) -> list[str]:
    """A list of one name or several. Throws Error for what is none."""
    if isinstance(columns, str):
        return [columns]
    try:
        return list(columns)
    except TypeError:
        raise Error(field, repr(columns), "must be the name of a column, or a list of names") from None


def chosen_columns(columns: Names | None) -> list[str] | None:
    """The coordinates that were asked for, of which there must be one; None leaves the choice to the table."""
    names = None if columns is None else name_list("columns", columns)
    if names == []:
        raise Error("columns", "[]", "must name at least one column (None: all that look like coordinates)")
    return names


def _sort_columns(table: Table, names: list[str], loss: Loss, roles: Roles) -> None:
    kinds = {column.name: column for column in table.columns}
    for name in names:
        column = kinds.get(name)  # if there is none, reading says so
        if column is not None and column.categorical and loss == "squared":
            raise Error("target", name, "is of names, the loss squared needs numbers")
        is_class = column is not None and (column.categorical or (loss == "logistic" and column.numeric))
        (roles.classes if is_class else roles.targets).append(name)


def _sort_array(target: Any, loss: Loss, roles: Roles) -> None:
    if loss == "logistic" or (loss == "auto" and _holds_names(target)):
        roles.class_array = target
    else:
        roles.target_array = target


def _holds_names(target: Any) -> bool:
    """Whether the values are text, booleans or categories, which are classes without being told."""
    dtype = getattr(target, "dtype", None)
    if not isinstance(target, np.ndarray) and dtype is not None and "numpy" not in type(dtype).__module__:
        name = str(dtype).lower()
        return name in ("category", "categorical", "bool", "boolean", "str") or "string" in name or "enum(" in name
    try:
        array = np.asarray(target)
    except (TypeError, ValueError):
        return False
    return array.ndim == 1 and (array.dtype.kind in "USb" or (
        array.dtype.kind == "O" and all(isinstance(value, (str, bool)) or value is None for value in array)))
