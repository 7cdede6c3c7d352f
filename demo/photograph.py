"""Compresses a photograph to 1,000 weighted colours, verifies the result, and writes a page about it.

usage: photograph.py EXECUTABLE OUTPUT_DIR [--readme-picture PATH]
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
from sklearn.datasets import load_sample_image

import readme_picture
from measures import measure_all
from page import Story, render, rounded

COMPRESS = "compress pixels.parquet -o colours.parquet --size 1000 --force"
VERIFY = "verify pixels.parquet colours.parquet"
CHANNELS = ("r", "g", "b")
SEED = 0  # of the random subsets that this script draws


class Failure(Exception):
    """Ends the demo with one line."""


def write_pixels(photograph: np.ndarray, path: Path) -> None:
    pixels = photograph.reshape(-1, 3)
    table = pyarrow.table({name: pixels[:, k] for k, name in enumerate(CHANNELS)})
    pyarrow.parquet.write_table(table, path)


def read_colours(path: Path) -> tuple[np.ndarray, np.ndarray]:
    table = pyarrow.parquet.read_table(path)
    colours = np.column_stack([table[name].to_numpy() for name in CHANNELS])
    return colours, table["weight"].to_numpy()


def run_momentset(executable: Path, arguments: str, folder: Path) -> str:
    """What the command prints; Failure with its error message if it does not succeed."""
    try:
        done = subprocess.run([executable] + shlex.split(arguments), cwd=folder, text=True, capture_output=True)
    except OSError as error:
        raise Failure(f"{executable}: {error.strerror}") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Failure(f"momentset {arguments.split()[0]} failed: {lines[-1].removeprefix('momentset: ')}")
    return done.stdout.rstrip()


def tell(executable: Path, folder: Path) -> Story:
    """Runs both commands in the folder and gathers what there is to say of them."""
    photograph = load_sample_image("china.jpg")
    write_pixels(photograph, folder / "pixels.parquet")
    answers = [run_momentset(executable, command, folder) for command in (COMPRESS, VERIFY)]
    certificate = json.loads((folder / "colours.parquet.certificate.json").read_text())
    survivors, weights = read_colours(folder / "colours.parquet")
    measures = measure_all(photograph.reshape(-1, 3), survivors, weights, SEED)
    commands = ["momentset " + COMPRESS, "momentset " + VERIFY]
    return Story(photograph, survivors, weights, certificate, measures, commands, answers)


def report(story: Story, page: Path) -> str:
    certificate = story.certificate
    rms = certificate["probe_rms"]
    return "\n".join([
        f"size ratio             {story.size_ratio:.0f} : 1  "
        f"({certificate['rows']:,} pixels to {certificate['size']:,} weighted colours)",
        f"worst moment residual  {certificate['worst_residual']:.1e}  (allowed: {certificate['tolerance']:.1e})",
        f"error against random   1 / {rounded(story.error_ratio)}  ({rms['coreset']:.1e} against {rms['random']:.1e}, "
        f"rms over {story.probe_functions} smooth functions)",
        f"page                   {page}",
    ])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("executable", type=Path)
    parser.add_argument("output", type=Path, metavar="OUTPUT_DIR")
    parser.add_argument("--readme-picture", type=Path, metavar="PATH", help="also draw the picture of the README")
    arguments = parser.parse_args()
    folder = arguments.output.resolve()
    folder.mkdir(parents=True, exist_ok=True)

    story = tell(arguments.executable.resolve(), folder)
    page = folder / "demo.html"
    page.write_text(render(story), encoding="utf-8")
    if arguments.readme_picture:
        readme_picture.save(story, arguments.readme_picture)
    print(report(story, page))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"photograph: {failure}")
    except OSError as error:
        sys.exit(f"photograph: {error.filename or ''}: {error.strerror}")
