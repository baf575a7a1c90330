"""Real trouble of the load generator, made on purpose, voids the cell it falls on."""

from __future__ import annotations

import dataclasses
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from loadtests.analysis.cell import analyse_cell, failed_cell
from loadtests.catalog.profiles import Profile
from loadtests.catalog.stacks import STACKS
from loadtests.experiments.run import method_of
from loadtests.records.cell import Cell
from loadtests.records.facts import NOT_MEASURED, fact
from loadtests.report.facts import sentences
from loadtests.servers.processes import Guard
from loadtests.servers.programs import ProcessError
from tests.analysis.recordings import SUBJECT
from tests.experiments.held import Lab, short, taking


def measured(
    profile: Profile,
    folder: Path,
    guard: Guard,
    tell: Callable[[float], None],
    *steps: int,
) -> Cell:
    """A cell of these steps, in which `tell` hears the seconds and makes trouble."""
    lab = Lab(guard, folder, tell)
    stack = STACKS["asgi-uvicorn"]
    try:
        recording, _ = lab.hold(stack, "slow-body", profile, taking(*steps))
    except ProcessError as error:  # as a run does
        reason = fact(NOT_MEASURED, words=str(error))
        return failed_cell(SUBJECT, method_of(profile), reason)
    # What a hypervisor takes meanwhile is no trouble of the generator's making.
    untaken = [r._replace(stolen_percent=0.0) for r in recording.generator]
    recording = dataclasses.replace(recording, generator=untaken)
    return analyse_cell(SUBJECT, recording, method_of(profile))


def generator(file: str) -> psutil.Process:
    """Our Locust process of that file."""
    (found,) = (p for p in psutil.Process().children() if file in " ".join(p.cmdline()))
    return found


@pytest.mark.long
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

    found = measured(short(hold_s=0.7), tmp_path, guard, tell, 0, 64)
    assert len(stalled) == 2
    assert not found.valid
    reasons = sentences(found.faults)
    assert "requests left late" in reasons
    assert "of 64 slow clients were there" in reasons


@pytest.mark.parametrize("file", ["probe.py", "slow_clients.py"])
def test_generator_that_dies_is_one_line(
    guard: Guard, tmp_path: Path, file: str
) -> None:
    killed: list[float] = []

    def tell(seconds: float) -> None:
        if seconds > 1.0 and not killed:
            generator(file).kill()
            killed.append(seconds)

    found = measured(short(), tmp_path, guard, tell, 0, 2)
    assert not found.valid
    [fault] = found.faults
    assert fault.kind == NOT_MEASURED
    assert fault.words.startswith("a generator failed; ")
    assert "\n" not in fault.words
