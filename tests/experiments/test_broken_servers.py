"""A server that is not ours any more voids its cell; it gives no verdict."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import psutil

from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import HOST, STACKS, Stack
from loadtests.experiments.order import Order
from loadtests.experiments.run import begin_run, go_on
from loadtests.experiments.task import Task
from loadtests.records.cell import Cell
from loadtests.records.facts import NOT_MEASURED, PORT_TAKEN, SERVER_DIED
from loadtests.servers.processes import Guard
from tests.experiments.held import short


def measured(
    stack: Stack, folder: Path, guard: Guard, trouble: Callable[[psutil.Process], None]
) -> Cell:
    """The cell of a run, with trouble for its server in the middle."""
    order = Order(short(), [stack], [SCENARIOS["slow-body"]], 1, seed=1)
    run, run_folder = begin_run(order, ["load"], folder)
    made: list[float] = []

    def tell(_: Task, seconds: float) -> None:
        if seconds > 2.0 and not made:
            made.append(seconds)
            trouble(server_of(stack))

    [(_, after)] = go_on(run, run_folder, order, guard, tell)
    [cell] = after.cells
    assert made
    return cell


def test_stack_whose_command_is_not_installed_does_not_end_the_run(
    guard: Guard, tmp_path: Path
) -> None:
    missing = [
        dataclasses.replace(STACKS[name], argv=("no-such-server", "{port}"))
        for name in ("wsgi-gunicorn-sync", "asgi-uvicorn")
    ]
    order = Order(short(), missing, [SCENARIOS["slow-body"]], 1, seed=1)
    run, folder = begin_run(order, ["load"], tmp_path)
    for _, after in go_on(run, folder, order, guard, lambda *_: None):
        run = after
    assert [cell.stack for cell in run.cells] == [stack.id for stack in missing]
    for cell in run.cells:
        [fault] = cell.faults
        assert (cell.valid, fault.kind) == (False, NOT_MEASURED)
        assert "no-such-server" in fault.words


def server_of(stack: Stack) -> psutil.Process:
    """The first process of our server of that stack: other tests' began before."""
    children = psutil.Process().children()
    ours = [process for process in children if stack.server in process.cmdline()]
    return max(ours, key=lambda process: process.create_time())


def test_server_that_is_killed_voids_its_cell(guard: Guard, tmp_path: Path) -> None:
    def kill(server: psutil.Process) -> None:
        os.killpg(server.pid, signal.SIGKILL)

    cell = measured(STACKS["asgi-uvicorn"], tmp_path, guard, kill)
    assert not cell.valid
    [fault] = cell.faults
    assert (fault.kind, fault.figures) == (SERVER_DIED, {"status": -9.0})
    assert (cell.capacity.degrades_at, cell.capacity.out_at) == (None, None)
    assert cell.steps == []


def test_foreign_listener_on_the_port_voids_its_cell(
    guard: Guard, tmp_path: Path
) -> None:
    """With SO_REUSEPORT, the kernel gives the stranger half of the connections."""
    stack = STACKS["wsgi-gunicorn-sync"]
    sharing = dataclasses.replace(stack, argv=(*stack.argv, "--reuse-port"))
    with contextlib.ExitStack() as opened:

        def share(server: psutil.Process) -> None:
            [bind] = [word for word in server.cmdline() if word.startswith(HOST)]
            stranger = opened.enter_context(socket.socket())
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            stranger.bind((HOST, int(bind.rpartition(":")[2])))
            stranger.listen()

        cell = measured(sharing, tmp_path, guard, share)
    assert not cell.valid
    [fault] = cell.faults
    assert (fault.kind, cell.steps) == (PORT_TAKEN, [])
    assert f"(pid {os.getpid()})" in fault.words
