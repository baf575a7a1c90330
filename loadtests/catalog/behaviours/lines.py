"""Rows about lines, methods and versions (RFC 9112, 2 and 3)."""

from __future__ import annotations

from loadtests.catalog.behaviours.row import (
    Clause,
    Group,
    Row,
    request,
)

_LINE = Clause(9112, "3")
_METHOD = ("method",)


def _line(
    id: str,
    title: str,
    line: str,
    clause: Clause,
    says: str,
    *fields: str,
    asks: tuple[str, ...] = _METHOD,
    tells_after: bool = False,
) -> Row:
    sent = (request(*fields, line=line),)
    return Row(
        f"line-{id}",
        Group.LINES,
        title,
        clause,
        says,
        sent,
        None,
        asks=asks,
        tells_after=tells_after,
    )


_UNKNOWN = (
    "Methods are case-sensitive, so `get` is unknown. A server SHOULD answer 501 to an "
    "unknown method. Behind WSGI and ASGI the app can decide."
)

LINES = (
    _line(
        "lower-case",
        "Method in lower case",
        "get /echo HTTP/1.1",
        Clause(9110, "9.1"),
        _UNKNOWN,
    ),
    _line(
        "unknown",
        "Unknown method",
        "BREW /echo HTTP/1.1",
        Clause(9110, "9.1"),
        "A server SHOULD answer 501 to an unknown method. Behind WSGI and ASGI the "
        "app can decide.",
    ),
    _line(
        "1.0",
        "HTTP 1.0",
        "GET /echo HTTP/1.0",
        Clause(9112, "9.3"),
        "Without keep-alive, the connection of an HTTP/1.0 client ends after the "
        "answer.",
        asks=(),
        tells_after=True,
    ),
    _line(
        "1.0-keep-alive",
        "HTTP 1.0 with keep-alive",
        "GET /echo HTTP/1.0",
        Clause(9112, "9.3"),
        "The server may keep the connection for an HTTP/1.0 client that asks for it.",
        "Connection: keep-alive",
        asks=(),
        tells_after=True,
    ),
    _line(
        "1.2",
        "HTTP 1.2",
        "GET /echo HTTP/1.2",
        Clause(9110, "2.5"),
        "A server SHOULD process a higher minor version as its own highest.",
        asks=(),
    ),
    _line(
        "2.0",
        "HTTP 2.0 in the request line",
        "GET /echo HTTP/2.0",
        Clause(9110, "15.6.6"),
        "505 is for a major version that the server does not support.",
        asks=(),
    ),
    Row(
        "line-0.9",
        Group.LINES,
        "No version",
        _LINE,
        "A request line has a version. HTTP/0.9, without one, is not part of HTTP/1.1.",
        (b"GET /echo\r\n\r\n",),
    ),
    Row(
        "line-empty-first",
        Group.LINES,
        "Empty line before the request",
        Clause(9112, "2.2"),
        "A server SHOULD ignore at least one empty line before a request line.",
        (b"\r\n" + request(),),
    ),
    Row(
        "line-bare-lf",
        Group.LINES,
        "Bare LF as line end",
        Clause(9112, "2.2"),
        "A recipient may take a single LF for the end of a line in the head.",
        (request().replace(b"\r\n", b"\n"),),
    ),
    _line(
        "two-spaces",
        "Two spaces in the request line",
        "GET  /echo HTTP/1.1",
        _LINE,
        "There is one space between the parts. A lenient server may split at any "
        "whitespace.",
        asks=("path",),
    ),
)
