"""The demo's charts. Each function draws one chart on given axes."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MultipleLocator, NullLocator

from measures import Measure, luma
from style import GRID, INK, KEPT, MUTED, RANDOM, SURFACE

SMALLEST = 1e-17  # errors that are exactly 0 are drawn here: half a unit in the last place of a number near 0.1


# ---------------------------------------------------------------------------------------------------------------------
# logarithmic axes

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(exponent: int) -> str:
    return "1" if exponent == 0 else "10" + str(exponent).translate(SUPERSCRIPTS)


def scientific(number: float) -> str:
    """3.2e-05 as 3.2 × 10⁻⁵; 0 as it is."""
    if number == 0:
        return "0"
    mantissa, exponent = f"{number:.1e}".split("e")
    return f"{mantissa} × {power(int(exponent))}" if int(exponent) != 0 else mantissa


def logarithmic(axis, low: float, high: float, most: int = 7) -> None:
    """Ticks at whole powers of ten, evenly spaced, not more than `most` or so."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    every = math.ceil((last - first + 1) / most)
    exponents = range(last, first - 1, -every)
    axis.set_major_locator(FixedLocator([10.0**e for e in exponents]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: power(round(math.log10(value)))))
    axis.set_minor_locator(NullLocator())


# ---------------------------------------------------------------------------------------------------------------------
# colours in the plane


