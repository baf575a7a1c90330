"""Rows that are one WebSocket frame after a handshake (RFC 6455)."""

from __future__ import annotations

import socket
import time

from loadtests.catalog.behaviours.row import Row
from loadtests.catalog.behaviours.websockets import ECHOED, HANDSHAKE
from loadtests.clients import wire
from loadtests.clients.hearing import Answer, Hearing
from loadtests.clients.wire import Address
from loadtests.experiments.behaviours.exchanges import QUIET_S, send
from loadtests.records.behaviours import ANSWERED, CLOSED, WAITS, Behaviour

_CLOSE, _CLOSED_BY = 0x8, 0x88


def framed(address: Address, stack: str, row: Row) -> Behaviour:
    """One try: what comes back for a frame that is none."""
    with wire.connect(address) as sock:
        send(sock, HANDSHAKE)
        answer = Hearing(sock).answer(QUIET_S)
        if not isinstance(answer, Answer):
            return Behaviour(stack, row.id, str(answer))
        if answer.status != 101:
            return Behaviour(stack, row.id, ANSWERED, [answer.status])
        for part in row.sent:
            if isinstance(part, bytes):
                send(sock, part)
        kind, saw = _ended(sock)
        return Behaviour(stack, row.id, kind, [101], saw)


def _ended(sock: socket.socket) -> tuple[str, str]:
    """Whether the server closed, and the code in its Close frame."""
    deadline, data = time.monotonic() + QUIET_S, b""
    while (left_s := deadline - time.monotonic()) > 0:
        sock.settimeout(left_s)
        try:
            piece = sock.recv(4096)
        except TimeoutError:
            break
        except OSError:
            piece = b""
        data += piece
        # Who closes first is the client's to say here: some servers wait for its Close.
        if not piece or close_code(data) is not None:
            return CLOSED, close_code(data) or ""
        if data and data[0] != _CLOSED_BY:
            return ANSWERED, ECHOED
    return WAITS, ""


def close_code(data: bytes) -> str | None:
    """The code of a Close frame that begins there, empty without one; else None."""
    if len(data) < 2 or data[0] != _CLOSED_BY or len(data) < 2 + data[1]:
        return None
    return str(int.from_bytes(data[2:4])) if data[1] else ""
