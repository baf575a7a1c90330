"""Generator health: whether a cell's figures are about the server at all.

What the server did wrong is a result; what the load generator did wrong is not. A cell
is void when requests left late, a generator process was too busy, requests were not
sent, or slow clients were missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis import intervals
from loadtests.records.run import GeneratorFigures, Method
from loadtests.records.samples import NOT_SENT, Recording, Tread

LAG_LIMIT_MS = 5.0
CPU_LIMIT_PERCENT = 90.0
UNSENT_LIMIT = 0.01
PRESENT_AT_LEAST = 0.95
# Where a hypervisor takes the machine away now and then, server and generator stop
# alike. That spoils response times, and says so; but the share of requests answered
# within a deadline of a second is not moved by a lateness of a twentieth of it.
STOLEN_FROM_PERCENT = 2.0
STOLEN_LAG_LIMIT_MS = 50.0


def generator_figures(recording: Recording, climb: Sequence[Tread]) -> GeneratorFigures:
    """How late requests left, and how busy the busier generator process was, outside
    the moments in which slow clients are being spawned."""
    lags_ms = sorted(
        (s.started_s - s.intended_s) * 1000
        for tread in climb
        for s in tread.samples(recording)
    )
    return GeneratorFigures(
        lag_p99_ms=_rank(lags_ms, 0.99),
        cpu_peak_percent=_cpu_peak(recording, climb),
        lag_p50_ms=_rank(lags_ms, 0.50),
        lag_max_ms=_rank(lags_ms, 1.0),
        not_sent=sum(sample.fault == NOT_SENT for sample in recording.samples),
        stolen_percent=_stolen_percent(recording),
    )


def _stolen_percent(recording: Recording) -> float | None:
    """How much of the machine's time its hypervisor gave to others, on average."""
    # The first reading has nothing to be compared with.
    stolen = [reading.stolen_percent for reading in recording.generator[1:]]
    return round(sum(stolen) / len(stolen), 1) if stolen else None


def _rank(ordered: Sequence[float], share: float) -> float | None:
    """Of however few samples: a limit must not be stricter for a shorter staircase."""
    return round(intervals.nearest_rank(ordered, share), 3) if ordered else None


def _cpu_peak(recording: Recording, climb: Sequence[Tread]) -> float | None:
    busy = [
        max(reading.probe_percent, reading.slow_clients_percent)
        for reading in recording.generator
        if any(tread.has(reading.at_s) for tread in climb)
    ]
    return round(max(busy), 1) if busy else None


def void_reasons(
    recording: Recording, climb: Sequence[Tread], method: Method
) -> list[str]:
    """Why the generator's own trouble makes this cell's figures worthless, if so."""
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
    elif lag > _lag_limit_ms(generator):
        limit = f"(limit {_lag_limit_ms(generator):g} ms)"
        reasons.append(f"requests left late: lag p99 {lag:.1f} ms {limit}")
    if cpu is not None and cpu > CPU_LIMIT_PERCENT:
        reasons.append(
            f"a generator used {cpu:.1f} % of a core (limit {CPU_LIMIT_PERCENT:g} %)"
        )
    return reasons


def _lag_limit_ms(generator: GeneratorFigures) -> float:
    stolen = (generator.stolen_percent or 0.0) >= STOLEN_FROM_PERCENT
    return STOLEN_LAG_LIMIT_MS if stolen else LAG_LIMIT_MS


def doubts(generator: GeneratorFigures) -> list[str]:
    """What a reader of the response times of a cell that counts must know."""
    lag = generator.lag_p99_ms or 0.0
    if not LAG_LIMIT_MS < lag <= _lag_limit_ms(generator):
        return []
    return [
        f"response times are doubtful: {generator.stolen_percent:g} % of this "
        "machine's time went to other machines, and requests left late, "
        f"lag p99 {lag:.1f} ms"
    ]


def _unsent(recording: Recording, climb: Sequence[Tread], method: Method) -> list[str]:
    due = sum((t.ends_s - t.begins_s) * method.rate_per_s for t in climb)
    sent = sum(len(t.samples(recording)) for t in climb)
    if sent >= due * (1 - UNSENT_LIMIT) - len(climb):  # a step's edges may cost one
        return []
    return [f"only {sent} of {due:.0f} healthy requests were sent"]


def _missing_slow_clients(recording: Recording, climb: Sequence[Tread]) -> list[str]:
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
