"""The pages of the documentation hang together: links and anchors, the site's list of pages, the references' names, and
the program of the pictures. None of it needs what builds the site."""

import inspect
import os
import re
import subprocess
import sys

import momentset as ms
import pytest
from test_docs import FENCE, PAGES as CODE_PAGES, ROOT, name_of

sys.path.insert(0, str(ROOT / "docs" / "site"))
import navigation  # noqa: E402

PAGES = [*CODE_PAGES, ROOT / "CHANGELOG.md"]


def prose(page):
    """The page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """What code-hosting pages and the site call the headings: lower case, no punctuation, hyphens for blanks."""
    found = set()
    for heading in re.findall(r"^#+ +(.*?)\s*$", prose(page), re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = sum(1 for other in found if re.fullmatch(re.escape(slug) + r"(-\d+)?", other))
        found.add(f"{slug}-{number}" if number else slug)
    return found


def links(page):
    """(path, anchor) of the links and pictures that stay in the repository."""
    text = prose(page)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    return [(target.partition("#")[0], target.partition("#")[2]) for target in targets
            if not re.match(r"[a-z]+:", target)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists() and target.is_relative_to(ROOT), f"{name_of(page)} points to {path}"
        if anchor:
            assert anchor in anchors(target), f"{name_of(page)} points to {path}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_notes_are_used_and_there(page):
    text = prose(page)
    notes = re.findall(r"^\[\^([\w-]+)\]:", text, re.MULTILINE)
    assert len(notes) == len(set(notes))
    assert set(re.findall(r"\[\^([\w-]+)\](?!:)", text)) == set(notes)


def test_every_cell_of_the_comparison_has_a_source():
    """A page of the other project or a test of ours; of random rows everybody knows."""
    table = prose(ROOT / "docs" / "comparison.md").partition("## What they do")[2].partition("##")[0]
    head, _, *rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    assert [name.strip("| ") for name in head] == ["momentset", "coreax", "goodpoints", "apricot", "PyRecombine",
                                                   "random rows"]
    assert len(rows) >= 12
    for feature, *cells in rows:
        assert len(cells) == 6, feature
        assert all(cell == "-" or "[^" in cell for cell in cells[:5]), feature


def test_every_page_is_in_the_sidebar():
    listed = navigation.pages()
    assert len(listed) == len(set(listed))
    assert {f"{page}.md" for page in listed} == {name_of(page) for page in PAGES}


def test_the_front_page_links_to_every_page_of_its_sections():
    front = ROOT / f"{navigation.FRONT}.md"
    linked = {(front.parent / path).resolve() for path, _ in links(front) if path}
    for caption, section in navigation.SECTIONS.items():
        if caption != "Project":
            missing = [page for page in section if ROOT / f"{page}.md" not in linked]
            assert not missing, f"{caption}: {', '.join(missing)}"


def test_every_public_name_is_in_the_python_reference():
    text = (ROOT / "docs" / "api" / "python.md").read_text(encoding="utf-8")
    named = re.findall(r"^\.\. auto(function|class):: momentset\.(\w+)$", text, re.MULTILINE)
    assert {name for _, name in named} == set(ms.__all__)
    for kind, name in named:
        assert inspect.isclass(getattr(ms, name)) == (kind == "class"), name


def test_every_public_header_is_in_the_cpp_reference():
    text = (ROOT / "docs" / "api" / "cpp.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (momentset/\S+)$", text, re.MULTILINE)
    include = ROOT / "include"
    assert sorted(headings) == sorted(str(path.relative_to(include)) for path in include.rglob("*.hpp"))
    assert re.findall(r"doxygenfile:: (\S+)$", text, re.MULTILINE) == [name.split("/")[-1] for name in headings]


def test_pictures_are_made_by_their_program(tmp_path):
    program = ROOT / "docs" / "figures.py"
    result = subprocess.run([sys.executable, "-B", program, "--small", tmp_path], capture_output=True, text=True,
                            timeout=300, env={**os.environ, "MPLBACKEND": "agg"})
    assert result.returncode == 0, result.stderr
    made = {path.name for path in tmp_path.iterdir()}
    assert made and all((ROOT / "docs" / "images" / name).exists() for name in made)
    assert all((tmp_path / name).stat().st_size > 2000 for name in made)
    shown = {path.split("/")[-1] for page in PAGES for path, _ in links(page)}
    assert made <= shown, "a picture is on no page"
