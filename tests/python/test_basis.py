"""Basis: sums of features of one's own are kept beside the moments, and checked where they are handed over again."""

import numpy as np
import pandas as pd
import pytest

import momentset as ms


@pytest.fixture
def groups(points):
    return np.random.default_rng(4).integers(0, 4, len(points))[:, None] == np.arange(4)


def kept(small, features):
    return np.allclose(small.weights @ features[small.indices], features.sum(axis=0), rtol=1e-11)


def test_sums_of_a_matrix_are_kept(points, groups):
    small = ms.compress(points, size=200, features=ms.Basis(groups.astype(float), order=2))
    assert kept(small, groups) and kept(small, points)
    certificate = small.certificate
    assert certificate.holds and certificate.order == 2 and certificate.features == 14
    assert [companion.order for companion in certificate.companions] == [0] * 4


def test_sums_of_functions_are_kept(points):
    basis = ms.Basis([np.sin, lambda x: x[:, 0] ** 3])
    features = np.column_stack([np.sin(points), points[:, 0] ** 3])
    assert np.array_equal(basis(points), features)
    small = ms.compress(points, size=200, features=basis)
    assert kept(small, features) and small.certificate.holds
    assert ms.verify(points, small, features=basis)


def test_functions_and_their_matrix_are_the_same(points):
    basis = ms.Basis(np.cos)
    a, b = (ms.compress(points, size=150, features=each) for each in (basis, ms.Basis(np.cos(points))))
    assert np.array_equal(a.indices, b.indices) and a.weights.tobytes() == b.weights.tobytes()


def test_functions_are_called_in_blocks():
    sizes = []

    def halves(x):
        sizes.append(len(x))
        return x / 2

    X = np.arange(150_000.0)
    assert np.array_equal(ms.Basis(halves)(X), X[:, None] / 2)
    assert sizes == [65536, 65536, 18928]


def test_features_go_with_the_rows_that_are_left(points, groups):
    points[[5, 700], 1] = np.nan
    features = groups.astype(float)
    small = ms.compress(points, size=200, features=ms.Basis(features), drop_invalid=True)
    valid = np.isfinite(points).all(axis=1)
    assert np.allclose(small.weights @ features[small.indices], features[valid].sum(axis=0))
    assert ms.verify(points, small, features=ms.Basis(features))


def test_features_of_tables_see_the_coordinates(points):
    table = pd.DataFrame(points, columns=["x", "y", "z"])
    small = ms.compress(table, size=150, columns=["z", "x"], features=ms.Basis(lambda found: found[:, 1] ** 2))
    assert kept(small, points[:, [0]] ** 2)


def test_a_target_beside_a_basis(points, groups):
    y, basis = np.sin(points[:, 0]), ms.Basis(groups)
    small = ms.compress(points, size=300, order=2, target=y, features=basis)
    assert small.certificate.features == 24 and small.certificate.holds
    assert kept(small, groups) and kept(small, y[:, None] * points)

    def companions(**handed_over):
        checks = ms.verify(points, small, **handed_over).checks
        return next(check for check in checks if check.name == "companions")

    assert "worst residual" in companions(target=y, features=basis).detail
    assert companions(target=y).detail.startswith("not checked")
    assert companions().detail.startswith("not checked")
    assert not companions(target=y[::-1], features=basis).passed
    with pytest.raises(ms.Error, match="features: 6 columns: the certificate states 5"):
        ms.verify(points, small, target=np.column_stack([y, y]), features=basis)


def test_bad_features_are_refused(points):
    ragged = iter((1, 2, 3))
    bad = [
        (ms.Basis(np.ones(5)), "features: of shape"),
        (ms.Basis(lambda x: x[:5]), "must have one row for each of the 2000"),
        (ms.Basis(lambda x: x[:, 0] * np.nan), "features: nan: row 0, column 0: must be finite"),
        (ms.Basis([np.sin, np.ones(3)]), "features"),
        (ms.Basis(lambda x: ["a"] * len(x)), "features"),
    ]
    for basis, words in bad:
        with pytest.raises(ms.Error, match=words):
            ms.compress(points, size=200, features=basis)
    with pytest.raises(ms.Error, match="as many columns for each block"):
        ms.Basis(lambda x: np.ones((len(x), next(ragged))))(np.arange(150_000.0))
    with pytest.raises(ms.Error, match="order: 3: is stated by the basis"):
        ms.compress(points, size=200, order=3, features=ms.Basis(np.sin, order=2))
    with pytest.raises(ms.Error, match="order: -1"):
        ms.Basis(np.sin, order=-1)
    with pytest.raises(ms.Error, match="beside 3 companions needs a size of at least 23"):
        ms.compress(points, size=20, features=ms.Basis(np.sin, order=3))
    with pytest.raises(ms.Error, match="cannot be had with method paper"):
        ms.compress(points, size=200, method="paper", features=ms.Basis(np.sin))
