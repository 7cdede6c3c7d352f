"""What README.md and docs/ show is true: commands run, the C++ example is the compiled one.

A fenced block with the info string `console test` is run: its lines that start with `$ ` are commands (`> ` continues
one), the others are output and are not compared. The blocks of a page run one after the other in one folder, which
holds the tables of `sample_tables`.
"""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, info):
    """(line number, text) of each fenced block with this info string."""
    text = page.read_text(encoding="utf-8")
    return [(text.count("\n", 0, found.start()) + 2, found[2]) for found in FENCE.finditer(text) if found[1] == info]


def commands(block):
    """(line number within the block, command) of each command."""
    found = []
    for number, line in enumerate(block.splitlines()):
        if line.startswith("$ "):
            found.append((number, line[2:]))
        elif line.startswith("> ") and found:
            found[-1] = (found[-1][0], found[-1][1] + "\n" + line[2:])
    return found


def name_of(page):
    return str(page.relative_to(ROOT))


PAGES_WITH_COMMANDS = [page for page in PAGES if blocks(page, "console test")]


@pytest.fixture
def sample_tables(tmp_path):
    """rides.parquet, the same as rides.csv, its halves in monthly/, points.npy, and what two probes say of the rides'
    zones, probs.npy and more.npy."""
    generator = np.random.default_rng(1)
    rows = 5000
    distance = generator.gamma(2.0, 3.0, rows)
    duration = 3 * distance + generator.gamma(2.0, 2.0, rows)
    table = pa.table(
        {
            "ride_id": pa.array(range(70_000, 70_000 + rows)),
            "started": pa.array(1_700_000_000 + np.sort(generator.integers(0, 5_000_000, rows)), pa.timestamp("s")),
            "distance": distance,
            "duration": duration,
            "fare": 3 + 1.8 * distance + 0.3 * duration + generator.normal(0, 1, rows),
            "passengers": generator.integers(1, 5, rows),
            "zone": pa.array(generator.choice(["centre", "airport", "harbour"], rows)),
        }
    )
    pq.write_table(table, tmp_path / "rides.parquet")
    pa.csv.write_csv(table, tmp_path / "rides.csv")
    (tmp_path / "monthly").mkdir()
    pq.write_table(table.slice(0, 2500), tmp_path / "monthly" / "2024-01.parquet")
    pq.write_table(table.slice(2500), tmp_path / "monthly" / "2024-02.parquet")
    np.save(tmp_path / "points.npy", np.column_stack([distance, duration]))
    for name in ("probs", "more"):
        np.save(tmp_path / f"{name}.npy", generator.dirichlet([1, 1, 1], rows) / 2 + np.eye(3)[
            np.unique(table["zone"].to_pylist(), return_inverse=True)[1]] / 2)
    return tmp_path


@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS, ids=name_of)
def test_commands_run(page, sample_tables):
    executable = Path(os.environ["MOMENTSET_EXECUTABLE"]).resolve()
    environment = {**os.environ, "PATH": f"{executable.parent}{os.pathsep}{os.environ['PATH']}"}
    for first_line, block in blocks(page, "console test"):
        for line, command in commands(block):
            result = subprocess.run(["bash", "-eo", "pipefail", "-c", command], cwd=sample_tables, env=environment,
                                    capture_output=True, text=True, timeout=120)
            where = f"{name_of(page)}:{first_line + line}"
            assert result.returncode == 0, f"{where}: {command}\n{result.stdout}{result.stderr}"


def test_some_commands_are_tested():
    assert {"README.md", "docs/command-line.md"} <= {name_of(page) for page in PAGES_WITH_COMMANDS}


def test_readme_shows_the_example_that_is_compiled():
    source = (ROOT / "docs" / "examples" / "compress.cpp").read_text(encoding="utf-8")
    shown = re.search(r"^// \[readme\]\n(.*?)^// \[/readme\]$", source, re.MULTILINE | re.DOTALL)[1]
    assert [text for _, text in blocks(ROOT / "README.md", "cpp")] == [shown]
