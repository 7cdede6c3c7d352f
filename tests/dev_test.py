"""What ./dev does before it touches anything: its help, wrong usage, and what it says is missing."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

SCRIPT = Path(__file__).resolve().parent.parent / "dev"


def load():
    loader = importlib.machinery.SourceFileLoader("dev", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("dev", loader))
    loader.exec_module(module)
    return module


def run(*words) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-B", SCRIPT, *words], capture_output=True, text=True)


class Usage(unittest.TestCase):
    def test_help(self):
        for words in ([], ["--help"]):
            result = run(*words)
            self.assertEqual(0, result.returncode)
            for command in ("setup", "build", "demo", "test", "bench", "experiment", "docs", "lint"):
                self.assertRegex(result.stdout, rf"(?m)^  {command} ")

    def test_wrong_usage(self):
        for words in (["frobnicate"], ["build", "--preset", "fast"], ["demo", "--", "x"],
                      ["experiment", "fig0"]):
            result = run(*words)
            self.assertEqual(2, result.returncode, words)
            self.assertNotIn("Traceback", result.stderr)
        self.assertIn("fig2_error", run("experiment", "fig0").stderr)

    def test_experiments_are_listed_with_what_they_take(self):
        result = run("experiment")
        self.assertEqual(0, result.returncode)
        for name in load().experiments():
            self.assertRegex(result.stdout, rf"(?m)^{name} +\w.* \(.*\)$")


class Setup(unittest.TestCase):
    def setUp(self):
        self.dev = load()

    def test_a_user_without_sudo_gets_one_line(self):
        with mock.patch.object(self.dev, "administrator", return_value=None):
            with mock.patch.object(self.dev.shutil, "which", return_value="/usr/bin/apt-get"):
                with self.assertRaises(self.dev.Failure) as caught:
                    self.dev.install_with_apt(["g++", "libtbb-dev"])
        self.assertEqual(1, caught.exception.status)
        self.assertNotIn("\n", str(caught.exception))
        self.assertIn("apt-get install --yes --no-install-recommends g++ libtbb-dev", str(caught.exception))

    def test_everything_is_missing_from_an_empty_machine(self):
        with tempfile.TemporaryDirectory() as empty, mock.patch.dict(os.environ, {"PATH": empty, "CXX": ""}):
            with mock.patch.object(self.dev.glob, "glob", return_value=[]):
                missing = self.dev.missing_packages(lint=True)
        for package in ("cmake", "ninja-build", "git", "libopenblas-pthread-dev", "libtbb-dev", "clang-tidy"):
            self.assertIn(package, missing)

    def test_an_old_compiler_is_not_enough(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"PATH": folder, "CXX": ""}):
            compiler = Path(folder) / "g++"
            for version, usable in ((11, False), (12, True), ("13.2.0", True)):
                compiler.write_text(f"#!/bin/sh\necho {version}\n")
                compiler.chmod(0o755)
                self.assertEqual(str(compiler) if usable else None, self.dev.find_compiler())

    def test_a_failed_program_is_one_line(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(self.dev, "ROOT", Path(folder)):
            (Path(folder) / "build").mkdir()
            with mock.patch.object(self.dev, "BUILD", Path(folder) / "build"):
                with self.assertRaises(self.dev.Failure) as caught:
                    self.dev.quietly(["sh", "-c", "echo 'E: no such package'; echo; exit 100"], "apt-get install")
        self.assertEqual("apt-get install failed: E: no such package (all of it: build/setup.log)",
                         str(caught.exception))


if __name__ == "__main__":
    unittest.main()
