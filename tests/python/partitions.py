"""What the tests of Dask, Spark and Ray share: rows in partitions, and their sketches merged on one machine."""

import numpy as np
from test_sketch import ORDER, SIZE

import momentset as ms

PARTS = 11  # two tasks merge their sketches, and a third one merges what comes of these


def parts_of(rows):
    """22,000 rows in partitions, two of them empty, the others of many lengths."""
    ends = np.cumsum(np.arange(1, 9) ** 2) * 100
    return np.split(rows, [0, *ends, ends[-1]])


def one_machine(parts, **options):
    """The coreset of partitions (points, weights) or (points,), merged by hand as the tree is documented: eight
    neighbours, and so on."""
    sketches = [ms.Sketch(SIZE, ORDER, **options).update(*part).compact() for part in parts]
    assert 8 < len(sketches) <= 16
    halves = sketches[0], sketches[8]
    for number, sketch in enumerate(sketches):
        if number not in (0, 8):
            halves[number // 8].merge(sketch)
    return halves[0].compact().merge(halves[1].compact()).compact().coreset()


def expect_same_bytes(small, expected):
    assert isinstance(small, ms.StreamCoreset) and small.columns == expected.columns
    for name in ("points", "weights", "rows"):
        assert getattr(small, name).tobytes() == getattr(expected, name).tobytes(), name
    assert small.certificate.to_json() == expected.certificate.to_json()
