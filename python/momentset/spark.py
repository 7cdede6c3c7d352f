"""Coresets of Spark DataFrames; needs the extra `momentset[spark]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, Sequence

from momentset._error import Error
from momentset._partitions import MERGED_AT_ONCE, engine_module, finish_sketch, merge_sketches, sketch_partition
from momentset._sketch import Sketch, StreamCoreset

if TYPE_CHECKING:
    from pyspark.sql import DataFrame  # pyright: ignore[reportMissingImports]

__all__ = ["compress"]

SKETCHES = "partition int, sketch binary"  # columns of the tables of sketches


def compress(data: DataFrame, *, size: int, order: int = 5, weights: str | None = None,
             columns: Sequence[str] | None = None, seed: int = 0, memory: int = 2**30) -> StreamCoreset:
    """Rows of a Spark DataFrame with new weights and the same moments: a sketch of each partition (`mapInArrow`), merged
    as a tree (`applyInArrow`, one shuffle for each level). Spark schedules the tasks and retries those that are lost;
    the driver sees one sketch.

    The result depends on the partitions, the order of rows in them and the options, not on the executors. Its `rows` are
    numbered through all partitions, one behind the other. Spark itself may put rows elsewhere the next time.

    Args:
        data: of any number of columns; only those that are needed are read.
        size: rows of the coreset, at least C(m + order, order) for m columns.
        order: highest total degree of the moments kept.
        weights: name of the column of weights; None: every row weighs 1.
        columns: names of the coordinates; None: the numeric ones that are not named like row identifiers, as in
            docs/command-line.md. Whether one counts up is not looked at, as that would read data.
        seed: of the samples of rows by which cells are placed.
        memory: bytes for the rows that one task buffers. Results depend on it.

    Raises:
        Error: where columns are missing or not numeric, options do not go together, there is no partition, or no row of
            positive weight. Where a value is not finite or a weight negative, Spark's PythonException holds its text.
    """
    if not isinstance(data, engine_module("pyspark.sql").DataFrame):
        raise Error("data", type(data).__name__, "must be a Spark DataFrame")
    begun = Sketch(size, order, memory=memory, columns=columns, weights=weights, seed=seed, threads=1)  # a task a core
    begun.update(data.limit(0).toArrow())
    unneeded = [name for name in data.columns if name not in (*begun.columns, weights)]

    def sketches_of(batches: Iterator[Any]) -> Iterator[Any]:
        from pyspark import TaskContext  # pyright: ignore[reportMissingImports]

        context = TaskContext.get()
        assert context is not None
        yield from _row(context.partitionId(), sketch_partition(begun, batches)).to_batches()

    sketches = data.drop(*unneeded).mapInArrow(sketches_of, SKETCHES).persist()
    try:
        return finish_sketch(_merged(sketches))
    finally:
        sketches.unpersist()


def _merged(sketches: Any) -> bytes:
    """One sketch of all, which makes them."""
    functions = engine_module("pyspark.sql.functions")
    last = sketches.agg(functions.max("partition")).first()[0]
    if last is None:
        raise Error("partitions", "0", "there must be at least one")
    while last > 0:
        group = functions.floor(functions.col("partition") / MERGED_AT_ONCE)
        sketches, last = sketches.groupBy(group).applyInArrow(_merge, SKETCHES), last // MERGED_AT_ONCE
    return bytes(sketches.first()["sketch"])


def _merge(neighbours: Any) -> Any:
    ordered = neighbours.sort_by("partition")
    return _row(ordered["partition"][0].as_py() // MERGED_AT_ONCE, merge_sketches(ordered["sketch"].to_pylist()))


def _row(partition: int, sketch: bytes) -> Any:
    """A table of one sketch."""
    import pyarrow

    return pyarrow.table({"partition": pyarrow.array([partition], pyarrow.int32()), "sketch": [sketch]})
