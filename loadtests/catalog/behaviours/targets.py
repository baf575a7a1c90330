"""Rows about the target of a request (RFC 9112, 3.2)."""

from __future__ import annotations

from loadtests.catalog.behaviours.row import (
    Clause,
    Group,
    Growing,
    How,
    Must,
    Row,
    request,
)

_LINE = Clause(9112, "3")
_TARGET = Clause(9112, "3.2")
_INVALID_LINE = (
    "This is an invalid request line. The server SHOULD answer 400, or redirect."
)


def _target(
    id: str,
    title: str,
    line: str,
    clause: Clause = _TARGET,
    says: str = _INVALID_LINE,
    must: Must | None = None,
) -> Row:
    sent = (request(line=line),)
    return Row(
        f"target-{id}", Group.TARGET, title, clause, says, sent, must, asks=("path",)
    )


TARGETS = (
    _target(
        "absolute",
        "Absolute form",
        "GET http://localhost/echo HTTP/1.1",
        Clause(9112, "3.2.2"),
        "A server MUST accept the absolute form, although only proxies are sent it. "
        "An app whose path is the whole URI has no route for it.",
        Must(saw=("/echo",), refused=(), silent=False, waits=False),
    ),
    _target(
        "asterisk",
        "OPTIONS with an asterisk",
        "OPTIONS * HTTP/1.1",
        Clause(9112, "3.2.4"),
        "OPTIONS * asks about the server as a whole. Who answers is open.",
    ),
    _target(
        "authority",
        "CONNECT with an authority",
        "CONNECT localhost:443 HTTP/1.1",
        Clause(9110, "9.3.6"),
        "CONNECT asks for a tunnel. Most origin servers do not implement it.",
    ),
    _target("fragment", "Target with a fragment", "GET /echo#part HTTP/1.1"),
    _target("no-slash", "Target without a leading slash", "GET echo HTTP/1.1"),
    _target("space", "Target with a space", "GET /echo a HTTP/1.1"),
    _target(
        "beyond-ascii",
        "Bytes beyond ASCII in the target",
        "GET /echo\xc3\xa9 HTTP/1.1",
    ),
    _target(
        "nul",
        "Escaped NUL in the path",
        "GET /echo%00x HTTP/1.1",
        Clause(3986, "7.3"),
        "%00 is a valid escape. An app that uses the path as a name of a file has to "
        "take care.",
    ),
    _target(
        "slash",
        "Escaped slash in the path",
        "GET /echo%2Fx HTTP/1.1",
        Clause(3986, "2.2"),
        "A slash and %2F are not the same in a URI. PEP 3333 and ASGI have the server "
        "decode the path, which makes them the same.",
    ),
    _target(
        "bad-escape",
        "Broken escape in the path",
        "GET /echo%zz HTTP/1.1",
        Clause(3986, "2.1"),
        "An escape is a percent sign and two hexadecimal digits. What to do otherwise "
        "is open.",
    ),
    Row(
        "target-long",
        Group.TARGET,
        "Longer and longer target",
        _LINE,
        "A server that gets a longer target than it wishes to parse MUST answer 414.",
        must=Must(refused=(414,), silent=False, waits=False),
        how=How.GROWING,
        growing=Growing(
            b"GET /echo?",
            b"a",
            b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            (2_000, 3_500, 6_000, 12_000, 24_000, 50_000, 100_000, 200_000, 1_000_000),
            "bytes",
        ),
    ),
)
