"""Small versions of the experiments: how they are run, and what they must leave."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
sys.path.insert(0, str(EXPERIMENTS))

import comparison


def load(path):
    """The module of a file, since every experiment has a plot.py."""
    specification = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Reproduced:
    """What an experiment left: its rows, and the text that its plot printed."""

    def __init__(self, rows, text, expected):
        self.rows, self.text, self.expected = rows, text, expected


@pytest.fixture
def reproduce(tmp_path, capsys):
    """Runs experiments/<name> with arguments of its expected.json, then its plot."""

    def run(name, arguments="small"):
        source, table = EXPERIMENTS / name, tmp_path / f"{name}.csv"
        expected = json.loads((source / "expected.json").read_text())
        program = [Path(os.environ["MOMENTSET_EXPERIMENTS"]) / f"experiment_{name}"]
        if (source / f"{name}.py").exists():
            program = [sys.executable, source / f"{name}.py"]
        command = [*program, *expected[arguments], "--output", table]
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=240)
        assert result.returncode == 0, result
        load(source / "plot.py").main(table, tmp_path)
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
        assert (tmp_path / f"{name}.md").read_text().count("|") > 10
        return Reproduced(comparison.read(table), capsys.readouterr().out, expected)

    return run
