"""The package as it is installed: its types, what importing it costs, and the command on the path."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import momentset as ms
from momentset import _core

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["MOMENTSET_EXECUTABLE"]).parent
LAUNCHER = BUILD / "python" / "scripts" / "momentset"


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, **options)


def test_version(command):
    assert command("--version").stdout == f"momentset {ms.__version__}\n"
    assert f"VERSION {ms.__version__} " in (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def test_everything_public_is_there_and_documented():
    for name in ms.__all__:
        assert getattr(ms, name).__doc__, name
    assert Path(ms.__file__).with_name("py.typed").exists()


def test_types(tmp_path):
    """mypy in its strict mode finds nothing in the package, nor in a program that uses it."""
    (tmp_path / "program.py").write_text(
        "import momentset as ms\n"
        "small = ms.compress([[1.0], [2.0]], size=1, order='auto')\n"
        "weight: float = float(small.weights[0])\n"
        "verdict: str = small.certificate.verdict\n"
        "kept: int = ms.MomentCoreset(size=2).fit([[1.0]]).sample_indices_.size\n"
    )
    mypy = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--cache-dir", BUILD / "mypy"]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python"), "PYTHONPATH": ""}
    result = run(*mypy, ROOT / "python" / "momentset", tmp_path / "program.py", env=environment)
    assert result.returncode == 0, result.stdout
    (tmp_path / "program.py").write_text("import momentset as ms\nms.compress([[1.0]], size=1, order='some')\n")
    assert "arg-type" in run(*mypy, tmp_path / "program.py", env=environment).stdout


def test_types_of_the_extension():
    """The stub declares exactly what the extension has."""
    stub = ast.parse((ROOT / "python" / "momentset" / "_core.pyi").read_text(encoding="utf-8"))
    declared = {node.name: node for node in stub.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    assert set(declared) | {"Error", "version"} == {name for name in dir(_core) if not name.startswith("__")}
    for name, node in declared.items():
        if isinstance(node, ast.ClassDef):
            members = {inner.target.id if isinstance(inner, ast.AnnAssign) else
                       inner.targets[0].id if isinstance(inner, ast.Assign) else inner.name for inner in node.body
                       if not isinstance(inner, ast.Expr)}  # of what has none
            extension = getattr(_core, name)
            if hasattr(extension, "__members__"):  # an enumeration
                assert members == set(extension.__members__)
                continue
            found = {member for member in dir(extension) if not member.startswith("__")}
            assert members - {"__init__"} == found


def test_importing_brings_neither_arrow_nor_matplotlib_nor_scikit_learn():
    """Nor does compressing an array; the extension links the numerics alone."""
    code = (
        "import sys, numpy as np, momentset as ms\n"
        "ms.compress(np.random.default_rng(0).normal(size=(500, 2)), size=50).summary()\n"
        "print(sorted({'pyarrow', 'matplotlib', 'sklearn', 'pandas', 'polars'} & set(sys.modules)))\n"
        "print('libarrow' in open('/proc/self/maps').read())\n"
    )
    result = run(sys.executable, "-c", code)
    assert result.stdout == "[]\nFalse\n", result.stderr


def test_command_on_the_path(tmp_path):
    result = run(sys.executable, LAUNCHER, "--version")
    assert (result.returncode, result.stdout) == (0, f"momentset {ms.__version__}\n"), result.stderr
    assert run(sys.executable, LAUNCHER, "frobnicate").returncode == 2


def test_another_pyarrow_is_one_clear_line(tmp_path):
    (tmp_path / "pyarrow").mkdir()
    (tmp_path / "pyarrow" / "__init__.py").touch()
    (tmp_path / "pyarrow-9.8.7.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: pyarrow\nVersion: 9.8.7\n"
    (tmp_path / "pyarrow-9.8.7.dist-info" / "METADATA").write_text(metadata)
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    result = run(sys.executable, LAUNCHER, "--version", env={**os.environ, "PYTHONPATH": path})
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("momentset: pyarrow: 9.8.7: must be ") and result.stderr.count("\n") == 1


def test_no_pyarrow_is_one_clear_line():
    result = run(sys.executable, "-S", LAUNCHER, "--version")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("momentset: pyarrow: not installed: must be ") and result.stderr.count("\n") == 1
