"""Intervals: between which values a figure lies, with 95 % confidence.

Pure functions of SciPy's distributions. The same figures come from `scipy.stats`, which
the tests ask; to import that takes longer than to analyse a run.

An interval from the requests of one step assumes that they are independent of each
other. Requests that wait in one queue are not: treat this interval as a lower bound on
the uncertainty. Repeats need no such assumption.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95
BEYOND = 10  # a percentile is given only where this many samples lie beyond it
FEWEST_REPEATS = 3  # two say nothing of how far a third may be off
FEWEST_STEPS = 3  # a line through two steps fits both, whatever it leaves out
_UPPER = (1 + LEVEL) / 2

# Imported where it is used: to serve an app by hand needs none of it.


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float


@dataclass(frozen=True)
class Slope:
    """How much a figure grows with each slow client; the interval, if there is one."""

    value: float
    interval: Interval | None


@functools.cache
def of_share(part: int, whole: int) -> Interval | None:
    """Of `part / whole`, after Wilson (1927): right for 0 % and 100 % too. None of
    nothing."""
    from scipy import special

    if whole == 0:
        return None
    z, share = float(special.ndtri(_UPPER)), part / whole
    middle, width = share + z * z / (2 * whole), 1 + z * z / whole
    off = z * math.sqrt(share * (1 - share) / whole + (z / (2 * whole)) ** 2)
    low = (middle - off) / width if part else 0.0
    high = (middle + off) / width if part < whole else 1.0
    return Interval(low, high)


def enough(count: int, share: float) -> bool:
    """Whether at least 10 of that many values lie beyond the percentile."""
    return count - math.ceil(share * count) >= BEYOND


def nearest_rank(ordered: Sequence[float], share: float) -> float:
    """The smallest value with at least that share of all at or below it."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def of_percentile(ordered: Sequence[float], share: float) -> Interval | None:
    """Two of the values, between which the percentile lies, whatever the distribution.

    Infinity stands for values of which only their place is known: beyond all others.
    None where fewer than 10 values lie beyond it.
    """
    count = len(ordered)
    if not enough(count, share):
        return None
    low = _of_binomial(1 - _UPPER, count, share) - 1
    high = _of_binomial(_UPPER, count, share)
    in_order = sorted(ordered)
    return Interval(float(in_order[low]), float(in_order[high]))


@functools.cache
def _of_binomial(share: float, count: int, each: float) -> int:
    """The least number of successes of `count` that is reached with that share."""
    from scipy import special

    found = math.ceil(float(special.bdtrik(share, count, each)))
    below = found > 0 and float(special.bdtr(found - 1, count, each)) >= share
    return found - 1 if below else found


def over_repeats(values: Sequence[float]) -> Interval | None:
    """Of the mean of repeats (Student's t). None of fewer than three."""
    if len(values) < FEWEST_REPEATS:
        return None
    error = math.sqrt(float(np.var(values, ddof=1)) / len(values))
    return _around(float(np.mean(values)), error, len(values) - 1)


def _around(middle: float, error: float, freedom: float) -> Interval:
    """Student's interval of a figure with that standard error."""
    from scipy import special

    off = float(special.stdtrit(freedom, _UPPER)) * error if error else 0.0
    return Interval(middle - off, middle + off)


def of_difference_of_means(
    base: Sequence[float], new: Sequence[float]
) -> Interval | None:
    """Of how much larger the mean of the new repeats is (Welch's t: the two may scatter
    differently). None where either has fewer than three."""
    if min(len(base), len(new)) < FEWEST_REPEATS:
        return None
    each = [
        (float(np.var(some, ddof=1)) / len(some), len(some)) for some in (base, new)
    ]
    sum_of = sum(error for error, _ in each)
    parts = sum(error**2 / (count - 1) for error, count in each)
    freedom = sum_of**2 / parts if parts else math.inf
    difference = float(np.mean(new) - np.mean(base))
    return _around(difference, math.sqrt(sum_of), freedom)


def of_difference(
    base: float, around_base: Interval, new: float, around_new: Interval
) -> Interval:
    """Of how much larger the new figure is, from the interval of each.

    The square-and-add rule (Newcombe 1998, method 10; Zou and Donner 2008, "MOVER"),
    which SciPy does not have: the doubts of two independent figures add up like the
    sides of a right triangle.
    """
    down = np.hypot(new - around_new.low, around_base.high - base)
    up = np.hypot(around_new.high - new, base - around_base.low)
    return Interval(float(new - base - down), float(new - base + up))


def of_slope(points: Sequence[tuple[float, float]]) -> Slope | None:
    """Of the straight line through (slow clients, figure), by least squares.

    One point for each step: readings of one step do not scatter as steps do. The
    interval is Student's, with n - 2 degrees of freedom. That makes the interval wide
    for three steps. There is none for fewer, and no slope for fewer than two.
    """
    steps = len({slow_clients for slow_clients, _ in points})
    if steps < 2:
        return None
    x, y = (np.array(some, dtype=float) for some in zip(*points, strict=True))
    x, y = x - x.mean(), y - y.mean()
    spread = float(x @ x)
    value = float(x @ y) / spread
    if steps < FEWEST_STEPS:
        return Slope(value, None)
    left, freedom = y - value * x, len(points) - 2
    error = math.sqrt(float(left @ left) / freedom / spread)
    return Slope(value, _around(value, error, freedom))


def covering(found: Sequence[Interval]) -> Interval:
    """The smallest interval that contains all of these, at least one."""
    return Interval(min(i.low for i in found), max(i.high for i in found))
