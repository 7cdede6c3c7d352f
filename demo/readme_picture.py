"""The picture of the README: the photograph, its survivors, and their error against random, side by side."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

import drawing
from page import Story
from style import SURFACE


def save(story: Story, path: Path) -> None:
    figure = Figure(figsize=(13, 4.4), layout="constrained", facecolor=SURFACE)
    photograph, survivors, errors = figure.subplots(1, 3, width_ratios=(1.25, 1, 1.1))
    certificate = story.certificate

    photograph.imshow(story.photograph)
    photograph.set_axis_off()
    photograph.set_title(f"{certificate['rows']:,} pixels", fontsize=13)

    drawing.draw_survivors(survivors, drawing.projection_of(story.pixels, 2, "blue minus lightness (levels)"),
                           story.survivors, story.weights)
    survivors.set_title(f"{certificate['size']:,} of them, weighted", fontsize=13)

    drawing.draw_probe_errors(errors, certificate["probes"])
    errors.set_title("error of smooth averages", fontsize=13)

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
