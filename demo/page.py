"""The demo's page: one HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
import io
import string
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

import drawing
import style
from measures import RANDOM_SUBSETS, Measure

TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class Story:
    """Everything the page tells."""

    photograph: np.ndarray  # height x width x 3 bytes
    survivors: np.ndarray  # size x 3 bytes
    weights: np.ndarray
    certificate: dict
    measures: list[Measure]
    commands: list[str]
    answers: list[str]

    @property
    def pixels(self) -> np.ndarray:
        return self.photograph.reshape(-1, 3)

    @property
    def size_ratio(self) -> float:
        return self.certificate["rows"] / self.certificate["size"]

    @property
    def error_ratio(self) -> float:
        """How many times smaller the survivors' error is than that of random subsets, over all probe functions."""
        rms = self.certificate["probe_rms"]
        return rms["random"] / rms["coreset"]

    @property
    def probe_functions(self) -> int:
        return sum(probe["functions"] for probe in self.certificate["probes"])


def figure(name: str, title: str, caption: str, chart, note: str) -> str:
    """A chart as a <figure>; `note` says in words what it shows, for those who cannot see it."""
    svg = style.svg_of(chart, name, escape(note, quote=True))
    return f"<figure><h3>{escape(title)}</h3>{svg}<figcaption>{caption}</figcaption></figure>"


def colour_figures(story: Story) -> dict[str, str]:
    views = {
        "blue": drawing.projection_of(story.pixels, 2, "blue minus lightness (levels)"),
        "red": drawing.projection_of(story.pixels, 0, "red minus lightness (levels)"),
    }
    figures = {}
    for name, view in views.items():
        chart = style.new_chart(3.9)
        drawing.draw_all_colours(chart.subplots(), view, story.pixels)
        figures[f"all_{name}"] = figure(
            f"all-{name}", f"All colours, {name} side",
            "Every pixel. Where several fall on one spot, their mean colour is shown.", chart,
            "Scatter of all pixels, lightness upwards")
        chart = style.new_chart(3.9)
        axes = chart.subplots()
        drawing.draw_survivors(axes, view, story.survivors, story.weights)
        drawing.add_size_key(axes, (100, 1000, 4000))
        figures[f"kept_{name}"] = figure(
            f"kept-{name}", f"The {len(story.weights):,} kept, {name} side",
            "The area of a disc is its weight; above, discs that stand for so many pixels.", chart,
            "Scatter of the survivors as discs, lightness upwards")
    return figures


def error_figures(story: Story) -> dict[str, str]:
    probes, measures = style.new_chart(6.4), style.new_chart(6.4)
    drawing.draw_probe_errors(probes.subplots(), story.certificate["probes"])
    drawing.draw_measures(measures.subplots(), story.measures)
    return {
        "probes_figure": figure(
            "probes", "Random smooth functions",
            f"Root mean square over {story.certificate['probes'][0]['functions']} functions a line. Lengths and slopes "
            "are in standard deviations of the colours: the shorter the length, the rougher the function.",
            probes, "Errors of the survivors and of random subsets for six families of functions"),
        "measures_figure": figure(
            "measures", "Statistics of the photograph",
            "An empty dot: no difference in double precision. The first four are polynomials. Physical light is "
            "lightness with the gamma curve of the file undone. The last one has a jump: moments say little about it.",
            measures, "Errors of the survivors and of random subsets for nine statistics"),
    }


def certificate_figures(story: Story) -> dict[str, str]:
    residuals, weights = style.new_chart(3.6), style.new_chart(3.35)
    drawing.draw_residuals(residuals.subplots(), story.certificate)
    drawing.draw_weights(weights.subplots(), story.weights)
    return {
        "residual_figure": figure(
            "residuals", "Residual by order",
            "How far the worst moment of each order is off, as a fraction of the sum of its absolute terms. "
            f"Orders 0 to {story.certificate['order']} are kept.", residuals,
            "Worst moment residual for each order, overall and in cells, below the tolerance"),
        "weights_figure": figure(
            "weights", "The weights",
            f"Smallest {story.weights.min():.3g}, largest {story.weights.max():,.0f}; together "
            f"{story.certificate['mass']['output']:,.0f}, the number of pixels.", weights,
            "Histogram of the survivors' weights"),
    }


def facts_figure(story: Story) -> str:
    c = story.certificate
    facts = [
        ("order of the moments", f"{c['order']}"),
        ("moments in each cell", f"{c['features']}"),
        ("cells", f"{c['tree']['cells']}"),
        ("total weight, input", f"{c['mass']['input']:,.12g}"),
        ("total weight, output", f"{c['mass']['output']:,.12g}"),
        ("effective sample size", f"{c['weights']['effective_sample_size']:,.0f}"),
        ("median cell diameter", f"{c['diameters']['median']:.2f} std. dev."),
        ("seed", f"{c['seed']}"),
        ("library version", escape(c["library_version"])),
    ]
    rows = "\n".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in facts)
    return (f"<figure><h3>From the certificate</h3><table><tbody>{rows}</tbody></table>"
            "<figcaption>The whole of it is in <code>colours.parquet.certificate.json</code>.</figcaption></figure>")


def measure_row(measure: Measure) -> str:
    cells = [("all pixels", f"{measure.whole:.9f}"), ("kept", f"{measure.kept:.9f}"),
             ("error", drawing.scientific(measure.kept_error)),
             ("error of random", drawing.scientific(measure.random_error))]
    numbers = "".join(f'<td data-label="{label}">{text}</td>' for label, text in cells)
    return f"<tr><td>{escape(measure.name)}</td>{numbers}</tr>"


def words(story: Story) -> dict[str, str]:
    c = story.certificate
    rms = c["probe_rms"]
    ratios = sorted(probe["random"] / probe["coreset"] for probe in c["probes"])
    return {
        "pixels": f"{c['rows']:,}",
        "size": f"{c['size']:,}",
        "distinct": f"{len(np.unique(story.pixels, axis=0)):,}",
        "cells": str(c["tree"]["cells"]),
        "features": str(c["features"]),
        "order": str(c["order"]),
        "probe_functions": str(story.probe_functions),
        "least": rounded(ratios[0]),
        "most": rounded(ratios[-1]),
        "size_ratio": f"{story.size_ratio:.0f} : 1",
        "residual": drawing.scientific(c["worst_residual"]),
        "tolerance": drawing.scientific(c["tolerance"]),
        "error_ratio": f"1 / {rounded(story.error_ratio)}",
        "error_kept": drawing.scientific(rms["coreset"]),
        "error_random": drawing.scientific(rms["random"]),
        "random_subsets": str(RANDOM_SUBSETS),
    }


def rounded(factor: float) -> str:
    """To two digits, in full."""
    return f"{float(f'{factor:.2g}'):,.0f}" if factor >= 10 else f"{factor:.2g}"


def inline_png(picture: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def render(story: Story) -> str:
    height, width, _ = story.photograph.shape
    fields = words(story) | colour_figures(story) | error_figures(story) | certificate_figures(story)
    fields |= {
        "light": style.css_variables(0),
        "dark": style.css_variables(1),
        "photograph": inline_png(story.photograph),
        "photo_width": str(width),
        "photo_height": str(height),
        "facts": facts_figure(story),
        "table": "\n".join(measure_row(measure) for measure in story.measures),
        "commands": escape("\n".join(story.commands)),
        "answers": escape("\n".join(story.answers)),
    }
    return string.Template(TEMPLATE.read_text()).substitute(fields)
