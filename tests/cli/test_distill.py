"""distill: the points that are written, by scikit-learn's and closed-form coefficients; what is refused, and how."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

ROWS = 3000


@pytest.fixture
def rides(tmp_path):
    """rides.parquet: three coordinates, a fare, a number of stops, two classes as text, weights."""
    random = np.random.default_rng(5)
    X = random.normal(size=(ROWS, 3)) * [1, 10, 0.1] + [0, 5, 1]
    table = pa.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2],
                      "fare": X @ [1.0, -0.2, 3.0] + random.normal(size=ROWS) + 2,
                      "stops": random.poisson(np.exp(0.3 * X[:, 0])).astype(float),
                      "late": np.array(["no", "yes"])[(X[:, 0] + random.logistic(size=ROWS) > 0).astype(int)],
                      "w": random.integers(1, 4, ROWS).astype(float)})
    pq.write_table(table, tmp_path / "rides.parquet")
    return table


COLUMNS = ("--columns", "a,b,c")


def coordinates(table):
    return np.column_stack([table[name].to_numpy() for name in "abc"])


def distilled(run, tmp_path, *words, output="small.parquet"):
    result = run("distill", "rides.parquet", "-o", output, *COLUMNS, *words)
    assert result.returncode == 0, result.stderr
    return pq.read_table(tmp_path / output), json.loads((tmp_path / f"{output}.certificate.json").read_text())


def test_linear_points_serve_ridge_and_lasso(run, tmp_path, rides):
    small, certificate = distilled(run, tmp_path, "--target", "fare", "--fit-intercept", "--weights", "w")
    assert small.column_names == ["a", "b", "c", "fare", "weight"] and small.num_rows == 4
    assert certificate["holds"] and certificate["rows"] == ROWS and len(certificate["path"]) == 50
    X, y, w = coordinates(rides), rides["fare"].to_numpy(), rides["w"].to_numpy()
    for model in (Ridge(50.0), Lasso(0.1, tol=1e-14, max_iter=100_000)):
        few = model.fit(coordinates(small), small["fare"].to_numpy(), sample_weight=small["weight"].to_numpy()).coef_
        assert np.allclose(few, model.fit(X, y, sample_weight=w).coef_, rtol=1e-9, atol=1e-10)


def test_fine_rows_without_an_intercept(run, tmp_path, rides):
    """sum b fare has nearly cancelled, and b, the longest column, has the largest coefficient under a heavy ridge."""
    small, certificate = distilled(run, tmp_path, "--target", "fare")
    assert small.num_rows == 3 and certificate["holds"]
    X, y, w = coordinates(rides), rides["fare"].to_numpy(), small["weight"].to_numpy()
    model = Ridge(1e6, fit_intercept=False, solver="cholesky")
    few = model.fit(coordinates(small), small["fare"].to_numpy(), sample_weight=w).coef_
    assert np.allclose(few, model.fit(X, y).coef_, rtol=1e-9)


def test_standard_output(run, tmp_path, rides):
    """Points alone go there; the summary does not mix with them, and no certificate is written unless asked for."""
    words = (*COLUMNS, "--target", "fare", "--fit-intercept")
    result = run("distill", "rides.parquet", "-o", "-", *words)
    assert result.returncode == 0 and "4 points" in result.stderr
    assert not list(tmp_path.glob("-*"))
    assert run("distill", "rides.parquet", "-o", "small.csv", *words).returncode == 0
    assert result.stdout == (tmp_path / "small.csv").read_text()


def test_several_files_are_one_table_and_distilled_files_combine(run, tmp_path, rides):
    whole, _ = distilled(run, tmp_path, "--target", "fare,stops", "--fit-intercept", "--weights", "w")
    for name, rows in (("one", rides.slice(0, 1000)), ("two", rides.slice(1000))):
        pyarrow.csv.write_csv(rows, tmp_path / f"{name}.csv")
        result = run("distill", f"{name}.csv", "-o", f"{name}.parquet", *COLUMNS, "--target", "fare,stops",
                     "--fit-intercept", "--weights", "w")
        assert result.returncode == 0, result.stderr
    options = (*COLUMNS, "--target", "fare,stops", "--fit-intercept", "--quiet")
    assert run("distill", "one.csv", "two.csv", "-o", "files.parquet", *options, "--weights", "w").stdout == ""
    assert run("distill", "one.parquet", "two.parquet", "-o", "points.parquet", *options, "--weights",
               "weight").returncode == 0

    def gram(name):
        table = pq.read_table(tmp_path / name)
        A = np.column_stack([np.ones(len(table)), *(table[c].to_numpy() for c in ("a", "b", "c", "fare", "stops"))])
        return ((A.T * table["weight"].to_numpy()) @ A)[:4]

    assert np.allclose(gram("files.parquet"), gram("small.parquet"), rtol=1e-11)
    assert np.allclose(gram("points.parquet"), gram("small.parquet"), rtol=1e-11)


def test_forget(run, tmp_path, rides):
    pq.write_table(rides.slice(1000), tmp_path / "deleted.parquet")
    small, certificate = distilled(run, tmp_path, "--target", "fare", "--forget", "deleted.parquet")
    assert certificate["rows"] == 1000
    X = coordinates(rides)[:1000]
    w = small["weight"].to_numpy()
    assert np.allclose((coordinates(small).T * w) @ coordinates(small), X.T @ X, rtol=1e-10)


def test_forgetting_nearly_all_fails_without_a_file(run, tmp_path, rides):
    pq.write_table(rides.slice(2), tmp_path / "deleted.parquet")
    result = run("distill", "rides.parquet", "-o", "small.parquet", *COLUMNS, "--target", "fare", "--forget",
                 "deleted.parquet")
    assert result.returncode == 3 and "ill-conditioned" in result.stderr
    assert not list(tmp_path.glob("small*"))


def test_one_point_for_classes_by_name(run, tmp_path, rides):
    small, certificate = distilled(run, tmp_path, "--target", "late", "--model", "logistic", "--ridge", 2)
    assert small.num_rows == 1 and certificate["status"] == "converged"
    X, y = coordinates(rides), np.array(rides["late"].to_pylist()) == "yes"
    full = LogisticRegression(C=0.5, fit_intercept=False, tol=1e-13, solver="newton-cholesky", max_iter=1000).fit(X, y)
    assert np.allclose(certificate["coefficients"], full.coef_[0], rtol=1e-6)
    x = coordinates(small)[0]
    assert np.allclose(x / x[0], full.coef_[0] / full.coef_[0, 0], rtol=1e-6)


def test_counts_and_formats(run, tmp_path, rides):
    distilled(run, tmp_path, "--target", "stops", "--model", "poisson", "--fit-intercept")
    for name in ("small.csv", "small.npy"):
        assert run("distill", "rides.parquet", "-o", name, *COLUMNS, "--target", "stops", "--model", "poisson",
                   "--fit-intercept").returncode == 0
    expected = np.column_stack([c.to_numpy() for c in pq.read_table(tmp_path / "small.parquet").columns])
    assert np.array_equal(np.load(tmp_path / "small.npy"), expected)
    csv = pyarrow.csv.read_csv(tmp_path / "small.csv")
    assert np.array_equal(np.column_stack([c.to_numpy() for c in csv.columns]), expected)


def test_rows_within_a_tolerance(run, tmp_path, rides):
    small, certificate = distilled(run, tmp_path, "--target", "late", "--model", "logistic", "--ridge", "path",
                                   "--tolerance", 0.02, "--ridge-range", "1,1000", "--fit-intercept")
    assert certificate["holds"] and certificate["ridge_range"] == [1, 1000] and small.num_rows <= 40
    assert small.column_names == [*rides.column_names, "weight", "row"]
    assert small.drop_columns(["weight", "row"]).equals(rides.take(small["row"]))
    late = np.array(rides["late"].to_pylist()) == "yes"
    for ridge in (1.0, 25.0, 700.0):
        model = LogisticRegression(C=1 / ridge, tol=1e-12, max_iter=1000, solver="newton-cholesky")
        full = model.fit(coordinates(rides), late).coef_[0], model.intercept_[0]
        few = model.fit(coordinates(small), np.array(small["late"].to_pylist()) == "yes",
                        sample_weight=small["weight"].to_numpy()).coef_[0], model.intercept_[0]
        full, few = np.append(*full), np.append(*few)
        assert np.linalg.norm(few - full) <= 0.0202 * np.linalg.norm(full)


def test_real_rows_for_linear_regression(run, tmp_path, rides):
    small, certificate = distilled(run, tmp_path, "--target", "fare", "--real-rows", "--fit-intercept")
    assert small.num_rows == 15 and certificate["holds"]  # C(3 + 1 + 2, 2)
    assert small.drop_columns(["weight", "row"]).equals(rides.take(small["row"]))


def test_errors_name_rows_of_the_file(refused, tmp_path):
    pq.write_table(pa.table({"x": [1.0, float("nan"), 2.0], "y": [1.0, 1.0, 1.5]}), tmp_path / "t.parquet")
    refused("distill", "t.parquet", "-o", "out.csv", "--target", "y", "--model", "poisson", "--drop-invalid",
            says="y: 1.500000: row 2 must be a count")


def test_separable_classes_fail_without_a_file(run, tmp_path):
    pq.write_table(pa.table({"x": [-2.0, -1.0, 1.0, 2.0], "y": [0, 0, 1, 1]}), tmp_path / "t.parquet")
    result = run("distill", "t.parquet", "-o", "out.csv", "--target", "y", "--model", "logistic")
    assert result.returncode == 3 and "y: separated" in result.stderr and result.stderr.count("\n") == 1
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("words, says", [
    (("--target", "fare", "--model", "forest"), "--model: forest: must be one of linear, logistic"),
    (("--target", "fare", "--model", "kernel"),
     "--model: kernel: its model cannot be kept exactly on fewer points (Izzo and Zou, Theorem 2)"),
    (("--target", "late", "--model", "logistic", "--ridge", "path"), "Theorem 4"),
    (("--target", "late", "--model", "logistic", "--forget", "rides.parquet"), "Theorem 4"),
    (("--target", "fare", "--model", "poisson"), "fare: "),
    (("--target", "fare", "--model", "gamma"), "must be positive"),
    (("--target", "late"), "late"),
    (("--target", "fare", "--ridge", "-1"), "--ridge: -1: must be a number that is not negative, or path"),
    (("--target", "fare", "--ridge", "1x"), "--ridge: 1x"),
    (("--target", "fare", "--scale", "1"), "--scale: needs --one-point"),
    (("--target", "fare,stops", "--one-point"), "must be one column"),
    (("--target", "stops", "--model", "poisson", "--link", "probit"), "--link: probit"),
    (("--target", "nobody"), "nobody"),
    (("--target", "late", "--model", "logistic", "--tolerance", "1.5"), "--tolerance: 1.5: must be between 0 and 1"),
    (("--target", "late", "--model", "logistic", "--tolerance", "0.1", "--ridge", "2"), "--ridge: 2: must be path"),
    (("--target", "late", "--model", "logistic", "--tolerance", "0.1", "--ridge-range", "2,1"), "--ridge-range: 2, 1"),
    (("--target", "late", "--model", "logistic", "--ridge-range", "1,2"), "--ridge-range: needs --tolerance"),
    (("--target", "fare", "--tolerance", "0.1", "--one-point"), "--tolerance: is not for --one-point"),
    (("--target", "fare", "--exact", "--tolerance", "0.1"), "--exact"),
    (("--target", "stops", "--model", "poisson", "--real-rows"), "--real-rows: is for linear"),
])
def test_bad_input(refused, rides, words, says):
    refused("distill", "rides.parquet", "-o", "small.parquet", *COLUMNS, *words, says=says)
