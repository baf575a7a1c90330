"""WebSocket: a handshake, a message each way, and a client that only listens.

The one rule: after the handshake all is frames, and a frame says how long it is (RFC
6455, 5.2). A client that only listens must still answer each Ping (5.5.2), or a server
may take it for gone.
"""

from __future__ import annotations

import socket
import time

from loadtests.clients import wire
from loadtests.clients.answers import parse_status
from loadtests.clients.conversations import LIMIT_S, request
from loadtests.clients.wire import Address, Ending

# What makes a GET a handshake (4.1).
HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_SWITCHING = 101
# Lengths over 125 are in the bytes behind: in so many of them (5.2).
_LENGTH_BYTES = {126: 2, 127: 8}


def websocket_echo(address: Address, target: str, text: bytes) -> bytes:
    """What comes back for a text message over WebSocket; the status line if it is no
    101 (RFC 6455, 1.3). For texts of up to 125 bytes."""
    opening = request(target, *HANDSHAKE[1:])
    opening = opening.replace(b"Connection: close", HANDSHAKE[0].encode())
    with wire.connect(address) as sock:
        sock.settimeout(LIMIT_S)
        sock.sendall(opening)
        with sock.makefile("rb") as stream:
            status = stream.readline().strip()
            if b" 101 " not in status + b" ":
                return status
            while stream.readline().strip():
                pass
            sock.sendall(masked(_TEXT, text))
            _, length = stream.read(2)
            return stream.read(length)


def masked(opcode: int, payload: bytes) -> bytes:
    """A whole frame of a client, of up to 125 bytes. A client masks what it sends
    (5.3); with a mask of zeros it stays legible."""
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


class Frames:
    """What a server sends, of which only the control frames are looked at."""

    __slots__ = ("_rest", "_skip", "closing")

    def __init__(self) -> None:
        self.closing = False  # whether a Close frame came
        self._rest = b""
        self._skip = 0  # bytes of a message that are still to come

    def answer(self, data: bytes) -> bytes:
        """The next bytes came. Returns a Pong for each Ping among them."""
        self._rest += data
        pongs = b""
        while frame := self._next():
            opcode, payload = frame
            self.closing |= opcode == _CLOSE
            if opcode == _PING:
                pongs += masked(_PONG, payload)
        return pongs

    def _next(self) -> tuple[int, bytes] | None:
        """The next control frame, if it is whole; messages before it are dropped."""
        while True:
            skipped = min(self._skip, len(self._rest))
            self._rest, self._skip = self._rest[skipped:], self._skip - skipped
            if len(self._rest) < 2:
                return None
            opcode, length = self._rest[0] & 0x0F, self._rest[1] & 0x7F
            begins = 2 + _LENGTH_BYTES.get(length, 0)
            if len(self._rest) < begins:
                return None
            if begins > 2:
                length = int.from_bytes(self._rest[2:begins], "big")
            if opcode < _CLOSE:
                self._rest, self._skip = self._rest[begins:], length
                continue
            if len(self._rest) < begins + length:
                return None
            payload = self._rest[begins : begins + length]
            self._rest = self._rest[begins + length :]
            return opcode, payload


def listen(sock: socket.socket, opening: bytes, size: int, gap_s: float) -> Ending:
    """Ask for a WebSocket and read up to `size` bytes every `gap_s` seconds, until the
    server ends it."""
    head, frames, status = b"", Frames(), None
    try:
        sock.sendall(opening)
        while piece := sock.recv(size):
            if status is None:
                head, end, piece = (head + piece).partition(b"\r\n\r\n")
                if not end:
                    continue
                status = parse_status(head)
                if status != _SWITCHING:
                    refused = status is not None and status >= 400
                    return Ending("rejected" if refused else "served", status)
            if pongs := frames.answer(piece):
                sock.sendall(pongs)
            if frames.closing:
                break
            time.sleep(gap_s)
    except (ConnectionResetError, BrokenPipeError):
        return Ending("reset", status)
    return Ending("closed", status)
