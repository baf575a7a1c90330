"""The visits: for each scenario, how one visit of a slow client goes.

A visit is given a connected socket and a target. It is slow, and returns how the
visit ended. It knows nothing of Locust: the load test's slow clients and those of the
claims visit by the same functions.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from loadtests.catalog.contract import Request
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import Scenario
from loadtests.catalog.target import PUSHED, Target
from loadtests.clients import websocket, wire
from loadtests.clients.wire import Ending

GAP_S = 1.0
_UPLOAD_BYTES = 1_000_000
_AS_IT_COMES_BYTES = 65_536


class Visit(Protocol):
    """One way to be slow, with `gap_s` seconds between one step and the next."""

    def __call__(
        self, sock: socket.socket, target: Target, gap_s: float = GAP_S, /
    ) -> Ending: ...


def opening(target: Target, request: Request, *fields: str) -> bytes:
    """A request's head, without the empty line that would end it."""
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    if not any(name.lower() == "host" for name, _ in request.headers):
        lines.append(f"Host: {target.host}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    return "\r\n".join([*lines, *fields, ""]).encode("latin-1")


def header_lines() -> Iterator[bytes]:
    """One header line after another, without an end."""
    return (b"X-Slow-%d: 1\r\n" % n for n in itertools.count())


def idle(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Say nothing."""
    return wire.idle(sock)


def slow_headers(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Send a header line at a time, and never the empty line that ends them."""
    head = opening(target, target.request(Phase.HEAD))
    return wire.drip(sock, head, header_lines(), gap_s)


def slow_body(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Declare a body of 1 MB, and send 8 bytes of it at a time."""
    length = f"Content-Length: {_UPLOAD_BYTES}"
    head = opening(target, target.request(Phase.BODY), length)
    pieces = itertools.repeat(b"8 bytes.", _UPLOAD_BYTES // 8)
    return wire.drip(sock, head + b"\r\n", pieces, gap_s)


def slow_read(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Ask for a long stream, and read 512 bytes of it at a time."""
    request = _whole(target, Phase.RESPONSE)
    return wire.sip(sock, request, size=512, gap_s=gap_s)


def slow_link(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Ask for a long stream, and read it as it comes: the link is what is slow.

    Leaving is a reset. A slow reader's is one too, because it leaves bytes unread. Else
    a server would hear of it when the next byte is through the link.
    """
    wire.leave_by_reset(sock)
    request = _whole(target, Phase.RESPONSE)
    return wire.sip(sock, request, size=_AS_IT_COMES_BYTES, gap_s=0.0)


def handler_wait(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Be quick, and ask for a handler that waits as its interface invites."""
    request = _whole(target, Phase.HANDLER_WAITS)
    return wire.drip(sock, request, iter(()), gap_s)


def sse(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Ask for a stream that says a little at a time, and hear it as it comes."""
    request = target.request(Phase.STREAM)
    every = f"{request.target}&interval_ms={1000 * gap_s:.0f}"
    asked = _ended(target, replace(request, target=every), "Connection: close")
    return wire.sip(sock, asked, size=4096, gap_s=0.0)


def ws_idle(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Open a WebSocket, answer pings, and say nothing."""
    return websocket.listen(sock, _handshake(target), size=4096, gap_s=0.0)


def ws_slow_read(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Open a WebSocket over which 1 MB is pushed, and read 512 bytes at a time."""
    asked = _handshake(target, PUSHED)
    return websocket.listen(sock, asked, size=512, gap_s=gap_s)


def loop_block(sock: socket.socket, target: Target, gap_s: float = GAP_S) -> Ending:
    """Be quick, and ask for a handler that blocks: in ASGI the classic mistake."""
    request = _whole(target, Phase.HANDLER_BLOCKS)
    return wire.drip(sock, request, iter(()), gap_s)


def _whole(target: Target, phase: Phase) -> bytes:
    return _ended(target, target.request(phase), "Connection: close")


def _handshake(target: Target, behind: str = "") -> bytes:
    """The request for a WebSocket, with more behind its path."""
    request = target.request(Phase.WEBSOCKET)
    request = replace(request, target=f"{request.target}{behind}")
    return _ended(target, request, *websocket.HANDSHAKE)


def _ended(target: Target, request: Request, *fields: str) -> bytes:
    """A whole head."""
    return opening(target, request, *fields) + b"\r\n"


# By scenario. More can be added, as to the scenarios themselves.
VISITS: dict[str, Visit] = {
    "idle": idle,
    "slow-headers": slow_headers,
    "slow-body": slow_body,
    "slow-read": slow_read,
    "handler-wait": handler_wait,
    "loop-block": loop_block,
    "sse": sse,
    "ws-idle": ws_idle,
    "ws-slow-read": ws_slow_read,
    "slow-link": slow_link,
}


def receive_buffer(scenario: Scenario) -> int | None:
    """The receive buffer, to be set before the connect; None: as the system has it."""
    return wire.SMALL_RECEIVE_BUFFER if scenario.reads_slowly else None
