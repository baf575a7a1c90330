"""What a server took: its memory, idle and for each slow client; restarts; its log.

Pure functions of a Recording.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from loadtests.analysis import intervals
from loadtests.records.cell import ServerFigures
from loadtests.records.samples import Recording, ServerReading, StepTaken

_Part = Callable[[ServerReading], float | None]


def server_figures(recording: Recording, unharmed: Sequence[int]) -> ServerFigures:
    """Memory: idle, at its peak, and for each slow client; restarts; the log.

    `unharmed` are the numbers of slow clients that did no harm.
    """
    readings = recording.server
    if not readings or not recording.steps:
        return ServerFigures(None, None, None, restarts=0)
    sizes = [r.pss_mb for r in readings if r.pss_mb is not None]
    pss = _slope_kb(recording, unharmed, lambda reading: reading.pss_mb)
    kernel = _slope_kb(recording, unharmed, lambda reading: reading.kernel_mb)
    disk = _slope_kb(recording, unharmed, lambda reading: reading.disk_mb)
    baseline, next_one = recording.taken[:2]
    return ServerFigures(
        rss_idle_mb=_last(readings, baseline, next_one, lambda r: r.pss_mb),
        rss_peak_mb=round(max(sizes), 1) if sizes else None,
        kb_per_slow_client=pss.value,
        restarts=server_restarts(recording),
        kb_low=pss.low,
        kb_high=pss.high,
        kernel_kb_per_slow_client=kernel.value,
        kernel_kb_low=kernel.low,
        kernel_kb_high=kernel.high,
        log_mb=round(readings[-1].log_mb, 1),
        disk_kb_per_slow_client=disk.value,
    )


class _SlopeKb(NamedTuple):
    value: float | None = None
    low: float | None = None
    high: float | None = None


# Fewer slow clients cost what a process touches first, and not what each one takes.
FEWEST = 32


def _slope_kb(recording: Recording, unharmed: Sequence[int], part: _Part) -> _SlopeKb:
    """What each slow client adds, over the steps that did no harm: of those that are
    dropped or have to wait, a server holds nothing."""
    points = [
        (float(step.slow_clients), 1024 * size_mb)
        for step, next_one in itertools.pairwise(recording.taken)
        if step.slow_clients in unharmed
        and (size_mb := _last(recording.server, step, next_one, part)) is not None
    ]
    slope = intervals.of_slope(points)
    if slope is None or max(unharmed, default=0) < FEWEST:
        return _SlopeKb()
    if slope.interval is None:
        return _SlopeKb(round(slope.value, 1) + 0.0)
    low, high = slope.interval.low, slope.interval.high
    return _SlopeKb(round(slope.value, 1) + 0.0, round(low, 1), round(high, 1))


def _last(
    readings: Sequence[ServerReading], step: StepTaken, next_one: StepTaken, part: _Part
) -> float | None:
    """The last reading of a size while all were held. That is until the next step was
    asked for, because memory is read once the last request has ended."""
    inside = [part(r) for r in readings if step.begins_s <= r.at_s < next_one.asked_s]
    known = [size for size in inside if size is not None]
    return round(known[-1], 3) if known else None


def server_restarts(recording: Recording) -> int:
    """Processes that were not there at first: workers that took a dead one's place."""
    seen = [set(reading.pids.split()) for reading in recording.server]
    return len(set().union(*seen) - seen[0]) if seen else 0
