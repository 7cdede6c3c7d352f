"""A sketch of each partition of a table, merged as a tree: what `momentset.dask`, `.spark` and `.ray` share.

The engine moves, schedules and retries; here is what its tasks do. A partition's sketch depends on its rows alone, and
which sketches are merged on the number of partitions alone. So the bytes are the same for any number of workers, in
whatever order they finish. Neighbours are merged, left before right, so that rows are numbered through all partitions.
"""

from __future__ import annotations

import importlib
from copy import copy
from itertools import repeat
from typing import Any, Callable, Iterable, Sequence, TypeVar

from momentset._error import Error
from momentset._sketch import Sketch, StreamCoreset

MERGED_AT_ONCE = 8  # sketches that one task takes in: eight of them travel to it, and 1,000 are four levels

Part = TypeVar("Part")


def engine_module(name: str) -> Any:
    """A module of the engine, imported when needed. Raises Error, naming the extra, where it is not installed."""
    engine = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ImportError:
        extra = engine.removeprefix("py")
        raise Error(engine, "not installed", f"must be installed: pip install 'momentset[{extra}]'") from None


def sketch_partition(begun: Sketch, batches: Iterable[Any], weights: Iterable[Any] = repeat(None)) -> bytes:
    """The sketch of a partition, which comes in batches, as bytes. It begins as a copy of one without rows, which knows
    the columns, so that all partitions have the same and an empty one has a sketch, too."""
    sketch = copy(begun)
    for batch, masses in zip(batches, weights):
        sketch.update(batch, masses)
    return sketch.compact().to_bytes()


def merge_sketches(sketches: Sequence[bytes]) -> bytes:
    """The sketch of neighbouring partitions, from theirs in order."""
    merged, *others = (Sketch.from_bytes(data, threads=1) for data in sketches)
    for other in others:
        merged.merge(other)
    return merged.compact().to_bytes()


def merge_tree(parts: Sequence[Part], merge: Callable[[list[Part]], Part]) -> Part:
    """Merges neighbours, and again what came of them, until one part is left. `merge` submits a task, or says what it
    will be. Raises Error where there is no part."""
    if not parts:
        raise Error("partitions", "0", "there must be at least one")
    while len(parts) > 1:
        groups = [list(parts[first : first + MERGED_AT_ONCE]) for first in range(0, len(parts), MERGED_AT_ONCE)]
        parts = [merge(group) if len(group) > 1 else group[0] for group in groups]
    return parts[0]


def finish_sketch(data: bytes) -> StreamCoreset:
    """The coreset of the whole."""
    return Sketch.from_bytes(data, threads=1).coreset()
