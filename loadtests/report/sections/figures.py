"""Two points of the finding: what slow clients cost where they did not hurt."""

from __future__ import annotations

import math
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.records.cell import Step
from loadtests.report.prose import Prose, prose, stack
from loadtests.report.words import count, figure

SMALL_MS = 1.0  # less is of no matter to anyone, however sure it is


UNMOVED = (
    "Where nothing degraded, p50 response times at the largest step were those of the "
    "baseline, within {} ms or within their 95 % intervals. The slowest p50 was {}, of "
    "{} under {}."
)
MOVED = (
    "Where nothing degraded, the p50 response time of {} under {} changed most: from "
    "{} at the baseline to {} at {} slow clients (95 % intervals in brackets)."
)
MEMORY = (
    "A slow client cost between {} ({} under {}) and {} ({} under {}) of memory. "
    "Stacks that were out do not count here, because they may not have accepted it."
)


def response_time(found: list[Outcome]) -> Prose:
    sure = [o for o in found if o.unharmed and not o.doubtful]
    known = [(o, *p50s) for o in sure if (p50s := _p50s(o))]
    if not known:
        return ()
    moved = [item for item in known if _apart(item[1], item[2])]
    moved = [item for item in moved if _change(item[1], item[2]) >= SMALL_MS]
    if not moved:
        slowest, _, after = max(known, key=lambda item: item[2].middle)
        name = stack(slowest.stack)
        return prose(UNMOVED, f"{SMALL_MS:g}", str(after), name, slowest.scenario)
    most, before, after = max(moved, key=lambda item: _change(item[1], item[2]))
    top = count(most.last.slow_clients)
    name = stack(most.stack)
    return prose(MOVED, name, most.scenario, str(before), str(after), top)


@dataclass(frozen=True)
class _P50:
    """A median of response times, in ms, and between which values it lies."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        high = f" to {figure(self.high)}" if math.isfinite(self.high) else " or more"
        return f"{figure(self.middle, 'ms')} ({figure(self.low)}{high})"


def _p50s(outcome: Outcome) -> tuple[_P50, _P50] | None:
    """p50 at the baseline and at the largest step, where both have an interval."""
    if outcome.baseline is None or outcome.last is outcome.baseline:
        return None
    before, after = _p50(outcome.baseline), _p50(outcome.last)
    return (before, after) if before and after else None


def _p50(step: Step) -> _P50 | None:
    if step.p50_ms is None or step.p50_low_ms is None:
        return None
    high = math.inf if step.p50_high_ms is None else step.p50_high_ms
    return _P50(step.p50_ms, step.p50_low_ms, high)


def _change(one: _P50, other: _P50) -> float:
    return abs(other.middle - one.middle)


def _apart(one: _P50, other: _P50) -> bool:
    return one.high < other.low or other.high < one.low


def memory(found: list[Outcome]) -> Prose:
    """Memory over the number of slow clients, if the server had accepted them: where it
    was out, they may have waited in the backlog, where they cost it nothing."""
    known = [(kb, o) for o in found if (kb := o.kb_per_slow_client) and not o.out]
    least, cheap = min(known, key=lambda item: item[0], default=(0.0, found[0]))
    most, dear = max(known, key=lambda item: item[0], default=(0.0, found[0]))
    if figure(least) == figure(most):
        return ()
    return prose(
        MEMORY,
        *(figure(least, "kB"), stack(cheap.stack), cheap.scenario),
        *(figure(most, "kB"), stack(dear.stack), dear.scenario),
    )
