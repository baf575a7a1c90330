"""What ran out when a stack degraded, from what its processes held at that moment.

The one rule: evidence names it, not the prediction. A descriptor ran out where a worker
had none left, a thread where a worker had as many connections as threads. What stands
in front of a server is looked at first: where that is full, the server hears of nobody.
A worker that answers an error to what it has no room for says so itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from loadtests.catalog.stacks.limits import Supply
from loadtests.records.cell import Capacity, Subject
from loadtests.records.samples import Recording, WorkerReading

# A descriptor is lent for a moment to whatever a server opens besides.
_ALL_BUT = 3
# A worker that serves one client at a time has no more, those that end included.
_FEW = 3
_REFUSALS = ("rejected", "rejected-for-now")
# So many times the slow clients, a worker has only if healthy requests wait there too.
_WITH_WAITING = 2


def by_worker(recording: Recording, slow_clients: int) -> list[int]:
    """The connections of each process that had some, the most first; where something
    stands in front, of its processes."""
    readings = _at(recording, slow_clients)
    first = any(r.in_front for r in readings)
    found = [r.connections for r in readings if r.in_front == first and r.connections]
    return sorted(found, reverse=True)


def ran_out(subject: Subject, recording: Recording, found: Capacity) -> str | None:
    """The supply of which a worker had none left; None where nothing shows it."""
    if found.degrades_at is None:
        return None
    readings = _at(recording, found.degrades_at)
    in_front = _of_front(subject, [r for r in readings if r.in_front])
    if subject.worker_connections and _refuses(recording, found.degrades_at):
        return Supply.WORKER_CONNECTIONS
    behind = [r for r in readings if not r.in_front]
    return in_front or _of_server(subject, behind, found.degrades_at)


def _refuses(recording: Recording, slow_clients: int) -> bool:
    """Whether most requests that were lost at that step were answered with an error."""
    lost = [
        sample.fault
        for step in recording.steps
        if step.slow_clients == slow_clients
        for sample in recording.due(step.begins_s, step.ends_s)
        if sample.fault
    ]
    return 2 * sum(fault in _REFUSALS for fault in lost) > len(lost)


def _of_front(subject: Subject, readings: Sequence[WorkerReading]) -> str | None:
    if subject.front is None:
        return None
    if any(_without_descriptors(reading) for reading in readings):
        return Supply.DESCRIPTORS
    most = max((r.connections or 0 for r in readings), default=0)
    full = most >= subject.front.connections - _ALL_BUT
    return Supply.WORKER_CONNECTIONS if full else None


def _of_server(
    subject: Subject, readings: Sequence[WorkerReading], degrades_at: int
) -> str | None:
    most = max((r.connections or 0 for r in readings), default=0)
    threads_held = bool(subject.threads) and most >= (subject.threads or 0)
    # Where healthy requests wait for a thread, they fill whatever comes after threads.
    if threads_held and most > _WITH_WAITING * degrades_at:
        return Supply.THREADS
    if any(_without_descriptors(reading) for reading in readings):
        return Supply.DESCRIPTORS
    connections_held = bool(most) and most >= (subject.worker_connections or math.inf)
    # Where a client holds no thread, threads are not to be known by connections.
    threadless = subject.capacity.predicted_ran_out == Supply.WORKER_CONNECTIONS
    if threads_held and not (threadless and connections_held):
        return Supply.THREADS
    if connections_held:
        return Supply.WORKER_CONNECTIONS
    return _waiting(subject, readings)


def _waiting(subject: Subject, readings: Sequence[WorkerReading]) -> str | None:
    """Connections wait though each worker has one: the workers themselves, or the event
    loops that they are, are held. A worker that has threads or worker_connections is
    not held as a whole: of these, none was seen to have run out."""
    if subject.threads or subject.worker_connections:
        return None
    serving = sum(bool(r.connections) for r in readings)
    if serving < subject.workers or not any(r.queued for r in readings):
        return None
    if subject.capacity.predicted_ran_out == Supply.EVENT_LOOPS:
        return Supply.EVENT_LOOPS
    # A worker that has many can serve them, though it may accept no more for now.
    few = all((r.connections or 0) <= _FEW for r in readings)
    return Supply.WORKERS if few else None


def _without_descriptors(reading: WorkerReading) -> bool:
    open_ones, most = reading.descriptors, reading.nofile
    return open_ones is not None and most is not None and open_ones >= most - _ALL_BUT


def _at(recording: Recording, slow_clients: int) -> list[WorkerReading]:
    """What was held at the end of that step; of a step taken twice, the first time."""
    found = [r for r in recording.workers if r.slow_clients == slow_clients]
    pids = {reading.pid: reading for reading in reversed(found)}
    return list(pids.values())
