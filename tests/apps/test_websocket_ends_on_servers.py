"""What an app is told of the end of a WebSocket, on every ASGI stack."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from websocket import ABNF

from loadtests.catalog.stacks import HTTP1, Stack
from loadtests.servers.processes import Guard, wait_until
from loadtests.servers.server import running
from tests.apps.test_beyond_on_servers import (
    ASGI,
    close_frame,
    connected,
    deviates,
    frame,
    send,
    socket_of,
)
from tests.conftest import runnable


@pytest.mark.parametrize("stack_id", ASGI)
def test_app_sees_with_which_code_a_websocket_ended(
    request: pytest.FixtureRequest,
    guard: Guard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stack_id: str,
) -> None:
    """The client's own; 1005 for a Close without one.

    For a client that just goes RFC 6455, 7.1.5, has 1006, and so has gunicorn; uvicorn
    takes the ASGI specification at its word ("no code was received") and says 1005.
    """
    deviates(request, HTTP1[stack_id], "websocket-code-seen")
    seen = tmp_path / "witness"
    monkeypatch.setenv("WITNESS", str(seen))
    with running(witnessed(stack_id), guard, tmp_path / "log") as server:
        for last_words, codes in (
            (close_frame(4001), {"4001"}),
            (close_frame(None), {"1005"}),
            (frame(ABNF.OPCODE_TEXT, b"cut", fin=0), {"1005", "1006"}),
        ):
            seen.unlink(missing_ok=True)
            with connected(server) as client:
                send(client, last_words)
            assert wait_until(seen.exists, 5), f"{codes} was not seen"
            assert seen.read_text() in codes


@pytest.mark.parametrize("stack_id", runnable(["asgi-daphne"]))
def test_app_that_sends_to_a_websocket_that_is_gone_gets_an_os_error(
    request: pytest.FixtureRequest,
    guard: Guard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stack_id: str,
) -> None:
    """Or none at all, as before ASGI 2.4. The server fails the connection here."""
    deviates(request, HTTP1[stack_id], "websocket-send-when-gone")
    seen = tmp_path / "witness"
    monkeypatch.setenv("WITNESS", str(seen))
    with (
        running(witnessed(stack_id), guard, tmp_path / "log") as server,
        connected(server) as client,
    ):
        message = frame(ABNF.OPCODE_TEXT, b"hi").format()
        socket_of(client).sendall(message + b"\x83\x80" + bytes(4))  # no such opcode
        wait_until(seen.exists, 2)
        assert not seen.exists() or seen.read_text().isdigit()


def witnessed(stack_id: str) -> Stack:
    stack = HTTP1[stack_id].with_counts(workers=1, threads=None)
    return dataclasses.replace(stack, app="tests.apps.witness:websocket")
