"""Real trouble of the load generator, made on purpose, voids the cell it falls on."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import psutil

from loadtests import ROOT
from loadtests.analysis.cell import analyse_cell, failed_cell
from loadtests.catalog.profiles import PROFILES, Profile
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import STACKS
from loadtests.experiments.cell import CellTask
from loadtests.experiments.holding import Holding, hold
from loadtests.experiments.run import method_of
from loadtests.experiments.task import Context
from loadtests.records.cell import Cell
from loadtests.records.facts import NOT_MEASURED, fact
from loadtests.records.samples import Recording
from loadtests.report.facts import sentences
from loadtests.servers.processes import Group, Guard, ProcessError, started

SHORT = dataclasses.replace(PROFILES["smoke"], levels=(0, 64), hold_s=2, release_s=1)
BUSY = ["python", "-c", "while True: pass"]


def measured(
    profile: Profile, folder: Path, guard: Guard, tell: Callable[[float], None]
) -> Cell:
    stack = STACKS["asgi-uvicorn"]
    holding, method = (
        Holding(stack, SCENARIOS["slow-body"], profile),
        method_of(profile),
    )
    context = Context(folder, guard, method, lambda _, seconds: tell(seconds))
    subject = holding.subject(repeat=1)
    try:
        recording: Recording = hold(holding, CellTask(holding, 1), context)
    except ProcessError as error:  # as a run does
        return failed_cell(subject, method, fact(NOT_MEASURED, words=str(error)))
    # What a hypervisor takes meanwhile is no trouble of the generator's making.
    untaken = [r._replace(stolen_percent=0.0) for r in recording.generator]
    recording = dataclasses.replace(recording, generator=untaken)
    return analyse_cell(subject, recording, method)


def generator(file: str) -> psutil.Process:
    """Our Locust process of that file."""
    (found,) = (p for p in psutil.Process().children() if file in " ".join(p.cmdline()))
    return found


def test_stalled_probe_and_missing_slow_clients_void_the_cell(
    guard: Guard, tmp_path: Path
) -> None:
    limited: list[float] = []
    stalled: list[float] = []  # when it was stopped, when it went on

    def tell(seconds: float) -> None:
        if not limited:
            # No room for 64 connections: most of the slow clients stay away.
            limit = (40, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
            slow = generator("slow_clients.py").pid
            resource.prlimit(slow, resource.RLIMIT_NOFILE, limit)
            limited.append(seconds)
        elif seconds > 1.2 and not stalled:
            os.kill(generator("probe.py").pid, signal.SIGSTOP)
            stalled.append(seconds)
        elif len(stalled) == 1 and seconds > stalled[0] + 0.4:
            os.kill(generator("probe.py").pid, signal.SIGCONT)
            stalled.append(seconds)

    found = measured(SHORT, tmp_path, guard, tell)
    assert len(stalled) == 2
    assert not found.valid
    reasons = sentences(found.faults)
    assert "requests left late" in reasons
    assert "of 64 slow clients were there" in reasons


def test_busy_generator_core_makes_times_doubtful(guard: Guard, tmp_path: Path) -> None:
    """A dozen others want the generators' core, once they are ready; it may be void."""
    core = frozenset({min(os.sched_getaffinity(0))})
    profile = dataclasses.replace(SHORT, levels=(0, 1), rate_per_s=200.0)
    others: list[Group] = []
    with contextlib.ExitStack() as stack:

        def tell(seconds: float) -> None:
            while len(others) < 12:  # sessions of their own: each has its share
                group = started(guard, BUSY, tmp_path / "busy.log", cwd=ROOT)
                others.append(stack.enter_context(group))
                others[-1].pin(core)

        found = measured(profile, tmp_path, guard, tell)
    reasons = sentences([*found.faults, *found.doubts])
    assert "requests left late" in reasons or "did not end in time" in reasons
