"""Intervals: between which values a figure lies, with 95 % confidence.

Pure functions; the statistics are SciPy's. An interval from the requests of one
step assumes that they are independent of each other. Requests that wait in one queue
are not: treat this interval as a lower bound on the uncertainty. Repeats need no such
assumption.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95
BEYOND = 10  # a percentile is given only where this many samples lie beyond it
FEWEST_REPEATS = 3  # two say nothing of how far a third may be off
FEWEST_STEPS = 3  # a line through two steps fits both, whatever it leaves out

# `scipy.stats` takes a second to import, so it is imported where it is used: serving an
# app by hand needs none of it.


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
    """Of `part / whole`, after Wilson: right for 0 % and 100 % too. None of nothing."""
    from scipy import stats

    if whole == 0:
        return None
    found = stats.binomtest(part, whole).proportion_ci(LEVEL, method="wilson")
    return Interval(float(found.low), float(found.high))


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
    from scipy import stats

    if not enough(len(ordered), share):
        return None
    found = stats.quantile_test(ordered, p=share).confidence_interval(LEVEL)
    return Interval(float(found.low), float(found.high))


def over_repeats(values: Sequence[float]) -> Interval | None:
    """Of the mean of repeats (Student's t). None of fewer than three."""
    from scipy import stats

    if len(values) < FEWEST_REPEATS:
        return None
    with warnings.catch_warnings():  # of repeats that are equal, which is no mistake
        warnings.simplefilter("ignore", RuntimeWarning)
        found = stats.ttest_1samp(values, popmean=0.0).confidence_interval(LEVEL)
    return Interval(float(found.low), float(found.high))


def of_difference_of_means(
    base: Sequence[float], new: Sequence[float]
) -> Interval | None:
    """Of how much larger the mean of the new repeats is (Welch's t: the two may scatter
    differently). None where either has fewer than three."""
    from scipy import stats

    if min(len(base), len(new)) < FEWEST_REPEATS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        test = stats.ttest_ind(new, base, equal_var=False)
        found = test.confidence_interval(LEVEL)
    return Interval(float(found.low), float(found.high))


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
    from scipy import stats

    steps = len({slow_clients for slow_clients, _ in points})
    if steps < 2:
        return None
    line = stats.linregress(*zip(*points, strict=True))
    value = float(line.slope)
    if steps < FEWEST_STEPS:
        return Slope(value, None)
    # SciPy knows no error of a line through points of one height.
    error = 0.0 if math.isnan(line.stderr) else line.stderr
    off = float(stats.t.ppf((1 + LEVEL) / 2, len(points) - 2) * error)
    return Slope(value, Interval(value - off, value + off))


def covering(found: Sequence[Interval]) -> Interval:
    """The smallest interval that contains all of these, at least one."""
    return Interval(min(i.low for i in found), max(i.high for i in found))
