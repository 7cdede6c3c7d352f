"""Charts of coresets and certificates, drawn by matplotlib, which is imported where it is needed.

Lines and text of the report's charts are drawn in the colours of LIGHT, which the page turns into CSS variables, so
that they follow the reader's light or dark scheme. Clouds of points are pictures inside the SVG, in colours for both.
"""

from __future__ import annotations

import io
import math
import re
from typing import TYPE_CHECKING, Any, Iterator

import numpy as np

from momentset._arrays import Doubles
from momentset._certificate import Certificate
from momentset._error import Error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from momentset._coreset import Coreset

MOST_POINTS = 50_000  # of the input, drawn behind the survivors

MOST_TICKS = 13  # with two digits each, on a phone

DISC_AREA = 2500.0  # of all survivors together, in square points

SMALLEST = 1e-17  # errors that are exactly 0 are drawn here

LIGHT = {"ink": "#1d2428", "muted": "#5a646a", "grid": "#dde1e3", "kept": "#1b64ad", "random": "#bd500b"}
DARK = {"ink": "#e9edef", "muted": "#a3aeb4", "grid": "#333b40", "kept": "#74b4f4", "random": "#f09a55"}
CLOUD, SURVIVORS = "#98a1a6", "#2f86dd"  # legible on both grounds

FONT = "DejaVu Sans"
SETTINGS: dict[str, Any] = {
    "font.family": FONT,
    "font.size": 11,
    "text.color": LIGHT["ink"],
    "axes.labelcolor": LIGHT["muted"],
    "axes.edgecolor": LIGHT["grid"],
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "grid.color": LIGHT["grid"],
    "svg.fonttype": "none",
    "svg.hashsalt": "momentset",
}
WIDTH = 4.7  # inches at 72 units an inch: about the width of a phone


