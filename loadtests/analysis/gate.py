"""Whether a run keeps the limits that its user has set. Pure functions of runs.

The one rule: a limit that was not measured is not kept. What is void, missing or
doubtful is unknown, which is neither met nor missed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from loadtests.analysis import rates
from loadtests.analysis.changes import WORSE
from loadtests.analysis.compare import INCOMPARABLE, Comparison
from loadtests.analysis.outcomes import Outcome, key_of, outcomes
from loadtests.catalog.rates import RATE_SCENARIOS
from loadtests.records.rate import Rate
from loadtests.records.run import Run

MET, MISSED, UNKNOWN = "met", "missed", "not known"
HELD, SUSTAINED, P99, CHANGE = "held", "sustained", "p99", "change"


@dataclass(frozen=True)
class AtLeast:
    """So many slow clients a stack must hold under a scenario, or so many requests a
    second it must sustain; without a stack, every one that was measured."""

    scenario: str
    number: int
    stack: str = ""

    @property
    def per_s(self) -> bool:
        return self.scenario in RATE_SCENARIOS

    def is_about(self, stack: str, scenario: str) -> bool:
        return self.scenario == scenario and self.stack in ("", stack)


@dataclass(frozen=True)
class Limits:
    """What a run must keep. `p99_under_ms` is for healthy requests beside the most slow
    clients that did no harm and were held for long."""

    at_least: tuple[AtLeast, ...] = ()
    p99_under_ms: float | None = None


@dataclass(frozen=True)
class Check:
    """One limit and one cell: how many slow clients it held of those wanted, which rate
    was sustained, its p99 in ms beside `slow_clients`, or how it compares with an
    earlier run."""

    kind: str
    stack: str
    scenario: str
    state: str
    wanted: float | None = None
    found: float | None = None
    slow_clients: int | None = None


def checks(run: Run, limits: Limits, against: Sequence[Comparison] = ()) -> list[Check]:
    """Every limit with every cell that it is about."""
    keys = list(dict.fromkeys(key_of(cell) for cell in run.cells))
    known = {(o.stack, o.scenario): o for o in outcomes(run)}
    slow = [one for one in limits.at_least if not one.per_s]
    found = list(_held(keys, known, slow))
    found += _sustained(run, [one for one in limits.at_least if one.per_s])
    if limits.p99_under_ms is not None:
        found += [_p99(*key, known.get(key), limits.p99_under_ms) for key in keys]
    return [*found, *map(_change, against)]


def unmeasured(run: Run, limits: Limits) -> list[AtLeast]:
    """The limits about which the run has no cell, not even a void one."""
    cells = {key_of(cell) for cell in run.cells}
    at_rates = {(rate.stack, rate.scenario) for rate in run.rates}
    return [
        one
        for one in limits.at_least
        if not any(one.is_about(*key) for key in (at_rates if one.per_s else cells))
    ]


def _held(
    keys: Iterable[tuple[str, str]],
    known: dict[tuple[str, str], Outcome],
    wanted: Sequence[AtLeast],
) -> Iterator[Check]:
    for stack, scenario in keys:
        for one in wanted:
            if not one.is_about(stack, scenario):
                continue
            outcome = known.get((stack, scenario))
            held = outcome.held_by_all if outcome else None
            yield Check(
                HELD,
                stack,
                scenario,
                UNKNOWN if held is None else _state(held >= one.number),
                wanted=one.number,
                found=held,
            )


def _sustained(run: Run, wanted: Sequence[AtLeast]) -> Iterator[Check]:
    for rate, one in itertools.product(run.rates, wanted):
        if one.is_about(rate.stack, rate.scenario):
            found = rate.sustained_per_s if rate.valid else None
            state = _at_a_rate(rate, one.number)
            yield Check(SUSTAINED, rate.stack, rate.scenario, state, one.number, found)


def _at_a_rate(rate: Rate, per_s: float) -> str:
    """What was asked at that rate, or held above it, or did not below it."""
    if not rate.valid:
        return UNKNOWN
    if any(not rates.held(s) for s in rate.steps if s.rate_per_s <= per_s):
        return MISSED
    holds = any(rates.held(s) for s in rate.steps if s.rate_per_s >= per_s)
    return MET if holds else UNKNOWN


def _p99(stack: str, scenario: str, outcome: Outcome | None, under_ms: float) -> Check:
    step = outcome.largest_timed if outcome else None
    ms = step.p99_ms if step else None
    state = UNKNOWN if ms is None else _state(ms < under_ms)
    if state == MISSED and outcome and outcome.doubtful:
        state = UNKNOWN  # something else on the machine may have done it
    beside = step.slow_clients if step else None
    return Check(P99, stack, scenario, state, under_ms, ms, beside)


def _change(compared: Comparison) -> Check:
    known = UNKNOWN if compared.verdict == INCOMPARABLE else ""
    state = known or _state(compared.verdict != WORSE)
    return Check(CHANGE, compared.stack, compared.scenario, state)


def _state(kept: bool) -> str:
    return MET if kept else MISSED


def verdict(found: Sequence[Check]) -> str:
    """Missed if any limit is; else not known if one is not, or if nothing was found
    that a limit is about."""
    states = {check.state for check in found} or {UNKNOWN}
    return next((state for state in (MISSED, UNKNOWN) if state in states), MET)
