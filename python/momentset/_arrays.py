"""What users hand over, as the arrays of doubles that the extension takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from momentset._error import Error

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]


def as_array(name: str, values: Any) -> NDArray[Any]:
    """`values` as a NumPy array: as it is, through DLPack (torch and others), or from nested sequences."""
    if isinstance(values, np.ma.MaskedArray):
        filled: NDArray[Any] = np.ma.filled(values.astype(np.float64), np.nan)  # no value, as in tables
        return filled
    if isinstance(values, np.ndarray):
        return values
    if type(values).__module__.startswith("scipy.sparse"):
        raise Error(name, f"a sparse matrix {values.shape}", "must be dense: moments of most columns of a sparse "
                    "matrix say little; reduce it first, for instance with sklearn.decomposition.TruncatedSVD")
    try:
        if hasattr(values, "__dlpack__"):
            return np.from_dlpack(values)
        array = np.asarray(values)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise Error(name, type(values).__name__, f"cannot be read as an array: {error}") from None
    if array.dtype.kind == "O" and array.ndim == 0:
        raise Error(name, type(values).__name__, "must be an array, a table or a path")
    return array


def doubles(name: str, values: Any, dimensions: int) -> Doubles:
    """C-contiguous float64 of `dimensions` dimensions; the same memory where it is that already."""
    array = as_array(name, values)
    if array.dtype.kind not in "fiu":
        raise Error(name, f"an array of {array.dtype}", "must hold integers or real floating-point numbers")
    if array.ndim != dimensions:
        raise Error(name, f"of shape {array.shape}", f"must have {dimensions} dimension{'s' if dimensions > 1 else ''}")
    return np.ascontiguousarray(array, dtype=np.float64)


def matrix(name: str, values: Any) -> Doubles:
    """q x m; a vector becomes one column."""
    array = as_array(name, values)
    return doubles(name, array.reshape(-1, 1) if array.ndim == 1 else array, 2)


def row_numbers(name: str, values: ArrayLike) -> Integers:
    """Row numbers, from any sequence of integers."""
    array = np.asarray(values)
    if array.size == 0:
        return np.empty(0, np.int64)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise Error(name, f"an array of {array.dtype} of shape {array.shape}", "must be a sequence of row numbers")
    return np.ascontiguousarray(array, dtype=np.int64)


def count(name: str, value: Any, least: int) -> int:
    """An integer of at least `least`, from Python or NumPy."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise Error(name, repr(value), "must be an integer")
    if not least <= value < 2**64:
        raise Error(name, str(value), f"must be at least {least} and below 2^64")
    return int(value)


def number(name: str, value: Any) -> float:
    """A real number, from Python or NumPy."""
    try:
        if not isinstance(value, (str, bytes)):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise Error(name, repr(value), "must be a number")
