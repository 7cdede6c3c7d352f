"""Writes a Parquet file of uniform random points: make_points.py ROWS COLUMNS FILE [SEED].

Row group by row group, so that it needs little memory itself.
"""

import sys

import numpy
import pyarrow
import pyarrow.parquet

ROWS_AT_ONCE = 1_000_000


def main(rows: int, columns: int, path: str, seed: int = 1) -> None:
    random = numpy.random.default_rng(seed)
    schema = pyarrow.schema([(f"x{column}", pyarrow.float64()) for column in range(columns)])
    # Random digits do not compress and hardly repeat: a dictionary would only cost time.
    with pyarrow.parquet.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for begin in range(0, rows, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, rows - begin)
            arrays = [pyarrow.array(random.uniform(-1, 1, count)) for _ in range(columns)]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:]))
