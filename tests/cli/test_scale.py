"""--scale and --column-weights: how cells are cut; the moments are kept whatever they are."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import monomials


@pytest.fixture
def wide(tmp_path):
    """Two columns of 3,000 rows whose extents are 1 and 1,000, with a far outlier."""
    points = np.random.default_rng(4).uniform(size=(3000, 2)) * [1, 1000]
    points[7] = [50, 500]
    pq.write_table(pa.table({"a": points[:, 0], "b": points[:, 1]}), tmp_path / "wide.parquet")
    return points


def axes(run, tmp_path, *words):
    """How many of the cuts go across each column."""
    result = run("compress", "wide.parquet", "-o", "small.parquet", "--force", "--size", 300, "--order", 1, "--method",
                 "tree", *words)
    assert result.returncode == 0, result.stderr
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    return np.bincount(certificate["tree"]["axes"], minlength=2), certificate


def test_scales_cut_differently_and_keep_the_moments(run, tmp_path, wide):
    cuts = {}
    for scale in ("standard", "robust", "none"):
        cuts[scale], certificate = axes(run, tmp_path, "--scale", scale)
        assert certificate["options"]["scale"] == scale
        assert run("verify", "wide.parquet", "small.parquet").returncode == 0
        small = pq.read_table(tmp_path / "small.parquet")
        features = monomials(wide, 1)
        assert np.allclose(small["weight"].to_numpy() @ features[small["row"].to_numpy()], features.sum(axis=0), rtol=1e-11)
    assert cuts["none"][1] >= 95  # nearly always b, whose extent is a thousand times larger
    assert cuts["standard"][0] < cuts["robust"][0]  # the outlier makes a seem three times as spread out as it is
    assert abs(cuts["robust"][0] - cuts["robust"][1]) < 40


def test_columns_that_weigh_more_are_cut_finer(run, tmp_path, wide):
    even, _ = axes(run, tmp_path, "--scale", "robust")
    heavy, certificate = axes(run, tmp_path, "--scale", "robust", "--column-weights", "a=8")
    assert heavy[0] > even[0] and certificate["options"]["column_weights"] == "a=8"
    only, _ = axes(run, tmp_path, "--column-weights", "a=0,b=2.5")
    assert list(only) == [0, 99]


def test_bad_weights_are_refused(refused, wide):
    words = ("compress", "wide.parquet", "-o", "small.parquet", "--size", 50, "--column-weights")
    refused(*words, "c=2", says="--column-weights: c: is none of the coordinates: a, b")
    refused(*words, "a", says="--column-weights: a: must be a column, = and a number")
    refused(*words, "a=much", says="--column-weights: a=much: must be a column, = and a number")
    refused(*words, "a=1,a=2", says="--column-weights: a: must be named once")
    refused(*words, "a=-1", says="column_weights: -1: must be finite and not negative")
    refused(*words, "a=0,b=0", says="column_weights: 0: at least one must be positive")
