"""What ran out first, where healthy requests that wait fill what comes next."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.ran_out import ran_out
from loadtests.catalog.stacks import Supply
from loadtests.records.cell import Capacity
from loadtests.records.samples import Recording, WorkerReading
from tests.validations import draw, measured


def found(
    slow_clients: int, connections: int, descriptors: int, queued: int = 0
) -> str | None:
    """What ran out of a worker with 11 threads, 22 worker_connections, 256 files."""
    subject = dataclasses.replace(
        measured(draw(1, 11), 11), threads=11, worker_connections=22
    )
    reading = WorkerReading(
        5.9, slow_clients, 100, connections, descriptors, nofile=256, queued=queued
    )
    recording = Recording([], [], [], [], [], workers=[reading])
    capacity = Capacity(11, slow_clients, None, slow_clients - 1)
    return ran_out(subject, recording, capacity)


@pytest.mark.parametrize(
    ("connections", "descriptors"), [(12, 20), (22, 32), (60, 70), (246, 256)]
)
def test_threads_ran_out_where_healthy_requests_wait_for_them(
    connections: int, descriptors: int
) -> None:
    assert found(11, connections, descriptors) == Supply.THREADS


def test_descriptors_ran_out_where_slow_clients_filled_them() -> None:
    """Of the threads they hold none: silent clients of an event loop, say."""
    assert found(246, 246, 256) == found(242, 246, 256) == Supply.DESCRIPTORS


def test_worker_that_has_threads_is_not_what_ran_out() -> None:
    """Clients that come by turns leave some free when it is looked at."""
    assert found(11, 10, 20, queued=40) is None
