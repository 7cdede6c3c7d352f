"""The pictures of docs/mathematics.md and docs/gallery.md, each made by the package from data that are made here.

    PYTHONPATH=build/release/python .venv/bin/python docs/figures.py [FOLDER]

writes them to FOLDER, by default docs/images. With --small after it, from fewer points, as the tests do.
"""

import json
import sys
from math import factorial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import momentset as ms
import numpy as np

KEPT, RANDOM, CLOUD, INK = "#1b64ad", "#bd500b", "#98a1a6", "#1d2428"
STYLE = {"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#9aa3a8",
         "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.titlesize": 11}


def canvas(columns=1, width=4.6, height=3.6):
    figure, axes = plt.subplots(1, columns, figsize=(width * columns, height), layout="constrained", squeeze=False)
    return figure, axes[0]


def ring(rows, seed=1):
    """The points of the tutorial."""
    random = np.random.default_rng(seed)
    angle = random.uniform(0, 2 * np.pi, rows)
    return np.column_stack([np.cos(angle), np.sin(angle)]) * random.normal(1, 0.1, rows)[:, None]


def on_a_line(small):
    """Twelve points of a line become three with the same mass, mean and variance."""
    x = np.random.default_rng(4).uniform(-1, 1, 12)
    found = ms.recombine(np.vander(x, 3), np.ones(12))
    figure, axes = canvas(1, 6.4, 2.2)
    axes[0].axhline(1, color="#dde1e3", zorder=0)
    axes[0].axhline(0, color="#dde1e3", zorder=0)
    axes[0].scatter(x, np.ones(12), s=60, color=CLOUD)
    axes[0].scatter(x[found.support], np.zeros(len(found.support)), s=60 * found.weights, color=KEPT)
    for place, weight in zip(x[found.support], found.weights):
        axes[0].annotate(f"{weight:.2f}", (place, 0), (0, -24), textcoords="offset points", ha="center")
    axes[0].set_yticks([1, 0], ["12 points of weight 1", f"{len(found.support)} of them"])
    axes[0].set_ylim(-0.75, 1.4)
    axes[0].tick_params(length=0)
    axes[0].spines["left"].set_visible(False)
    return figure


def leaves(tree, points, box):
    """Boxes of a certificate's cells, as docs/certificate.md says how to rebuild them."""
    def walk(cells, first, box):
        if cells == 1:
            return [box]
        axis, place = tree["axes"][first], points[tree["points"][first]]
        left, right = [list(side) for side in box], [list(side) for side in box]
        left[axis][1] = right[axis][0] = place[axis]
        half = cells // 2
        return walk(half, first + 1, left) + walk(cells - half, first + half, right)

    return walk(tree["cells"], 0, box)


def cells(small):
    """Cells of a ring, and the survivors in them."""
    X = ring(3_000 if small else 20_000)
    kept = ms.compress(X, size=160, order=3, method="tree")
    box = [[X[:, axis].min(), X[:, axis].max()] for axis in range(2)]
    figure, axes = canvas(2, 4.4, 4.4)
    for panel in axes:
        for (x0, x1), (y0, y1) in leaves(json.loads(kept.certificate.to_json())["tree"], X, box):
            panel.add_patch(plt.Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="#c3cace", linewidth=0.8))
        panel.set_aspect("equal")
        panel.set_axis_off()
    axes[0].scatter(*X.T, s=1, color=CLOUD, alpha=0.5, linewidths=0)
    axes[0].set_title(f"{len(X):,} points in {kept.certificate.cells} cells")
    axes[1].scatter(*kept.points.T, s=600 * kept.weights / kept.weights.sum() * 4, color=KEPT, alpha=0.75, linewidths=0)
    axes[1].set_title(f"{len(kept)} of them: {kept.certificate.features} moments of each cell kept")
    return figure


def g(points):
    """The statistic of the tutorial."""
    return np.exp(points[:, 0]) * np.cos(points[:, 1])


def error_law(small):
    """Error against the cells' diameter, for some orders, in one column."""
    x = np.random.default_rng(2).uniform(-1, 1, (2_000 if small else 200_000, 1))

    def waves(points):
        return np.exp(np.sin(4 * points + np.arange(16)))

    truth = waves(x).mean(axis=0)
    counts = [2, 4, 8] if small else [2, 4, 8, 16, 32, 64, 128]
    figure, axes = canvas(1, 5.6, 4.0)
    for order, colour in zip((0, 1, 2, 3, 5), plt.get_cmap("viridis")(np.linspace(0, 0.85, 5))):
        errors = []
        for count in counts:
            kept = ms.compress(x, size=count * (order + 1), order=order, method="tree")
            errors.append(np.sqrt(np.mean((kept.weights @ waves(kept.points) / len(x) - truth) ** 2)))
        widths = 2 / np.array(counts)
        axes[0].loglog(widths, np.maximum(errors, 1e-17), "o-", color=colour, label=f"order {order}", markersize=4)
        scale = errors[0] / widths[0] ** (order + 1)
        axes[0].loglog(widths, scale * widths ** (order + 1), ":", color=colour, linewidth=1)
    axes[0].set_ylim(1e-15, 1)
    axes[0].set_xlabel("width of a cell h")
    axes[0].set_ylabel("error of the mean of 16 waves, rms")
    axes[0].legend(frameon=False, title="dotted: $h^{K+1}$", fontsize=9)
    return figure


