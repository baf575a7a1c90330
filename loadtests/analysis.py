"""From raw records to figures: steps, capacity, fates, recovery, validity.

Pure functions of a Recording. A healthy request belongs to the step during which it was
due to start. The first moments of a step, while its slow clients still arrive, do not
count; nor, before the slow clients leave, do requests that could be answered only
because they left.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from loadtests import raw
from loadtests.results import (
    Capacity,
    Cell,
    Fates,
    GeneratorFigures,
    Method,
    ServerFigures,
    Step,
)

DEGRADED_UNDER = 0.99
OUT_UNDER = 0.01
BEYOND = 10  # a percentile is given only where this many samples lie beyond it

LAG_LIMIT_MS = 5.0
CPU_LIMIT_PERCENT = 90.0
UNSENT_LIMIT = 0.01
PRESENT_AT_LEAST = 0.95


@dataclass(frozen=True)
class Subject:
    """What was measured: the parts of a cell that are known before it starts."""

    stack: str
    scenario: str
    repeat: int
    argv: list[str]
    workers: int
    threads: int | None
    predicted_out_at: int | None


@dataclass(frozen=True)
class Tread:
    """One step's window in time: requests due in [begins_s, ends_s) count for it."""

    slow_clients: int
    begins_s: float
    ends_s: float

    def samples(self, recording: raw.Recording) -> list[raw.Sample]:
        return [
            s for s in recording.samples if self.begins_s <= s.intended_s < self.ends_s
        ]


def cell(subject: Subject, recording: raw.Recording, method: Method) -> Cell:
    """All figures of one cell."""
    climb = treads(recording, method)
    steps = [step(tread, recording) for tread in climb]
    capacity = find_capacity(steps, subject.predicted_out_at)
    faults = void_reasons(recording, climb, method)
    return Cell(
        stack=subject.stack,
        scenario=subject.scenario,
        repeat=subject.repeat,
        argv=subject.argv,
        workers=subject.workers,
        threads=subject.threads,
        capacity=capacity,
        steps=steps,
        fates=count_fates(recording.visits),
        recovery_s=recovery_s(recording, capacity),
        server=server_figures(recording, climb),
        generator=generator_figures(recording, climb),
        valid=not faults,
        warnings=faults,
    )


def treads(recording: raw.Recording, method: Method) -> list[Tread]:
    """The steps of the climb; the release to 0 after the last is not one of them."""
    found = []
    for here, after in itertools.pairwise(recording.levels):
        leaving = after.slow_clients < here.slow_clients
        ends_s = after.at_s - (method.deadline_s if leaving else 0.0)
        found.append(Tread(here.slow_clients, here.at_s + method.settle_s, ends_s))
    return found


