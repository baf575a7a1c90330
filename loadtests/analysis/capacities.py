"""The number of slow clients at which something happened, in two runs.

The one rule: a capacity is a count, and differs where it is another count than a search
can tell apart. Where clients fall unevenly among workers, the count is chance within
the predicted range: it differs only where one of the two lies outside that range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtests.analysis.changes import (
    BETTER,
    DEGRADES_AT,
    OUT_AT,
    SAME,
    WORSE,
    Difference,
    Figure,
)
from loadtests.analysis.intervals import Interval
from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.over_repeats import Reached
from loadtests.analysis.predictions import Prediction, near, searched
from loadtests.records.cell import Capacity

RESOLVED_STEPS = 1  # of a fixed staircase, and so a change along it


@dataclass(frozen=True)
class _Edge:
    """Where something happens: found over repeats and in one, and predicted."""

    reached: Callable[[Outcome], Reached]
    at: Callable[[Capacity], int | None]
    predicted: Callable[[Outcome], Prediction | None]


CAPACITIES = {
    DEGRADES_AT: _Edge(
        lambda outcome: outcome.degrades_at,
        lambda capacity: capacity.degrades_at,
        lambda outcome: outcome.predicted_first,
    ),
    OUT_AT: _Edge(
        lambda outcome: outcome.out_at,
        lambda capacity: capacity.out_at,
        lambda outcome: outcome.predicted,
    ),
}


def of_capacity(kind: str, base: Outcome, new: Outcome) -> Difference:
    edge = CAPACITIES[kind]
    old, now = edge.reached(base).middle, edge.reached(new).middle
    if any(searched(cell) for cell in (*base.cells, *new.cells)):
        differs = _is_another(old, now) and not _is_chance(edge, base, new)
    else:
        levels = sorted({s.slow_clients for c in base.cells for s in c.steps})
        moved = abs(_place(now, levels) - _place(old, levels))
        # One step apart is no difference, but harm and none are.
        differs = moved > RESOLVED_STEPS or (old is None) is not (now is None)
    verdict = SAME
    if differs:
        verdict = BETTER if _or_never(now) > _or_never(old) else WORSE
    return Difference(Figure(kind), old, now, _interval(edge, base, new), verdict)


def _is_another(old: int | None, now: int | None) -> bool:
    if old is None or now is None:
        return old is not now
    return not near(old, now)


def _is_chance(edge: _Edge, base: Outcome, new: Outcome) -> bool:
    """Whether both lie in the predicted range, or on the same side of that range. Where
    two ranges were predicted, the range is what covers both."""
    predicted = _covering(edge.predicted(base), edge.predicted(new))
    if predicted is None:
        return False
    old, now = edge.reached(base).middle, edge.reached(new).middle
    return predicted.side(old) == predicted.side(now)


def _covering(base: Prediction | None, new: Prediction | None) -> Prediction | None:
    """What covers the predictions of both; None where neither is a range."""
    known = [one for one in (base, new) if one and not one.never]
    if not any(one.uneven for one in known):
        return None
    return Prediction(
        min(one.low for one in known if one.low is not None),
        max(one.high for one in known if one.high is not None),
    )


def _place(level: int | None, levels: Sequence[int]) -> int:
    """Which step of the staircase that is; never is one above the last."""
    return len(levels) if level is None else sum(other < level for other in levels)


def _or_never(level: int | None) -> float:
    return math.inf if level is None else level


def _interval(edge: _Edge, base: Outcome, new: Outcome) -> Interval | None:
    old, now = _bracket(edge, base), _bracket(edge, new)
    low, high = now.low - old.high, now.high - old.low
    return None if math.isinf(low) and math.isinf(high) else Interval(low, high)


def _bracket(edge: _Edge, outcome: Outcome) -> Interval:
    """From the step before to the one at which it happened, over all repeats: how many
    slow clients it takes is a number between steps that were tried."""
    at = [_or_never(edge.at(cell.capacity)) for cell in outcome.cells]
    below = [
        max((s.slow_clients for s in cell.steps if s.slow_clients < one), default=0)
        for cell, one in zip(outcome.cells, at, strict=True)
    ]
    return Interval(min(below), max(at))
