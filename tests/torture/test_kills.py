"""SIGKILL, of the harness or of its guards: nothing is left of what they started."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

import psutil
import pytest

from loadtests.records.run import load_run
from loadtests.servers.processes import wait_until
from tests.commands.clone import fresh_clone
from tests.surroundings import working_in
from tests.torture import bad_server
from tests.torture.conftest import Tell
from tests.torture.processes import (
    LOAD,
    begun,
    gone_after,
    said,
    see_that_json_is_whole,
)

WITHIN_OF_A_KILL_S = 20.0
_killed_s: list[float] = []
# What it starts serves, and something else has left its process group for good.
LOAD_COMMAND = (
    *LOAD,
    f"CMD=env PYTHONPATH=. {sys.executable} {bad_server.__file__} forks_a_helper "
    "{port}",
    "HEALTHY=/hello",
)


@pytest.mark.parametrize(
    ("words", "after_s"), [(LOAD, 3.0), (LOAD, 8.0), (LOAD_COMMAND, 8.0)]
)
def test_killed_harness_leaves_nothing(
    words: tuple[str, ...], after_s: float, tmp_path: Path, tell: Tell
) -> None:
    project = fresh_clone(tmp_path / "project")
    with begun(project, *words) as process:
        assert not wait_until(lambda: process.poll() is not None, after_s)
        for child in psutil.Process(process.pid).children():
            child.kill()
        killed_s = time.monotonic()
        assert gone_after(project, process, WITHIN_OF_A_KILL_S), working_in(project)
        _killed_s.append(time.monotonic() - killed_s)
    see_that_json_is_whole(project)
    tell(
        "SIGKILL of the harness leaves no process",
        "SIGKILL to Python, in the middle of a cell, once with a server that has left "
        "a process in a session of its own",
        f"all was gone after {max(_killed_s):.1f} s at most",
    )


@pytest.mark.parametrize("killed", [1, 2])
def test_killed_guard_ends_the_run_with_one_line(
    killed: int, tmp_path: Path, tell: Tell
) -> None:
    """The cell is measured to its end, and the run can be gone on with."""
    project = fresh_clone(tmp_path / "project")
    with begun(project, *LOAD) as process:
        assert wait_until(lambda: _probes(project) != [], 60.0), said(project)
        guards = [one for one in working_in(project) if "guard.py" in _words(one)]
        assert len(guards) == 2
        for guard in guards[:killed]:
            guard.kill()
        assert gone_after(project, process, 60.0), working_in(project)
    [folder] = (project / "reports").glob("2*")
    [error] = [line for line in said(project).splitlines() if "error" in line]
    assert error == (
        "error: the guard process was ended by someone; to go on: make load "
        f"RESUME={folder.name}"
    )
    see_that_json_is_whole(project)
    assert len(load_run(folder).cells) == 1
    assert not load_run(folder).run.complete
    tell(
        "a guard that is killed ends the run with one line",
        "SIGKILL to one guard, and to both, in the middle of the first of two cells",
        "the first cell was kept, and no process was left",
    )


def _probes(project: Path) -> list[Path]:
    """What the probe of the first cell has written: that cell is being measured."""
    return [*(project / "reports").glob("2*/samples/*/probe*")]


def _words(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
