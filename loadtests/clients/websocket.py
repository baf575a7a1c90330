"""WebSocket: a handshake and one message each way."""

from __future__ import annotations

from loadtests.clients import wire
from loadtests.clients.conversations import LIMIT_S, request
from loadtests.clients.wire import Address


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
