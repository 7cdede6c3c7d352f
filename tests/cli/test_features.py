"""--features: what keeps its sums in place of all moments, or beside them, told and verified."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def embeddings(tmp_path, points):
    """Four numbers for each of the points, which no polynomial of order 2 tells."""
    values = np.column_stack([np.sin(3 * points[:, 0]), np.abs(points[:, 2] + 5), np.tanh(points[:, :2])])
    np.save(tmp_path / "embeddings.npy", values)
    return values


def compress(run, tmp_path, *words, size=120):
    """The certificate, the rows kept and their weights, verified."""
    result = run("compress", "points.parquet", "-o", "small.parquet", "--size", size, "--force", *words)
    assert result.returncode == 0, result.stderr
    small = pq.read_table(tmp_path / "small.parquet")
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    return certificate, small["row"].to_numpy(), small["weight"].to_numpy()


def verified(run, *words):
    result = run("verify", "points.parquet", "small.parquet", *words)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def kept(values, rows, weights):
    return np.allclose(weights @ values[rows], values.sum(axis=0), rtol=1e-11, atol=1e-9)


def test_degrees_and_weights_of_columns(run, tmp_path, table, points):
    words = ["--features", "degrees:x=3,z=1", "--features", "weights:z=2"]
    certificate, rows, weights = compress(run, tmp_path, "--columns", "x,y,z", "--order", 4, "--method", "tree", *words)
    assert certificate["feature_map"] == {"degrees": [3, 255, 1], "weights": [1, 1, 2]}
    x, y, z = points.T
    exponents = [(a, b, c) for a in range(4) for b in range(5) for c in range(2) if a + b + 2 * c <= 4]
    assert certificate["features"] == len(exponents)
    t = (points - points.mean(axis=0)) / points.std(axis=0)
    assert all(kept(np.prod(t ** each, axis=1), rows, weights) for each in exponents)
    assert not kept(t[:, 0] ** 4, rows, weights) and not kept(t[:, 2] ** 2, rows, weights)
    assert "feature" not in verified(run)


def test_chosen_interactions(run, tmp_path, table, points):
    certificate, rows, weights = compress(run, tmp_path, "--columns", "x,y,z", "--order", 3, "--features",
                                          "interactions:x*z")
    assert certificate["feature_map"] == {"interactions": [[0, 2]], "low_order": 1} and certificate["features"] == 11
    t = (points - points.mean(axis=0)) / points.std(axis=0)
    assert kept(t[:, 0] ** 2 * t[:, 2], rows, weights) and kept(t[:, 1], rows, weights)
    assert not kept(t[:, 0] * t[:, 1], rows, weights)
    verified(run)


def test_directions_with_a_target(run, tmp_path, table, points):
    certificate, rows, weights = compress(run, tmp_path, "--columns", "x,y", "--target", "z", "--order", 3, "--features",
                                          "pls:1")
    directions = np.array(certificate["feature_map"]["directions"])
    u = (points[:, :2] - certificate["feature_map"]["centre"]) @ directions[0]
    u /= u.std()
    for power in range(4):
        assert kept(u ** power, rows, weights) and kept(u ** power * (points[:, 2] + 5), rows, weights)
    verified(run)


def test_fourier_and_nystroem_features(run, tmp_path, table, points):
    words = ["--features", "nystroem:20", "--features", "fourier:15", "--features", "length:0.5"]
    certificate, rows, weights = compress(run, tmp_path, "--columns", "x,y,z", "--order", 1, *words)
    found = certificate["feature_map"]
    assert found["fourier"] == 15 and len(found["landmarks"]) == 20 and certificate["features"] == 4 + 35
    z = (points - points.mean(axis=0)) / points.std(axis=0)
    for landmark in found["landmarks"]:
        assert kept(np.exp(-((z - z[landmark]) ** 2).sum(axis=1) / (2 * 3 * 0.25)), rows, weights)
    assert "35 Fourier and kernel features" in verified(run)


def test_columns_of_another_file(run, tmp_path, table, embeddings):
    words = ["--columns", "x,y,z", "--order", 1, "--features", "file:embeddings.npy"]
    certificate, rows, weights = compress(run, tmp_path, *words)
    assert [each["column"] for each in certificate["companions"]] == [f"embeddings.npy:x{k}" for k in range(4)]
    assert kept(embeddings, rows, weights)
    assert "not checked: 4 columns" in verified(run)
    assert "worst residual" in verified(run, "--features", "embeddings.npy").split("companions")[1]
    np.save(tmp_path / "others.npy", embeddings[::-1])
    assert run("verify", "points.parquet", "small.parquet", "--features", "others.npy").returncode == 3


def test_a_file_beside_targets_and_categories(run, tmp_path, table, points, embeddings):
    words = ["--columns", "x,y", "--target", "z", "--order", 1, "--features", "file:embeddings.npy"]
    certificate, rows, weights = compress(run, tmp_path, *words)
    assert [each["column"] for each in certificate["companions"]][0] == "z" and len(certificate["companions"]) == 5
    assert kept(embeddings, rows, weights) and kept(points[:, 0] * points[:, 2], rows, weights)
    assert "worst residual" in verified(run, "--features", "embeddings.npy").split("companions")[1]


def test_a_plan_tells_how_many(run, table):
    plan = run("compress", "points.parquet", "--size", 200, "--order", 2, "--columns", "x,y,z", "--features", "fourier:30",
               "--dry-run", "--json")
    assert json.loads(plan.stdout)["features"] == 40


@pytest.mark.parametrize(["word", "says"], [
    ("cubic", "features: cubic: must be total, or degrees:"),
    ("degrees:q=1", "features: degrees:q=1: 'q' is none of the columns"),
    ("pca:9", "features: 9 directions: there are 3 columns only"),
    ("pls:2", "features: pls: needs a target of numbers"),
    ("file:nowhere.npy", "--features: nowhere.npy"),
    ("file:short.npy", "--features: short.npy: 5 rows: must have one for each of the 2000 rows"),
    ("fourier:500", "needs a size of at least 501"),
])
def test_what_cannot_be_is_named(refused, tmp_path, table, word, says):
    np.save(tmp_path / "short.npy", np.ones((5, 2)))
    refused("compress", "points.parquet", "-o", "small.parquet", "--size", 100, "--columns", "x,y,z", "--features", word,
            says=says)
