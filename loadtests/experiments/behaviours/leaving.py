"""Rows in which a client leaves, or the server is told to end.

What an app heard of a client that left, it has noted in a file.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import struct
import uuid
from pathlib import Path

from loadtests.catalog.behaviours.row import Row
from loadtests.clients import wire
from loadtests.clients.hearing import Hearing, Silence
from loadtests.experiments.behaviours.exchanges import QUIET_S, send
from loadtests.records.behaviours import (
    ANSWERED,
    CLOSED,
    CUT,
    LEFT,
    NOT_KEPT,
    WAITS,
    Behaviour,
)
from loadtests.servers.processes import wait_until
from loadtests.servers.server import Server

_RESET = struct.pack("ii", 1, 0)
NOT_CALLED, NOTHING = "not called", "nothing"
_CALLED = "called"
_HEARS_WITHIN_S = 8.0  # a stream ends by itself after 2 s or more
_ENDS_WITHIN_S = 10.0
_BEGINS_WITHIN_S = 10.0
_KEPT_S = 0.5
_DOTS = 6 * 99  # of the stream's six pieces, each of which ends its line


def left(server: Server, notes: Path, row: Row) -> Behaviour:
    """One try: ask, reset the connection, and read what the app has noted."""
    note = notes / uuid.uuid4().hex
    sent = _bytes(row)
    streams = sent.startswith(b"GET")
    with wire.connect(server.address) as sock:
        send(sock, sent.replace(b"NAME", note.name.encode()))
        if streams:
            _hear_body(sock)
        called = streams or wait_until(note.exists, QUIET_S)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    wait_until(lambda: bool(_ends(note)), _HEARS_WITHIN_S if called else QUIET_S)
    saw = _ends(note)[-1:] or [NOTHING if called else NOT_CALLED]
    return Behaviour(server.stack.id, row.id, LEFT, saw=saw[0])


def _ends(note: Path) -> list[str]:
    """What was noted after the call."""
    lines = note.read_text().splitlines() if note.exists() else []
    return [line for line in lines if line != _CALLED]


def _hear_body(sock: socket.socket) -> bytes:
    """An answer as far as the first bytes of its body, and those bytes."""
    sock.settimeout(_BEGINS_WITHIN_S)
    data = b""
    with contextlib.suppress(OSError):
        while not _body(data) and (piece := sock.recv(4096)):
            data += piece
    return data


def _body(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[2]


def stopped(server: Server, idle: Row, in_flight: Row) -> list[Behaviour]:
    """SIGTERM to the first process, beside an idle connection and a response."""
    stack = server.stack.id
    with (
        wire.connect(server.address) as silent,
        wire.connect(server.address) as streaming,
    ):
        kept = _is_kept(silent, idle)
        send(streaming, _bytes(in_flight))
        begun = _hear_body(streaming)
        server.group.process.send_signal(signal.SIGTERM)
        whole = _is_whole(streaming, begun)
        ended = wait_until(lambda: server.group.exited, _ENDS_WITHIN_S)
    stops = (CLOSED if ended else WAITS) if kept else NOT_KEPT
    return [
        Behaviour(stack, idle.id, stops),
        Behaviour(stack, in_flight.id, ANSWERED if whole else CUT),
    ]


def _is_kept(sock: socket.socket, row: Row) -> bool:
    """Whether the connection is there after an answer."""
    hearing = Hearing(sock)
    send(sock, _bytes(row))
    hearing.answer(QUIET_S)
    return hearing.answer(_KEPT_S) is Silence.WAITS


def _bytes(row: Row) -> bytes:
    return b"".join(part for part in row.sent if isinstance(part, bytes))


def _is_whole(sock: socket.socket, data: bytes) -> bool:
    """Whether the whole stream comes, however it is framed."""
    sock.settimeout(_ENDS_WITHIN_S)
    with contextlib.suppress(OSError):
        while _body(data).count(b".") < _DOTS and (piece := sock.recv(4096)):
            data += piece
    return _body(data).count(b".") == _DOTS
