"""Commands of docs/known-server-faults.md, as they are printed, show the faults."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.catalog.behaviours import How
from loadtests.catalog.faults import FAULTS, Asked, Fault
from loadtests.report.formats.faults import PORT, commands
from loadtests.servers.processes import Guard, started, wait_until
from loadtests.servers.server import free_port
from tests.conftest import needs
from tests.surroundings import listened_on
from tests.torture.conftest import Tell

WITHIN_S = 20.0
# What commands print where the behaviour that is known of the server does not say it.
PRINT = {
    "uwsgi-version": "a HTTP/1.1 200",
    "uwsgi-expect": "200 OK",
    "coding-in-1.0": "400 Bad Request",
    "head-body": '"method": "HEAD"',
    "granian-chunks": '"ended": "whole", "got": ""',
    "granian-latin-1": '"x-a": ""',
    "websocket-close": "\x88\x02\x03\xe8",
    "websocket-code-seen": "None",
    "http2-path": "No such path",
    "http2-version": '"version": "2"',
    "http2-latin-1": "curl: (",
    "http2-no-body": "timed out",
}
LOGGED = {"websocket-send-when-gone": "Disconnected"}

pytestmark = pytest.mark.skipif(
    not (shutil.which("nc") and shutil.which("curl")),
    reason="nc or curl is not installed",
)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=name, marks=needs(fault.found.stacks[0]))
        for name, fault in FAULTS.items()
    ],
)
def test_command_shows_its_fault(
    fault: Fault, guard: Guard, tmp_path: Path, tell: Tell
) -> None:
    port = free_port()
    serves, *shows = (
        line.replace(str(PORT), str(port)).replace("/tmp", str(tmp_path))
        for line in commands(fault.found)
    )
    path = f"PATH={Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    argv = ["env", path, "bash", "-c"]
    log = tmp_path / "log"
    with started(guard, [*argv, f"exec {serves}"], log, cwd=ROOT) as group:
        assert wait_until(lambda: listened_on(group.id) != set(), WITHIN_S), (
            group.said()
        )
        done = subprocess.run(
            [*argv, "\n".join(shows)],
            cwd=ROOT,
            capture_output=True,
            timeout=WITHIN_S,
            check=False,
        )
        logged = LOGGED.get(fault.id, "")
        assert wait_until(lambda: logged in group.said(), WITHIN_S), group.said()
    printed = done.stdout.decode("latin-1")
    errors = done.stderr.decode("latin-1")
    assert PRINT.get(fault.id, "") in printed + errors
    if isinstance(fault.found, Asked):
        _see(fault.found, printed)
        assert errors == ""  # nc is there, and was connected
    tell(
        "known faults of servers can be seen",
        f"the commands of {len(FAULTS)} faults in docs/known-server-faults.md, as they "
        "are printed, but for the port and the folder /tmp",
        "each shows its fault",
    )


def _see(found: Asked, printed: str) -> None:
    """Frames are no text, and what a server does next is for other tests."""
    shown = found.shows[found.stacks[0]]
    if shown.kind == "closed" and not shown.statuses:
        assert printed == ""
    assert all(f" {status} " in printed for status in shown.statuses)
    if found.row.how is not How.FRAME:
        assert json.dumps(shown.saw)[1:-1] in printed
