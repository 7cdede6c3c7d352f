"""--groups and class targets: mass and moments of each group, told and verified, whatever the columns' types."""

import decimal
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from conftest import monomials


@pytest.fixture
def zones(tmp_path, points):
    """Zones of 1,397, 600 and 3 rows beside three coordinates, in rides.parquet and rides.csv."""
    names = np.array(["north"] * 1397 + ["south"] * 600 + ["far away"] * 3)
    names = names[np.random.default_rng(3).permutation(2000)]
    content = pa.table({"x": points[:, 0], "zone": names, "y": points[:, 1], "z": points[:, 2],
                        "late": points[:, 0] > 1, "stars": np.arange(2000) % 7 % 5})
    pq.write_table(content, tmp_path / "rides.parquet")
    pa.csv.write_csv(content, tmp_path / "rides.csv")
    return names


def compress(run, *words, input="rides.parquet"):
    result = run("compress", input, "-o", "small.parquet", *words)
    assert result.returncode == 0, result.stderr
    return result


def small_table(tmp_path):
    small = pq.read_table(tmp_path / "small.parquet")
    certificate = json.loads((tmp_path / "small.parquet.certificate.json").read_text())
    return small["row"].to_numpy(), small["weight"].to_numpy(), certificate


@pytest.mark.parametrize("option", [("--groups", "zone"), ("--target", "zone")])
def test_mass_and_moments_of_each_group_are_kept(run, tmp_path, points, zones, option):
    result = compress(run, *option, "--size", 150, "--order", 2, "--columns", "x,y,z")
    assert "groups          3 by zone, 3 to " in result.stdout
    assert "1 of 3 groups is kept whole, with no more rows than their share: far away (3 rows)" in result.stderr
    rows, weights, certificate = small_table(tmp_path)
    assert len(rows) == 150
    for zone in ("north", "south", "far away"):
        inside, kept = zones == zone, zones[rows] == zone
        features = monomials(points, 2)
        assert np.allclose(features[rows][kept].T @ weights[kept], features[inside].sum(axis=0), rtol=1e-11, atol=1e-8)
    groups = certificate["groups"]
    assert {group["name"]: group["rows"] for group in groups} == {"north": 1397, "south": 600, "far away": 3}
    assert [group["name"] for group in groups] == list(dict.fromkeys(zones))
    assert sum(group["size"] for group in groups) == 150
    assert certificate["options"]["groups"] == "zone"


COLUMNS = {"text": "zone", "boolean": "late", "integers": "stars", "two": "zone,late"}


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_an_output_verifies(run, tmp_path, zones, columns, suffix):
    words = ("--groups", columns, "--size", 200, "--columns", "x,y")
    assert run("compress", f"rides.{suffix}", "-o", f"small.{suffix}", *words).returncode == 0
    result = run("verify", f"rides.{suffix}", f"small.{suffix}")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "groups                   worst residual" in result.stdout
    assert "levels                   0 of 200 differ" in result.stdout
    assert run("compress", f"rides.{suffix}", "-o", "small.npy", *words).returncode == 0
    assert run("verify", f"rides.{suffix}", "small.npy").returncode == 0


def test_names_are_those_of_all_columns(run, tmp_path, zones):
    compress(run, "--groups", "zone,late", "--size", 200, "--columns", "x,y")
    _, _, certificate = small_table(tmp_path)
    assert {group["name"] for group in certificate["groups"]} >= {"north, true", "south, false"}


def test_a_changed_group_is_found(run, tmp_path, zones):
    compress(run, "--groups", "zone", "--size", 150, "--columns", "x,y")
    rides = pq.read_table(tmp_path / "rides.parquet")
    changed = zones.copy()
    changed[7] = "south" if zones[7] != "south" else "north"
    pq.write_table(rides.set_column(1, "zone", pa.array(changed)), tmp_path / "rides.parquet")
    result = run("verify", "rides.parquet", "small.parquet")
    assert result.returncode == 3 and "FAILED groups" in result.stdout


