"""`make serve-asgi TRACE=1` with an app of somebody else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.catalog.stacks import HOST
from loadtests.clients.wire import WireError, exchange
from loadtests.commands.statuses import Status
from loadtests.servers.processes import wait_until
from loadtests.servers.server import free_port
from tests.commands.clone import fresh_clone
from tests.surroundings import listened_on, working_in
from tests.torture.processes import (
    TO_MAKE,
    begun,
    gone_after,
    said,
    send,
)

MINE = """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"mine"})
"""
GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_app_to_trace_is_found_where_pythonpath_leads(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    port, tells = free_port(), tmp_path / "tells"
    words = ("serve", "--interface=asgi", "--trace", f"--port={port}")
    with (
        tells.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-E", "-m", "loadtests", *words],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "TRACE_APP": "mine:app"},
            stdout=subprocess.PIPE,
            stderr=file,
            start_new_session=True,
        ) as process,
    ):
        try:
            assert wait_until(lambda: "Ctrl-C" in tells.read_text(), 30)
            assert wait_until(lambda: answered(port) == b"mine", 30)
            assert listened_on(process.pid) == {HOST}
        finally:
            process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == Status.DONE
    assert {json.loads(line)["interface"] for line in out.splitlines()} == {"asgi"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_signal_to_make_alone_ends_what_it_serves(
    number: signal.Signals, tmp_path: Path
) -> None:
    """make hands on SIGTERM only."""
    project, port = fresh_clone(tmp_path / "project"), free_port()
    with begun(project, "make", "serve-wsgi", f"PORT={port}") as process:
        assert wait_until(lambda: "Ctrl-C" in said(project), 30), said(project)
        send(number, TO_MAKE, process)
        assert gone_after(project, process, 30), working_in(project)
    assert process.returncode == -number
    assert "Stopping." in said(project)


def answered(port: int) -> bytes:
    try:
        return exchange((HOST, port), GET, deadline_s=5.0).body
    except WireError:
        return b""
