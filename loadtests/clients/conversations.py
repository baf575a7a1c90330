"""The clients that a claim needs: timed ones, slow ones, for HTTP/2, for WebSocket.

All of them write their bytes themselves, so that what is shown is what was sent.
"""

from __future__ import annotations

import itertools
import json
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.clients import wire
from loadtests.clients.wire import Address, Outcome, WireError

LIMIT_S = 10.0
_GAP_S = 0.25
# More than the sockets' buffers take (over 4 MB), little enough for a proxy's disk.
_LONG_STREAM = "/stream?chunks=128&size=65536"


@dataclass(frozen=True)
class Answer:
    """An answer as it arrived: pieces of its bytes, each with when it came."""

    pieces: Sequence[tuple[float, bytes]]

    @property
    def head(self) -> bytes:
        return b"".join(data for _, data in self.pieces).partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.pieces).partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int | None:
        return wire.parse_status(self.head)

    @property
    def is_chunked(self) -> bool:
        return b"transfer-encoding: chunked" in self.head.lower()

    def chunks(self) -> list[bytes]:
        """The chunks of a chunked body (RFC 9112, 7.1), without the last, empty one."""
        found, rest = [], self.body if self.is_chunked else b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            if length := int(size, 16):
                found.append(rest[:length])
            rest = rest[length + 2 :]
        return found

    def json(self) -> Any:
        return json.loads(b"".join(self.chunks()) or self.body)


def request(target: str, *fields: str, method: str = "GET", http: str = "1.1") -> bytes:
    lines = (f"{method} {target} HTTP/{http}", "Host: claims", "Connection: close")
    return "\r\n".join([*lines, *fields, "", ""]).encode()


def ask(address: Address, target: str, *fields: str, http: str = "1.1") -> Answer:
    """A GET on a connection of its own, heard to the end of the connection."""
    return converse(address, [request(target, *fields, http=http)])


def converse(address: Address, sent: Sequence[bytes], gap_s: float = 0.0) -> Answer:
    """Send these one after another, then hear all that is answered, with its times."""
    with wire.connect(address) as sock:
        sock.settimeout(LIMIT_S)
        for index, data in enumerate(sent):
            if index:
                time.sleep(gap_s)
            sock.sendall(data)
        return Answer(list(_heard(sock)))


def _heard(sock: socket.socket) -> Iterator[tuple[float, bytes]]:
    began_s = time.monotonic()
    try:
        while data := sock.recv(65536):
            yield time.monotonic() - began_s, data
    except TimeoutError:
        raise WireError("late", f"no end within {LIMIT_S:.0f} s") from None
    except ConnectionResetError:
        return


def visit(sock: socket.socket, scenario: str) -> Outcome:
    """One visit of a slow client that never finishes, as in slow_clients.py."""
    if scenario == "idle":
        return wire.idle(sock)
    if scenario == "slow-headers":
        lines = (b"X-Slow-%d: 1\r\n" % n for n in itertools.count())
        return wire.drip(sock, request("/hello")[:-2], lines, _GAP_S)
    if scenario == "slow-body":
        head = request("/upload", "Content-Length: 1000000", method="POST")
        return wire.drip(sock, head, itertools.repeat(b"8 bytes."), _GAP_S)
    return wire.sip(sock, request(_LONG_STREAM), 512, _GAP_S)


def late_headers(sock: socket.socket, lines: int, gap_s: float) -> Outcome:
    """An honest client on a bad line: its headers take a while, and then are whole."""
    fields = (b"X-Slow-%d: 1\r\n" % n for n in range(lines))
    pieces = itertools.chain(fields, [b"\r\n"])
    return wire.drip(sock, request("/hello")[:-2], pieces, gap_s)


def speaks_http2(address: Address, target: str) -> bytes:
    """The body of an answer over HTTP/2 in clear text, with prior knowledge; b"" if
    the server does not speak it (RFC 9113, 3.4: preface, SETTINGS, then a request)."""
    # HPACK (RFC 7541): indexed fields and literals alone, so nothing to remember.
    path, host = target.encode(), b"claims"
    block = b"\x82\x86\x04" + bytes([len(path)]) + path
    block += b"\x01" + bytes([len(host)]) + host
    frames = _frame(4, 0, 0) + _frame(1, 0x4 | 0x1, 1, block)
    body = b""
    with wire.connect(address) as sock:
        sock.settimeout(LIMIT_S)
        sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frames)
        for kind, flags, payload in _frames(sock):
            if kind == 0:
                body += payload
            if kind in (0, 1) and flags & 0x1:  # END_STREAM
                return body
    return b""


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    length = struct.pack(">I", len(payload))[1:]
    return length + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _frames(sock: socket.socket) -> Iterator[tuple[int, int, bytes]]:
    data = b""
    for _, piece in _heard(sock):
        data += piece
        if data.startswith(b"HTTP/1."):
            return  # it took the preface for a request, and said so
        while len(data) >= 9 and len(data) >= 9 + (size := int.from_bytes(data[:3])):
            yield data[3], data[4], data[9 : 9 + size]
            data = data[9 + size :]


def websocket_echo(address: Address, target: str, text: bytes) -> bytes:
    """What comes back for a text message over WebSocket; the status line if it is no
    101 (RFC 6455, 1.3). For texts of up to 125 bytes."""
    fields = ("Upgrade: websocket", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    opening = request(target, *fields, key)
    opening = opening.replace(b"Connection: close", b"Connection: Upgrade")
    with wire.connect(address) as sock:
        sock.settimeout(LIMIT_S)
        sock.sendall(opening)
        with sock.makefile("rb") as stream:
            status = stream.readline().strip()
            if b" 101 " not in status + b" ":
                return status
            while stream.readline().strip():
                pass
            # A client masks what it sends (5.3); with a mask of zeros it stays legible.
            sock.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)
            _, length = stream.read(2)
            return stream.read(length)
