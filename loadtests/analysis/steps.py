"""One step of the staircase, its repeats pooled.

A pooled share has Wilson's interval, made wide enough for what each repeat found: where
repeats disagree, their number of requests is no reason to trust the mean.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence

from loadtests.analysis import intervals
from loadtests.analysis.intervals import Interval
from loadtests.analysis.over_repeats import middle
from loadtests.records.cell import Arrival, Step

PERCENTILES = (50, 90, 99)


def pooled(steps: Sequence[Step]) -> Step:
    """The same step of several repeats as one."""
    attempted = sum(step.attempted for step in steps)
    answered = sum(step.answered for step in steps)
    within = intervals.of_share(answered, attempted)
    if within:
        shares = [s.answered / s.attempted for s in steps if s.attempted]
        within = intervals.covering([within, *(Interval(s, s) for s in shares)])
    return Step(
        slow_clients=steps[0].slow_clients,
        attempted=attempted,
        answered=answered,
        arrival=_arrival([step.arrival for step in steps if step.arrival]),
        by_worker=steps[0].by_worker,
        lost=dict(sum((Counter(step.lost) for step in steps), Counter())),
        server_cores=_middle([step.server_cores for step in steps]),
        log_mb_per_s=_middle([step.log_mb_per_s for step in steps]),
        quantiles_ms=_quantiles([step.quantiles_ms for step in steps]),
        **_percentiles(steps),
        answered_low_percent=100 * within.low if within else None,
        answered_high_percent=100 * within.high if within else None,
    )


def _arrival(arrivals: Sequence[Arrival]) -> Arrival | None:
    """The longest, and the worst response time of all: null is worse than any."""
    if not arrivals:
        return None
    worst_ms = [one.worst_ms for one in arrivals]
    return Arrival(
        lasted_s=max(one.lasted_s for one in arrivals),
        settled=all(one.settled for one in arrivals),
        attempted=sum(one.attempted for one in arrivals),
        answered=sum(one.answered for one in arrivals),
        worst_ms=middle(worst_ms, max),
        server_cpu_s=_middle([one.server_cpu_s for one in arrivals]),
    )


def _middle(values: Sequence[float | None]) -> float | None:
    """The middle of those that are known."""
    known = [value for value in values if value is not None]
    return statistics.median_high(known) if known else None


def _quantiles(found: Sequence[Sequence[float | None]]) -> list[float | None]:
    """The middle at each share; null, over the deadline, is larger than any number."""
    known = [quantiles for quantiles in found if quantiles]
    return [middle(at, statistics.median_high) for at in zip(*known, strict=True)]


def _percentiles(steps: Sequence[Step]) -> dict[str, float | None]:
    """Of each percentile the middle, and an interval that covers those of all repeats.

    Null is larger than any number; so is it for an upper bound, but a lower bound that
    is null is not known.
    """
    found: dict[str, float | None] = {}
    for p in PERCENTILES:
        values, lows, highs = (
            [getattr(step, f"p{p}_{part}ms") for step in steps]
            for part in ("", "low_", "high_")
        )
        known = [low for low in lows if low is not None]
        found[f"p{p}_ms"] = middle(values, statistics.median_high)
        found[f"p{p}_low_ms"] = min(known) if len(known) == len(steps) else None
        found[f"p{p}_high_ms"] = middle(highs, max)
    return found


def late(step: Step, percent: int) -> bool:
    """Whether a percentile falls on a request that was not answered in time."""
    rank = math.ceil(percent / 100 * step.attempted)
    known = getattr(step, f"p{percent}_ms") is not None
    enough = intervals.enough(step.attempted, percent / 100)
    return not known and enough and rank > step.answered
