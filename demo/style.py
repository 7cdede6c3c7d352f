"""Colours and settings of the demo's charts, and their way into the page.

Charts are drawn once, in the light scheme. In the page each colour of the palette becomes a CSS variable, so that the
same picture follows the reader's light or dark scheme.
"""

from __future__ import annotations

import io
import re

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure  # noqa: E402

# name: (light, dark). The page declares them as --ink, --muted, ...
PALETTE = {
    "ink": ("#1d2428", "#e9edef"),
    "muted": ("#5a646a", "#a3aeb4"),
    "grid": ("#dde1e3", "#333b40"),
    "surface": ("#ffffff", "#171b1e"),
    "ground": ("#f3f4f3", "#0f1214"),
    "kept": ("#1b64ad", "#74b4f4"),  # the 1,000 survivors
    "random": ("#bd500b", "#f09a55"),  # random subsets
}
INK, MUTED, GRID, SURFACE, KEPT, RANDOM = (
    PALETTE[name][0] for name in ("ink", "muted", "grid", "surface", "kept", "random")
)

FONT = "DejaVu Sans"  # wider than most: what fits with it fits with the reader's own font

SETTINGS = {
    "font.family": FONT,
    "font.size": 12,
    "axes.labelsize": 12,
    "xtick.labelsize": 11.5,
    "ytick.labelsize": 11.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.linewidth": 1,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "grid.color": GRID,
    "grid.linewidth": 1,
    "svg.fonttype": "none",
    "svg.hashsalt": "momentset",
    "image.composite_image": False,
}

matplotlib.rcParams.update(SETTINGS)

WIDTH = 4.7  # inches of a chart at 72 units an inch: 338 px, about the width of a phone


def new_chart(height: float, width: float = WIDTH) -> Figure:
    return Figure(figsize=(width, height), layout="constrained")


def svg_of(figure: Figure, name: str, description: str) -> str:
    """The figure as an inline SVG element whose colours are CSS variables and whose ids start with `name`."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = text.replace("url(#", f"url(#{name}-").replace(f"'{FONT}'", "var(--font)")
    for colour, (light, _) in PALETTE.items():
        text = text.replace(light, f"var(--{colour})")
    return text.replace("<svg", f'<svg role="img" aria-label="{description}"', 1)


def css_variables(scheme: int) -> str:
    """Declarations of the palette, for the light scheme (0) or the dark one (1)."""
    return " ".join(f"--{name}: {colours[scheme]};" for name, colours in PALETTE.items())
