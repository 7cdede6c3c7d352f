"""recombine(): the step inside each cell, for matrices of one's own."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from momentset import _core
from momentset._arrays import count, doubles, matrix


def recombine(A: ArrayLike, weights: ArrayLike, *, target: int = 0, max_weights: ArrayLike | None = None,
              tolerance: float | None = None, threads: int | None = None) -> _core.Recombination:
    """Finds few rows of A with weights c' >= 0 such that A^T c' = A^T c (Tchakaloff, Caratheodory).

    Args:
        A: (q, n) matrix, finite: the features of q rows. Include a constant column to keep the mass.
        weights: (q,) weights c >= 0.
        target: stop at this many rows. Fewer than the rank cannot carry the moments: then it stops at the rank.
        max_weights: (q,) upper bounds > 0 for the new weights, none below the row's own weight. None: no bounds.
        tolerance: residual up to which the result counts as `exact`. None: 50 times the machine epsilon.
        threads: threads to use; None: all cores. The result is the same for any number.

    Returns:
        An object with `support`, the surviving rows (int64, ascending), `weights`, all > 0, `rank`, `residual`,
        `tolerance`, `exact` and `summary()`.

    Raises:
        Error: an argument breaks a rule; it names the argument, the value and the rule.
        KeyboardInterrupt: within 0.2 s of Ctrl-C in the main thread.

    About 2 q n operations for sums and 7 n^3 for each halving of the support.
    """
    limits: Any = None if max_weights is None else doubles("max_weights", max_weights, 1)
    return _core.recombine(
        matrix("A", A), doubles("weights", weights, 1), limits, count("target", target, 0),
        None if tolerance is None else float(tolerance), 0 if threads is None else count("threads", threads, 1),
    )
