"""The page about what `momentset theory --json` printed: `momentset-report theory.json`."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from momentset._charts import LIGHT
from momentset._error import Error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = dict[str, Any]

MOST_LINES = 12


class Question(NamedTuple):
    """What was asked, told by a column that only its answer has."""

    told_by: str
    title: str
    given: list[str]  # columns of what was asked for
    found: list[str]  # columns of what is drawn


QUESTIONS = [
    Question("kappa", "Error of a student of pruned examples", ["alpha", "fraction", "theta_deg"], ["error"]),
    Question("policy", "Error of the best window, and of other policies", ["alpha", "fraction", "theta_deg"],
             ["error", "easy", "hard", "random"]),
    Question("gain", "Information of an example, nats", ["alpha", "fraction"], ["gain", "next_example"]),
    Question("f_min", "Smallest useful fraction", ["theta_deg"], ["f_min"]),
    Question("random", "Error at the best fraction, and of as many random examples", ["alpha", "theta_deg"],
             ["error", "random"]),
]


def rows_of(text: str, path: str) -> list[Row]:
    """The rows of the JSON. Throws Error for what `momentset theory` does not print."""
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise Error(path, "", f"is not JSON: {error}") from None
    if not (isinstance(rows, list) and rows and all(isinstance(row, dict) and _question(row) for row in rows)):
        raise Error(path, "", "is neither a certificate nor what momentset theory --json prints")
    return rows


def title(rows: list[Row]) -> str:
    return _asked(rows).title


def facts(rows: list[Row]) -> list[tuple[str, str]]:
    """What was asked for, and the least and the most of what was found."""
    asked = _asked(rows)
    found = [(name, [row[name] for row in rows]) for name in asked.given + asked.found]
    return [(name, f"{min(values):.6g} to {max(values):.6g}" if min(values) < max(values) else f"{values[0]:.6g}")
            for name, values in found]


def draw(axes: Axes, rows: list[Row]) -> None:
    """One line for each combination of what else was asked for, over what has the most different values."""
    asked = _asked(rows)
    across, others, lines = _lines(rows)
    styles = itertools.product(["-", "--", ":"], [LIGHT[name] for name in ("kept", "random", "ink", "muted")])
    for (combination, name), (style, colour) in zip(lines, styles):
        line = sorted((row[across], row[name]) for row in rows if tuple(row[each] for each in others) == combination)
        label = ", ".join(([name] if len(asked.found) > 1 else []) + [
            f"{other} {value:g}" for other, value in zip(others, combination)])
        axes.plot(*zip(*line), color=colour, linestyle=style, marker="." if len(line) < 2 else "", label=label)
    for axis, names in (("x", [across]), ("y", asked.found)):
        values = [row[name] for row in rows for name in names]
        if min(values) > 0 and max(values) > 20 * min(values):
            axes.set(**{f"{axis}scale": "log"})
    axes.set_xlabel("kept examples per parameter, alpha" if across == "alpha" else across)
    axes.set_ylabel(asked.found[0] if len(asked.found) == 1 else asked.found[0] + " and others")
    axes.grid()
    if len(lines) > 1:
        axes.legend(frameon=False, fontsize=8)


def note(rows: list[Row]) -> str:
    count = len(_lines(rows)[2])
    return f"{len(rows):,} rows" + (f"; {MOST_LINES} of {count:,} lines are drawn." if count > MOST_LINES else ".")


def _lines(rows: list[Row]) -> tuple[str, list[str], list[tuple[tuple[Any, ...], str]]]:
    """What lines run over, what else tells them apart, and of each its values and what it shows."""
    asked = _asked(rows)
    across = max(asked.given, key=lambda name: len({row[name] for row in rows}))
    others = [name for name in asked.given if name != across and len({row[name] for row in rows}) > 1]
    combinations = sorted({tuple(row[name] for name in others) for row in rows})
    return across, others, list(itertools.product(combinations, asked.found))


def _question(row: Row) -> Question | None:
    for question in QUESTIONS:
        if question.told_by in row and all(name in row for name in question.given + question.found):
            return question
    return None


def _asked(rows: list[Row]) -> Question:
    asked = _question(rows[0])
    assert asked is not None, "rows_of has looked"
    return asked