def figure_class() -> Any:
    """matplotlib's Figure; Error if it is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        rule = "must be installed to draw (pip install momentset[report])"
        raise Error("matplotlib", "not installed", rule) from None
    return Figure


def sample(points: Doubles) -> Doubles:
    """At most MOST_POINTS of the rows, drawn at random, always the same ones."""
    if len(points) <= MOST_POINTS:
        return points
    return points[np.sort(np.random.default_rng(0).choice(len(points), MOST_POINTS, replace=False))]


def column_number(coreset: Coreset, column: str | int) -> int:
    names = coreset.columns
    if column in names:
        return names.index(str(column))
    if isinstance(column, int) and -len(names) <= column < len(names):
        return column % len(names)
    raise Error("column", str(column), f"must be one of {', '.join(names)}, or its number")


def plot(coreset: Coreset, x: str | int, y: str | int, X: Any, axes: Axes | None) -> Axes:
    """Coreset.plot()."""
    figure_class()
    if axes is None:
        from matplotlib import pyplot

        axes = pyplot.subplots()[1]
    if len(coreset.columns) == 1:
        y = x
    scatter(axes, coreset, column_number(coreset, x), column_number(coreset, y), background(coreset, X))
    return axes


def background(coreset: Coreset, X: Any) -> Doubles | None:
    """The coordinates of some rows of the input; none if there is no input."""
    from momentset._input import read_input

    if X is None:
        return None
    stated = coreset.certificate
    found = read_input(X, columns=stated.own_columns or None, filled=stated.filled,
                       missing="indicator" if stated.filled else "drop").coordinates
    return sample(found)


def scatter(axes: Axes, coreset: Coreset, x: int, y: int, behind: Doubles | None) -> None:
    """Survivors as discs whose area is their weight, in front of the input; together they cover a part of the chart."""
    if behind is not None:
        axes.scatter(behind[:, x], behind[:, y], s=2, color=CLOUD, alpha=0.35, linewidths=0, rasterized=True,
                     label="input")
    areas = DISC_AREA * coreset.weights / coreset.weights.sum()
    axes.scatter(coreset.points[:, x], coreset.points[:, y], s=areas, color=SURVIVORS, alpha=0.6, linewidths=0,
                 rasterized=True, label="coreset")
    axes.set_xlabel(coreset.columns[x])
    axes.set_ylabel(coreset.columns[y])


def residuals(axes: Axes, certificate: Certificate) -> None:
    """Worst moment residual of each order, overall and in the cells, below what is allowed."""
    orders = [entry.order for entry in certificate.residuals]
    overall = [max(entry.overall, SMALLEST) for entry in certificate.residuals]
    cells = [max(entry.cells, SMALLEST) for entry in certificate.residuals]
    axes.axhline(certificate.tolerance, color=LIGHT["random"], linewidth=1.5)
    axes.text(orders[-1] + 0.4, certificate.tolerance, "allowed", color=LIGHT["random"], ha="right", va="bottom")
    axes.plot(orders, overall, "o-", color=LIGHT["kept"], label="all points")
    axes.plot(orders, cells, "s--", color=LIGHT["muted"], label="worst cell")
    axes.set_yscale("log")
    axes.set_xlim(orders[0] - 0.4, orders[-1] + 0.4)
    axes.set_ylim(top=10 * max(certificate.tolerance, certificate.worst_residual))
    axes.set_xticks(orders[:: math.ceil(len(orders) / MOST_TICKS)])
    axes.set_xlabel("order of the moments")
    axes.set_ylabel("scaled residual")
    axes.grid(axis="y")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)


def probes(axes: Axes, certificate: Certificate) -> None:
    """Error of each family of test functions, beside that of random subsets."""
    families = certificate.probes
    places = np.arange(len(families))[::-1]
    ours = np.maximum([probe.coreset for probe in families], SMALLEST)
    random = np.maximum([probe.random for probe in families], SMALLEST)
    if certificate.probe_random > 0:
        axes.hlines(places, ours, random, color=LIGHT["grid"], linewidth=2)
        axes.plot(random, places, "s", color=LIGHT["random"], label="random rows")
    axes.plot(ours, places, "o", color=LIGHT["kept"], label="coreset")
    axes.set_xscale("log")
    axes.set_yticks(places, [f"{probe.family}s, {_scale_name(probe.family)} {probe.scale:g}" for probe in families])
    axes.set_ylim(-0.6, len(families) - 0.4)
    axes.set_xlabel("error of the mean, root mean square")
    axes.grid(axis="x")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)


def _scale_name(family: str) -> str:
    return "length" if family == "cosine" else "slope"


def weights(axes: Axes, coreset: Coreset) -> None:
    """How many rows have which weight, in multiples of the mean."""
    relative = coreset.weights / coreset.weights.mean()
    low, high = relative.min(), relative.max()
    if high / low < 1.001:
        low, high = low / 2, high * 2
    axes.hist(relative, bins=np.geomspace(low * 0.999, high * 1.001, 30).tolist(), color=LIGHT["kept"])
    axes.set_xscale("log")
    axes.set_xlabel("weight, in multiples of the mean")
    axes.set_ylabel("rows")
    axes.grid(axis="y")


def cells(axes: Axes, certificate: Certificate) -> None:
    """Diameters of the cells: smallest, median, upper decile, largest."""
    found = certificate.diameters
    names = ["smallest", "median", "upper decile", "largest"]
    places = np.arange(len(names))[::-1]
    axes.barh(places, list(found), height=0.5, color=LIGHT["kept"])
    for place, value in zip(places, found):
        axes.annotate(f"{value:.3g}", (value, place), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, names)
    axes.set_xlim(0, 1.18 * max(found.maximum, 1e-300))
    axes.set_xlabel("diameter of a cell, in standard deviations")


def pairs(columns: int) -> Iterator[tuple[int, int]]:
    """Pairs of columns that the report shows: those of the first three."""
    shown = min(columns, 3)
    if shown == 1:
        yield 0, 0
    for x in range(shown):
        for y in range(x + 1, shown):
            yield x, y


def svg(figure: Figure, name: str, description: str) -> str:
    """The figure as an inline SVG element whose colours are CSS variables and whose ids start with `name`."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, dpi=200, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = text.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    text = text.replace(f"'{FONT}'", "var(--font)")
    for colour, light in LIGHT.items():
        text = text.replace(light, f"var(--{colour})")
    return text.replace("<svg", f'<svg role="img" aria-label="{description}"', 1)
