"""Recordings made by hand, of which tests change one thing at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from loadtests.analysis.cell import (
    analyse_cell,
)
from loadtests.records.cell import Capacity, Cell, Step, Subject
from loadtests.records.run import Method
from loadtests.records.samples import (
    GeneratorReading,
    Level,
    Recording,
    Sample,
    ServerReading,
    Visit,
)

METHOD = Method(
    rate_per_s=100.0,
    deadline_s=1.0,
    settle_s=0.5,
    hold_s=2.0,
    release_s=3.0,
    healthy_request="GET /hello",
)


SUBJECT = Subject(
    stack="wsgi-gunicorn-gthread",
    scenario="slow-body",
    repeat=2,
    argv=["python", "-m", "gunicorn"],
    workers=2,
    threads=8,
    capacity=Capacity(16, None, None, None, 32),
)


RESPONSE_S = 0.002


READING_EVERY_S = 0.25


CPU_SHARE = 0.02  # of a core: 200 µs for each of 100 requests a second


PIDS = "100 101 102"


def healthy(*levels: int, hold_s: float = 2.0) -> Recording:
    """A climb over these levels in which all goes well; 1 s more for the last step."""
    begins = [n * hold_s for n in range(len(levels))]
    released_s = len(levels) * hold_s + METHOD.deadline_s
    ended_s = released_s + METHOD.release_s
    at = [n * READING_EVERY_S for n in range(int(ended_s / READING_EVERY_S))]
    arrivals = dict[int, float]()
    for begin_s, level in zip(begins, levels, strict=True):
        arrivals |= dict.fromkeys(range(len(arrivals), level), begin_s)
    return Recording(
        samples=requests(0.0, ended_s - METHOD.deadline_s),
        visits=[
            Visit(n, at_s, released_s, "held", None) for n, at_s in arrivals.items()
        ],
        levels=[*map(Level, begins, levels), Level(released_s, 0)],
        server=[ServerReading(t, 3.0 + t * CPU_SHARE, 50.0, PIDS) for t in at],
        generator=[GeneratorReading(t, 12.0, 20.0, 0.0) for t in at],
    )


def requests(begin_s: float, end_s: float) -> list[Sample]:
    """Answered right and in time, due in [begin_s, end_s)."""
    count = round((end_s - begin_s) * METHOD.rate_per_s)
    due = [begin_s + n / METHOD.rate_per_s for n in range(count)]
    return [Sample(at_s, at_s, at_s + RESPONSE_S, "") for at_s in due]


def change(
    recording: Recording,
    within: tuple[float, float],
    new: Callable[[Sample], Sample | None],
) -> Recording:
    """Other samples for those due in a time, recorded in the order of their ends."""
    begin_s, end_s = within
    samples = [
        new(sample) if begin_s <= sample.intended_s < end_s else sample
        for sample in recording.samples
    ]
    in_order = sorted(filter(None, samples), key=lambda sample: sample.ended_s)
    return dataclasses.replace(recording, samples=in_order)


def late(sample: Sample) -> Sample:
    return sample._replace(ended_s=sample.intended_s + METHOD.deadline_s, fault="late")


def fail(recording: Recording, begin_s: float, end_s: float) -> Recording:
    """Nothing that is due in that time is answered at all."""
    return change(recording, (begin_s, end_s), late)


def stall(recording: Recording, begin_s: float, end_s: float) -> Recording:
    """The server answers nothing in that time, and then all that still waits."""

    def waits(sample: Sample) -> Sample:
        if end_s - sample.intended_s > METHOD.deadline_s:
            return late(sample)
        return sample._replace(ended_s=end_s + RESPONSE_S)

    return change(recording, (begin_s, end_s), waits)


def cell(recording: Recording) -> Cell:
    return analyse_cell(SUBJECT, recording, METHOD)


def steps(*shares: tuple[int, int, int]) -> list[Step]:
    return [
        Step(n, attempted, answered, *[None] * 3) for n, attempted, answered in shares
    ]
