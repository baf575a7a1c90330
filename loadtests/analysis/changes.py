"""One figure in two runs: by how much it differs, and whether that counts.

A difference counts only beyond all of these: its interval (where there is one), a
relative threshold (machines are noisy), and what the reading can resolve. Everything
else is "no difference", which does not mean that there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loadtests.analysis import intervals
from loadtests.analysis.intervals import FEWEST_REPEATS, Interval

BETTER, WORSE, SAME = "better", "worse", "no difference"

# The kinds of figure.
DEGRADES_AT, OUT_AT, TIME = "degrades at", "out at", "response time"
IDLE_MEMORY, SLOW_CLIENT = "idle memory", "memory of a slow client"
KERNEL, COST = "kernel memory of a slow client", "CPU time of a request"


@dataclass(frozen=True)
class Figure:
    """What is compared. Of a response time, which percentile at which step; of a cost,
    which request, to which app, over which connections."""

    kind: str
    percent: int = 0
    slow_clients: int = 0
    app: str = ""
    target: str = ""
    kept_alive: bool = False


@dataclass(frozen=True)
class Difference:
    """One figure in both runs (means over repeats; None: never at any step taken) and
    between which values `new - base` lies, where that is known."""

    figure: Figure
    base: float | None
    new: float | None
    interval: Interval | None
    verdict: str


@dataclass(frozen=True)
class Repeats:
    """One figure of each repeat, and the interval of each where it has one."""

    values: list[float]
    bounds: Sequence[Interval | None] = ()

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def around(self) -> Interval | None:
        """What covers the intervals of all repeats; None where one has none."""
        known = [bound for bound in self.bounds if bound]
        if not known or len(known) < len(self.values):
            return None
        return intervals.covering(known)


def difference(
    figure: Figure, base: Repeats, new: Repeats, threshold: float, resolved: float
) -> Difference:
    """Of figures that are better when smaller."""
    within = _interval(base, new)
    old, now = base.mean, new.mean
    smaller, larger = sorted((old, now))
    unsure = within is not None and within.low <= 0 <= within.high
    alike = larger <= smaller * (1 + threshold) or larger - smaller <= resolved
    verdict = SAME
    if not unsure and not alike:
        verdict = WORSE if now > old else BETTER
    return Difference(figure, old, now, within, verdict)


def _interval(base: Repeats, new: Repeats) -> Interval | None:
    """Over repeats; of fewer than three, from what the samples of each tell."""
    if min(len(base.values), len(new.values)) >= FEWEST_REPEATS:
        return intervals.of_difference_of_means(base.values, new.values)
    old, now = base.around, new.around
    if old is None or now is None:
        return None
    return intervals.of_difference(base.mean, old, new.mean, now)
