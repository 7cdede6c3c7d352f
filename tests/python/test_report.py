"""Reports: one page that needs nothing else, from Python and by momentset-report."""

import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import momentset as ms
from momentset import _report

VOID = {"meta", "br", "img", "link", "hr"}


class Page(HTMLParser):
    """Checks that tags are closed in order, and collects what the page refers to."""

    def __init__(self, text):
        super().__init__()
        self.open, self.references, self.ids = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        found = dict(attributes)
        self.references += [found[name] for name in ("src", "href", "xlink:href") if name in found]
        self.ids += [found["id"]] if "id" in found else []
        assert tag not in ("script", "link", "iframe")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def small(points):
    return ms.compress(points, size=500)


def sections(text):
    return re.findall(r"<h2>(.*?)</h2>", text)


def test_page_stands_alone(points, small):
    text = small.report("report.html", X=points)
    assert open("report.html", encoding="utf-8").read() == text
    page = Page(text)
    assert all(reference.startswith(("#", "data:")) for reference in page.references)
    assert not re.search(r"url\((?!#)|@import", text)
    assert len(page.ids) == len(set(page.ids))
    assert {reference[1:] for reference in page.references if reference.startswith("#")} <= set(page.ids)
    assert sections(text)[-3:] == ["x0 and x1", "x0 and x2", "x1 and x2"]
    assert "Grey: 2,000 rows of the input." in text
    assert small.certificate.verdict in re.sub(r"</?span[^>]*>", "", text)
    assert "prefers-color-scheme: dark" in text


def test_phones(points):
    """No line breaks within a number, and the orders below the residuals do not run into each other."""
    page = ms.compress(points[:, :1], size=300, order=60, method="tree").report()
    verdict = re.search(r'<p class="verdict holds">(.*?)</p>', page)[1]
    assert re.search(r'to within <span class="number">\d\.\de-\d\d</span>', verdict)
    drawing = re.search(r'aria-label="Residuals of the moments".*?</svg>', page, re.DOTALL)[0]
    orders = [int(text) for text in re.findall(r"<text[^>]*>(\d+)</text>", drawing)]
    assert orders == list(range(0, 61, 5)) and "max-width: 560px" in page


def test_colours_are_variables(small):
    """So that they follow the reader's scheme: no colour of the light one is left in the drawings."""
    from momentset import _charts

    drawings = "".join(re.findall(r"<svg.*?</svg>", small.report(), re.DOTALL))
    for name, colour in _charts.LIGHT.items():
        assert colour not in drawings
        assert f"var(--{name})" in drawings or name == "random"


@pytest.mark.parametrize("shape, size", [((300, 1), 10), ((300, 2), 1000), ((50, 3), 10), ((1, 2), 10)])
def test_all_kinds_of_coresets(shape, size):
    points = np.random.default_rng(0).normal(size=shape)
    Page(ms.compress(points, size=size).report(X=points))


def test_equal_points():
    Page(ms.compress(np.zeros((300, 2)), size=10).report())


def test_at_most_so_many_points():
    points = np.random.default_rng(0).normal(size=(60_000, 2))
    assert "Grey: 50,000 rows of the input." in ms.compress(points, size=100).report(X=points)


def test_names_are_escaped():
    table = pa.table({"<script>": np.arange(50.0) ** 2, "a & b": np.arange(50.0), '"': np.sqrt(np.arange(50.0))})
    Page(ms.compress(table, size=20).report(X=table))


def test_a_certificate_that_does_not_hold(small):
    small.weights[0] = -1
    text = small.certificate.to_json()
    broken = ms.Certificate(text.replace('"smallest":', '"smallest": -1, "unused":'))
    page = _report.certificate_page(broken)
    assert 'class="verdict fails"' in page and "Does not hold" in page


def test_command(points, capsys, tmp_path):
    pq.write_table(pa.table({"x": points[:, 0], "y": points[:, 1]}), "points.parquet")
    ms.compress("points.parquet", size=200).save("small.parquet")
    assert _report.main(["small.parquet.certificate.json", "-o", "page.html"]) == 0
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "x and y" in sections(text) and "Grey: 2,000 rows of the input." in text
    shutil.copy("small.parquet.certificate.json", "alone.json")
    assert _report.main(["alone.json"]) == 0
    assert sections((tmp_path / "report.html").read_text(encoding="utf-8"))[-1] == "Cells"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("words", [["missing.json"], ["wrong.json"], ["fine.json", "-o", "no/such/folder.html"]])
def test_command_refuses_in_one_line(words, small, capsys, tmp_path):
    (tmp_path / "wrong.json").write_text("{}")
    (tmp_path / "fine.json").write_text(small.certificate.to_json())
    assert _report.main(words) == 2
    output, errors = capsys.readouterr()
    assert output == "" and errors.startswith("momentset-report: ") and errors.count("\n") == 1
