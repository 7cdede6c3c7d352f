"""Reports: one self-contained HTML page about a coreset, a certificate or a table of `momentset theory`, and the
command `momentset-report`."""

from __future__ import annotations

import argparse
import os
import re
import sys
from functools import partial
from html import escape
from importlib import resources
from string import Template
from typing import Any, Callable

from momentset import _charts, _core, _html, _theory_report
from momentset._certificate import Certificate
from momentset._coreset import Coreset
from momentset._error import Error
from momentset._files import certificate_path, paths_of, writing


def page(coreset: Coreset, X: Any = None) -> str:
    """The page about a coreset; X is the input or None."""
    charts = _certificate_charts(coreset.certificate) + _coreset_charts(coreset, _charts.background(coreset, X))
    facts = _html.facts(coreset) + [("note", notice) for notice in coreset.notices]
    return _filled(coreset.certificate, facts, charts)


def certificate_page(certificate: Certificate) -> str:
    """The page about a certificate whose rows are not at hand."""
    return _filled(certificate, _html.certificate_facts(certificate), _certificate_charts(certificate))


def theory_page(rows: list[_theory_report.Row]) -> str:
    """The page about what `momentset theory --json` printed."""
    title = _theory_report.title(rows)
    chart = _chart("theory", title, _theory_report.note(rows), lambda axes: _theory_report.draw(axes, rows), height=3.6)
    return _page("Theory of pruned perceptrons", "holds", title, _theory_report.facts(rows), [chart],
                 f"momentset {_core.version}")


def _filled(certificate: Certificate, facts: list[tuple[str, str]], charts: list[str]) -> str:
    inputs = certificate.options.get("inputs", "").replace("\n", ", ")
    rows = ([("input", inputs)] if inputs else []) + facts + [
        ("cells", f"{certificate.cells:,}"),
        ("weights", f"{certificate.smallest_weight:.4g} to {certificate.largest_weight:.4g}, sum "
                    f"{float(f'{certificate.mass_output:.6g}'):,.10g}"),
    ]
    return _page("Coreset report", "holds" if certificate.holds else "fails", certificate.verdict, rows, charts,
                 f"momentset {certificate.library_version}; input {certificate.input_hash}; output "
                 f"{certificate.output_hash}")


def _page(title: str, status: str, verdict: str, facts: list[tuple[str, str]], charts: list[str], footer: str) -> str:
    template = Template(resources.files("momentset").joinpath("report.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=title,
        light=_variables(_charts.LIGHT),
        dark=_variables(_charts.DARK),
        status=status,
        verdict=_text(verdict),
        facts="".join(f"<tr><th>{escape(label)}</th><td>{_text(value)}</td></tr>" for label, value in facts),
        charts="".join(charts),
        footer=escape(footer),
    )


def _text(words: str) -> str:
    """As HTML, in which no line breaks within a number such as 1e-12."""
    return re.sub(r"\d[\d.]*e[-+]\d+", r'<span class="number">\g<0></span>', escape(words))


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def _chart(name: str, title: str, note: str, draw: Callable[[Any], None], height: float = 3.0) -> str:
    """A section with one chart."""
    figure_class = _charts.figure_class()
    import matplotlib

    with matplotlib.rc_context(_charts.SETTINGS):  # type: ignore[arg-type]
        figure = figure_class(figsize=(_charts.WIDTH, height), layout="constrained")
        draw(figure.subplots())
        drawn = _charts.svg(figure, name, escape(title, quote=True))
    return f'<section><h2>{escape(title)}</h2>{drawn}<p class="note">{_text(note)}</p></section>'


def _certificate_charts(certificate: Certificate) -> list[str]:
    return [
        _chart("probes", "Error on functions that played no part in the choice",
               "Eight functions of each kind; lengths in standard deviations. Together "
               f"{_html.comparison(certificate)}.",
               lambda axes: _charts.probes(axes, certificate)),
        _chart("residuals", "Residuals of the moments",
               "How far weighted sums of monomials are off, as a share of the sums of their absolute values.",
               lambda axes: _charts.residuals(axes, certificate)),
        _chart("cells", "Cells",
               f"{certificate.cells:,} in all. The error of a smooth function falls with a power of the diameter.",
               lambda axes: _charts.cells(axes, certificate)),
    ]


def _coreset_charts(coreset: Coreset, behind: Any) -> list[str]:
    effective = f"Effective sample size: {coreset.certificate.effective_sample_size:,.0f} of {len(coreset):,}."
    charts = [_chart("weights", "Weights", effective, lambda axes: _charts.weights(axes, coreset))]
    shown = "Blue: the coreset, area by weight."
    if behind is not None:
        shown += f" Grey: {len(behind):,} rows of the input."
    for x, y in _charts.pairs(len(coreset.columns)):
        title = f"{coreset.columns[x]} and {coreset.columns[y]}" if x != y else coreset.columns[x]
        draw = partial(_charts.scatter, coreset=coreset, x=x, y=y, behind=behind)
        charts.append(_chart(f"pair{x}{y}", title, shown, draw, height=3.6))
    return charts


def _existing_inputs(certificate: Certificate, folder: str) -> list[str] | None:
    """The files that were compressed, if all are still there: as named, or beside the certificate."""
    named = [name for name in certificate.options.get("inputs", "").split("\n") if name and name != "-"]
    for base in ("", folder):
        try:
            paths = paths_of([os.path.join(base, name) for name in named])
        except Error:
            continue
        return paths or None
    return None


def page_of_files(path: str) -> str:
    """The page about a certificate in a file, with its output and input if they lie where it says."""
    from momentset._verify import read

    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise Error(path, "", f"cannot be read: {error.strerror}") from None
    if text.lstrip().startswith("["):
        return theory_page(_theory_report.rows_of(text, path))
    certificate = Certificate(text)
    suffix = certificate_path("")
    output = path.removesuffix(suffix)
    if output == path or not os.path.exists(output):
        return certificate_page(certificate)
    return page(read(output), _existing_inputs(certificate, os.path.dirname(path)))


def main(words: list[str] | None = None) -> int:
    """The command `momentset-report`."""
    parser = argparse.ArgumentParser(prog="momentset-report", description="Writes a page about a certificate, with "
                                     "pictures of the compressed table and its input if they lie where it says; or "
                                     "about a table of the theory of pruning.")
    parser.add_argument("certificate", metavar="CERTIFICATE", help="what `momentset compress` wrote beside its output, "
                        "or a file of what `momentset theory --json` printed")
    parser.add_argument("-o", "--output", metavar="FILE", default="report.html", help="page to write [report.html]")
    arguments = parser.parse_args(words)
    try:
        text = page_of_files(arguments.certificate)
        with writing(arguments.output), open(arguments.output, "w", encoding="utf-8") as file:
            file.write(text)
    except Error as error:
        print(f"momentset-report: {error}", file=sys.stderr)
        return 2
    return 0
