"""The code blocks of the documentation run: those with the info string `python test`, one page in one
session; `python test arviz` where that package is installed."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")),
         *sorted((ROOT / "experiments").rglob("*.md"))]


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(page, language):
    """(line, info string, text) of each fenced block in this language."""
    text = page.read_text(encoding="utf-8")
    return [(text.count("\n", 0, fence.start(2)), fence[1].strip(), fence[2]) for fence in FENCE.finditer(text)
            if fence[1].split()[:1] == [language]]


PAGES_WITH_CODE = [page for page in PAGES if blocks(page, "python")]


@pytest.mark.parametrize("page", PAGES_WITH_CODE, ids=name_of)
def test_code_runs(page, monkeypatch):
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)  # Spark's workers take the first python3 otherwise
    session = {}
    for line, info, block in blocks(page, "python"):
        words = info.split()
        rule = "a block of Python must be `python test`, so that it runs, or `python test PACKAGE`"
        assert words[:2] == ["python", "test"], f"{name_of(page)}:{line}: {rule}"
        if not all(importlib.util.find_spec(package) for package in words[2:]):
            continue  # a package that not every developer has
        exec(compile("\n" * line + block, str(page), "exec"), session)  # so that a traceback names the page's line


def test_some_pages_are_tested():
    expected = {"README.md", "docs/python.md", "docs/tutorial.md", "docs/mathematics.md", "docs/comparison.md"}
    assert expected <= {name_of(page) for page in PAGES_WITH_CODE}
    how_tos = [page for page in PAGES if page.parent.name == "how-to"]
    assert len(how_tos) >= 7 and set(how_tos) <= set(PAGES_WITH_CODE)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_programs_are_compiled(page):
    """A whole C++ program of a page is the one that the test of the installed library compiles and runs."""
    compiled = (ROOT / "docs" / "examples" / "compress.cpp").read_text(encoding="utf-8")
    for line, _, block in blocks(page, "cpp"):
        assert "int main(" not in block or block in compiled, f"{name_of(page)}:{line}: is not docs/examples/compress.cpp"
