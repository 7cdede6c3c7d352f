"""What a new user does: `pip install .` into an empty environment, a first result, and the commands on the path.

usage: pip_install.py SCRATCH

SCRATCH is a folder that is emptied first. Prints the time from the start to the first result, and the wheel's size.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LARGEST_WHEEL = 15e6  # bytes

FIRST_RESULT = """
import numpy as np
import momentset as ms

X = np.random.default_rng(0).normal(size=(10_000, 2))
small = ms.compress(X, size=200)
assert ms.verify(X, small)
np.save("points.npy", X)
small.save("ours.npy")
print(small)
"""


def run(*words: str | Path, cwd: Path) -> str:
    """What a program prints; it must succeed."""
    return subprocess.run(list(map(str, words)), cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def check(environment: Path, work: Path) -> None:
    """The package and its commands do what the build folder's do."""
    programs = environment / "bin"
    print(run(programs / "python", "-c", FIRST_RESULT, cwd=work), end="")
    run(programs / "momentset", "compress", "points.npy", "-o", "theirs.npy", "--size", "200", cwd=work)
    assert (work / "ours.npy").read_bytes() == (work / "theirs.npy").read_bytes()
    run(programs / "python", "-m", "pip", "install", "--quiet", "matplotlib", cwd=work)
    run(programs / "momentset-report", "ours.npy.certificate.json", "-o", "report.html", cwd=work)
    assert "<svg" in (work / "report.html").read_text(encoding="utf-8")


def main() -> None:
    scratch = Path(sys.argv[1]).resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    environment, work, wheels = scratch / "environment", scratch / "work", scratch / "wheels"
    work.mkdir(parents=True)
    began = time.monotonic()
    venv.create(environment, with_pip=True)
    pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-deps", "--wheel-dir", wheels, ROOT, cwd=work)
    (wheel,) = wheels.glob("momentset-*.whl")
    run(*pip, "install", "--quiet", wheel, cwd=work)
    check(environment, work)
    size = wheel.stat().st_size
    print(f"{time.monotonic() - began:.0f} s from nothing to the first results; the wheel has {size:,} bytes")
    assert size < LARGEST_WHEEL


if __name__ == "__main__":
    main()
