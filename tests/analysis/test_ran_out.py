"""What ran out, from what the server's processes held when it degraded."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.analysis.ran_out import by_worker, ran_out
from loadtests.catalog.stacks import Supply
from loadtests.records.cell import Capacity, InFront, Subject
from loadtests.records.samples import Recording, WorkerReading
from tests.analysis.recordings import SUBJECT, cell, change, fail, healthy

DEGRADED = Capacity(16, 16, None, 15)
# A parent that serves nobody, and two workers.
PARENT = WorkerReading(5.9, 16, 100, 0, 9, 128, 0)
FIRST, SECOND = (PARENT._replace(pid=pid, connections=3) for pid in (101, 102))


def holding(*workers: WorkerReading) -> Recording:
    return Recording([], [], [], [], [], workers=[PARENT, *workers])


def subject(
    threads: int | None = None,
    connections: int | None = None,
    predicted: Supply = Supply.WORKERS,
) -> Subject:
    expected = dataclasses.replace(SUBJECT.capacity, predicted_ran_out=predicted)
    return dataclasses.replace(
        SUBJECT, threads=threads, worker_connections=connections, capacity=expected
    )


@pytest.mark.parametrize(
    ("open_ones", "found"),
    [(124, None), (125, Supply.DESCRIPTORS), (128, Supply.DESCRIPTORS), (None, None)],
)
def test_descriptors_ran_out_where_a_worker_has_none_left(
    open_ones: int | None, found: Supply | None
) -> None:
    worker = FIRST._replace(descriptors=open_ones)
    assert ran_out(subject(), holding(worker, SECOND), DEGRADED) == found


def test_descriptors_of_which_no_limit_is_known_did_not_run_out() -> None:
    worker = FIRST._replace(descriptors=128, nofile=None)
    assert ran_out(subject(), holding(worker), DEGRADED) is None


@pytest.mark.parametrize(
    ("most", "found"), [(7, None), (8, Supply.THREADS), (9, Supply.THREADS)]
)
def test_threads_ran_out_where_a_worker_has_as_many_connections(
    most: int, found: Supply | None
) -> None:
    recording = holding(FIRST._replace(connections=most), SECOND)
    assert ran_out(subject(threads=8), recording, DEGRADED) == found


@pytest.mark.parametrize(
    ("most", "found"), [(49, None), (50, Supply.WORKER_CONNECTIONS)]
)
def test_worker_connections_ran_out_where_a_worker_has_as_many(
    most: int, found: Supply | None
) -> None:
    recording = holding(FIRST._replace(connections=most), SECOND)
    assert ran_out(subject(connections=50), recording, DEGRADED) == found


@pytest.mark.parametrize("predicted", [Supply.WORKERS, Supply.EVENT_LOOPS])
def test_workers_ran_out_where_all_serve_and_others_wait(predicted: Supply) -> None:
    """Whether a worker is its event loop is known beforehand."""
    waiting = holding(FIRST._replace(queued=4), SECOND._replace(queued=4))
    assert ran_out(subject(predicted=predicted), waiting, DEGRADED) == predicted
    nobody = holding(FIRST, SECOND)
    assert ran_out(subject(predicted=predicted), nobody, DEGRADED) is None
    idle = holding(FIRST._replace(queued=4), SECOND._replace(connections=0, queued=4))
    assert ran_out(subject(predicted=predicted), idle, DEGRADED) is None


FRONT = InFront("nginx", "http {}", connections=50)
FULL = FIRST._replace(connections=50, in_front=1)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, Supply.WORKER_CONNECTIONS),
        ({"connections": 47}, Supply.WORKER_CONNECTIONS),
        ({"connections": 46}, Supply.WORKERS),
        ({"connections": None}, Supply.WORKERS),
        ({"descriptors": 127}, Supply.DESCRIPTORS),
    ],
)
def test_what_stands_in_front_is_looked_at_first(
    changes: dict[str, Any], found: Supply
) -> None:
    """Where it is not full, the server behind may be."""
    waiting = (FIRST._replace(queued=4), SECOND._replace(queued=4))
    recording = holding(FULL._replace(pid=99, **changes), *waiting)
    behind = dataclasses.replace(subject(), front=FRONT)
    assert ran_out(behind, recording, DEGRADED) == found
    assert ran_out(behind, holding(*waiting), DEGRADED) == Supply.WORKERS


def test_clients_fall_to_what_stands_in_front() -> None:
    recording = holding(FULL._replace(pid=99), FULL._replace(pid=98), FIRST, SECOND)
    assert by_worker(recording, 16) == [50, 50]


def test_evidence_is_that_of_the_step_that_degraded() -> None:
    later = FIRST._replace(slow_clients=32, descriptors=128)
    assert ran_out(subject(), holding(FIRST, SECOND, later), DEGRADED) is None


def test_evidence_of_a_step_that_was_taken_twice_is_that_of_the_first_time() -> None:
    again = FIRST._replace(at_s=12.0, descriptors=128)
    assert ran_out(subject(), holding(FIRST, SECOND, again), DEGRADED) is None
    assert by_worker(holding(FIRST, SECOND, again), 16) == [3, 3]


def test_nothing_ran_out_where_nothing_degraded_or_nothing_is_known() -> None:
    full = holding(FIRST._replace(descriptors=128))
    held = dataclasses.replace(DEGRADED, degrades_at=None)
    assert ran_out(subject(), full, held) is None
    hidden = FIRST._replace(connections=None, descriptors=None, queued=None)
    assert ran_out(subject(threads=8), holding(hidden), DEGRADED) is None


def test_cell_says_what_ran_out_and_how_the_clients_fell() -> None:
    workers = [
        PARENT._replace(slow_clients=4),
        *(one._replace(slow_clients=4) for one in (FIRST, SECOND)),
        *(one._replace(connections=8 + n) for n, one in enumerate((FIRST, SECOND))),
    ]
    recording = fail(healthy(0, 4, 16), 4.5, 6.0)
    found = cell(dataclasses.replace(recording, workers=workers))
    assert (found.capacity.degrades_at, found.capacity.ran_out) == (16, Supply.THREADS)
    assert [step.by_worker for step in found.steps] == [[], [3, 3], [9, 8]]


@pytest.mark.parametrize(
    ("fault", "connections", "found"),
    [
        ("rejected", 5, Supply.WORKER_CONNECTIONS),
        ("rejected-for-now", 5, Supply.WORKER_CONNECTIONS),
        ("rejected", None, None),  # an app that fails, and no limit of the server
        ("late", 5, None),
    ],
)
def test_limit_of_connections_ran_out_where_requests_are_refused(
    fault: str, connections: int | None, found: Supply | None
) -> None:
    recording = healthy(0, 16)
    step = recording.steps[1]
    refused = change(
        recording,
        (step.begins_s, step.ends_s),
        lambda sample: sample._replace(fault=fault),
    )
    given = subject(connections=connections, predicted=Supply.WORKER_CONNECTIONS)
    assert ran_out(given, refused, DEGRADED) == found