def sizes(small):
    """Error against size, beside random rows."""
    X = ring(5_000 if small else 200_000)
    truth = g(X).mean()
    counts = [50, 100] if small else [25, 50, 100, 200, 400, 800, 1_600, 3_200]
    random = np.random.default_rng(3)
    ours, theirs = [], []
    for count in counts:
        kept = ms.compress(X, size=count)
        ours.append(max(abs(kept.weights @ g(kept.points) / len(X) - truth), 1e-17))
        draws = [g(X[random.choice(len(X), count, replace=False)]).mean() - truth for _ in range(5 if small else 50)]
        theirs.append(np.sqrt(np.mean(np.square(draws))))
    figure, axes = canvas(1, 5.6, 4.0)
    axes[0].loglog(counts, theirs, "s-", color=RANDOM, label="random rows, rms of 50 draws")
    axes[0].loglog(counts, ours, "o-", color=KEPT, label="momentset")
    axes[0].set_xlabel(f"rows kept of {len(X):,}")
    axes[0].set_ylabel("error of the mean of g")
    axes[0].legend(frameon=False)
    return figure


def banana(chains, draws, seed=5):
    """Draws of a correlated, curved density by a random walk: (chain, draw, parameter)."""
    random = np.random.default_rng(seed)
    state, out = random.normal(size=(chains, 2)), np.empty((chains, draws, 2))

    def log_density(z):
        return -0.5 * z[:, 0] ** 2 - 2 * (z[:, 1] - 0.5 * z[:, 0] ** 2) ** 2

    for step in range(draws):
        proposal = state + 0.9 * random.normal(size=state.shape)
        accept = np.log(random.uniform(size=chains)) < log_density(proposal) - log_density(state)
        state = np.where(accept[:, None], proposal, state)
        out[:, step] = state
    return out


def posterior(small):
    """Draws of a sampler, every k-th of them, and as many that momentset keeps."""
    draws = banana(4, 500 if small else 10_000)
    flat = draws.reshape(-1, 2)
    size = 100
    kept = ms.compress(flat, size=size, order=4)
    every = flat[:: len(flat) // size][:size]
    figure, axes = canvas(3, 4.0, 3.8)
    for panel in axes[:2]:
        panel.scatter(*flat.T, s=2, color=CLOUD, alpha=0.25, linewidths=0, rasterized=True)
        panel.set_axis_off()
    axes[0].scatter(*every.T, s=18, color=RANDOM, alpha=0.8, linewidths=0)
    axes[0].set_title(f"every {len(flat) // size}th of {len(flat):,} draws")
    axes[1].scatter(*kept.points.T, s=1800 * kept.weights / kept.weights.sum(), color=KEPT, alpha=0.7, linewidths=0)
    axes[1].set_title(f"{size} weighted draws of momentset")
    share = kept.weights / kept.weights.sum()
    names, ours, theirs = [], [], []
    for power in range(1, 7):
        scale = np.abs(flat[:, 1] ** power).mean()
        names.append(power)
        ours.append(max(abs(share @ kept.points[:, 1] ** power - (flat[:, 1] ** power).mean()) / scale, 1e-17))
        theirs.append(abs((every[:, 1] ** power).mean() - (flat[:, 1] ** power).mean()) / scale)
    axes[2].semilogy(names, theirs, "s-", color=RANDOM, label="every k-th")
    axes[2].semilogy(names, ours, "o-", color=KEPT, label="momentset, order 4")
    axes[2].set_ylim(1e-17, 10)
    axes[2].set_xlabel("power p")
    axes[2].set_title("relative error of the mean of $y^p$")
    axes[2].legend(frameon=False)
    return figure


def taylor(small):
    """A function, and its Taylor polynomials in four cells."""
    figure, axes = canvas(1, 6.4, 3.0)
    x = np.linspace(-1, 1, 400)
    axes[0].plot(x, np.sin(4 * x), color=INK, linewidth=1.5, label="g(x) = sin 4x")
    for cell in range(4):
        low, high = -1 + cell / 2, -0.5 + cell / 2
        centre, inside = (low + high) / 2, np.linspace(low, high, 50)
        derivatives = [np.sin(4 * centre), 4 * np.cos(4 * centre), -16 * np.sin(4 * centre)]
        for order, colour in ((0, CLOUD), (1, RANDOM), (2, KEPT)):
            values = sum(derivatives[k] * (inside - centre) ** k / factorial(k) for k in range(order + 1))
            axes[0].plot(inside, values, color=colour, linewidth=1.2, label=f"degree {order}" if cell == 0 else None)
        axes[0].axvline(high, color="#dde1e3", linewidth=0.8)
    axes[0].set_ylim(-1.5, 1.8)
    axes[0].legend(frameon=False, ncols=4, loc="upper center", fontsize=9)
    return figure


FIGURES = {"line": on_a_line, "taylor": taylor, "cells": cells, "error-law": error_law, "sizes": sizes,
           "posterior": posterior}


def main(words):
    small = "--small" in words
    folders = [word for word in words if word != "--small"]
    folder = Path(folders[0]) if folders else Path(__file__).resolve().parent / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        with plt.rc_context(STYLE):
            figure = draw(small)
            figure.savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})
            plt.close(figure)


if __name__ == "__main__":
    main(sys.argv[1:])