class Projection:
    """Colours seen from one side: lightness upwards, one contrast of colours to the right. In levels of 0 to 255."""

    bins = 200

    def __init__(self, label: str, channel: int, low: float, high: float):
        self.label, self.channel = label, channel
        self.low, self.high = low, high

    def __call__(self, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lightness = luma(colours.astype(float))
        return colours[:, self.channel] - lightness, lightness

    def set_up(self, axes: Axes) -> None:
        axes.set_xlim(self.low, self.high)
        axes.set_ylim(-8, 263)
        axes.set_xlabel(self.label)
        axes.set_ylabel("lightness (level)")
        axes.set_yticks(range(0, 251, 50))
        axes.xaxis.set_major_locator(MultipleLocator(50))
        axes.grid(True)


def projection_of(colours: np.ndarray, channel: int, label: str) -> Projection:
    contrast = colours[:, channel] - luma(colours.astype(float))
    low, high = np.floor(contrast.min() / 10) * 10, np.ceil(contrast.max() / 10) * 10
    return Projection(label, channel, low - 5, high + 5)


def draw_all_colours(axes: Axes, projection: Projection, pixels: np.ndarray) -> None:
    """Every pixel; where several fall on one spot, their mean colour."""
    projection.set_up(axes)
    x, y = projection(pixels)
    extent = (projection.low, projection.high, 0.0, 255.0)
    columns = np.clip((x - extent[0]) / (extent[1] - extent[0]) * projection.bins, 0, projection.bins - 1).astype(int)
    rows = np.clip(y / 255 * projection.bins, 0, projection.bins - 1).astype(int)
    spot = rows * projection.bins + columns
    count = np.bincount(spot, minlength=projection.bins**2)
    image = np.zeros((projection.bins**2, 4))
    for channel in range(3):
        total = np.bincount(spot, pixels[:, channel], minlength=projection.bins**2)
        image[:, channel] = total / np.maximum(count, 1) / 255
    image[:, 3] = count > 0
    axes.imshow(image.reshape(projection.bins, projection.bins, 4), extent=extent, origin="lower", aspect="auto",
                interpolation="none", zorder=2)


def disc_area(weight: np.ndarray) -> np.ndarray:
    return 0.05 * np.asarray(weight, dtype=float)


def draw_survivors(axes: Axes, projection: Projection, survivors: np.ndarray, weights: np.ndarray) -> None:
    """Each survivor as a disc whose area is its weight; the heavy ones first, so that they hide nothing."""
    projection.set_up(axes)
    order = np.argsort(-weights)
    x, y = projection(survivors[order])
    axes.scatter(x, y, s=disc_area(weights[order]), c=survivors[order] / 255, edgecolors=MUTED, linewidths=0.5,
                 zorder=2)


def add_size_key(axes: Axes, sizes: tuple[int, ...]) -> None:
    """Discs of known weights, above the chart."""
    handles = [axes.scatter([], [], s=disc_area(size), facecolors="none", edgecolors=INK, linewidths=0.8)
               for size in sizes]
    axes.legend(handles, [f"{size:,}" for size in sizes], frameon=False, loc="lower left", bbox_to_anchor=(0, 1),
                ncols=len(sizes), borderaxespad=0, borderpad=0.2, handletextpad=0.2, columnspacing=1.2)


# ---------------------------------------------------------------------------------------------------------------------
# errors


def draw_pairs(axes: Axes, rows: list[tuple[str, float, float]], label: str) -> None:
    """One line for each (name, error of the survivors, error of random subsets): name above, two dots, their ratio."""
    low = min(SMALLEST if min(kept, other) == 0 else min(kept, other) for _, kept, other in rows)
    high = max(other for _, _, other in rows)
    axes.set_xscale("log")
    axes.set_xlim(low / 6, high * 6)
    axes.set_ylim(len(rows) - 0.45, -0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(label)
    logarithmic(axes.xaxis, low / 6, high * 6)
    axes.grid(True, axis="x")
    for line, (name, kept, other) in enumerate(rows):
        kept_at = max(kept, SMALLEST)
        axes.plot([kept_at, other], [line, line], color=GRID, linewidth=4, solid_capstyle="round", zorder=2)
        axes.scatter([other], [line], s=42, color=RANDOM, zorder=3)
        axes.scatter([kept_at], [line], s=42, facecolors=KEPT if kept > 0 else SURFACE, edgecolors=KEPT, zorder=3)
        for text, side, colour in ((name, "left", INK), (ratio(kept, other), "right", MUTED)):
            axes.annotate(text, (0 if side == "left" else 1, line), (0, 8), xycoords=axes.get_yaxis_transform(),
                          textcoords="offset points", ha=side, va="bottom", color=colour, annotation_clip=False)


def ratio(kept: float, other: float) -> str:
    if kept == 0:
        return "no error"
    factor = other / kept
    if factor < 1:
        return f"{1 / factor:.2g} × larger"
    return f"{float(f'{factor:.2g}'):,.0f} × smaller" if factor >= 10 else f"{factor:.1f} × smaller"


def name_the_dots(axes: Axes, first: tuple[str, float, float]) -> None:
    """Labels below the dots of the first line, so that no key is needed."""
    _, kept, other = first
    for place, text, colour in ((kept, "kept", KEPT), (other, "random", RANDOM)):
        axes.annotate(text, (max(place, SMALLEST), 0), (0, -7), textcoords="offset points", ha="center", va="top",
                      fontsize=11, color=colour)


def family_name(probe: dict) -> str:
    if probe["family"] == "cosine":
        return f"cosines, length {probe['scale']:g}"
    return f"{probe['family']}s, slope {probe['scale']:g}"


def draw_probe_errors(axes: Axes, probes: list[dict]) -> None:
    rows = [(family_name(probe), probe["coreset"], probe["random"]) for probe in probes]
    draw_pairs(axes, rows, "error of the mean (functions between −1 and 1)")
    name_the_dots(axes, rows[0])


def draw_measures(axes: Axes, measures: list[Measure]) -> None:
    rows = [(measure.name, measure.kept_error, measure.random_error) for measure in measures]
    draw_pairs(axes, rows, "error (all values lie between −1 and 1)")
    name_the_dots(axes, rows[0])


# ---------------------------------------------------------------------------------------------------------------------
# the certificate and the weights


def draw_residuals(axes: Axes, certificate: dict) -> None:
    """Worst moment residual of each order, over everything and in cells, below the line that it must not cross."""
    residuals, tolerance = certificate["residuals"], certificate["tolerance"]
    orders = [entry["order"] for entry in residuals]
    positive = [entry[key] for entry in residuals for key in ("global", "cells") if entry[key] > 0]
    nothing = min(positive, default=SMALLEST) / 10  # where an exact 0 is drawn
    low = nothing / 3
    axes.set_yscale("log")
    axes.set_ylim(low, tolerance * 30)
    axes.set_xlim(-0.5, max(orders) + 0.5)
    axes.set_xticks(orders)
    axes.set_xlabel("order of the moments")
    axes.set_ylabel("worst scaled residual")
    logarithmic(axes.yaxis, low, tolerance * 30)
    axes.grid(True, axis="y")
    axes.axhline(tolerance, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.annotate(f"allowed: {scientific(tolerance)}", (0, tolerance), (0, 4), xycoords=axes.get_yaxis_transform(),
                  textcoords="offset points", va="bottom", color=INK)
    for key, shift, marker, colour in (("cells", -0.09, "s", KEPT), ("global", 0.09, "o", INK)):
        values = [entry[key] for entry in residuals]
        for order, value in zip(orders, values):
            axes.scatter([order + shift], [value or nothing], s=36, marker=marker, edgecolors=colour,
                         facecolors=colour if value > 0 else SURFACE, zorder=3)
    worst = residuals[-1]
    axes.annotate("worst\ncell", (orders[-1] - 0.09, worst["cells"] or nothing), (-7, 4),
                  textcoords="offset points", ha="right", va="bottom", color=KEPT)
    axes.annotate("all\npixels", (orders[-1] + 0.09, worst["global"] or nothing), (0, -8),
                  textcoords="offset points", ha="center", va="top", color=INK)


def draw_weights(axes: Axes, weights: np.ndarray) -> None:
    """How many survivors stand for how many pixels."""
    steps = 4  # bins in a power of ten
    first, last = math.floor(steps * math.log10(weights.min())), math.ceil(steps * math.log10(weights.max()))
    edges = 10 ** (np.arange(first, last + 1) / steps)
    axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    axes.hist(weights, bins=edges, color=KEPT, edgecolor=SURFACE, linewidth=1)
    axes.set_xlabel("weight: pixels that a survivor stands for")
    axes.set_ylabel("survivors")
    logarithmic(axes.xaxis, edges[0], edges[-1])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axes.grid(True, axis="y")
