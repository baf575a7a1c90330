"""The history of a cell: what happened when, from the raw records.

The one rule: nothing is left out. Arriving, holding and leaving all belong to it, so
that whoever distrusts a step can see what the step did not count.
"""

from __future__ import annotations

import itertools
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from loadtests.records.cell import History, Stage
from loadtests.records.samples import (
    Recording,
    Sample,
    ServerReading,
    StepTaken,
    Visit,
)

EVERY_S = 0.5


def history(recording: Recording) -> History | None:
    """By half seconds, from the first healthy request; None where none was sent."""
    samples = sorted(recording.due(float("-inf"), float("inf")))
    if not samples or not recording.taken:
        return None
    began_s = samples[0].intended_s
    parts = round((recording.taken[-1].ends_s - began_s) / EVERY_S)
    edges = [began_s + EVERY_S * n for n in range(max(1, parts) + 1)]
    due = [_between(samples, *pair) for pair in itertools.pairwise(edges)]
    times_ms = [_times_ms(part) for part in due]
    return History(
        every_s=EVERY_S,
        stages=[_stage(one, began_s) for one in recording.taken],
        attempted=[len(part) for part in due],
        answered=[len(part) for part in times_ms],
        p50_ms=[round(statistics.median(t), 2) if t else None for t in times_ms],
        worst_ms=[round(max(t), 1) if t else None for t in times_ms],
        connected=_connected(recording.visits, edges[1:]),
        server_cores=[
            _rounded(cores(recording.server, *pair))
            for pair in itertools.pairwise(edges)
        ],
        log_mb=[_log_mb(recording.server, at) for at in edges[1:]],
        replaced_s=[round(at - began_s, 2) for at in _replaced_s(recording.server)],
    )


def _stage(taken: StepTaken, began_s: float) -> Stage:
    asked_s, begins_s, ends_s = (
        max(0.0, round(at_s - began_s, 2))
        for at_s in (taken.asked_s, taken.begins_s, taken.ends_s)
    )
    return Stage(taken.slow_clients, asked_s, begins_s, ends_s)


def _between(samples: Sequence[Sample], from_s: float, to_s: float) -> list[Sample]:
    first, end = (
        bisect_left(samples, at, key=lambda s: s.intended_s) for at in (from_s, to_s)
    )
    return list(samples[first:end])


def _times_ms(samples: Sequence[Sample]) -> list[float]:
    return [(s.ended_s - s.intended_s) * 1000 for s in samples if not s.fault]


def _connected(visits: Sequence[Visit], moments: Sequence[float]) -> list[int]:
    """How many visits had begun at each moment, and not ended."""
    began, ended = (
        sorted(getattr(v, part) for v in visits) for part in ("began_s", "ended_s")
    )
    return [bisect_right(began, at) - bisect_right(ended, at) for at in moments]


def cores(
    readings: Sequence[ServerReading], from_s: float, to_s: float
) -> float | None:
    """How many cores the server used between two moments; None without readings, where
    its processes are not known, and where a worker went with what it had used. It may
    be listed once more when its time can be read no more."""
    found = _around(readings, from_s, to_s)
    if found is None or not found[0].pids or found[0].pids != found[1].pids:
        return None
    before, after = found
    if after.cpu_s < before.cpu_s:
        return None
    return (after.cpu_s - before.cpu_s) / (after.at_s - before.at_s)


def log_mb_per_s(
    readings: Sequence[ServerReading], from_s: float, to_s: float
) -> float | None:
    """How fast the server's log grew between two moments; None without readings."""
    found = _around(readings, from_s, to_s)
    if found is None:
        return None
    before, after = found
    return (after.log_mb - before.log_mb) / (after.at_s - before.at_s)


def _around(
    readings: Sequence[ServerReading], from_s: float, to_s: float
) -> tuple[ServerReading, ServerReading] | None:
    """The last reading before, and the first after; the nearest ones at either end."""
    first = bisect_right(readings, from_s, key=lambda r: r.at_s) - 1
    last = bisect_left(readings, to_s, key=lambda r: r.at_s)
    around = readings[max(0, first) : last + 1]
    return (around[0], around[-1]) if len(around) > 1 else None


def _log_mb(readings: Sequence[ServerReading], at_s: float) -> float | None:
    known = bisect_right(readings, at_s, key=lambda r: r.at_s)
    return round(readings[known - 1].log_mb, 2) if known else None


def _replaced_s(readings: Sequence[ServerReading]) -> list[float]:
    """When a process was seen that had not been there before."""
    return [
        after.at_s
        for before, after in itertools.pairwise(readings)
        if set(after.pids.split()) - set(before.pids.split())
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
