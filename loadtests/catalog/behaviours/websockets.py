"""Rows about WebSocket: handshakes and frames that are none (RFC 6455)."""

from __future__ import annotations

from loadtests.catalog.behaviours.row import Clause, Group, How, Must, Row, request

_KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
_UPGRADE = ("Upgrade: websocket", "Connection: Upgrade")
_VERSION = "Sec-WebSocket-Version: 13"
_LINE = "GET /ws HTTP/1.1"
HANDSHAKE = request(*_UPGRADE, _VERSION, _KEY, line=_LINE)
ECHOED = "echoed"
_NO_HANDSHAKE = Must(saw=(), refused=range(400, 500), silent=False, waits=False)


def _refused(id: str, title: str, clause: Clause, says: str, *fields: str) -> Row:
    return Row(
        f"websocket-{id}",
        Group.WEBSOCKET,
        title,
        clause,
        says,
        (request(*_UPGRADE, *fields, line=_LINE),),
        _NO_HANDSHAKE,
        interface="asgi",
    )


def _frame(id: str, title: str, section: str, says: str, frame: bytes) -> Row:
    return Row(
        f"websocket-{id}",
        Group.WEBSOCKET,
        title,
        Clause(6455, section),
        says,
        (frame,),
        Must(never=(ECHOED,), waits=False),
        how=How.FRAME,
        interface="asgi",
    )


_MASK = bytes(4)  # of zeros: the text stays legible
WEBSOCKETS = (
    _refused(
        "version",
        "Unknown version in the handshake",
        Clause(6455, "4.2.2"),
        "The server MUST abort the handshake with an HTTP error such as 426, and say "
        "which versions it knows.",
        "Sec-WebSocket-Version: 12",
        _KEY,
    ),
    _refused(
        "no-key",
        "No key in the handshake",
        Clause(6455, "4.2.1"),
        "The server MUST stop, and answer with an HTTP error such as 400.",
        _VERSION,
    ),
    _refused(
        "short-key",
        "Key that is not 16 bytes",
        Clause(6455, "4.2.1"),
        "The server MUST stop, and answer with an HTTP error such as 400.",
        _VERSION,
        "Sec-WebSocket-Key: YQ==",
    ),
    _frame(
        "unmasked",
        "Frame without a mask",
        "5.1",
        "The server MUST close the connection. It may say 1002.",
        b"\x81\x02hi",
    ),
    _frame(
        "opcode",
        "Reserved opcode",
        "5.2",
        "A recipient of an unknown opcode MUST fail the connection.",
        b"\x83\x82" + _MASK + b"hi",
    ),
    _frame(
        "reserved-bit",
        "Reserved bit",
        "5.2",
        "Without an extension for it, a recipient MUST fail the connection.",
        b"\xc1\x82" + _MASK + b"hi",
    ),
    _frame(
        "fragmented-ping",
        "Fragmented ping",
        "5.5",
        "Control frames MUST NOT be fragmented.",
        b"\x09\x82" + _MASK + b"hi",
    ),
    _frame(
        "long-ping",
        "Ping of 126 bytes",
        "5.5",
        "Control frames MUST have 125 bytes or less.",
        b"\x89\xfe\x00\x7e" + _MASK + b"a" * 126,
    ),
    _frame(
        "bad-text",
        "Text that is not UTF-8",
        "8.1",
        "A recipient MUST fail the connection. 1007 is the code for that.",
        b"\x81\x82" + _MASK + b"\xff\xff",
    ),
)
