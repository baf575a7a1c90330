"""From raw records to figures: steps, capacity, fates, recovery, memory.

Pure functions of a Recording. A healthy request belongs to the part of a step in which
it was due to start: arriving and holding have figures of their own. A step lasts until
the last of its requests is answered or over its deadline, so that none is answered only
because slow clients left.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Sequence

from loadtests.analysis import health, intervals
from loadtests.analysis.history import cores, history, log_mb_per_s
from loadtests.analysis.ran_out import by_worker, ran_out
from loadtests.analysis.response_times import percentiles, quantiles_ms
from loadtests.analysis.search import DEGRADED_UNDER, Harm, harm_of
from loadtests.analysis.server_figures import server_figures
from loadtests.records.cell import (
    Arrival,
    Capacity,
    Cell,
    Fates,
    Step,
    Subject,
)
from loadtests.records.facts import BASELINE_HARMED, NOT_AT_REST, Fact, fact
from loadtests.records.run import Method
from loadtests.records.samples import Recording, Sample, ServerReading, StepTaken, Visit

SOON_S = 0.1  # many times what an idle server takes, a tenth of the usual deadline
RECOVERED_FOR_S = 0.5


def analyse_cell(subject: Subject, recording: Recording, method: Method) -> Cell:
    """All figures of one cell."""
    steps = analyse_steps(recording)
    generator = health.generator_figures(recording)
    faults = [*health.void_reasons(recording, method), *_baseline_harmed(steps)]
    capacity = find_capacity(steps, subject.capacity)
    evidence = ran_out(subject, recording, capacity)
    capacity = dataclasses.replace(capacity, ran_out=evidence)
    known = {f.name: getattr(subject, f.name) for f in dataclasses.fields(Subject)}
    return Cell(
        **(known | {"capacity": capacity}),
        steps=steps,
        fates=count_fates(recording.visits),
        recovery_s=recovery_s(recording, capacity),
        server=server_figures(recording, _unharmed(steps)),
        generator=generator,
        valid=not faults,
        faults=faults,
        doubts=[
            *health.doubts(generator, steps[0].p50_ms if steps else None),
            *health.neighbour_doubts(
                generator.foreign_cpu_percent, recording.neighbours
            ),
            *_never_at_rest(recording),
        ],
        history=history(recording),
    )


def _baseline_harmed(steps: Sequence[Step]) -> list[Fact]:
    """Harm that was there before the slow clients came is none of theirs."""
    baseline = [s for s in steps if s.slow_clients == 0 and s.attempted]
    return [
        fact(BASELINE_HARMED, answered=step.answered, attempted=step.attempted)
        for step in baseline
        if _harm(step) is not Harm.NONE
    ]


def _never_at_rest(recording: Recording) -> list[Fact]:
    """A server that is busy before slow clients come is so for reasons of its own."""
    for step in recording.steps[:1]:
        if step.slow_clients == 0 and not step.settled:
            used = _rounded(cores(recording.server, step.begins_s, step.ends_s))
            return [Fact(NOT_AT_REST, {} if used is None else {"cores": used})]
    return []


def analyse_steps(recording: Recording) -> list[Step]:
    """The steps from the least slow clients to the most; a step that was taken twice
    is one, with the arrival of its first time."""
    taken = sorted(recording.steps, key=lambda step: step.slow_clients)
    return [
        analyse_step(list(same), recording)
        for _, same in itertools.groupby(taken, key=lambda step: step.slow_clients)
    ]


def analyse_step(taken: Sequence[StepTaken], recording: Recording) -> Step:
    """How many healthy requests were answered, and how fast, during one step."""
    samples = [sample for one in taken for sample in one.holding(recording)]
    answered = sum(not sample.fault for sample in samples)
    within = intervals.of_share(answered, len(samples))
    first = taken[0]
    return Step(
        slow_clients=first.slow_clients,
        attempted=len(samples),
        answered=answered,
        answered_low_percent=round(100 * within.low, 2) if within else None,
        answered_high_percent=round(100 * within.high, 2) if within else None,
        **percentiles(samples),
        arrival=_arrival(first, recording),
        by_worker=by_worker(recording, first.slow_clients),
        lost=dict(Counter(sample.fault for sample in samples if sample.fault)),
        server_cores=_rounded(cores(recording.server, first.begins_s, first.ends_s)),
        log_mb_per_s=_rounded(
            log_mb_per_s(recording.server, first.begins_s, first.ends_s)
        ),
        quantiles_ms=quantiles_ms(samples),
    )


def _arrival(taken: StepTaken, recording: Recording) -> Arrival | None:
    """What it took until the slow clients were in place; None for the baseline."""
    if not taken.slow_clients:
        return None
    samples = taken.arriving(recording)
    times_ms = [(s.ended_s - s.intended_s) * 1000 for s in samples if not s.fault]
    whole = len(times_ms) == len(samples)
    return Arrival(
        lasted_s=round(taken.begins_s - taken.asked_s, 2),
        settled=bool(taken.settled),
        attempted=len(samples),
        answered=len(times_ms),
        worst_ms=round(max(times_ms), 1) if times_ms and whole else None,
        server_cpu_s=_cpu_between(recording.server, taken.asked_s, taken.begins_s),
        came=taken.slow_clients - _before(taken, recording),
    )


def _before(taken: StepTaken, recording: Recording) -> int:
    """How many slow clients the step before had."""
    earlier = [s.slow_clients for s in recording.steps if s.asked_s < taken.asked_s]
    return earlier[-1] if earlier else 0


def _cpu_between(
    readings: Sequence[ServerReading], from_s: float, to_s: float
) -> float | None:
    """The server's CPU time between the readings at both ends of that time; with a
    worker that has gone, what it used is no longer counted."""
    before = [r for r in readings if r.at_s <= from_s]
    until = [r for r in readings if r.at_s <= to_s]
    if not before or not until or before[-1].pids != until[-1].pids:
        return None
    if not before[-1].pids:  # the server's processes are not known
        return None
    used_s = until[-1].cpu_s - before[-1].cpu_s
    return round(used_s, 3) if used_s >= 0 else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def find_capacity(steps: Sequence[Step], predicted: Capacity) -> Capacity:
    """The fewest slow clients that degraded it, the fewest that put it out, and how
    many it held before."""
    harms = [(step.slow_clients, _harm(step)) for step in steps if step.attempted]
    degrades_at = next((n for n, harm in harms if harm is not Harm.NONE), None)
    out_at = next((n for n, harm in harms if harm is Harm.OUT), None)
    unharmed = itertools.takewhile(lambda pair: pair[1] is Harm.NONE, harms)
    held = max((n for n, _ in unharmed), default=None)
    return dataclasses.replace(
        predicted, degrades_at=degrades_at, out_at=out_at, held=held
    )


def _unharmed(steps: Sequence[Step]) -> list[int]:
    """The numbers of slow clients that did no harm."""
    return [s.slow_clients for s in steps if s.attempted and _harm(s) is Harm.NONE]


def _harm(step: Step) -> Harm:
    return harm_of(step.answered / step.attempted)


def count_fates(visits: Sequence[Visit]) -> Fates:
    """What became of the slow clients, by visit."""
    return Fates(**Counter(visit.fate for visit in visits))


def recovery_s(recording: Recording, capacity: Capacity) -> float | None:
    """From the slow clients' leaving until all is well again (`well_from_s`). None when
    the stack never degraded, or did not recover while watched."""
    if capacity.degrades_at is None:
        return None
    left_s = recording.left_s
    after = recording.due(left_s, recording.taken[-1].ends_s)
    well_s = well_from_s(after, steady_s=RECOVERED_FOR_S)
    return None if well_s is None else round(well_s - left_s, 3)


def well_from_s(samples: Sequence[Sample], *, steady_s: float) -> float | None:
    """The moment from which all healthy requests that were due were answered, and 99 %
    of them soon. None where that is not seen for so long.

    One that still had to wait for most of its deadline was answered, but not by a
    server that is well.
    """
    # Samples are recorded as they end, and the late ones end last.
    in_order = sorted(samples)
    found: float | None = None
    waited = 0
    for number, sample in enumerate(reversed(in_order), start=1):
        if sample.fault:
            break
        waited += sample.ended_s - sample.intended_s > SOON_S
        if waited <= number * (1 - DEGRADED_UNDER):
            found = sample.intended_s
    if found is None or in_order[-1].intended_s - found < steady_s:
        return None
    return found


def failed_cell(subject: Subject, method: Method, reason: Fact) -> Cell:
    """A cell that could not be measured: void, with the reason, never a zero."""
    nothing = Recording(samples=[], visits=[], taken=[], server=[], generator=[])
    return dataclasses.replace(
        analyse_cell(subject, nothing, method), faults=[reason], doubts=[]
    )
