"""The grid: all stacks at once, and of each stack one row after the other."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loadtests.catalog.behaviours import APPS, ROWS, How, Row
from loadtests.catalog.stacks import Stack
from loadtests.clients.wire import WireError
from loadtests.experiments.behaviours.exchanges import exchanged, grown
from loadtests.experiments.behaviours.frames import framed
from loadtests.experiments.behaviours.leaving import left, stopped
from loadtests.records.behaviours import REFUSED, VARIES, Behaviour
from loadtests.servers.apps.behaviours import FOLDER
from loadtests.servers.processes import Guard
from loadtests.servers.programs import as_started
from loadtests.servers.server import Server, running

TRIES = 5


def rows_of(stack: Stack) -> list[Row]:
    return [row for row in ROWS.values() if row.interface in ("", stack.interface)]


def served(stack: Stack, notes: Path) -> Stack:
    """The stack with the grid's app, which finds the folder for its notes."""
    return dataclasses.replace(
        stack,
        app=f"{APPS}:{stack.interface}",
        argv=("env", f"{FOLDER}={notes}", *as_started(stack.argv, None)),
    )


def observed(
    chosen: Sequence[Stack], guard: Guard, folder: Path, tell: Callable[[], None]
) -> list[Behaviour]:
    """What each of these does in each row; `tell` is called after each row."""
    with contextlib.ExitStack() as block:
        servers = [
            block.enter_context(
                running(served(stack, folder), guard, folder / f"{stack.id}.log")
            )
            for stack in chosen
        ]
        going_on = threading.Event()
        going_on.set()

        def of_one(server: Server) -> list[Behaviour]:
            found = []
            for row in _rows(server, folder):
                tell()
                found += row
                if not going_on.is_set():
                    break
            return found

        with ThreadPoolExecutor(len(servers)) as pool:
            try:
                return [one for found in pool.map(of_one, servers) for one in found]
            finally:
                going_on.clear()  # after Ctrl-C the threads end with their rows


def _rows(server: Server, notes: Path) -> Iterator[list[Behaviour]]:
    """Row by row; SIGTERM comes last, and is two rows at once."""
    rows = rows_of(server.stack)
    for row in rows:
        if row.how is not How.STOPPING:
            yield [settled(functools.partial(tried, server, notes, row))]
    idle, in_flight = (row for row in rows if row.how is How.STOPPING)
    yield stopped(server, idle, in_flight)


def tried(server: Server, notes: Path, row: Row) -> Behaviour:
    """One try of a row; raises WireError where our own end has run out."""
    try:
        return _tried(server, notes, row)
    except WireError as error:
        if error.fault == "generator":
            raise
        return Behaviour(server.stack.id, row.id, REFUSED)


def _tried(server: Server, notes: Path, row: Row) -> Behaviour:
    if row.races_behind_a_proxy and server.front:
        return Behaviour(server.stack.id, row.id, VARIES)
    if row.how is How.LEAVING:
        return left(server, notes, row)
    if row.how is How.FRAME:
        return framed(server.address, server.stack.id, row)
    if row.growing:
        return grown(server.address, server.stack.id, row, row.growing)
    return exchanged(server.address, server.stack.id, row)


def settled(attempt: Callable[[], Behaviour]) -> Behaviour:
    """What two tries in a row agree on."""
    before = attempt()
    for _ in range(TRIES - 1):
        found = attempt()
        if found == before:
            return found
        before = found
    return Behaviour(before.stack, before.row, VARIES)
