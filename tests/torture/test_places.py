"""A run at an odd place, without most of what a user has."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import psutil

from loadtests.experiments.lock import ANOTHER_FILE
from loadtests.records.run import load_run
from loadtests.servers.processes import wait_until
from loadtests.servers.server import free_port
from tests.commands.clone import ENVIRONMENT, fresh_clone
from tests.surroundings import listened_on
from tests.torture.conftest import Tell
from tests.torture.processes import LOAD, begun, gone_after, left_of, said

# Commands that start servers or clients of ours; each is watched for so long.
COMMANDS = (
    LOAD,
    ("make", "trace"),
    ("make", "serve-wsgi", "PORT={port}"),
    ("make", "serve-asgi", "PORT={port}"),
    ("make", "claims", "ONLY=fastapi-def-may-block"),
    ("make", "phases", "STACKS=asgi-hypercorn", "OUT=out"),
    ("make", "behaviours", "STACKS=wsgi-waitress", "OUT=out"),
)
LOOKS, LOOK_EVERY_S = 40, 0.25


def test_run_without_home_terminal_or_plain_path(tmp_path: Path, tell: Tell) -> None:
    project = fresh_clone(tmp_path / "a place with ü and 'quotes'")
    odd = {"TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    odd |= {name: ENVIRONMENT[name] for name in ("PATH", ANOTHER_FILE)}
    done = subprocess.run(
        LOAD,
        cwd=project,
        env=odd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    stored = [*(project / "reports").glob("2*/run.json")]
    assert stored, done.stderr
    run = load_run(folder := stored[0].parent)
    assert [bool(cell.steps) for cell in run.cells] == [True, True], done.stderr
    assert "Traceback" not in done.stderr.decode("utf-8", "replace")
    assert (folder / "report.html").exists()
    tell(
        "an odd place makes no difference",
        "a run without HOME and a terminal, in another time zone and the locale C, and "
        "in a folder with blanks, quotes and ü in its name",
        f"{len(run.cells)} cells and the whole report",
    )


def test_nothing_listens_outside_of_loopback(tmp_path: Path, tell: Tell) -> None:
    project = fresh_clone(tmp_path / "project")
    for words in COMMANDS:
        port = str(free_port())
        with begun(project, *(word.format(port=port) for word in words)) as process:
            seen = _looked_at(process)
            process.terminate()
            assert gone_after(project, process, 60.0), left_of(project)
        assert seen == {"127.0.0.1"}, f"{words}: {said(project)}"
    tell(
        "nothing listens outside of loopback",
        f"all sockets of {len(COMMANDS)} commands and of what they start, looked at "
        "four times a second",
        "127.0.0.1 alone",
    )


def _looked_at(process: subprocess.Popen[bytes]) -> set[str]:
    """Where it listens, and what it has started, until it ends or for so long."""
    seen: set[str] = set()
    for _ in range(LOOKS):
        if wait_until(lambda: process.poll() is not None, LOOK_EVERY_S):
            break
        with contextlib.suppress(psutil.NoSuchProcess):
            seen |= listened_on(process.pid)
    return seen
