"""One figure of one cell in two runs: by how much it differs, and whether that counts.

A difference counts only beyond all of these: its interval (where the runs have enough
repeats or samples for one), a relative threshold (machines are noisy), and what the
reading can resolve. Everything else is "no difference", which does not mean that there
is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from loadtests.analysis import intervals
from loadtests.analysis.intervals import Interval
from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.over_repeats import Reached
from loadtests.records.cell import Cell, Step

BETTER, WORSE, SAME = "better", "worse", "no difference"
RESOLVED_STEPS = 1  # a capacity is known to a step of the staircase, and so its change
RESOLVED_MS = 5.0  # so late could a request leave unmarked in a run of format 1
PERCENTILES = (99, 90, 50)


# The kinds of figure.
DEGRADES_AT, OUT_AT, TIME = "degrades at", "out at", "response time"
IDLE_MEMORY, SLOW_CLIENT = "idle memory", "memory of a slow client"
CAPACITIES: dict[str, Callable[[Outcome], Reached]] = {
    DEGRADES_AT: lambda outcome: outcome.degrades_at,
    OUT_AT: lambda outcome: outcome.out_at,
}


@dataclass(frozen=True)
class Figure:
    """What is compared; of a response time, which percentile at which step."""

    kind: str
    percent: int = 0
    slow_clients: int = 0


@dataclass(frozen=True)
class Used:
    """What the server used in a cell; a change of up to `resolved` says nothing."""

    kind: str
    part: Callable[[Cell], float | None]
    resolved: float


USED = (
    Used(IDLE_MEMORY, lambda c: c.server.rss_idle_mb, 1.0),
    Used(SLOW_CLIENT, lambda c: c.server.kb_per_slow_client, 4.0),  # a page
)


@dataclass(frozen=True)
class Difference:
    """One figure in both runs (means over repeats; None: never within this staircase)
    and between which values `new - base` lies, where that is known."""

    figure: Figure
    base: float | None
    new: float | None
    interval: Interval | None
    verdict: str


def of_cell(base: Outcome, new: Outcome, threshold: float) -> tuple[Difference, ...]:
    """Every figure that two outcomes of the same staircase both have."""
    found = [
        *(_capacity(kind, base, new) for kind in CAPACITIES),
        *(_time(base, new, level, threshold) for level in _times_at(base, new)),
        *(_used(base, new, used, threshold) for used in USED),
    ]
    return tuple(filter(None, found))


def _capacity(kind: str, of_base: Outcome, of_new: Outcome) -> Difference:
    levels = of_base.levels
    base, new = (CAPACITIES[kind](outcome) for outcome in (of_base, of_new))
    higher = _place(new.middle, levels) - _place(base.middle, levels)
    verdict = SAME
    if abs(higher) > RESOLVED_STEPS:
        verdict = BETTER if higher > 0 else WORSE
    old, now = _bracket(base, levels), _bracket(new, levels)
    low, high = now.low - old.high, now.high - old.low
    known = None if math.isinf(low) and math.isinf(high) else Interval(low, high)
    return Difference(Figure(kind), base.middle, new.middle, known, verdict)


def _place(level: int | None, levels: Sequence[int]) -> int:
    """Which step of the staircase that is; never is one above the last."""
    return len(levels) if level is None else sum(other < level for other in levels)


def _bracket(reached: Reached, levels: Sequence[int]) -> Interval:
    """From the step before the first to the last one at which it was reached: how many
    slow clients it takes is a number between steps that were tried."""
    at = [math.inf if level is None else level for level in reached.repeats]
    below = [level for level in levels if level < min(at)]
    return Interval(max(below, default=0), max(at))


def _times_at(base: Outcome, new: Outcome) -> list[int]:
    """The baseline, and the largest step that both held; none where a generator's
    lateness makes the times of one doubtful."""
    if base.doubtful or new.doubtful:
        return []
    held = [o.held.middle for o in (base, new)]
    known = [level for level in held if level is not None]
    return sorted({0, min(known)}) if len(known) == len(held) else [0]


def _time(
    base: Outcome, new: Outcome, level: int, threshold: float
) -> Difference | None:
    """The highest percentile that every repeat of both has at that step."""
    for percent in PERCENTILES:
        old, now = (_percentiles(o, level, percent) for o in (base, new))
        if old and now:
            figure = Figure(TIME, percent, level)
            return _difference(figure, old, now, threshold, RESOLVED_MS)
    return None


def _percentiles(outcome: Outcome, level: int, percent: int) -> _Repeats | None:
    steps = [s for c in outcome.cells for s in c.steps if s.slow_clients == level]
    values = [getattr(step, f"p{percent}_ms") for step in steps]
    if not values or not all(map(_known, values)):
        return None
    return _Repeats(values, [_bounds(step, percent) for step in steps])


def _bounds(step: Step, percent: int) -> Interval | None:
    low = getattr(step, f"p{percent}_low_ms")
    high = getattr(step, f"p{percent}_high_ms")
    if low is None:  # a run of an earlier version
        return None
    return Interval(low, math.inf if high is None else high)


def _used(
    base: Outcome, new: Outcome, used: Used, threshold: float
) -> Difference | None:
    old, now = (
        [value for cell in o.cells if _known(value := used.part(cell))]
        for o in (base, new)
    )
    if not old or not now:
        return None
    return _difference(
        Figure(used.kind), _Repeats(old), _Repeats(now), threshold, used.resolved
    )


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


@dataclass(frozen=True)
class _Repeats:
    """One figure of each repeat, and the interval of each where it has one."""

    values: list[float]
    bounds: Sequence[Interval | None] = ()

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))


def _difference(
    figure: Figure, base: _Repeats, new: _Repeats, threshold: float, resolved: float
) -> Difference:
    """All that is compared here is better when smaller."""
    within = _interval(base, new)
    old, now = base.mean, new.mean
    smaller, larger = sorted((old, now))
    unsure = within is not None and within.low <= 0 <= within.high
    near = larger <= smaller * (1 + threshold) or larger - smaller <= resolved
    verdict = SAME
    if not unsure and not near:
        verdict = WORSE if now > old else BETTER
    return Difference(figure, old, now, within, verdict)


def _interval(base: _Repeats, new: _Repeats) -> Interval | None:
    """Over repeats; of a single one each, from what its own samples tell."""
    if len(base.values) == len(new.values) == 1:
        around = [*base.bounds, *new.bounds]
        if len(around) == 2 and around[0] and around[1]:
            return intervals.of_difference(base.mean, around[0], new.mean, around[1])
    return intervals.of_difference_of_means(base.values, new.values)
