"""Sketches of streams."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from momentset import _core
from momentset._arrays import Doubles, count, doubles, matrix, number
from momentset._certificate import plural
from momentset._error import Error
from momentset._input import is_table, read_input
from momentset._roles import Names, chosen_columns


@dataclass(frozen=True)
class StreamCertificate:
    """What was measured of the coreset of a stream: its moments against those of all rows, which were summed as the rows
    went by, by code that shares nothing with the sketch. What takes the rows themselves (cells, diameters, test
    functions) is not in it.
    """

    rows: int  #: rows that went by
    size: int  #: rows kept
    dimension: int
    order: int  #: highest total degree K of the moments kept
    features: int  #: how many these are
    seed: int
    columns: tuple[str, ...]  #: names of the coordinates; empty if unnamed
    mass_input: float  #: sum of the weights of all rows, after decay
    mass_output: float  #: sum of the weights of the rows kept
    smallest_weight: float
    largest_weight: float
    effective_sample_size: float
    residuals: tuple[float, ...]  #: for each order 0..K the worst scaled residual of a moment, coordinates in [-1, 1]
    worst_residual: float
    tolerance: float  #: what rounding may leave
    output_hash: str
    library_version: str

    @property
    def holds(self) -> bool:
        """Residuals and mass within the tolerance, no negative weight."""
        return (self.worst_residual <= self.tolerance and self.smallest_weight >= 0
                and abs(self.mass_output - self.mass_input) <= self.tolerance * self.mass_input)

    def to_json(self) -> str:
        """As the command line writes it: docs/streams.md."""
        return self._text  # type: ignore[attr-defined, no-any-return]

    @classmethod
    def _of(cls, text: str) -> StreamCertificate:
        stated = json.loads(text)
        same = ("rows", "size", "dimension", "order", "features", "seed", "worst_residual", "tolerance", "output_hash",
                "library_version")
        found = cls(columns=tuple(stated["columns"]), residuals=tuple(stated["residuals"]),
                    mass_input=stated["mass"]["input"], mass_output=stated["mass"]["output"],
                    smallest_weight=stated["weights"]["smallest"], largest_weight=stated["weights"]["largest"],
                    effective_sample_size=stated["weights"]["effective_sample_size"],
                    **{name: stated[name] for name in same})
        object.__setattr__(found, "_text", text)
        return found


@dataclass(frozen=True)
class StreamCoreset:
    """Rows of a stream with new weights and the same moments."""

    points: Doubles  #: (size, m) the rows kept
    weights: Doubles  #: (size,) their weights, > 0
    rows: NDArray[np.uint64]  #: (size,) their numbers in the stream
    columns: tuple[str, ...]  #: names of the coordinates; empty if unnamed
    certificate: StreamCertificate

    def __len__(self) -> int:
        return len(self.weights)

    def summary(self) -> str:
        """One line."""
        stated = self.certificate
        return (f"{len(self):,} of {plural(stated.rows, 'row')}, order {stated.order}, worst moment residual "
                f"{stated.worst_residual:.1e}, effective sample size {stated.effective_sample_size:,.0f}")


class Sketch:
    """A weighted subset of a stream with the same moments up to an order, in bounded memory.

    Update it with batches, merge it with sketches of other parts, store it, and ask for the coreset at any time. Rows
    are never moved nor averaged. The state depends on the sequence of rows, merges and decays alone: not on how they
    are cut into batches, nor on the number of threads. See docs/streams.md.

    Args:
        size: rows of the coreset, at least C(m + order, order) for m columns.
        order: highest total degree of the moments kept.
        memory: bytes for buffered rows, 10 m + 40 for each; at least 16 and at most 100 rows for each one of the coreset
            are held. Results depend on it.
        columns: names of the coordinates of tables; None: those that the first one has, chosen as by `compress`.
        weights: name of the column of weights of tables; None: every row weighs 1. Those of arrays go to update().
        seed: of the samples of rows by which cells are placed.
        threads: threads to use; None: all cores. The result is the same for any number.

    Raises:
        Error: with the first batch, where size, order and memory do not go together.
    """

    def __init__(self, size: int, order: int = 5, *, memory: int = 2**30, columns: Names | None = None,
                 weights: str | None = None, seed: int = 0, threads: int | None = None):
        self._options = (count("size", size, 1), count("order", order, 0), count("seed", seed, 0),
                         count("memory", memory, 1), 0 if threads is None else count("threads", threads, 1))
        self._columns = chosen_columns(columns)
        self._weights = weights
        self._core: _core.Sketch | None = None  # before the first batch m is unknown
        self._lock = threading.Lock()

    def _of_dimension(self, m: int) -> _core.Sketch:
        if self._core is None:
            size, order, seed, memory, threads = self._options
            self._core = _core.Sketch(m, self._columns or [], size, order, seed, memory, threads)
        return self._core

    @property
    def size(self) -> int:
        return self._options[0]

    @property
    def order(self) -> int:
        return self._options[1]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the coordinates; empty if unnamed, or not known yet."""
        return tuple(self._columns or ())

    @property
    def rows_seen(self) -> int:
        """Rows of all updates and of the sketches merged."""
        return 0 if self._core is None else self._core.rows_seen

    @property
    def points_held(self) -> int:
        """Rows in memory."""
        return 0 if self._core is None else self._core.points_held

    @property
    def mass(self) -> float:
        """Sum of the weights of all rows, after decay."""
        return 0.0 if self._core is None else self._core.mass

    def update(self, X: Any, weights: ArrayLike | None = None, *, rows: ArrayLike | None = None) -> Sketch:
        """Takes in a batch: rows of an array (q, m), or a table (pandas, polars, pyarrow, anything with the Arrow
        PyCapsule interface). Each row is numbered by its place in the stream, or by `rows`.

        Returns itself. Raises Error where the batch does not fit; nothing has changed then. After Ctrl-C part of the
        batch may be taken in: `rows_seen` says how much.
        """
        names: list[str] | None = None
        if is_table(X):
            found = read_input(X, self._weights if weights is None else weights, columns=self._columns)
            points, masses, names = found.coordinates, found.weights, found.columns
        else:
            if weights is None and self._weights is not None:
                raise Error("weights", self._weights, "names a column of tables, of which an array has none: hand its "
                            "weights to update()")
            points = matrix("X", X)
            masses = None if weights is None else doubles("weights", weights, 1)
        numbers = None if rows is None else _numbers(rows)
        with self._lock:
            if self._core is None and names is not None:
                self._columns = names
            self._of_dimension(points.shape[1]).update(points, masses, numbers)
        return self

    def merge(self, other: Sketch) -> Sketch:
        """Takes in the weighted rows of another sketch, as if its stream had followed. Returns itself.

        Raises Error, naming the difference, where columns, order or the way of numbering differ.
        """
        if not isinstance(other, Sketch):
            raise Error("other", type(other).__name__, "must be a Sketch")
        with other._lock:
            theirs = None if other._core is None else other._core.copy()
        if theirs is None:
            return self
        with self._lock:
            if self._core is None and self._columns is None:
                self._columns = list(other._columns or []) or None
            self._of_dimension(theirs.dimension).merge(theirs)
        return self

    def decay(self, factor: float) -> Sketch:
        """Multiplies all weights so far by a factor in (0, 1]. Called before each batch, it forgets exponentially.
        Returns itself."""
        factor = number("factor", factor)
        with self._lock:
            if self._core is not None:
                self._core.decay(factor)
        return self

    def reset(self) -> Sketch:
        """Back to the beginning, with the same options. Returns itself."""
        with self._lock:
            if self._core is not None:
                self._core.reset()
        return self

    def compact(self) -> Sketch:
        """Recombines until no more than `size` rows are held: before it is stored or sent away. Returns itself."""
        with self._lock:
            if self._core is not None:
                self._core.compact()
        return self

    def coreset(self, size: int | None = None) -> StreamCoreset:
        """`size` rows (None: that of the sketch), or all where fewer are held, with the moments of all rows. The sketch
        stays as it is.

        Raises Error where no row of positive weight was seen, or the size does not fit.
        """
        wanted = 0 if size is None else count("size", size, 1)
        with self._lock:
            if self._core is None:
                raise Error("sketch", "", "has seen no row of positive weight")
            points, weights, rows, text = self._core.coreset(wanted)
        return StreamCoreset(points, weights, rows, self.columns, StreamCertificate._of(text))

    def certificate(self) -> StreamCertificate:
        """That of `coreset()`, which is computed for it."""
        return self.coreset().certificate

    def to_bytes(self) -> bytes:
        """The whole state (docs/format.md), about 8 m + 11 bytes for each row held. `compact()` first, unless the stream
        goes on. Raises Error before the first batch, when the number of columns is unknown."""
        with self._lock:
            if self._core is None:
                raise Error("sketch", "", "has seen no batch, so its columns are not known")
            return self._core.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes, *, weights: str | None = None, threads: int | None = None) -> Sketch:
        """Raises Error on anything that is not a sketch of a known version."""
        core = _core.Sketch.from_bytes(bytes(data), 0 if threads is None else count("threads", threads, 1))
        found = cls(core.size, core.order, memory=core.memory, columns=core.columns or None, weights=weights,
                    seed=core.seed, threads=threads)
        found._core = core
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        size, order, seed, memory, threads = self._options
        state = (size, order, seed, memory, threads or None, self._columns, self._weights)
        with self._lock:
            return _unpickled, (state, None if self._core is None else self._core.to_bytes())

    def __repr__(self) -> str:
        return f"Sketch(size={self.size}, order={self.order}): {plural(self.rows_seen, 'row')} seen"


def _unpickled(state: tuple[Any, ...], data: bytes | None) -> Sketch:
    size, order, seed, memory, threads, columns, weights = state
    if data is not None:
        return Sketch.from_bytes(data, weights=weights, threads=threads)
    return Sketch(size, order, memory=memory, columns=columns, weights=weights, seed=seed, threads=threads)


def _numbers(rows: ArrayLike) -> NDArray[np.uint64]:
    array = np.asarray(rows)
    if array.dtype.kind not in "iu" or array.ndim != 1 or (array.dtype.kind == "i" and np.any(array < 0)):
        raise Error("rows", f"an array of {array.dtype} of shape {array.shape}",
                    "must be a sequence of row numbers, none of them negative")
    return np.ascontiguousarray(array, dtype=np.uint64)
