"""Recordings made by hand, of which tests change one thing at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from loadtests.analysis.cell import analyse_cell
from loadtests.records.cell import Capacity, Cell, Step, Subject
from loadtests.records.run import Method
from loadtests.records.samples import (
    GeneratorReading,
    Recording,
    Sample,
    ServerReading,
    StepTaken,
    Visit,
)

ARRIVING_S, HOLD_S = 0.5, 1.5

METHOD = Method(
    rate_per_s=100.0,
    deadline_s=1.0,
    settle_s=10.0,
    hold_s=HOLD_S,
    release_s=3.0,
    healthy_request="GET /hello",
    arrive_per_s=500.0,
    long_hold_s=HOLD_S,
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


def healthy(*asked: int, hold_s: float = HOLD_S) -> Recording:
    """Steps of so many slow clients, in which all goes well.

    They come within the first half second of each step. One second, the deadline, lies
    between the last step and the leaving.
    """
    each_s = ARRIVING_S + hold_s
    taken = [step_taken(n, index * each_s, hold_s) for index, n in enumerate(asked)]
    left_s = len(asked) * each_s + METHOD.deadline_s
    ended_s = left_s + METHOD.release_s
    at = [n * READING_EVERY_S for n in range(int(ended_s / READING_EVERY_S))]
    return Recording(
        samples=requests(0.0, ended_s - METHOD.deadline_s),
        visits=visits(taken, left_s),
        taken=[*taken, StepTaken(0, left_s, left_s, ended_s, 0, 1)],
        server=[reading(t) for t in at],
        generator=[GeneratorReading(t, 12.0, 20.0, 0.0, 0.0) for t in at],
    )


def step_taken(slow_clients: int, asked_s: float, hold_s: float = HOLD_S) -> StepTaken:
    """A step that all were in place for, and that the server came to rest for."""
    begins_s = asked_s + ARRIVING_S
    return StepTaken(
        slow_clients, asked_s, begins_s, begins_s + hold_s, slow_clients, 1
    )


def visits(taken: Sequence[StepTaken], left_s: float) -> list[Visit]:
    """A visit of each slow client, held from its first step to the end."""
    came = dict[int, float]()
    for step in taken:
        came |= dict.fromkeys(range(len(came), step.slow_clients), step.asked_s)
    return [Visit(n, at_s, left_s, "held", None) for n, at_s in came.items()]


def reading(at_s: float, pids: str = PIDS) -> ServerReading:
    """50 MB of its own, 2 MB of the kernel's, and some CPU time."""
    return ServerReading(at_s, 3.0 + at_s * CPU_SHARE, 60.0, pids, 50.0, 2.0, 0.0)


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
    return [Step(n, asked, answered, None, None, None) for n, asked, answered in shares]
