"""A sentence of the finding: what slow clients that were held did to response times."""

from __future__ import annotations

import math
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.records.cell import Step
from loadtests.report.prose import Prose, prose, stack
from loadtests.report.words import amount, figure

SMALL_MS = 1.0  # less is of no matter to anyone, however sure it is

UNMOVED = (
    "At the largest step without harm, response times ({}) were those of the baseline, "
    "within {} ms or within their 95 % intervals. Of those that nothing else moved, "
    "the slowest was {}, of {} under {}."
)
MOVED = (
    "Up to the largest step without harm, the {} response time of {} under {} changed "
    "most: from {} at the baseline to {} beside {} (95 % intervals in brackets)."
)


def response_time(found: list[Outcome]) -> Prose:
    """p99 if that is known at both steps of any stack, else p50."""
    sure = [o for o in found if not o.doubtful and o.held.middle]
    for percent in (99, 50):
        known = [(o, *times) for o in sure if (times := _times(o, percent))]
        if known:
            return _changed(percent, known)
    return ()


@dataclass(frozen=True)
class _Time:
    """A percentile of response times, in ms, and between which values it lies."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        high = f" to {figure(self.high)}" if math.isfinite(self.high) else " or more"
        return f"{figure(self.middle, 'ms')} ({figure(self.low)}{high})"


Known = tuple[Outcome, _Time, _Time]


def _changed(percent: int, known: list[Known]) -> Prose:
    name = f"p{percent}"
    moved = [item for item in known if _apart(item[1], item[2])]
    moved = [item for item in moved if _change(item) >= SMALL_MS]
    if not moved:
        slowest, _, after = max(known, key=lambda item: item[2].middle)
        who = stack(slowest.stack)
        return prose(UNMOVED, name, f"{SMALL_MS:g}", str(after), who, slowest.scenario)
    most, before, after = max(moved, key=_change)
    step = _held(most, percent)
    held = amount(step.slow_clients if step else 0, "slow client")
    who = stack(most.stack)
    return prose(MOVED, name, who, most.scenario, str(before), str(after), held)


def _times(outcome: Outcome, percent: int) -> tuple[_Time, _Time] | None:
    """At the baseline and at the largest step that was held, where both are known."""
    held = _held(outcome, percent)
    if outcome.baseline is None or held is None:
        return None
    before, after = _time(outcome.baseline, percent), _time(held, percent)
    return (before, after) if before and after else None


def _held(outcome: Outcome, percent: int) -> Step | None:
    """Of p99 the largest step that was held for long enough to know it."""
    if percent == 99 and outcome.largest_timed:
        return outcome.largest_timed
    return next(
        (s for s in outcome.steps if s.slow_clients == outcome.held.middle), None
    )


def _time(step: Step, percent: int) -> _Time | None:
    middle, low, high = (
        getattr(step, f"p{percent}_{part}ms") for part in ("", "low_", "high_")
    )
    if middle is None or low is None:
        return None
    return _Time(middle, low, math.inf if high is None else high)


def _change(item: Known) -> float:
    return abs(item[2].middle - item[1].middle)


def _apart(one: _Time, other: _Time) -> bool:
    return one.high < other.low or other.high < one.low
