"""How the experiments' figures look."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

MEASURED = {"marker": "o", "markersize": 3.5, "linewidth": 1.2}
PUBLISHED = {"marker": "x", "markersize": 4.5, "linewidth": 0.9, "linestyle": ":"}


def colours(count):
    return [plt.get_cmap("viridis")(0.9 * i / max(1, count - 1)) for i in range(count)]


def canvas(rows, columns, width=3.4, height=3.1):
    return plt.subplots(rows, columns, figsize=(width * columns, height * rows), layout="constrained", squeeze=False)


def panels(count, most_columns):
    """A figure of `count` small panels."""
    columns = min(most_columns, count)
    figure, axes = canvas(-(-count // columns), columns, height=2.6)
    for unused in axes.flat[count:]:
        unused.set_axis_off()
    return figure, list(axes.flat[:count])


def logarithmic(axes, title, xlabel, ylabel):
    axes.set(xscale="log", yscale="log", title=title, xlabel=xlabel, ylabel=ylabel)
    axes.grid(which="major", alpha=0.2)
