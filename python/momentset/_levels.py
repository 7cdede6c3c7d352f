"""Columns of names: classes, regions, whatever has few different values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np

from momentset._arrays import Doubles, Integers
from momentset._error import Error
from momentset._files import pyarrow_module


@dataclass
class Levels:
    """Names of rows."""

    column: str  # empty if it came as an array
    names: list[str]
    numbers: Integers  # (q,) number of each row's name; -1 where there is none
    categorical: bool  # whether they are text, booleans or of a dictionary, not numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def kept(self, rows: Any) -> Levels:
        """Some of the rows, by mask or number, with their names in the order in which they come first."""
        numbers, order = _by_first(self.numbers[rows])
        return Levels(self.column, [self.names[number] for number in order], numbers, self.categorical)


def of_column(column: str, values: Any, *, empty_is_missing: bool = False) -> Levels:
    """From a pyarrow Array or ChunkedArray of any type that is not nested."""
    arrow = pyarrow_module("pyarrow", "read columns of names")
    compute = pyarrow_module("pyarrow.compute", "read columns of names")
    types = arrow.types
    categorical = types.is_dictionary(values.type) or types.is_boolean(values.type) or _is_text(arrow, values.type)
    if types.is_nested(values.type):
        raise Error(column, str(values.type), "must not be of a nested type")
    chunks = cast_values(values, arrow.large_string()).cast(arrow.large_string()).chunks
    text = arrow.concat_arrays(chunks) if chunks else arrow.array([], arrow.large_string())
    if empty_is_missing:
        text = compute.if_else(compute.equal(text, ""), None, text)
    encoded = text.dictionary_encode()
    numbers = encoded.indices.cast(arrow.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return Levels(column, encoded.dictionary.to_pylist(), np.ascontiguousarray(numbers), categorical)


def cast_values(values: Any, type: Any) -> Any:
    """A pyarrow ChunkedArray of another type, or of a dictionary of it: what polars makes of categories, dictionaries of
    text views, pyarrow does not cast as a whole."""
    arrow = pyarrow_module("pyarrow", "read columns of names")
    chunks = values.chunks if isinstance(values, arrow.ChunkedArray) else [values]
    if not arrow.types.is_dictionary(values.type):
        return arrow.chunked_array([chunk.cast(type) for chunk in chunks], type)
    codes, ordered = values.type.index_type, values.type.ordered
    return arrow.chunked_array(
        [arrow.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary.cast(type), ordered=ordered)
         for chunk in chunks], arrow.dictionary(codes, type, ordered))


def of_array(name: str, values: Any, rows: int) -> Levels:
    """From one value for each row: text, booleans, integers, numbers, a pandas or Arrow column."""
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        arrow = pyarrow_module("pyarrow", "read columns of names")
        try:
            column = arrow.chunked_array(values) if hasattr(values, "__arrow_c_stream__") else arrow.array(values)
        except (arrow.ArrowException, TypeError, ValueError) as error:
            raise Error(name, type(values).__name__, f"cannot be read: {str(error).splitlines()[0]}") from None
        return _checked(name, of_column("", column), rows)
    array = np.asarray(values)
    if array.ndim != 1:
        raise Error(name, f"of shape {array.shape}", "must have one dimension")
    missing = np.array([value is None or value != value for value in array]) if array.dtype.kind in "Of" else None
    present = array if missing is None else array[~missing]
    try:
        distinct, codes = np.unique(present, return_inverse=True)
    except TypeError:
        raise Error(name, f"an array of {array.dtype}", "must hold values of one type") from None
    numbers = np.full(len(array), -1, np.int64)
    numbers[slice(None) if missing is None else ~missing] = codes.reshape(-1)
    kinds = {type(value) for value in distinct.tolist()}
    found = Levels("", [_text(value) for value in distinct.tolist()], numbers, kinds <= {str, bool})
    return _checked(name, found.kept(slice(None)), rows)


def combined(levels: Sequence[Levels]) -> tuple[Integers, list[str]]:
    """One group for each combination of names, in the order in which they come first: the number of each row's group
    and the groups' names."""
    numbers, names = levels[0].numbers, levels[0].names
    for more in levels[1:]:
        joint, order = _by_first(numbers * len(more.names) + more.numbers)
        names = [f"{names[code // len(more.names)]}, {more.names[code % len(more.names)]}" for code in order]
        numbers = joint
    return np.ascontiguousarray(numbers), names


def indicators(levels: Sequence[Levels], pairs: bool, most: int) -> tuple[list[str], Doubles | None]:
    """What keeps exact counts: names and columns of 0 and 1, one for each level but the last, or for each combination
    of two columns' levels. At most `most` of them; none where every column has one level only."""
    counted = []
    for a, first in enumerate(levels):
        names = [f"{first.column}={name}" for name in first.names]
        if not pairs:
            counted.append(Levels(first.column, names, first.numbers, first.categorical))
        for second in levels[a + 1 :] if pairs else ():
            others = [f"{second.column}={name}" for name in second.names]
            numbers, joint = combined([Levels("", names, first.numbers, True), Levels("", others, second.numbers, True)])
            counted.append(Levels(f"{first.column} and {second.column}", joint, numbers, True))
    columns = sum(len(each.names) - 1 for each in counted)
    if columns > most:
        sizes = ", ".join(f"{len(each.names)} of {each.column}" for each in counted)
        raise Error("categories", f"{sizes} levels", f"need a size of at least {columns + 1}")
    if columns == 0:
        return [], None
    values = np.zeros((len(counted[0]), columns))
    names = []
    for each in counted:
        last = len(each.names) - 1
        rows = np.flatnonzero(each.numbers < last)
        values[rows, len(names) + each.numbers[rows]] = 1
        names += each.names[:last]
    return names, values


def _by_first(codes: Integers) -> tuple[Integers, list[int]]:
    """Codes numbered anew in the order in which they come first, -1 staying what it is; and the codes in that order."""
    distinct, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(np.where(distinct < 0, len(codes), first), kind="stable")
    place = np.empty(len(distinct), np.int64)
    place[order] = np.arange(len(distinct))
    place[distinct < 0] = -1
    return place[inverse.reshape(-1)], [int(code) for code in distinct[order] if code >= 0]


def _checked(name: str, levels: Levels, rows: int) -> Levels:
    if len(levels) != rows:
        raise Error(name, f"of length {len(levels)}", f"must have one value for each of the {rows} rows")
    return levels


def _is_text(arrow: Any, type: Any) -> bool:
    types = arrow.types
    return bool(types.is_string(type) or types.is_large_string(type) or types.is_binary(type)
                or types.is_large_binary(type) or str(type) in ("string_view", "binary_view"))


def _text(value: Any) -> str:
    """As a table's columns are printed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)
