"""A run at an odd place, without most of what a user has."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from loadtests.catalog.stacks import HOST
from loadtests.experiments.lock import ANOTHER_FILE
from loadtests.records.run import load_run
from loadtests.servers.processes import wait_until
from loadtests.servers.server import free_port
from tests.commands.clone import ENVIRONMENT, fresh_clone
from tests.surroundings import listened_on, working_in
from tests.torture.conftest import Tell
from tests.torture.listeners import watched
from tests.torture.processes import LOAD, begun, gone_after, said
from tests.torture.targets import SHOP, SHOP_FILE, STARTED, words_of

# Python 3.11 takes UTF-8 in the locale C, unless it must not.
ASCII = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
# The servers of a command have begun, and the generator follows: so long a command is
# watched from its first server on. No command waits longer for its first server.
FROM_THEN_S, FIRST_WITHIN_S, LOOK_EVERY_S = 4.0, 60.0, 0.25
SIDE_BY_SIDE = 4
DAEMON = """
import os, socket, time
if child := os.fork():
    os.write(1, str(child).encode())
    os._exit(0)
os.setsid()
os.close(1)
listens = socket.create_server(("127.0.0.2", 0))
time.sleep(60)
"""


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
    for words in (("report", folder.name), ("trace",)):
        done = subprocess.run(
            [project / ".venv/bin/python", "-m", "loadtests", *words],
            cwd=project,
            env=odd | ASCII,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
    tell(
        "an odd place makes no difference",
        "a run without HOME and a terminal, in another time zone and the locale C, and "
        "in a folder with blanks, quotes and ü in its name; a report and a trace there "
        "without UTF-8",
        f"{len(run.cells)} cells, the whole report and the trace",
    )


def test_nothing_listens_outside_of_loopback(tmp_path: Path, tell: Tell) -> None:
    commands = [command for some in STARTED.values() for command in some]
    projects = [tmp_path / str(number) for number in range(len(commands))]
    with watched() as found, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        seen = dict(
            zip(commands, pool.map(_listening, commands, projects), strict=True)
        )
    assert found == set()
    assert {command: at for command, at in seen.items() if at != {HOST}} == {}
    tell(
        "nothing listens outside of loopback",
        f"all sockets of the machine, looked at ten times a second beside "
        f"{len(commands)} commands of {len(STARTED)} targets",
        f"{HOST} alone",
    )


def _listening(command: str, project: Path) -> set[str]:
    """Where it listens, and what it has started, until all of that has begun."""
    (fresh_clone(project) / SHOP_FILE).write_text(SHOP)
    words, lock = words_of(command, free_port()), {ANOTHER_FILE: str(project / "lock")}
    seen: set[str] = set()
    with begun(project, *words, **lock) as process:
        until_s = time.monotonic() + FIRST_WITHIN_S
        while process.poll() is None and time.monotonic() < until_s:
            wait_until(lambda: process.poll() is not None, LOOK_EVERY_S)
            with contextlib.suppress(psutil.NoSuchProcess):
                found = listened_on(process.pid)
                if found and not seen:
                    until_s = time.monotonic() + FROM_THEN_S
                seen |= found
        process.terminate()
        assert gone_after(project, process, 60.0), working_in(project)
    assert seen, said(project)
    return seen


def test_daemon_that_listens_elsewhere_is_found() -> None:
    """It has left us by then. 127.0.0.2 is on loopback too, so that nobody gets in."""
    with watched() as found:
        daemon = subprocess.check_output([sys.executable, "-c", DAEMON])
        try:
            assert wait_until(lambda: bool(found), 20)
        finally:
            os.kill(int(daemon), signal.SIGKILL)
    [line] = found
    assert line.startswith("127.0.0.2 port ")