def step(tread: Tread, recording: raw.Recording) -> Step:
    """How many healthy requests were answered, and how fast, during one step."""
    samples = tread.samples(recording)
    times_ms = sorted((s.ended_s - s.intended_s) * 1000 for s in samples if not s.fault)
    return Step(
        slow_clients=tread.slow_clients,
        attempted=len(samples),
        answered=len(times_ms),
        p50_ms=percentile(times_ms, 0.50),
        p90_ms=percentile(times_ms, 0.90),
        p99_ms=percentile(times_ms, 0.99),
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value with at least that share at or below it (nearest rank).

    None where fewer than 10 values lie beyond it: a guess is not a figure.
    """
    beyond = len(ordered) - math.ceil(share * len(ordered))
    return _nearest_rank(ordered, share) if beyond >= BEYOND else None


def _nearest_rank(ordered: Sequence[float], share: float) -> float:
    return round(ordered[math.ceil(share * len(ordered)) - 1], 3)


def find_capacity(steps: Sequence[Step], predicted_out_at: int | None) -> Capacity:
    """Where the staircase first degraded, where it was out, what it held before."""
    shares = [(s.slow_clients, s.answered / s.attempted) for s in steps if s.attempted]
    degrades_at = next((n for n, share in shares if share < DEGRADED_UNDER), None)
    out_at = next((n for n, share in shares if share < OUT_UNDER), None)
    unharmed = itertools.takewhile(lambda pair: pair[1] >= DEGRADED_UNDER, shares)
    held = max((n for n, _ in unharmed), default=None)
    return Capacity(predicted_out_at, degrades_at, out_at, held)


def count_fates(visits: Sequence[raw.Visit]) -> Fates:
    """What became of the slow clients, by visit."""
    return Fates(**Counter(visit.fate for visit in visits))


def recovery_s(recording: raw.Recording, capacity: Capacity) -> float | None:
    """From the slow clients' leaving to the first healthy request after which all were
    answered. None when the stack never degraded, or did not recover while watched."""
    if capacity.degrades_at is None:
        return None
    released_s = recording.levels[-1].at_s
    # Samples are recorded as they end, and the late ones end last.
    after = sorted(s for s in recording.samples if s.intended_s >= released_s)
    answered = list(itertools.takewhile(lambda s: not s.fault, reversed(after)))
    return round(answered[-1].intended_s - released_s, 3) if answered else None


def server_figures(recording: raw.Recording, climb: Sequence[Tread]) -> ServerFigures:
    """CPU time a healthy request, memory idle, at its peak and for each slow client."""
    readings = recording.server
    if not readings or not climb:
        return ServerFigures(None, None, None, None, restarts=0)
    baseline, top = climb[0], climb[-1]
    idle_mb = _rss_in(readings, baseline)
    full_mb = _rss_in(readings, top)
    per_client = None
    if idle_mb is not None and full_mb is not None and top.slow_clients:
        per_client = round((full_mb - idle_mb) * 1024 / top.slow_clients, 1)
    return ServerFigures(
        cpu_us_per_request=_cpu_us_per_request(recording, baseline),
        rss_idle_mb=idle_mb,
        rss_peak_mb=round(max(r.rss_mb for r in readings), 1),
        kb_per_slow_client=per_client,
        restarts=_restarts(readings),
    )


def _rss_in(readings: Sequence[raw.ServerReading], tread: Tread) -> float | None:
    """The last reading of resident memory in that step."""
    inside = [r.rss_mb for r in readings if tread.begins_s <= r.at_s < tread.ends_s]
    return round(inside[-1], 1) if inside else None


def _cpu_us_per_request(recording: raw.Recording, baseline: Tread) -> float | None:
    inside = [
        r for r in recording.server if baseline.begins_s <= r.at_s < baseline.ends_s
    ]
    if len(inside) < 2 or baseline.slow_clients:
        return None
    window = Tread(0, inside[0].at_s, inside[-1].at_s)
    answered = sum(not s.fault for s in window.samples(recording))
    used_s = inside[-1].cpu_s - inside[0].cpu_s
    return round(used_s / answered * 1e6, 1) if answered else None


def _restarts(readings: Sequence[raw.ServerReading]) -> int:
    """Processes that were not there at first: workers that took a dead one's place."""
    seen = [set(reading.pids.split()) for reading in readings]
    return len(set().union(*seen) - seen[0])


def generator_figures(
    recording: raw.Recording, climb: Sequence[Tread]
) -> GeneratorFigures:
    """How late requests left, and how busy the busier generator process was, outside
    the moments in which slow clients are being spawned."""
    return GeneratorFigures(_lag_p99_ms(recording, climb), _cpu_peak(recording, climb))


def _lag_p99_ms(recording: raw.Recording, climb: Sequence[Tread]) -> float | None:
    """Of however few samples: a limit must not be stricter for a shorter staircase."""
    lags = sorted(
        (s.started_s - s.intended_s) * 1000
        for tread in climb
        for s in tread.samples(recording)
    )
    return _nearest_rank(lags, 0.99) if lags else None


def _cpu_peak(recording: raw.Recording, climb: Sequence[Tread]) -> float | None:
    busy = [
        max(reading.probe_percent, reading.slow_clients_percent)
        for reading in recording.generator
        if any(tread.begins_s <= reading.at_s < tread.ends_s for tread in climb)
    ]
    return round(max(busy), 1) if busy else None


def void_reasons(
    recording: raw.Recording, climb: Sequence[Tread], method: Method
) -> list[str]:
    """Why the generator's own trouble makes this cell's figures worthless, if it does.

    What the server did wrong is a result; what the generator did wrong is not.
    """
    reasons = []
    if not climb or recording.levels[-1].slow_clients:
        reasons.append("the staircase was not climbed to its end")
    reasons += _strained(generator_figures(recording, climb))
    reasons += _unsent(recording, climb, method)
    reasons += _missing_slow_clients(recording, climb)
    return reasons


def _strained(generator: GeneratorFigures) -> list[str]:
    lag, cpu = generator.lag_p99_ms, generator.cpu_peak_percent
    reasons = []
    if lag is None:
        reasons.append("no healthy request was sent")
    elif lag > LAG_LIMIT_MS:
        reasons.append(
            f"requests left late: lag p99 {lag:.1f} ms (limit {LAG_LIMIT_MS:g} ms)"
        )
    if cpu is not None and cpu > CPU_LIMIT_PERCENT:
        reasons.append(
            f"a generator used {cpu:.1f} % of a core (limit {CPU_LIMIT_PERCENT:g} %)"
        )
    return reasons


def _unsent(
    recording: raw.Recording, climb: Sequence[Tread], method: Method
) -> list[str]:
    due = sum((t.ends_s - t.begins_s) * method.rate_per_s for t in climb)
    sent = sum(len(t.samples(recording)) for t in climb)
    if sent >= due * (1 - UNSENT_LIMIT) - len(climb):  # a step's edges may cost one
        return []
    return [f"only {sent} of {due:.0f} healthy requests were sent"]


def _missing_slow_clients(
    recording: raw.Recording, climb: Sequence[Tread]
) -> list[str]:
    """Steps on which fewer slow clients visited than were asked for."""
    missing = []
    for tread in climb:
        there = {
            v.client
            for v in recording.visits
            if v.began_s < tread.ends_s and v.ended_s > tread.begins_s
        }
        if len(there) < PRESENT_AT_LEAST * tread.slow_clients:
            missing.append(
                f"only {len(there)} of {tread.slow_clients} slow clients were there"
            )
    return missing


def failed(subject: Subject, reason: str) -> Cell:
    """A cell that could not be measured: void, with the reason, never a zero."""
    return Cell(
        stack=subject.stack,
        scenario=subject.scenario,
        repeat=subject.repeat,
        argv=subject.argv,
        workers=subject.workers,
        threads=subject.threads,
        capacity=Capacity(subject.predicted_out_at, None, None, None),
        steps=[],
        fates=Fates(),
        recovery_s=None,
        server=ServerFigures(None, None, None, None, restarts=0),
        generator=GeneratorFigures(None, None),
        valid=False,
        warnings=[reason],
    )
