"""Rows about header fields, and about Host (RFC 9112, 3.2 and 5)."""

from __future__ import annotations

from loadtests.catalog.behaviours.row import (
    BAD_REQUEST,
    Clause,
    Group,
    Growing,
    How,
    Must,
    Row,
    request,
)

_X_A = ("headers", "x-a")
_HOST = Clause(9112, "3.2")
_HOST_SAYS = (
    "The server MUST answer 400 to a request of HTTP/1.1 without Host, with more than "
    "one, or with an invalid value."
)
_CONTROL = Must(saw=("a b",), refused=(400,))
_CONTROL_SAYS = (
    "CR, LF and NUL in a value are dangerous. The server MUST reject the message or "
    "replace each of them with a space."
)
_CLIENT_ERROR = range(400, 500)


def _field(
    id: str,
    title: str,
    field: str,
    clause: Clause,
    says: str,
    must: Must | None = None,
) -> Row:
    sent = (request(field),)
    return Row(f"field-{id}", Group.FIELDS, title, clause, says, sent, must, asks=_X_A)


FIELDS = (
    Row(
        "field-underscore",
        Group.FIELDS,
        "X_A beside X-A",
        Clause(9110, "5.1"),
        "Both are valid names, of two fields. CGI and WSGI cannot tell them apart, so "
        "a client could pass for a proxy that sets the one with a hyphen.",
        (request("X-A: 1", "X_A: 2"),),
        asks=_X_A,
    ),
    _field(
        "space-before-colon",
        "Space before the colon",
        "X-A : 1",
        Clause(9112, "5.1"),
        "A server MUST reject such a request with 400.",
        BAD_REQUEST,
    ),
    _field(
        "folded",
        "Folded field",
        "X-A: 1\r\n 2",
        Clause(9112, "5.2"),
        "A server MUST reject an old folded line with 400, or replace the fold with "
        "spaces.",
        Must(saw=("1 2", "1  2", "1   2"), refused=(400,), silent=False, waits=False),
    ),
    Row(
        "field-space-first",
        Group.FIELDS,
        "Space before the first field",
        Clause(9112, "2.2"),
        "The server MUST reject such a message, or drop each line that begins with a "
        "space.",
        (request(" X-A: 1", "Host: localhost", host=False),),
        Must(saw=("",)),
        asks=_X_A,
    ),
    _field(
        "bare-cr",
        "Bare CR in a value",
        "X-A: a\rb",
        Clause(9110, "5.5"),
        _CONTROL_SAYS,
        _CONTROL,
    ),
    _field(
        "nul",
        "NUL in a value",
        "X-A: a\0b",
        Clause(9110, "5.5"),
        _CONTROL_SAYS,
        _CONTROL,
    ),
    _field(
        "control",
        "Another control character in a value",
        "X-A: a\x01b",
        Clause(9110, "5.5"),
        "Other control characters are invalid too. A recipient may keep them where "
        "they do no harm.",
    ),
    _field(
        "beyond-ascii",
        "Bytes beyond ASCII in a value",
        "X-A: \xe9",
        Clause(9110, "5.5"),
        "A recipient SHOULD treat such bytes as opaque data.",
    ),
    _field(
        "no-name",
        "Empty name",
        ": 1",
        Clause(9110, "5.1"),
        "A name has one character or more. What to do otherwise is open.",
    ),
    _field(
        "no-colon",
        "Line without a colon",
        "X-A 1",
        Clause(9112, "5"),
        "Each field line has a colon. What to do otherwise is open.",
    ),
    _field(
        "bad-name",
        "Name with a character that is no part of a token",
        "X(A: 1",
        Clause(9110, "5.1"),
        "A name is a token. What to do otherwise is open.",
    ),
    Row(
        "field-long",
        Group.FIELDS,
        "Longer and longer field",
        Clause(9110, "5.4"),
        "A server that gets a larger field than it wishes to process MUST answer with "
        "a 4xx status. RFC 6585 has 431 for that.",
        must=Must(refused=_CLIENT_ERROR, silent=False, waits=False),
        how=How.GROWING,
        growing=Growing(
            b"GET /echo HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
            b"a",
            b"\r\n\r\n",
            (2_000, 3_500, 6_000, 12_000, 24_000, 50_000, 100_000, 200_000, 1_000_000),
            "bytes",
        ),
    ),
    Row(
        "field-many",
        Group.FIELDS,
        "More and more fields",
        Clause(9110, "5.4"),
        "A server that gets a larger set of fields than it wishes to process MUST "
        "answer with a 4xx status.",
        must=Must(refused=_CLIENT_ERROR, silent=False, waits=False),
        how=How.GROWING,
        growing=Growing(
            b"GET /echo HTTP/1.1\r\nHost: localhost\r\n",
            b"X-N: 1\r\n",
            b"\r\n",
            (25, 50, 90, 150, 300, 1_000, 3_000, 10_000, 40_000),
            "fields",
        ),
    ),
)


def _host(id: str, title: str, *fields: str) -> Row:
    return Row(
        f"host-{id}",
        Group.HOST,
        title,
        _HOST,
        _HOST_SAYS,
        (request(*fields, host=False),),
        BAD_REQUEST,
        asks=("headers", "host"),
    )


HOSTS = (
    _host("missing", "No Host"),
    _host("twice", "Two Hosts", "Host: a", "Host: b"),
    _host("space", "Host with a space", "Host: a b"),
    _host("slash", "Host with a slash and an at sign", "Host: a@b/c"),
    _host("port", "Host with letters for a port", "Host: localhost:port"),
    Row(
        "host-empty",
        Group.HOST,
        "Empty Host",
        _HOST,
        "An empty Host is for targets without an authority. So the field is valid, but "
        "no http URI has an empty host.",
        (request("Host:", host=False),),
        asks=("headers", "host"),
    ),
)
