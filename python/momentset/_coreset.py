"""The result of a compression."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike

from momentset import _html, _outputs
from momentset._arrays import Doubles, Integers, count
from momentset._certificate import Certificate, plural
from momentset._error import Error
from momentset._estimate import Estimate, estimate
from momentset._files import writing
from momentset._resample import systematic

if TYPE_CHECKING:
    import pandas
    import pyarrow
    from matplotlib.axes import Axes

Statistic = Union[Callable[[Doubles], ArrayLike], ArrayLike]


@dataclass(frozen=True, eq=False, repr=False)
class Coreset:
    """Few rows of a table with new weights, and the certificate of what they keep.

    A plain value: it can be copied and pickled, and holds nothing of the input but the rows that survived.

    Attributes:
        indices: (size,) numbers of the surviving rows in X, ascending.
        weights: (size,) their new weights, > 0.
        points: (size, m) their coordinates.
        certificate: what was kept, and how well.
        columns: names of the m coordinates.
        targets: (size,) or (size, p) targets of the rows, in the shape in which they were handed over: with `relabel`
            the new ones, which are those to train on. None without a target of numbers, and of a file without new ones.
        row_numbers: (size,) numbers of the rows in the first input of all, where X is a coreset itself; else `indices`.
        notices: what to know of it: columns left out, order lowered, no better than random.
        seconds: of each stage of the compression.
        alternatives: in more than five columns what was compared before the rows were chosen, the best first, which
            was taken: "moments of order K", "kernel exchange", "stratified rows" and "random rows", each with its
            typical error on test functions that play no other part (docs/high-dimension.md). Empty where nothing was
            compared, and of a file.
    """

    indices: Integers
    weights: Doubles
    points: Doubles
    certificate: Certificate
    columns: list[str]
    row_numbers: Integers
    notices: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    alternatives: dict[str, float] = field(default_factory=dict)
    targets: Doubles | None = None
    rows: pyarrow.Table | None = None
    """The surviving rows with all columns of the table they come from; None where X was an array."""
    replaced: Sequence[str] = ()
    """Columns of `rows` that give way to the new weight and row number."""

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        done = self.certificate
        return (f"<Coreset: {len(self):,} of {plural(done.rows, 'row')}, order {done.order}, "
                f"{plural(done.cells, 'cell')}, {'holds' if done.holds else 'DOES NOT HOLD'}>")

    def _repr_html_(self) -> str:
        return _html.coreset_table(self)

    def summary(self) -> str:
        """A few lines for people: what was kept, how well, and in which time."""
        lines = [self.certificate.verdict, *(f"{label + ':':<17}{value}" for label, value in _html.facts(self))]
        return "\n".join(lines + [f"note: {notice}" for notice in self.notices])

    def to_arrow(self) -> pyarrow.Table:
        """The surviving rows with all their columns, plus `weight` and `row`, as the command line writes them: of an
        array, its coordinates x0, x1, ... New targets stand in their columns; of an array, in `target`, or `target0`,
        `target1`, ... The schema says that it is a coreset, so that it can be compressed again and
        verified. Needs pyarrow."""
        return _outputs.arrow_table(self)

    def to_pandas(self) -> pandas.DataFrame:
        """The same as a data frame. Needs pandas and pyarrow."""
        frame: pandas.DataFrame = self.to_arrow().to_pandas()
        return frame

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes the file that `momentset compress` writes (.csv, .parquet, .arrow, .feather or .npy) and its
        certificate beside it, PATH.certificate.json. Both are complete or not there at all. Raises Error if one exists,
        unless `force`."""
        _outputs.save(self, os.fspath(path), force)

    def plot(self, x: str | int = 0, y: str | int = 1, *, X: Any = None, ax: Axes | None = None) -> Axes:
        """Draws the survivors in the plane of two columns, by name or number, as discs whose area is their weight.

        `X`, the input, is drawn behind them, at most 50,000 rows of it. Needs matplotlib.
        """
        from momentset import _charts

        return _charts.plot(self, x, y, X, ax)

    def report(self, path: str | os.PathLike[str] | None = None, *, X: Any = None) -> str:
        """One self-contained page, as HTML, and written to `path` if one is given. `X`, the input, is drawn behind the
        survivors, at most 50,000 rows of it. Needs matplotlib."""
        from momentset import _report

        page = _report.page(self, X)
        if path is not None:
            with writing(os.fspath(path)), open(path, "w", encoding="utf-8") as file:
                file.write(page)
        return page

    def estimate(self, statistic: Statistic) -> Estimate:
        """The weighted mean of a statistic of the points, and what to expect of its error.

        Args:
            statistic: a function of the points, (size, m) -> (size,) or (size, p); or its values.

        Returns:
            `value`, the mean over the coreset, and `error`, what to expect of its error, floats or (p,). The coreset is
            compressed once more, to 9/10, 3/4 and a half of its points, three times each. `error` is three times as
            far as the statistic's mean moves (a half counts little), and more where the certificate's cosines and
            sigmoids fared worse than such functions do then. The true error exceeds it in one case in thirty and is a
            tenth of it as a rule (docs/python.md): it is what to expect, not a bound. What happens between the
            survivors, such as a kink or a peak that none of them sees, is not in it. 0 if nothing was left out,
            infinite for a coreset of one point.

        The first call takes as long as nine compressions of the coreset, later ones O(size p).

        Raises:
            Error: the statistic has not one value, or row of p values, for each point.
        """
        values = np.asarray(statistic(self.points) if callable(statistic) else statistic)
        if values.dtype.kind not in "fiub":
            raise Error("statistic", f"of {values.dtype}", "must have real numbers as values")
        values = values.astype(np.float64)
        if values.ndim not in (1, 2) or len(values) != len(self):
            rule = f"must have one value for each of the {len(self)} points"
            raise Error("statistic", f"of shape {values.shape}", rule)
        return estimate(self, values)

    def resample(self, n: int, *, seed: int = 0) -> Integers:
        """(n,) row numbers in X for tools that take no weights: each row as often as its share of the weight, rounded
        up or down at random, ascending. What one row loses by rounding a neighbour gains (systematic sampling along a
        path through the points). The moments are those of the weights up to this rounding, so n well above the size
        does better. O(n log n + size m log^2 size). Raises Error if n < 1 or seed < 0."""
        places = systematic(self.points, self.weights, count("n", n, 1), count("seed", seed, 0))
        drawn: Integers = self.indices[places]
        return drawn
