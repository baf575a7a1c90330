"""The figures of one cell in two runs, and of what a request costs.

The one rule: compare what both runs know. Two searches take different steps, so times
are compared at the baseline and at the largest step that all repeats held alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from loadtests.analysis.capacities import CAPACITIES, of_capacity
from loadtests.analysis.changes import (
    COST,
    IDLE_MEMORY,
    KERNEL,
    SLOW_CLIENT,
    TIME,
    Difference,
    Figure,
    Repeats,
    difference,
)
from loadtests.analysis.health import TIMES_LAG_MS
from loadtests.analysis.intervals import FEWEST_REPEATS, Interval
from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.predictions import near, searched
from loadtests.records import format_1
from loadtests.records.beside_cells import Cost
from loadtests.records.cell import Cell, Step

# So late could a request leave unmarked, and its answer be read.
RESOLVED_MS = TIMES_LAG_MS
RESOLVED_MS_IN_FORMAT_1 = format_1.LAG_LIMIT_MS
RESOLVED_US = 1.0
PERCENTILES = (99, 90, 50)


@dataclass(frozen=True)
class Used:
    """What the server used in a cell; a change of up to `resolved` says nothing.

    A slope with each slow client has its bounds. A slope through two steps has none and
    is mostly chance, so a search that took no more steps says nothing of it.
    """

    kind: str
    part: Callable[[Cell], float | None]
    resolved: float
    low: Callable[[Cell], float | None] | None = None
    high: Callable[[Cell], float | None] | None = None

    def value(self, cell: Cell) -> float | None:
        slope = self.low is not None
        if slope and searched(cell) and self.bounds(cell) is None:
            return None
        return self.part(cell)

    def bounds(self, cell: Cell) -> Interval | None:
        if self.low is None or self.high is None:
            return None
        low, high = self.low(cell), self.high(cell)
        return Interval(low, high) if _known(low) and _known(high) else None


USED = (
    Used(IDLE_MEMORY, lambda c: c.server.rss_idle_mb, 1.0),
    Used(
        SLOW_CLIENT,
        lambda c: c.server.kb_per_slow_client,
        4.0,  # a page
        low=lambda c: c.server.kb_low,
        high=lambda c: c.server.kb_high,
    ),
    Used(
        KERNEL,
        lambda c: c.server.kernel_kb_per_slow_client,
        4.0,
        low=lambda c: c.server.kernel_kb_low,
        high=lambda c: c.server.kernel_kb_high,
    ),
)


def of_cell(base: Outcome, new: Outcome, threshold: float) -> tuple[Difference, ...]:
    """Every figure that two outcomes of one cell both have."""
    found = [
        *of_capacities(base, new),
        *(_time(base, new, level, threshold) for level in _times_at(base, new)),
        *(_used(base, new, used, threshold) for used in USED),
    ]
    return tuple(filter(None, found))


def of_capacities(base: Outcome, new: Outcome) -> tuple[Difference, ...]:
    """The numbers of slow clients alone."""
    return tuple(of_capacity(kind, base, new) for kind in CAPACITIES)


def doubtful(base: Outcome, new: Outcome) -> bool:
    """Whether the times of one are not to be relied on, so that none are compared."""
    return base.doubtful or new.doubtful


def _times_at(base: Outcome, new: Outcome) -> list[int]:
    """The baseline, and the largest step about which every repeat of both held."""
    if doubtful(base, new):
        return []
    cells = (*base.cells, *new.cells)
    held = {s.slow_clients for c in cells for s in _held(c) if s.slow_clients}
    common = (n for n in sorted(held, reverse=True) if all(_at(c, n) for c in cells))
    return [0, *(n for n in [next(common, None)] if n is not None)]


def _held(cell: Cell) -> list[Step]:
    most = cell.capacity.held
    return [s for s in cell.steps if most is not None and s.slow_clients <= most]


def _at(cell: Cell, level: int) -> Step | None:
    """The step there, or of those that were held the nearest one that is as good as
    there. Nothing but the baseline is near the baseline."""
    if level == 0:
        return next((step for step in cell.steps if step.slow_clients == 0), None)
    about = [
        step
        for step in _held(cell)
        if step.slow_clients and near(step.slow_clients, level)
    ]
    return min(about, key=lambda s: abs(s.slow_clients - level), default=None)


def _time(
    base: Outcome, new: Outcome, level: int, threshold: float
) -> Difference | None:
    """The highest percentile that every repeat of both has at that step; without
    repeats not the p99. Of five equal runs, it differed by a factor of two: what is
    slow once in a run is in no interval of one run's samples."""
    old_runs = not any(searched(cell) for cell in (*base.cells, *new.cells))
    resolved_ms = RESOLVED_MS_IN_FORMAT_1 if old_runs else RESOLVED_MS
    repeated = min(len(base.cells), len(new.cells)) >= FEWEST_REPEATS
    for percent in PERCENTILES if repeated else PERCENTILES[1:]:
        old, now = (_percentiles(o, level, percent) for o in (base, new))
        if old and now:
            figure = Figure(TIME, percent, level)
            return difference(figure, old, now, threshold, resolved_ms)
    return None


def _percentiles(outcome: Outcome, level: int, percent: int) -> Repeats | None:
    steps = [step for cell in outcome.cells if (step := _at(cell, level))]
    values = [getattr(step, f"p{percent}_ms") for step in steps]
    if not values or not all(map(_known, values)):
        return None
    return Repeats(values, [_bounds(step, percent) for step in steps])


def _bounds(step: Step, percent: int) -> Interval | None:
    low = getattr(step, f"p{percent}_low_ms")
    high = getattr(step, f"p{percent}_high_ms")
    if low is None:  # a run of an earlier version
        return None
    return Interval(low, math.inf if high is None else high)


def _used(
    base: Outcome, new: Outcome, used: Used, threshold: float
) -> Difference | None:
    old, now = (_repeats(outcome, used) for outcome in (base, new))
    if not old.values or not now.values:
        return None
    return difference(Figure(used.kind), old, now, threshold, used.resolved)


def _repeats(outcome: Outcome, used: Used) -> Repeats:
    known = [
        (value, used.bounds(cell))
        for cell in outcome.cells
        if _known(value := used.value(cell))
    ]
    return Repeats([value for value, _ in known], [bounds for _, bounds in known])


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def of_costs(
    base: Sequence[Cost], new: Sequence[Cost], threshold: float
) -> tuple[Difference, ...]:
    """The CPU time of each request that both runs measured of one stack."""
    of_base, of_new = _by_request(base), _by_request(new)
    return tuple(
        difference(figure, Repeats(us), Repeats(of_new[figure]), threshold, RESOLVED_US)
        for figure, us in of_base.items()
        if figure in of_new
    )


def _by_request(costs: Iterable[Cost]) -> dict[Figure, list[float]]:
    found: dict[Figure, list[float]] = {}
    for cost in costs:
        figure = Figure(
            COST, app=cost.app, target=cost.target, kept_alive=cost.kept_alive
        )
        if _known(cost.cpu_us_per_request):
            found.setdefault(figure, []).append(cost.cpu_us_per_request)
    return found
