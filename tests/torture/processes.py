"""`make load` of two cells in a clone of the project, and what is left of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from loadtests.servers.processes import wait_until
from tests.commands.clone import ENVIRONMENT
from tests.surroundings import working_in

LOAD = ("make", "load", "PROFILE=smoke")
TO_THE_GROUP, TO_MAKE, TO_PYTHON = "the group", "make alone", "Python alone"


def _heed_signals() -> None:
    """Whatever ignores them above us: nohup, or a shell, in the background."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def begun(project: Path, *words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command, in a session of its own; what it says goes to `said`. Whatever it
    leaves is killed at the end of the block, so that no other test suffers from it.
    `more` is added to its environment."""
    with (project / "said").open("ab") as said:
        process = subprocess.Popen(
            words,
            cwd=project,
            env=ENVIRONMENT | more,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_heed_signals,
        )
    try:
        yield process
    finally:
        for left in working_in(project):
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()
        process.wait(20)


def said(project: Path) -> str:
    return (project / "said").read_text("utf-8", "replace")


def send(number: signal.Signals, to: str, process: subprocess.Popen[bytes]) -> None:
    """The signal to the group, as a terminal does it, or to one process of it."""
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        if to == TO_THE_GROUP:
            os.killpg(process.pid, number)
        elif to == TO_MAKE:
            os.kill(process.pid, number)
        else:
            for child in psutil.Process(process.pid).children():
                child.send_signal(number)


def gone_after(
    project: Path, process: subprocess.Popen[bytes], within_s: float
) -> bool:
    """Whether nothing of it is left in that time; the command itself is waited for."""
    return wait_until(
        lambda: process.poll() is not None and not working_in(project), within_s
    )


def see_that_json_is_whole(project: Path) -> None:
    """Every record there is can be read; nothing that was half written is left."""
    reports = project / "reports"
    for path in reports.rglob("*.json"):
        if not path.is_symlink():
            json.loads(path.read_text("utf-8"))
    assert [path.name for path in reports.rglob(".*.json.*")] == []
