"""Coresets of Ray Datasets, and of arrays and tables in Ray's object store; needs the extra `momentset[ray]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence, Union

from momentset._error import Error
from momentset._input import is_table
from momentset._partitions import engine_module, finish_sketch, merge_sketches, merge_tree, sketch_partition
from momentset._sketch import Sketch, StreamCoreset

if TYPE_CHECKING:
    from ray.data import Dataset  # pyright: ignore[reportMissingImports]

__all__ = ["compress"]


def compress(data: Union[Dataset, Sequence[Any]], *, size: int, order: int = 5, weights: str | None = None,
             columns: Sequence[str] | None = None, seed: int = 0, memory: int = 2**30) -> StreamCoreset:
    """Rows of a Ray Dataset, or of arrays or tables by their references, with new weights and the same moments: a sketch
    of each block that has rows, or of each object, merged as a tree. Ray schedules the tasks and retries those of
    workers that are lost.

    The result depends on the blocks or objects and the options, not on the workers. Its `rows` are numbered through all
    of them, one behind the other.

    Args:
        data: a Dataset of columns of numbers, of which only those that are needed are read; or a list of references
            of arrays (q, m), or of tables (pandas, polars, pyarrow), with the same columns.
        size: rows of the coreset, at least C(m + order, order) for m columns.
        order: highest total degree of the moments kept.
        weights: name of the column of weights; None: every row weighs 1.
        columns: names of the coordinates; None: of a table the numeric ones that are not named like row identifiers, as
            in docs/command-line.md. Whether one counts up is not looked at.
        seed: of the samples of rows by which cells are placed.
        memory: bytes for the rows that one task buffers. Results depend on it.

    Raises:
        Error: where columns are missing or not numeric, options do not go together, there is no block, or no row has
            positive weight; of objects also where a value is not finite or a weight negative. Of a Dataset Ray's
            RayTaskError then holds its text.
    """
    ray = engine_module("ray")
    begun = Sketch(size, order, memory=memory, columns=columns, weights=weights, seed=seed, threads=1)  # a task a core
    if isinstance(data, engine_module("ray.data").Dataset):
        sketches = _of_dataset(begun, data, weights)
    elif isinstance(data, (list, tuple)) and all(isinstance(part, ray.ObjectRef) for part in data):
        sketches = _of_objects(begun, data, weights)
    else:
        raise Error("data", type(data).__name__, "must be a Ray Dataset or a list of object references")
    merge = ray.remote(lambda *neighbours: merge_sketches(neighbours))
    merged = merge_tree(sketches, lambda neighbours: merge.remote(*neighbours))
    found: StreamCoreset = ray.get(ray.remote(finish_sketch).remote(merged))
    return found


def _of_objects(begun: Sketch, data: Sequence[Any], weights: str | None) -> list[Any]:
    """References of the objects' sketches."""
    ray = engine_module("ray")
    if not data:
        return []

    def without_rows(first: Any) -> Sketch:
        if weights is not None and not is_table(first):
            raise Error("weights", weights, "must be None for arrays, which have no names of columns")
        return begun.update(first[:0])

    known = ray.remote(without_rows).remote(data[0])
    sketch = ray.remote(lambda sketch, part: sketch_partition(sketch, [part]))
    return [sketch.remote(known, part) for part in data]


def _of_dataset(begun: Sketch, data: Any, weights: str | None) -> list[Any]:
    """References of the blocks' sketches."""
    import pyarrow

    ray, schema = engine_module("ray"), data.schema()
    if schema is None:
        return []
    fields = [(name, type) for name, type in zip(schema.names, schema.types) if isinstance(type, pyarrow.DataType)]
    begun.update(pyarrow.schema(fields).empty_table())
    needed = [name for name in schema.names if name in (*begun.columns, weights)]
    sketches = data.select_columns(needed).map_batches(
        lambda block: pyarrow.table({"sketch": [sketch_partition(begun, [block])]}), batch_size=None,
        batch_format="pyarrow")
    options = sketches.context.execution_options
    preserved, options.preserve_order = options.preserve_order, True  # else blocks come as they are finished
    try:
        tables = sketches.to_arrow_refs()
    finally:
        options.preserve_order = preserved
    merge = ray.remote(lambda table: merge_sketches(table["sketch"].to_pylist()))
    return [merge.remote(table) for table in tables]
