"""info, completions, help and version."""

import json
import re
import subprocess

import pytest


def test_info_shows_shape_columns_ranges_and_orders(run, table, points):
    info = json.loads(run("info", "points.parquet", "--json").stdout)
    assert info["rows"] == 2000 and info["coordinates"] == ["x", "y", "z"]
    columns = {column["name"]: column for column in info["columns"]}
    assert list(columns) == table.schema.names
    assert columns["y"]["minimum"] == points[:, 1].min() and columns["y"]["maximum"] == points[:, 1].max()
    assert "minimum" not in columns["colour"]
    sizes = {entry["order"]: entry["smallest_size"] for entry in info["orders"]}
    assert sizes[1] == 4 and sizes[2] == 10 and sizes[5] == 56
    text = run("info", "points.parquet").stdout
    assert "2,000 rows" in text and "ride_id" in text


def test_info_of_an_output_tells_where_it_came_from(run, table):
    run("compress", "points.parquet", "-o", "small.parquet", "--size", 90, "--order", 5)
    info = json.loads(run("info", "small.parquet", "--json").stdout)
    assert info["momentset"]["columns"] == ["x", "y", "z"] and info["momentset"]["order"] == 5


def test_info_counts_invalid_rows(run, tmp_path):
    (tmp_path / "x.csv").write_text("x,y\n1,2\n,3\nnan,4\n5,6\n")
    assert json.loads(run("info", "x.csv", "--json").stdout)["invalid_rows"] == 2


def test_version_and_help(run):
    assert re.fullmatch(r"momentset \d+\.\d+\.\d+\n", run("--version").stdout)
    result = run("--help")
    assert result.returncode == 0
    for command in ["compress", "verify", "info", "plan", "distill", "sketch", "merge", "finish", "completions"]:
        assert command in result.stdout
        assert run(command, "--help").returncode == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_name_commands_and_options(run, shell):
    text = run("completions", shell).stdout
    for word in ["compress", "verify", "info", "plan", "keep-rows", "weight-sum", "max-order"]:
        assert word in text


def test_bash_completes(run, tmp_path):
    (tmp_path / "completion.bash").write_text(run("completions", "bash").stdout)
    script = "source ./completion.bash; COMP_WORDS=(momentset compress --wei); COMP_CWORD=2; _momentset; echo ${COMPREPLY[@]}"
    result = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert set(result.stdout.split()) == {"--weights", "--weight-sum"}, result
