"""features=: what keeps its sums in place of all moments, or beside them."""

import numpy as np
import pytest

import momentset as ms


@pytest.fixture
def points():
    return np.random.default_rng(4).normal(size=(3000, 3))


def kept(small, values):
    return np.allclose(small.weights @ values[small.indices], values.sum(axis=0), rtol=1e-11, atol=1e-9)


def test_words_choose_the_moments(points):
    small = ms.compress(points, size=100, order=3, features=["interactions:x0*x1", "low:1"])
    assert small.certificate.feature_map == {"interactions": [[0, 1]], "low_order": 1}
    assert small.certificate.features == 10 + 1 and kept(small, points[:, 0] * points[:, 1] ** 2)
    assert ms.verify(points, small)


def test_a_matrix_is_kept_beside_the_moments(points):
    gradients = np.cos(points @ np.random.default_rng(5).normal(size=(3, 6)))
    small = ms.compress(points, size=100, order=1, features=gradients)
    assert kept(small, gradients) and small.certificate.features == 4 + 6
    assert ms.verify(points, small, features=gradients)
    assert not ms.verify(points, small, features=gradients[::-1])


def test_words_and_a_matrix_together(points):
    values = np.abs(points)
    small = ms.compress(points, size=100, order=2, features=["pca:2", values])
    assert np.shape(small.certificate.feature_map["directions"]) == (2, 3) and kept(small, values)
    assert ms.verify(points, small, features=values)


def test_kernel_features_are_verified(points):
    small = ms.compress(points, size=100, order=1, features=["fourier:10", "nystroem:10"])
    checks = {check.name: check for check in ms.verify(points, small).checks}
    assert checks["features"].passed and "20 Fourier and kernel features" in checks["features"].detail
    other = ms.verify(points + 1e-3 * np.sin(points), small)
    assert not other.passed


def test_what_cannot_be_is_named(points):
    for features, words in [("cubic", "must be total"), (["pca:2", np.ones(5)], "of shape"), ("pls:1", "needs a target"),
                            (["low:1", np.sin, np.cos], "there may be one")]:
        with pytest.raises(ms.Error, match=f"features.*{words}"):
            ms.compress(points, size=100, features=features)
