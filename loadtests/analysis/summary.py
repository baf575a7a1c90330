"""Each stack by itself: how many slow clients it holds, what runs out, what then.

The one rule: of several scenarios and repeats, the least that was held counts. A stack
is as good as the worst that its clients can do.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome, by_family, outcomes
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.records.beside_cells import SelfRecovery
from loadtests.records.cell import Step
from loadtests.records.run import Run

RAW = "raw"
# Slow clients: many times what workers or threads hold, half of 1,024 descriptors.
ENOUGH = 500
# So many times the least that a stack held, under another scenario, is worth a word.
_MUCH_MORE = 2
_SPINS_FROM = 0.9  # cores


@dataclass(frozen=True)
class Summary:
    """A stack over all scenarios of a run.

    `clients` are its outcomes under slow clients, `waiting` and `blocking` those under
    quick clients whose handlers are slow. `freed` is how it freed itself of slow
    clients, the slowest of all scenarios; `often_faster`: another took less than half
    as long. `cpu_us` is what a request costs, by whether
    its connection was kept alive.
    """

    stack: str
    clients: tuple[Outcome, ...]
    waiting: Outcome | None
    blocking: Outcome | None
    freed: SelfRecovery | None
    often_faster: bool
    cpu_us: dict[bool, float]

    @property
    def least(self) -> Outcome | None:
        """Where it held the fewest slow clients."""
        return min(self.clients, key=lambda o: o.held_by_all, default=None)

    @property
    def much_more(self) -> list[Outcome]:
        """Where it held several times as many, the fewest first."""
        least = self.least.held_by_all if self.least else 0
        found = [o for o in self.clients if o.held_by_all >= _MUCH_MORE * max(least, 1)]
        return sorted(found, key=lambda o: o.held_by_all)

    @property
    def slowest(self) -> Outcome | None:
        """Where the p99 of healthy requests was longest beside slow clients."""
        known = [o for o in self.clients if o.largest_timed]
        return max(known, key=_p99_ms, default=None)


def _p99_ms(outcome: Outcome) -> float:
    step = outcome.largest_timed
    return (step.p99_ms or 0.0) if step else 0.0


def summaries(run: Run) -> list[Summary]:
    """A summary of each stack, those first that held the most slow clients."""
    found = outcomes(run)
    stacks = dict.fromkeys(o.stack for o in found)
    made = [
        _summary(run, stack, [o for o in found if o.stack == stack]) for stack in stacks
    ]
    return sorted(made, key=_most_first)


def _summary(run: Run, stack: str, found: Sequence[Outcome]) -> Summary:
    by_phase = {phase: _in(phase, found) for phase in Phase}
    phases = [phase for phase in Phase if not phase.handler_is_slow]
    clients = [o for phase in phases for o in by_phase[phase]]
    return Summary(
        stack,
        tuple(clients),
        next(iter(by_phase[Phase.HANDLER_WAITS]), None),
        next(iter(by_phase[Phase.HANDLER_BLOCKS]), None),
        *_slowest(run, stack, {o.scenario for o in clients}),
        _cpu_us(run, stack),
    )


def _in(phase: Phase, found: Sequence[Outcome]) -> list[Outcome]:
    """A scenario that this version does not know counts as one of slow clients that say
    nothing: the record tells no more of it."""
    return [
        o
        for o in found
        if (SCENARIOS[o.scenario].phase if o.scenario in SCENARIOS else Phase.SILENT)
        is phase
    ]


def _slowest(
    run: Run, stack: str, scenarios: set[str]
) -> tuple[SelfRecovery | None, bool]:
    """Never is slowest, then the longest time; and if another was much faster."""
    found = [
        (math.inf if one.freed_s is None else one.freed_s, one)
        for one in run.self_recoveries
        if one.valid and one.stack == stack and one.scenario in scenarios
    ]
    if not found:
        return None, False
    longest_s, slowest = max(found, key=lambda pair: pair[0])
    return slowest, 2 * min(time_s for time_s, _ in found) < longest_s


def _cpu_us(run: Run, stack: str) -> dict[bool, float]:
    """Of the raw app, and of the request that most apps were asked: the middle of the
    starts of the server."""
    if not run.costs:
        return {}
    target = statistics.mode(cost.target for cost in run.costs)
    found: dict[bool, list[float]] = {}
    for cost in run.costs:
        if (cost.stack, cost.app, cost.target) == (stack, RAW, target):
            found.setdefault(cost.kept_alive, []).append(cost.cpu_us_per_request)
    return {kept: statistics.median(found[kept]) for kept in sorted(found)[::-1]}


def _most_first(summary: Summary) -> tuple[int, int, int, tuple[int, str]]:
    handlers = [
        outcome.held_by_all if outcome else 0
        for outcome in (summary.waiting, summary.blocking)
    ]
    held = summary.least.held_by_all if summary.least else 0
    return -held, -handlers[0], -handlers[1], by_family(summary.stack)


@dataclass(frozen=True)
class AtLimit:
    """What happened once nothing was left: how healthy requests were lost, the cores
    that the server used meanwhile, and how fast its log grew."""

    lost: str
    server_cores: float | None
    log_mb_per_s: float | None


def at_limit(outcome: Outcome) -> AtLimit | None:
    """At the fewest slow clients with which it was out; None as there."""
    step = outcome.when_out
    if step is None:
        return None
    return AtLimit(_mostly(step), step.server_cores, step.log_mb_per_s)


def _mostly(step: Step) -> str:
    return max(step.lost, key=lambda how: step.lost[how])


def spins(outcome: Outcome) -> bool:
    """Whether the server used a core while it answered nobody."""
    found = at_limit(outcome)
    return found is not None and (found.server_cores or 0.0) >= _SPINS_FROM
