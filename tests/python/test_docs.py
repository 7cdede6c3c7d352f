"""The code blocks of the documentation run: those with the info string `python test`, one page in one session."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```python test\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
         if FENCE.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_runs(page):
    text = page.read_text(encoding="utf-8")
    session = {}
    for block in FENCE.finditer(text):
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], str(page), "exec"), session)  # so that a traceback names the page's line


def test_some_pages_are_tested():
    assert {"python.md", "README.md"} <= {page.name for page in PAGES}
