"""Coresets of Dask DataFrames and arrays; needs the extra `momentset[dask]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence, Union

import numpy as np

from momentset._error import Error
from momentset._partitions import engine_module, finish_sketch, merge_sketches, merge_tree, sketch_partition
from momentset._sketch import Sketch

if TYPE_CHECKING:
    from dask.array import Array
    from dask.dataframe import DataFrame
    from dask.delayed import Delayed

__all__ = ["compress"]


def compress(data: Union[DataFrame, Array], *, size: int, order: int = 5, weights: Union[str, Array, None] = None,
             columns: Sequence[str] | None = None, seed: int = 0, memory: int = 2**30) -> Delayed:
    """Rows of a Dask DataFrame or array with new weights and the same moments: a sketch of each partition, merged as a
    tree. Nothing is read before it is computed; Dask schedules the tasks and retries those of workers that are lost.

    The result depends on the partitions and the options, not on the workers. Its `rows` are numbered through all
    partitions, one behind the other.

    Args:
        data: a DataFrame, or an array (q, m) of which each chunk of rows is a partition. Chunks may be of unknown length.
        size: rows of the coreset, at least C(m + order, order) for m columns.
        order: highest total degree of the moments kept.
        weights: name of the column of weights, or of an array a Dask array (q,); None: every row weighs 1.
        columns: names of the coordinates; None: of a DataFrame the numeric ones that are not named like row
            identifiers, as in docs/command-line.md. Whether one counts up is not looked at, as that would read data.
        seed: of the samples of rows by which cells are placed.
        memory: bytes for the rows that one task buffers. Results depend on it.

    Returns:
        What computes to a StreamCoreset, by `.compute()`, `dask.compute` or `Client.compute`.

    Raises:
        Error: where columns are missing or not numeric, or options do not go together; when computed, where a value is
            not finite or a weight negative (the row that it names counts from the start of its partition), or no row
            has positive weight.
    """
    delayed = engine_module("dask").delayed
    begun = Sketch(size, order, memory=memory, columns=columns, weights=weights if isinstance(weights, str) else None,
                   seed=seed, threads=1)  # Dask runs a task for each core
    if isinstance(data, engine_module("dask.array").Array):
        partitions = _chunks(begun, data, weights)
    elif isinstance(data, engine_module("dask.dataframe").DataFrame):
        partitions = _partitions(begun, data, weights)
    else:
        raise Error("data", type(data).__name__, "must be a Dask DataFrame or array")
    sketches = [delayed(sketch_partition)(begun, *partition) for partition in partitions]
    return delayed(finish_sketch)(merge_tree(sketches, delayed(merge_sketches)))


def _chunks(begun: Sketch, data: Any, weights: Any) -> list[tuple[list[Any], ...]]:
    """Chunks of rows, with their weights."""
    if any(np.isnan(data.shape[1:])):
        raise Error("data", f"of shape {data.shape}", "must have a known number of columns")
    masses = None if weights is None else _weights_like(data, weights)
    begun.update(np.empty((0, *data.shape[1:]), data.dtype))
    chunks = data.rechunk({1: -1}) if data.ndim == 2 else data
    parts = [list(chunks.to_delayed().ravel())]
    if masses is not None:
        parts.append(list(masses.to_delayed()))
    return [tuple([chunk] for chunk in row) for row in zip(*parts)]


def _weights_like(data: Any, weights: Any) -> Any:
    """The weights in chunks like those of the rows."""
    if not isinstance(weights, type(data)) or weights.ndim != 1:
        found = f"of shape {weights.shape}" if hasattr(weights, "shape") else repr(weights)
        raise Error("weights", found, "must be a Dask array (q,), as data is an array")
    if np.isnan([*data.shape, *weights.shape]).any():
        matches = data.numblocks[0] == weights.numblocks[0]  # whether the lengths do, the tasks will see
    else:
        matches = data.shape[0] == weights.shape[0]
        weights = weights.rechunk((data.chunks[0],)) if matches else weights
    if not matches:
        raise Error("weights", f"of shape {weights.shape}", f"must have the rows and chunks of data, {data.shape}")
    return weights


def _partitions(begun: Sketch, data: Any, weights: Any) -> list[tuple[list[Any], ...]]:
    """Partitions of a DataFrame, of the columns that are needed."""
    if weights is not None and not isinstance(weights, str):
        raise Error("weights", type(weights).__name__, "must be the name of a column of the DataFrame")
    begun.update(data._meta.reset_index(drop=True))
    needed = {*begun.columns, weights}
    chosen = data[[name for name in data.columns if str(name) in needed]]  # the others are not even read from files
    return [([partition],) for partition in chosen.to_delayed()]
