"""Conversations over HTTP/1.1, heard to the end of the connection, with their times.

The bytes are written by hand, so that what is shown is what was sent.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.clients import wire
from loadtests.clients.answers import parse_status
from loadtests.clients.wire import Address, WireError

LIMIT_S = 10.0


@dataclass(frozen=True)
class Heard:
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
        return parse_status(self.head)

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


def ask(address: Address, target: str, *fields: str, http: str = "1.1") -> Heard:
    """A GET on a connection of its own, heard to the end of the connection."""
    return converse(address, [request(target, *fields, http=http)])


def converse(address: Address, sent: Sequence[bytes], gap_s: float = 0.0) -> Heard:
    """Send these one after another, then hear all that is answered, with its times."""
    with wire.connect(address) as sock:
        sock.settimeout(LIMIT_S)
        for index, data in enumerate(sent):
            if index:
                time.sleep(gap_s)
            sock.sendall(data)
        return Heard(list(pieces(sock)))


def pieces(sock: socket.socket) -> Iterator[tuple[float, bytes]]:
    """What comes through a socket, each piece with when it came, to the end."""
    began_s = time.monotonic()
    try:
        while data := sock.recv(65536):
            yield time.monotonic() - began_s, data
    except TimeoutError:
        raise WireError("late", f"no end within {LIMIT_S:.0f} s") from None
    except ConnectionResetError:
        return
