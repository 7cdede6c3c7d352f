"""The theory of pruned perceptrons (paper 003, appendix A): which examples to keep, and what to expect of them.

Examples are standard normal, a teacher labels them, a probe at an angle to the teacher scores them by their margin z, and
a student of the largest margin learns from those kept. alpha counts the kept examples per parameter. The equations are
derived in docs/perceptron-theory.md.

    >>> ms.theory.perceptron(alpha=5, fraction=0.3, theta_deg=10).error
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, Sequence, Union, cast

from momentset import _core
from momentset._error import Error

__all__ = [
    "FrontierPoint", "Perceptron", "PolicyChoice", "Window", "adaptive_policy", "curve", "f_min", "information_gain",
    "next_example_gain", "optimal_window", "pareto_frontier", "perceptron", "perceptron_at_margin",
]

Kept = Union[Literal["hard", "easy", "random"], Sequence[float], None]
Policy = Literal["random", "keep_easy", "window", "keep_hard"]


class Perceptron(NamedTuple):
    """The student's order parameters."""

    R: float
    """Overlap with the teacher, in [0, 1]."""
    rho: float
    """Overlap with the probe, in [-1, 1]."""
    kappa: float
    """The margin: the smallest y J.x over the examples kept, with |J| = 1."""
    error: float
    """Probability of a wrong label on a new, unpruned example: arccos(R) / pi."""
    residual: float
    """Of the equations, relative. Above 1e-9 the rest does not hold, which was not met within the ranges of the arguments."""


class Window(NamedTuple):
    """Kept are the examples with lower < abs(z) < upper."""

    lower: float
    """0: keep the hardest."""
    upper: float
    """Infinite: keep the easiest."""


class PolicyChoice(NamedTuple):
    """Which examples to keep, and why."""

    policy: Policy
    window: Window
    error: float
    """Predicted."""
    random_error: float
    """Predicted for as many examples kept at random."""


class FrontierPoint(NamedTuple):
    """A fraction, and the error that keeping the hardest of it leads to."""

    fraction: float
    error: float


