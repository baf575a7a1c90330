"""HTTP/2 in clear text, as much of it as shows who speaks it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

from loadtests.clients import wire
from loadtests.clients.conversations import LIMIT_S, pieces
from loadtests.clients.wire import Address


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
    for _, piece in pieces(sock):
        data += piece
        if data.startswith(b"HTTP/1."):
            return  # it took the preface for a request, and said so
        while len(data) >= 9 and len(data) >= 9 + (size := int.from_bytes(data[:3])):
            yield data[3], data[4], data[9 : 9 + size]
            data = data[9 + size :]
