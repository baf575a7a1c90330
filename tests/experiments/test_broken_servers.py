"""A server that is not ours any more voids its cell; it gives no verdict."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from psutil import CONN_LISTEN

from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import STACKS, Stack
from loadtests.experiments.order import Order
from loadtests.experiments.run import begin_run, go_on
from loadtests.experiments.task import Task
from loadtests.records.cell import Cell
from loadtests.records.facts import NOT_MEASURED, PORT_TAKEN, SERVER_DIED
from loadtests.servers import processes
from loadtests.servers.processes import Guard
from tests.experiments.held import short
from tests.servers.test_listening import ourselves, taken


def measured(
    stack: Stack,
    folder: Path,
    guard: Guard,
    trouble: Callable[[psutil.Process], None],
    after_s: float = 2.0,
) -> Cell:
    """The cell of a run, with trouble for its server at that moment."""
    order = Order(short(), [stack], [SCENARIOS["slow-body"]], 1, seed=1)
    run, run_folder = begin_run(order, ["load"], folder)
    made: list[float] = []

    def tell(_: Task, seconds: float) -> None:
        if seconds > after_s and not made:
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


def impostor_after(after_s: float, stack: Stack, folder: Path, guard: Guard) -> Cell:
    """The cell of a server that shares its port: from then on, with us. The kernel
    gives the impostor half of the connections."""
    with contextlib.ExitStack() as opened:

        def share(server: psutil.Process) -> None:
            own = [server, *server.children(recursive=True)]
            found = [one for each in own for one in each.net_connections("tcp")]
            [port] = {one.laddr.port for one in found if one.status == CONN_LISTEN}
            opened.enter_context(taken(port))

        return measured(stack, folder, guard, share, after_s)


@pytest.mark.long
def test_foreign_listener_on_the_port_voids_its_cell(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_S", 1.0)  # a held server ends no sooner
    see_that_it_is_void(impostor_after(2.0, STACKS["asgi-granian"], tmp_path, guard))


def see_that_it_is_void(cell: Cell) -> None:
    """Nothing of it counts, and whoever listens there too is named."""
    assert not cell.valid
    [fault] = cell.faults
    assert (fault.kind, cell.steps) == (PORT_TAKEN, [])
    assert fault.words == ourselves()
