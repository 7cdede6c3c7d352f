"""What the experiments' plots share: tables, fits and ratios to the published figures.

A table is a list of rows, each a dict of column name to text or number. A cell is a tuple of what names it, such as
(m, k, d).
"""

import csv
from pathlib import Path

import numpy as np

REFERENCE = Path(__file__).resolve().parent / "reference"

# Errors below this are rounding, of the publishers' sums in double at least: they are compared with nothing.
ROUNDING = 1e-14


def number_or_text(text):
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() and "." not in text and "e" not in text else value


def read(path):
    with open(path, newline="") as file:
        return [{name: number_or_text(text) for name, text in row.items()} for row in csv.DictReader(file)]


def published(experiment):
    return read(REFERENCE / f"{experiment}.csv")


def write_table(path, table):
    """Writes the Markdown of a summary, and prints it."""
    path.write_text(table + "\n")
    print(table)


def by_cell(rows, names, value):
    """{cell: number in the column `value`}"""
    return {tuple(row[name] for name in names): row[value] for row in rows}


def in_order(found, reference, cell=lambda name: name):
    """The dict `found` in the order of the cells of a published table; what is not there comes last."""
    place = {name: number for number, name in enumerate(reference)}
    return dict(sorted(found.items(), key=lambda item: place.get(cell(item[0]), len(place))))


def ratios(measured, reference, floor=ROUNDING):
    """{cell: measured / reference} over the cells where both are above the floor."""
    common = measured.keys() & reference.keys()
    return {cell: measured[cell] / reference[cell] for cell in sorted(common, key=str)
            if measured[cell] > floor and reference[cell] > floor}


def geometric_mean(values):
    return float(np.exp(np.mean(np.log(list(values)))))


def paired_ratio(values, references):
    """Geometric mean of values[t] / references[t] over the trials t of both, and the ends of two standard errors around
    it, None of a single trial; None without any."""
    logarithms = [np.log(values[t] / references[t]) for t in sorted(values.keys() & references.keys())]
    if not logarithms:
        return None
    mean = np.mean(logarithms)
    if len(logarithms) == 1:
        return float(np.exp(mean)), None, None
    error = 2 * np.std(logarithms, ddof=1) / np.sqrt(len(logarithms))
    return tuple(float(np.exp(mean + by)) for by in (0, -error, error))


def shown_ratio(ratio):
    if ratio is None or ratio[1] is None:
        return shown(ratio and ratio[0])
    return "{:.2f} ({:.2f} to {:.2f})".format(*ratio)


def shares(values):
    """Shares of ratios within a factor 2 of 1, and of those below 2."""
    values = np.array(list(values))
    return float(np.mean((values > 0.5) & (values < 2))), float(np.mean(values < 2))


def summary_line(name, found):
    """One line on ratios to published medians."""
    if not found:
        return f"{name}: no cell where both are above {ROUNDING:g}"
    within, below = shares(found.values())
    return (f"{name}: {len(found)} cells above {ROUNDING:g}, geometric mean of the ratios "
            f"{geometric_mean(found.values()):.3f}, within a factor 2: {within:.0%}, below 2: {below:.0%}")


def lines(rows, line):
    """{line(row): rows in the order of d}"""
    found = {}
    for row in sorted(rows, key=lambda row: row["d"]):
        found.setdefault(line(row), []).append(row)
    return found


def slope(x, y):
    """Least-squares slope and intercept of y over x."""
    found, intercept = np.polyfit(x, y, 1)
    return float(found), float(intercept)


def exponent(rows, value="median_abs_error"):
    """alpha of value ~ d^-alpha over rows that keep a tenth of d and whose value is above rounding; None where fewer than
    three are left."""
    used = [row for row in rows if row["d_out"] == row["d"] // 10 and row[value] > ROUNDING]
    if len(used) < 3:
        return None
    return -slope(np.log([row["d"] for row in used]), np.log([row[value] for row in used]))[0]


def expected_exponent(m, k):
    """What the paper observes: error ~ d^-((k + 1)/m + 0.5)."""
    return (k + 1) / m + 0.5


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---:|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def shown(value, format=".2f"):
    return "-" if value is None else f"{value:{format}}"
