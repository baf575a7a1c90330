"""Slow clients on another machine: a namespace with an address of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests import ROOT
from loadtests.commands import load, ordered
from loadtests.commands.main import main
from loadtests.records.cell import Cell
from loadtests.records.run import load_run
from loadtests.records.samples import STEPS_FILE
from loadtests.servers.processes import Guard, started, wait_until
from tests.servers.elsewhere import namespace, needs_namespaces
from tests.torture.conftest import Tell

pytestmark = needs_namespaces
STACKS = ("wsgi-gunicorn-sync", "wsgi-waitress@threads=6")
LOAD = ("load", "--profile=smoke", f"--stacks={','.join(STACKS)}")
VOID_WITHIN_S = 5.0


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (load, ordered):
        monkeypatch.setattr(module, "REPORTS", tmp_path / "reports", raising=False)
    return tmp_path / "reports"


@contextlib.contextmanager
def workers_elsewhere(guard: Guard, folder: Path, count: int) -> Iterator[str]:
    """So many of them in a namespace; the address at which they reach this machine."""
    with namespace() as (name, far), contextlib.ExitStack() as stack:
        near = f"{far.rpartition('.')[0]}.1"
        argv = ["ip", "netns", "exec", name, sys.executable, "-m", "loadtests"]
        argv += ["fleet-worker", "--master", near]
        for number in range(count):
            log = folder / f"worker-{number}.log"
            stack.enter_context(started(guard, argv, log, cwd=ROOT))
        yield near


def cells(reports: Path) -> dict[str, Cell]:
    found = load_run(reports / "latest").cells
    return {cell.stack: cell for cell in found if cell.valid}


def test_slow_clients_of_another_machine_find_the_same_capacities(
    guard: Guard, tmp_path: Path, reports: Path, tell: Tell
) -> None:
    with workers_elsewhere(guard, tmp_path, 2) as near:
        assert main([*LOAD, "--fleet=2", f"--bind={near}"]) in (0, 3)
        elsewhere = cells(reports)
    assert main([*LOAD]) in (0, 3)
    here = cells(reports)
    assert elsewhere.keys() == here.keys() == {*STACKS}
    for stack, cell in elsewhere.items():
        found, same = cell.capacity, here[stack].capacity
        assert (found.degrades_at, found.out_at) == (same.degrades_at, same.out_at)
        assert cell.fates.held == here[stack].fates.held
    tell(
        "slow clients of another machine find the same capacities",
        f"{len(STACKS)} stacks, with 2 workers in a network namespace and without",
        "every capacity is the same",
    )


def test_worker_that_is_killed_voids_the_cell(
    guard: Guard, tmp_path: Path, reports: Path, tell: Tell
) -> None:
    killed_s: list[float] = []

    def kill_one() -> bool:
        """Once the first step of the cell with slow clients was taken."""
        steps = [*reports.glob(f"*/samples/*/{STEPS_FILE}")]
        if steps and len(steps[0].read_text().splitlines()) > 2:
            workers = [p for p in psutil.process_iter() if is_worker(p)]
            workers[0].send_signal(signal.SIGKILL)
            killed_s.append(time.monotonic())
        return bool(killed_s)

    with workers_elsewhere(guard, tmp_path, 2) as near:
        watching = threading.Thread(target=lambda: wait_until(kill_one, 60))
        watching.start()
        words = [*LOAD, "--fleet=2", f"--bind={near}", "--stacks=asgi-uvicorn"]
        assert main(words) == 3
        ended_s = time.monotonic()
        watching.join()
    [cell] = load_run(reports / "latest").cells
    assert not cell.valid
    [fault] = cell.faults
    assert "no sign of" in fault.words
    tell(
        "a worker that is killed voids its cell",
        "SIGKILL to one of two workers, while slow clients are held",
        f"the run had ended {ended_s - killed_s[0]:.1f} s later",
    )


def is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        words = process.cmdline()
        return "--worker" in words and process.pid != os.getpid()
    return False
