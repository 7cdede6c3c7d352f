"""Interrupted at any moment, the command leaves no file behind and says 128 + signal."""

import signal
import subprocess
import time

import numpy as np
import pytest
from conftest import EXECUTABLE


def wait_for_temporary_file(folder, process):
    """Returns once the command has begun: its handlers stand and its output lies beside the target."""
    while not list(folder.glob("out.*.??????")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.002)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("after", [0, 0.1, 0.5])
def test_no_half_file(tmp_path, number, after):
    np.save(tmp_path / "points.npy", np.random.default_rng(0).normal(size=(1_000_000, 5)))
    command = [EXECUTABLE, "compress", "points.npy", "-o", "out.parquet", "--size", "500000", "--order", "6"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for_temporary_file(tmp_path, process)
    time.sleep(after)  # long before it is done: 1,000,000 points at order 6 in 5 columns take some seconds
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number, errors
    assert b"interrupted" in errors
    assert [path.name for path in tmp_path.iterdir()] == ["points.npy"]


def test_while_waiting_for_standard_input(tmp_path):
    process = subprocess.Popen(
        [EXECUTABLE, "compress", "-", "-o", "out.csv", "--size", "5"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(b"x,y\n1,2\n")
    process.stdin.flush()
    wait_for_temporary_file(tmp_path, process)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []
