"""What compress() keeps in place of all moments, or beside them: words, and functions of one's own as a Basis."""

from __future__ import annotations

from typing import Any, Callable, Literal, Sequence, Union, cast

import numpy as np
from numpy.typing import ArrayLike

from momentset._arrays import Doubles, count
from momentset._error import Error
from momentset._input import Input, read_input, rows_of

Feature = Callable[[Doubles], ArrayLike]

BLOCK = 65536  # rows that functions are called with


class Basis:
    """What compress() keeps in every cell: all moments up to an order, and weighted sums of features of one's own.

    Args:
        features: a matrix (q, p) or vector (q,), a row for each row of X; or a function, or several, of the
            coordinates: (k, m) -> (k,) or (k, p). They are called with blocks of at most 65,536 rows, in their order,
            from this thread. All numbers must be finite.
        order: K, as in compress(). "auto": chosen there. A cell keeps n = C(m + K, K) + p sums.

    Indicators of groups keep each group's weight; any function of the rows keeps its weighted mean.

    Attributes:
        order: as given.
    """

    order: int | Literal["auto"]

    def __init__(self, features: ArrayLike | Feature | Sequence[Feature], *, order: int | Literal["auto"] = "auto"):
        self.order = "auto" if order == "auto" else count("order", order, 0)
        self._functions: list[Feature] = []
        self._values: Any = None
        if callable(features):
            self._functions = [features]
        elif isinstance(features, (list, tuple)) and features and all(map(callable, features)):
            self._functions = list(cast("Sequence[Feature]", features))
        else:
            self._values = features

    def __call__(self, X: Any) -> Doubles:
        """(q, p) matrix of the features at the rows of X, in any form that compress() takes: for recombine().

        Raises:
            Error: a matrix has not as many rows, or a function does not return one row of finite numbers for each.
        """
        return self.matrix(read_input(X))

    def matrix(self, found: Input) -> Doubles:
        """The same for rows that have been read. Of a matrix, rows that were left out are left out as well."""
        rows = len(found)
        if not self._functions:
            left_out = 0 if found.positions is None else found.dropped
            values = _rows("features", self._values, rows + left_out)
            return _finite(values if found.positions is None else values[found.positions])
        blocks = [self._block(found.coordinates[first : first + BLOCK]) for first in range(0, rows, BLOCK)]
        if len({block.shape[1] for block in blocks}) > 1:
            raise Error("features", "", "must give as many columns for each block of rows")
        return _finite(np.concatenate(blocks))

    def _block(self, coordinates: Doubles) -> Doubles:
        return np.hstack([_rows("features", function(coordinates), len(coordinates)) for function in self._functions])


# What compress() takes as features.
Features = Union[str, Sequence[Union[str, Basis]], Basis, ArrayLike, Feature, Sequence[Feature], None]


def split(features: Features) -> tuple[list[str], Basis | None]:
    """The words, and what else there is, as a Basis: a matrix, functions or a Basis, alone or last after the words."""
    if features is None or isinstance(features, Basis):
        return [], features
    if isinstance(features, str):
        return [features], None
    if not (isinstance(features, (list, tuple)) and any(isinstance(each, str) for each in features)):
        return [], Basis(cast("ArrayLike", features))
    words = [each for each in features if isinstance(each, str)]
    others = [each for each in features if not isinstance(each, str)]
    if len(others) > 1:
        raise Error("features", f"{len(others)} that are no words", "there may be one, a Basis or a matrix")
    return words, split(others[0])[1] if others else None


def _rows(name: str, values: Any, rows: int) -> Doubles:
    """True and False count as 1 and 0."""
    if isinstance(values, np.ndarray) and values.dtype == bool:
        values = values.astype(np.float64)
    return rows_of(name, values, rows)


def _finite(values: Doubles) -> Doubles:
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong) > 0:
        row, column = wrong[0]
        raise Error("features", str(values[row, column]), f"row {row}, column {column}: must be finite")
    return values