def test_a_changed_group_of_the_output_is_found(run, tmp_path, zones):
    compress(run, "--groups", "zone", "--size", 150, "--columns", "x,y")
    small = pq.read_table(tmp_path / "small.parquet")
    names = small["zone"].to_pylist()
    names[5] = "elsewhere"
    pq.write_table(small.set_column(1, "zone", pa.array(names)), tmp_path / "small.parquet")
    result = run("verify", "rides.parquet", "small.parquet")
    assert result.returncode == 3 and "check 'levels' failed: 1 of 150" in result.stderr


def test_targets_within_groups(run, tmp_path, points, zones):
    compress(run, "--groups", "zone", "--target", "x", "--size", 150, "--order", 1, "--columns", "y,z")
    rows, weights, certificate = small_table(tmp_path)
    for zone in ("north", "south"):
        inside, kept = zones == zone, zones[rows] == zone
        products = points[:, [0]] * points[:, 1:]
        assert np.allclose(weights[kept] @ products[rows][kept], products[inside].sum(axis=0), rtol=1e-11)
    assert certificate["companions"][0]["column"] == "x"
    assert run("verify", "rides.parquet", "small.parquet").returncode == 0


def test_sizes_are_shared_as_asked(run, tmp_path, zones):
    sizes = {}
    for by in ("mass", "error", "equal"):
        compress(run, "--groups", "zone", "--size", 203, "--group-sizes", by, "--columns", "x,y", "--force")
        _, _, certificate = small_table(tmp_path)
        sizes[by] = {group["name"]: group["size"] for group in certificate["groups"]}
    assert sizes["equal"] == {"north": 100, "south": 100, "far away": 3}
    assert abs(sizes["mass"]["north"] / sizes["mass"]["south"] - 1397 / 600) < 0.05
    assert sizes["mass"]["north"] > sizes["error"]["north"] > sizes["equal"]["north"]


@pytest.mark.parametrize("loss", ["auto", "logistic"])
def test_integers_are_classes_of_a_logistic_loss_only(run, tmp_path, zones, loss):
    compress(run, "--target", "stars", "--loss", loss, "--size", 200, "--columns", "x,y")
    _, _, certificate = small_table(tmp_path)
    assert ("groups" in certificate) == (loss == "logistic") == ("companions" not in certificate)
    assert certificate["options"]["loss"] == {"auto": "squared", "logistic": "logistic"}[loss]
    assert run("verify", "rides.parquet", "small.parquet").returncode == 0


def test_a_fraction_of_two_values_is_a_class(run, refused, tmp_path, points):
    content = pa.table({"x": points[:, 0], "y": points[:, 1], "won": np.where(points[:, 2] > -5, 1.0, 0.0)})
    pq.write_table(content, tmp_path / "games.parquet")
    compress(run, "--target", "won", "--loss", "logistic", "--size", 100, input="games.parquet")
    _, _, certificate = small_table(tmp_path)
    assert sorted(group["name"] for group in certificate["groups"]) == ["0", "1"]
    refused("compress", "games.parquet", "-o", "out.parquet", "--target", "y", "--loss", "logistic", "--size", 100,
            says="--target: y: has 2000 values, must be text, a boolean, whole numbers or of two values")


TYPES = {
    "dictionary": lambda zones: pa.array(zones).dictionary_encode(),
    "large text": lambda zones: pa.array(zones, pa.large_string()),
    "text view": lambda zones: pa.array(zones, pa.string_view()),
    "dates": lambda zones: pa.array((np.char.str_len(zones) * 1000).astype("int32"), pa.date32()),
    "timestamps": lambda zones: pa.array(np.char.str_len(zones) * 10**9, pa.timestamp("us")),
    "decimals": lambda zones: pa.array([decimal.Decimal(len(zone)) / 4 for zone in zones], pa.decimal128(9, 2)),
    "fractions": lambda zones: pa.array(np.char.str_len(zones) / 4),
    "small integers": lambda zones: pa.array(np.char.str_len(zones), pa.uint8()),
}


@pytest.mark.parametrize("make", TYPES.values(), ids=TYPES)
def test_groups_of_any_type(run, tmp_path, points, zones, make):
    content = pa.table({"x": points[:, 0], "y": points[:, 1], "group": make(zones)})
    pq.write_table(content, tmp_path / "typed.parquet")
    compress(run, "--groups", "group", "--size", 100, input="typed.parquet")
    _, _, certificate = small_table(tmp_path)
    lengths = dict.fromkeys(map(len, zones))
    assert len(certificate["groups"]) == (len(set(zones)) if "text" in str(content["group"].type) or
                                          content["group"].type in (pa.large_string(), pa.string_view()) or
                                          pa.types.is_dictionary(content["group"].type) else len(lengths))
    assert run("verify", "typed.parquet", "small.parquet").returncode == 0