def _number(name: str, value: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Error(name, repr(value), "must be a number") from None


def _fraction(value: float) -> float:
    fraction = _number("fraction", value)
    if not 0 < fraction <= 1:
        raise Error("fraction", repr(value), "must be above 0 and at most 1")
    return fraction


def _margins(fraction: float, window: Kept) -> _core.MarginDistribution:
    fraction = _fraction(fraction)
    if window is None or window == "hard":
        return _core.MarginDistribution.keep_hard(fraction)
    if window == "easy":
        return _core.MarginDistribution.keep_easy(fraction)
    if window == "random":
        return _core.MarginDistribution.random()
    if isinstance(window, str) or len(window) != 2:
        raise Error("window", repr(window), 'must be "hard", "easy", "random" or two numbers')
    margins = _core.MarginDistribution.window(_number("window", window[0]), _number("window", window[1]))
    if not math.isclose(margins.fraction, fraction, rel_tol=0.01):
        raise Error("window", f"{tuple(window)}", f"keeps {margins.fraction:.4g} of the examples, must be the fraction "
                    f"{fraction:.4g}, to a hundredth of it")
    return margins


def _perceptron(found: _core.Perceptron) -> Perceptron:
    return Perceptron(found.R, found.rho, found.kappa, found.error, found.residual)


def perceptron(alpha: float, fraction: float, theta_deg: float = 0, window: Kept = None) -> Perceptron:
    """The student of the largest margin on pruned examples (Eqs. 1-6; 66-71 at angle 0; 85-86 for windows).

    Args:
        alpha: kept examples per parameter, from 1e-3 to 1e4.
        fraction: of the examples that is kept, from 1e-3 to 1.
        theta_deg: angle between probe and teacher in degrees, at least 0 and below 90.
        window: which ones are kept: None or "hard", those of the smallest margin; "easy", those of the largest; "random";
            or (lower, upper), those with lower < abs(z) < upper, which must be that fraction of a standard normal
            distribution to a hundredth of it.

    Returns:
        `R`, `rho`, `kappa` and `error`, to a relative accuracy of 1e-8, and the `residual` of the equations.

    Raises:
        Error: an argument is outside its range; it names the argument, the value and the rule.

    0.2 ms at angle 0, 2 to 25 ms else: use `curve` for several alphas.
    """
    return curve([alpha], fraction, theta_deg, window)[0]


def curve(alphas: Sequence[float], fraction: float, theta_deg: float = 0, window: Kept = None) -> list[Perceptron]:
    """`perceptron` for several alphas, each solved from the one before. Arguments and errors are the same.

    Args:
        alphas: kept examples per parameter, ascending.
        fraction: see `perceptron`.
        theta_deg: see `perceptron`.
        window: see `perceptron`.
    """
    numbers = [_number("alpha", alpha) for alpha in alphas]
    margins = _margins(fraction, window)
    return [_perceptron(found) for found in _core.perceptron_curve(numbers, margins, _number("theta_deg", theta_deg))]


def perceptron_at_margin(alpha: float, margin: float) -> Perceptron:
    """The student of examples that all have one margin to the teacher, as the best distribution has it (Eqs. 82-84).

    Args:
        alpha: kept examples per parameter, from 1e-3 to 1e4.
        margin: abs(z), above 0 and finite.

    From alpha = 2 on the teacher is found without error at any margin, below only as the margin grows.
    """
    return _perceptron(_core.perceptron_at_margin(_number("alpha", alpha), _number("margin", margin)))


def f_min(theta_deg: float) -> float:
    """The fraction below which a probe at this angle gains no more by keeping the hardest (Eqs. 80-81, corrected).

    Args:
        theta_deg: angle between probe and teacher in degrees, at least 0 and below 90.

    sqrt(6/pi) times the angle in radians where that is small. A heuristic, not the best fraction: for that see
    `pareto_frontier`.
    """
    return _core.f_min(_number("theta_deg", theta_deg))


def optimal_window(alpha: float, fraction: float, theta_deg: float = 0) -> Window:
    """The window of a fraction with the smallest error (appendix A.8).

    Args:
        alpha: kept examples per parameter, from 1e-3 to 1e4.
        fraction: of the examples that is kept, from 1e-3 to 1.
        theta_deg: angle between probe and teacher in degrees, at least 0 and below 90.

    Returns:
        (lower, upper), which `perceptron` takes as its `window`.

    Some 40 calls of `perceptron`: 3 ms at angle 0, 0.3 s at 20 degrees.
    """
    found = _core.optimal_window(_number("alpha", alpha), _fraction(fraction), _number("theta_deg", theta_deg))
    return Window(found.lower, found.upper)


def adaptive_policy(alpha: float, fraction: float, theta_deg: float = 0) -> PolicyChoice:
    """Keeps the easiest or the hardest where the best window is less than a hundredth better, else that window; at random
    where none of these is better.

    Args:
        alpha: kept examples per parameter, from 1e-3 to 1e4.
        fraction: of the examples that is kept, from 1e-3 to 1.
        theta_deg: angle between probe and teacher in degrees, at least 0 and below 90.
    """
    found = _core.adaptive_policy(_number("alpha", alpha), _fraction(fraction), _number("theta_deg", theta_deg))
    window = Window(found.chosen.lower, found.chosen.upper)
    return PolicyChoice(cast(Policy, found.policy.name), window, found.chosen.predicted.error, found.random_error)


def pareto_frontier(alpha: float, theta_deg: float = 0, smallest_fraction: float = 0.01) -> FrontierPoint:
    """The fraction with the smallest error where the hardest examples are kept, at one alpha.

    Args:
        alpha: kept examples per parameter, from 1e-3 to 1e4.
        theta_deg: angle between probe and teacher in degrees, at least 0 and below 90.
        smallest_fraction: of those compared, from 1e-3 to 1.
    """
    found = _core.pareto_frontier(_number("alpha", alpha), _number("theta_deg", theta_deg),
                                  _number("smallest_fraction", smallest_fraction))
    return FrontierPoint(found.fraction, found.predicted.error)


def information_gain(alpha: float, fraction: float, window: Kept = None) -> float:
    """By how much one more example shrinks the set of students that make no error on the examples kept, in nats.

    That is -dS/dalpha at the saddle point of Eq. 65 with kappa = 0, for a perfect probe; without pruning Eq. 72.

    Args:
        alpha: kept examples per parameter, from 1e-3 to 1e4.
        fraction: of the examples that is kept, from 1e-3 to 1.
        window: as for `perceptron`.
    """
    return _core.information_gain(_number("alpha", alpha), _margins(fraction, window))


def next_example_gain(alpha: float, fraction: float, window: Kept = None) -> float:
    """The same for one pruned example after alpha unpruned ones: Eqs. 76-77, which tend to 1 nat for the hardest.

    Args:
        alpha: kept examples per parameter, from 1e-3 to 1e4.
        fraction: of the examples that is kept, from 1e-3 to 1.
        window: as for `perceptron`.
    """
    return _core.next_example_gain(_number("alpha", alpha), _margins(fraction, window))
