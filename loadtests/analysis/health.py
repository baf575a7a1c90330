"""Generator health: whether a cell's figures are about the server at all.

What the server did wrong is a result; what the load generator did wrong is not. A cell
is void when requests left late, a generator process was too busy, requests were not
sent, or slow clients were missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from loadtests.analysis import intervals
from loadtests.records.cell import GeneratorFigures
from loadtests.records.facts import (
    BUSY,
    LEFT_LATE,
    MISSING,
    NEIGHBOURS,
    NOT_CLIMBED,
    NOTHING_SENT,
    TIMES,
    UNSENT,
    Fact,
    fact,
)
from loadtests.records.run import Method
from loadtests.records.samples import NOT_SENT, Recording

CPU_LIMIT_PERCENT = 90.0
SHORTEST_READING_S = 0.2
UNSENT_LIMIT = 0.01
PRESENT_AT_LEAST = 0.95
# Response times count from the intended start, so a late start is in them. What makes a
# request leave late makes its answer be read late too. In the 144 cells of a full run,
# the lag's p99 was either under 0.25 ms (87 cells, baseline p90 1.2 ms) or, in 54, over
# 0.5 ms: there the p90 of the worst held step was 3 to 9 ms. Slower answers bear more.
TIMES_LAG_MS = 0.5
TIMES_LAG_SHARE = 0.25  # of the baseline's p50
# Whether a request is answered within the deadline is not moved by a twentieth of it.
VOID_LAG_SHARE = 0.05
# A neighbour's share of one core, anywhere on our cores, from which it may be felt.
NEIGHBOURS_FROM_PERCENT = 10.0


def generator_figures(recording: Recording) -> GeneratorFigures:
    """How late requests left, and how busy the busier generator process was, while
    slow clients were held: arriving costs it more."""
    lags_ms = sorted(
        (s.started_s - s.intended_s) * 1000
        for step in recording.steps
        for s in step.holding(recording)
    )
    return GeneratorFigures(
        lag_p99_ms=_rank(lags_ms, 0.99),
        cpu_peak_percent=_cpu_peak(recording),
        lag_p50_ms=_rank(lags_ms, 0.50),
        lag_max_ms=_rank(lags_ms, 1.0),
        not_sent=sum(sample.fault == NOT_SENT for sample in recording.samples),
        stolen_percent=_stolen_percent(recording),
        foreign_cpu_percent=_foreign_cpu_percent(recording),
    )


def _stolen_percent(recording: Recording) -> float | None:
    """How much of the machine's time its hypervisor gave to others, on average."""
    # The first reading has nothing to be compared with.
    stolen = [reading.stolen_percent for reading in recording.generator[1:]]
    return round(sum(stolen) / len(stolen), 1) if stolen else None


def _foreign_cpu_percent(recording: Recording) -> float | None:
    """CPU time of others on our cores, 100 for one core, over the whole cell."""
    readings = recording.generator
    if len(readings) < 2:
        return None
    first, last = readings[0], readings[-1]
    if first.foreign_cpu_s is None or last.foreign_cpu_s is None:
        return None
    # Ours and the machine's are counted in ticks, so that a tick may be missing.
    used_s = max(0.0, last.foreign_cpu_s - first.foreign_cpu_s)
    return round(100 * used_s / (last.at_s - first.at_s), 1)


def _rank(ordered: Sequence[float], share: float) -> float | None:
    """Of however few samples: a limit must not be stricter for a shorter staircase."""
    return round(intervals.nearest_rank(ordered, share), 3) if ordered else None


def _cpu_peak(recording: Recording) -> float | None:
    """A reading tells of the time since the one before it. All of that must belong to
    a holding, and be long enough for CPU time that is counted in ticks of 10 ms."""
    busy = [
        max(reading.probe_percent, reading.slow_clients_percent)
        for before, reading in itertools.pairwise(recording.generator)
        if reading.at_s - before.at_s >= SHORTEST_READING_S
        if any(s.has(before.at_s) and s.has(reading.at_s) for s in recording.steps)
    ]
    return round(max(busy), 1) if busy else None


def void_reasons(recording: Recording, method: Method) -> list[Fact]:
    """Why the generator's own trouble makes this cell's figures worthless, if so."""
    reasons: list[Fact] = []
    if not recording.steps:
        reasons.append(fact(NOT_CLIMBED))
    reasons += _strained(generator_figures(recording), void_lag_ms(method))
    reasons += _unsent(recording, method)
    reasons += _missing_slow_clients(recording)
    return reasons


def _strained(generator: GeneratorFigures, limit_ms: float) -> list[Fact]:
    lag, cpu = generator.lag_p99_ms, generator.cpu_peak_percent
    reasons = []
    if lag is None:
        reasons.append(fact(NOTHING_SENT))
    elif lag > limit_ms:
        reasons.append(fact(LEFT_LATE, lag_p99_ms=lag, limit_ms=limit_ms))
    if cpu is not None and cpu > CPU_LIMIT_PERCENT:
        reasons.append(fact(BUSY, cpu_percent=cpu, limit_percent=CPU_LIMIT_PERCENT))
    return reasons


def void_lag_ms(method: Method) -> float:
    """From which lateness on even "answered within the deadline" says nothing."""
    return VOID_LAG_SHARE * method.deadline_s * 1000


def times_lag_ms(baseline_p50_ms: float | None) -> float:
    """From which lateness on response times as short as these are doubtful."""
    return max(TIMES_LAG_MS, TIMES_LAG_SHARE * (baseline_p50_ms or 0.0))


def doubts(
    generator: GeneratorFigures, baseline_p50_ms: float | None = None
) -> list[Fact]:
    """What a reader of the response times of a cell that counts must know."""
    lag, limit_ms = generator.lag_p99_ms or 0.0, times_lag_ms(baseline_p50_ms)
    if lag <= limit_ms:
        return []
    stolen = generator.stolen_percent or 0.0
    found = fact(TIMES, stolen_percent=stolen, lag_p99_ms=lag, limit_ms=limit_ms)
    return [found]


def neighbour_doubts(
    foreign_cpu_percent: float | None, names: Sequence[tuple[str, float]]
) -> list[Fact]:
    """Who else kept our cores busy, if that was enough to be felt."""
    if (foreign_cpu_percent or 0.0) <= NEIGHBOURS_FROM_PERCENT:
        return []
    who = ", ".join(f"{name} {percent:.0f} %" for name, percent in names)
    return [fact(NEIGHBOURS, who, foreign_cpu_percent=foreign_cpu_percent or 0.0)]


def _unsent(recording: Recording, method: Method) -> list[Fact]:
    steps = recording.steps
    due = sum((step.ends_s - step.begins_s) * method.rate_per_s for step in steps)
    sent = sum(len(step.holding(recording)) for step in steps)
    if sent >= due * (1 - UNSENT_LIMIT) - len(steps):  # a step's edges may cost one
        return []
    return [fact(UNSENT, sent=sent, due=due)]


def _missing_slow_clients(recording: Recording) -> list[Fact]:
    """Steps on which fewer slow clients visited than were asked for."""
    missing = []
    for step in recording.steps:
        there = {
            v.client
            for v in recording.visits
            if v.began_s < step.ends_s and v.ended_s > step.begins_s
        }
        if len(there) < PRESENT_AT_LEAST * step.slow_clients:
            missing.append(fact(MISSING, present=len(there), wanted=step.slow_clients))
    return missing