def test_one_class_only_is_said(run, tmp_path, points):
    pq.write_table(pa.table({"x": points[:, 0], "zone": ["a"] * 2000}), tmp_path / "rides.parquet")
    result = compress(run, "--target", "zone", "--size", 30)
    assert "note: zone is 'a' in every row: there is one group only" in result.stderr
    assert run("verify", "rides.parquet", "small.parquet").returncode == 0


def test_a_constant_target_is_said(run, tmp_path, points):
    pq.write_table(pa.table({"x": points[:, 0], "y": points[:, 1], "fare": np.full(2000, 7.5)}), tmp_path / "rides.parquet")
    result = compress(run, "--target", "fare,y", "--size", 30)
    assert "note: target fare is constant: its sums are those of the moments, kept anyway" in result.stderr
    _, weights, certificate = small_table(tmp_path)
    assert [entry["column"] for entry in certificate["companions"]] == ["y"]
    assert np.isclose(weights @ np.full(30, 7.5), 2000 * 7.5)
    assert run("verify", "rides.parquet", "small.parquet").returncode == 0


def test_a_plan_lists_the_groups(run, zones):
    words = ("compress", "rides.parquet", "--groups", "zone", "--size", 150, "--dry-run", "--columns", "x,y")
    shown = run(*words).stdout
    assert "far away: 3 -> 3, whole" in shown and "north: 1,397 -> " in shown
    plan = json.loads(run(*words, "--json").stdout)
    assert sum(group["size"] for group in plan["groups"]) == 150


def test_missing_names_are_errors(refused, run, tmp_path, zones):
    rides = pq.read_table(tmp_path / "rides.parquet")
    gaps = [None if k in (7, 9) else zone for k, zone in enumerate(zones.tolist())]
    pq.write_table(rides.set_column(1, "zone", pa.array(gaps)), tmp_path / "gaps.parquet")
    pa.csv.write_csv(rides.set_column(1, "zone", pa.array(gaps)), tmp_path / "gaps.csv")
    for suffix in ("parquet", "csv"):
        words = ("compress", f"gaps.{suffix}", "-o", f"small.{suffix}", "--size", 100, "--groups", "zone", "--columns", "x,y")
        refused(*words, says=["zone: ", "must have a value; --drop-invalid leaves such rows out (row 7"])
        assert "2 rows with NaN" in run(*words, "--drop-invalid").stderr
        assert run("verify", f"gaps.{suffix}", f"small.{suffix}").returncode == 0


def test_bad_groups_are_refused(refused, tmp_path, zones):
    def refuse(*words, says, size=100):
        refused("compress", "rides.parquet", "-o", "small.parquet", "--size", size, *words, says=says)

    refuse("--groups", "zona", says="groups: zona: there is no such column; did you mean zone?")
    refuse("--groups", "zone,zone", says="groups: zone: must be named once")
    refuse("--groups", "stars", "--columns", "x,stars", says="groups: stars: must not be a coordinate as well")
    refuse("--target", "zone", "--loss", "squared", says="--target: zone: is of type string, the loss squared needs numbers")
    refuse("--target", "zone", "--target-degree", 2, says="--target-degree: 2: needs --target, and the loss squared")
    refuse("--groups", "x", says="size: 100: 2000 groups need a size of at least 2000")
    refuse("--groups", "stars", "--order", 3, "--columns", "x,y", size=40,
           says="order 3 in each of 5 groups needs a size of at least 50; order 2 is the highest that fits")
    refuse("--columns", "x,zone", says="zone: string: must be an integer, floating-point or decimal column; --groups")
    nested = pq.read_table(tmp_path / "rides.parquet").append_column("path", pa.array([[1.0]] * 2000))
    pq.write_table(nested, tmp_path / "nested.parquet")
    refused("compress", "nested.parquet", "-o", "small.parquet", "--size", 50, "--groups", "path",
            says="path: list<element: double>: must not be of a nested type")
