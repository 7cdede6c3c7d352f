"""The small versions of Figures 3, 4, 5 and 7."""

import math
import os
import subprocess
from pathlib import Path

import comparison
import numpy as np
import pytest
import scaling


def final_losses(found, *names):
    """{(variant, cell of the names): {trial: test loss at the end}}"""
    losses = {}
    for row in found.rows:
        if row.get("epoch", row["epochs"]) == row["epochs"]:
            cell = row["variant"], *(row[name] for name in names)
            losses.setdefault(cell, {})[row["trial"]] = row["test_loss"]
    return losses


def ratio(losses, variant, *cell, whole="full"):
    return comparison.paired_ratio(losses[variant, *cell], losses[whole, *cell])[0]


@pytest.mark.parametrize("arguments", ["small", "drawn"])
def test_few_examples_teach_what_all_teach(reproduce, arguments):
    found = reproduce("fig3_dataset_training", arguments)
    losses = final_losses(found)
    for variant in ("paper", "joint", "target"):
        assert ratio(losses, variant) < found.expected["largest_ratio"], variant
    if arguments == "small":
        assert ratio(losses, "random") > found.expected["smallest_random_ratio"]
    assert {(row["variant"] == "full", row["d_out"]) for row in found.rows} == {(True, 10_000), (False, 1_000)}
    assert [row["epoch"] for row in found.rows][:3] == [10, 20, 30]


def test_examples_against_their_number(reproduce):
    found = reproduce("fig5a_dataset_scaling")
    losses = final_losses(found, "d")
    for d in (1024, 2048, 4096):
        for variant in ("paper", "joint", "target"):
            assert ratio(losses, variant, d) < found.expected["largest_ratio"], (d, variant)
    assert {row["d_out"] for row in found.rows if row["variant"] == "joint"} == {512, 725, 1024}
    assert "published, compressed" in found.text


def test_fewer_examples(reproduce):
    found = reproduce("fig5a_dataset_scaling", "fifth")
    assert {row["d_out"] for row in found.rows} == {4096, 205}
    assert "target, 0.2 of it / full" in found.text


def test_widths_against_their_number(reproduce):
    found = reproduce("fig5b_width_scaling")
    losses = final_losses(found, "width")
    assert losses["joint", 256] == losses["wide", 256]  # all is kept
    for width in (512, 1024):
        limit = found.expected["largest_ratio"]
        assert 1 / limit < ratio(losses, "joint", width, whole="wide") < limit, width


def test_few_heads_learn_as_many(reproduce):
    found = reproduce("fig7_attention")
    curves = {}
    for row in found.rows:
        curves.setdefault(row["variant"], {})[row["epoch"]] = row["test_loss"]
    assert list(curves["full"]) == list(range(found.rows[0]["epochs"] + 1))
    farthest = {variant: max(abs(curve[epoch] / curves["full"][epoch] - 1) for epoch in curve)
                for variant, curve in curves.items()}
    for variant in ("joint", "higher"):
        assert farthest[variant] < found.expected["largest_distance"]
        assert farthest[variant] < found.expected["share_of_random"] * farthest["random"]


def test_few_neurons_learn_as_many(reproduce):
    found = reproduce("fig4_width_dynamics")
    published = {(row["optimizer"], row["lr"]) for row in comparison.published("fig4_width_dynamics")}
    curves = {}
    for row in found.rows:
        setting = row["optimizer"], row["lr"]
        curves.setdefault(setting, {}).setdefault(row["variant"], []).append(row["test_loss"])
    assert curves.keys() <= published and {name for name, _ in curves} == {name for name, _ in published}
    distances = {}
    for setting, of_setting in curves.items():
        wide = np.log(of_setting["wide"])
        for variant in ("joint", "random"):
            distances.setdefault(variant, []).append(np.abs(np.log(of_setting[variant]) - wide).max())
    assert np.mean(distances["joint"]) < found.expected["share_of_random"] * np.mean(distances["random"])


@pytest.mark.parametrize("name, arguments, words", [
    ("fig3_dataset_training", ["--settings", "10"], "--settings: 10: must be 1 to 9"),
    ("fig4_width_dynamics", ["--variants", "paper"], "--variants: paper: must be of wide, joint, random"),
    ("fig5a_dataset_scaling", ["--trials", "0"], "--trials: 0: must be at least 1"),
    ("fig5b_width_scaling", ["--width", "0"], "--width: 0: must be at least 1"),
])
def test_bad_input(name, arguments, words, tmp_path):
    program = Path(os.environ["MOMENTSET_EXPERIMENTS"]) / f"experiment_{name}"
    result = subprocess.run([program, *arguments, "--output", tmp_path / "a.csv"], capture_output=True, text=True)
    assert result.returncode == 2 and words in result.stderr and not (tmp_path / "a.csv").exists()


def test_exponents_of_a_line():
    rows = [{"d": d, "d_out": math.ceil(16 * math.sqrt(d)), "variant": "joint", "trial": trial,
             "test_loss": (1 + trial / 10) * d**-0.7} for trial in (0, 1) for d in (65536, 1048576, 4194304)]
    found = scaling.losses(rows + [{**rows[0], "d_out": 820}], "d")
    assert list(found) == ["joint", "joint, 0.2 of it"]
    assert scaling.exponent(scaling.mean_points(found["joint"])) == pytest.approx(1.4)
    assert scaling.exponent(scaling.mean_points(found["joint, 0.2 of it"])) is None
