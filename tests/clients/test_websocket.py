"""A client that only listens to a WebSocket: what it answers, and how it ends."""

from __future__ import annotations

import socket

import pytest

from loadtests.clients import wire
from loadtests.clients.websocket import Frames, listen, masked
from loadtests.clients.wire import Ending
from tests.clients.listener import (
    Reaction,
    after_request,
    answering,
    byte_by_byte,
    close,
    listening,
    reset,
    stay_silent,
)

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
ASKED = b"GET /ws HTTP/1.1\r\nHost: a\r\n\r\n"
PONG = 0xA
IN_WHATEVER_PIECES = pytest.mark.parametrize(
    "in_pieces", [lambda data: [data], byte_by_byte], ids=["at-once", "byte-by-byte"]
)


def frame(opcode: int, payload: bytes) -> bytes:
    """As a server sends it: not masked (RFC 6455, 5.1)."""
    length = len(payload)
    if length < 126:
        return bytes([0x80 | opcode, length]) + payload
    if length < 2**16:
        return bytes([0x80 | opcode, 126]) + length.to_bytes(2, "big") + payload
    return bytes([0x80 | opcode, 127]) + length.to_bytes(8, "big") + payload


TEXTS = [frame(1, b"x" * length) for length in (0, 125, 126, 65535, 65536)]
PING, PING_EMPTY, CLOSE = frame(9, b"there?"), frame(9, b""), frame(8, b"\x03\xe8")


@IN_WHATEVER_PIECES
@pytest.mark.parametrize("before", [b"", *TEXTS], ids=lambda data: f"{len(data)}-bytes")
def test_ping_is_answered_wherever_it_comes(in_pieces: object, before: bytes) -> None:
    assert callable(in_pieces)
    frames = Frames()
    pieces = in_pieces(before + PING + TEXTS[1] + PING_EMPTY)
    pongs = b"".join(map(frames.answer, pieces))
    assert pongs == masked(PONG, b"there?") + masked(PONG, b"")
    assert not frames.closing


@IN_WHATEVER_PIECES
def test_close_is_seen_behind_messages(in_pieces: object) -> None:
    assert callable(in_pieces)
    frames = Frames()
    assert not any(map(frames.answer, in_pieces(b"".join(TEXTS) + CLOSE)))
    assert frames.closing


def test_bytes_of_a_message_are_no_frames() -> None:
    assert Frames().answer(frame(2, PING + CLOSE)) == b""


def pong_heard(sock: socket.socket) -> None:
    expected = masked(PONG, b"there?")
    assert sock.recv(len(expected), socket.MSG_WAITALL) == expected


@pytest.mark.parametrize(
    ("reactions", "ending"),
    [
        ([answering(SWITCHING), close], Ending("closed", 101)),
        ([answering(SWITCHING + PING, 0.0), pong_heard], Ending("closed", 101)),
        ([answering(SWITCHING + CLOSE), stay_silent], Ending("closed", 101)),
        ([answering(SWITCHING[:-2]), close], Ending("closed")),
        ([close], Ending("closed")),
        ([answering(b"HTTP/1.1 403 No\r\n\r\n")], Ending("rejected", 403)),
        ([answering(b"HTTP/1.1 200 OK\r\n\r\nhello")], Ending("served", 200)),
        ([answering(SWITCHING), reset], Ending("reset", 101)),
    ],
)
@pytest.mark.parametrize("size", [1, 4096])
def test_listener_ends_as_the_server_ends_it(
    reactions: list[Reaction], ending: Ending, size: int
) -> None:
    with (
        listening(after_request(*reactions)) as server,
        wire.connect(server.address) as sock,
    ):
        assert listen(sock, ASKED, size, gap_s=0.0) == ending
