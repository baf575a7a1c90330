"""Two sentences of the finding: what slow clients cost where they did not hurt."""

from __future__ import annotations

import math
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.records.run import Step
from loadtests.report.words import count, figure

SMALL_MS = 1.0  # less is of no matter to anyone, however sure it is


def response_time(found: list[Outcome]) -> str:
    sure = [o for o in found if o.unharmed and not o.doubtful]
    known = [(o, *p50s) for o in sure if (p50s := _p50s(o))]
    if not known:
        return ""
    moved = [item for item in known if _apart(item[1], item[2])]
    moved = [item for item in moved if _change(item[1], item[2]) >= SMALL_MS]
    if not moved:
        slowest, _, after = max(known, key=lambda item: item[2].middle)
        return (
            "Where nothing degraded, no p50 response time at the largest step differed "
            f"from the baseline by {SMALL_MS:g} ms and beyond its 95 % interval; the "
            f"slowest was {after}, of {slowest.stack} under {slowest.scenario}."
        )
    most, before, after = max(moved, key=lambda item: _change(item[1], item[2]))
    return (
        "Where nothing degraded, the p50 response time changed most for "
        f"{most.stack} under {most.scenario}: from {before} at the baseline to {after} "
        f"at {count(most.last.slow_clients)} slow clients (95 % intervals in brackets)."
    )


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


def memory(found: list[Outcome]) -> str:
    """Memory over the number of slow clients, if the server had accepted them: where it
    was out, they may have waited in the backlog, where they cost it nothing."""
    known = [(kb, o) for o in found if (kb := o.kb_per_slow_client) and not o.out]
    least, cheap = min(known, key=lambda item: item[0], default=(0.0, found[0]))
    most, dear = max(known, key=lambda item: item[0], default=(0.0, found[0]))
    if figure(least) == figure(most):
        return ""
    return (
        f"A slow client cost between {figure(least, 'kB')} ({cheap.stack} under "
        f"{cheap.scenario}) and {figure(most, 'kB')} ({dear.stack} under "
        f"{dear.scenario}) of memory; stacks that were out may not have "
        "accepted it, and do not count."
    )
