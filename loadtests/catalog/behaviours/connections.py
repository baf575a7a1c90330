"""Rows about connections that go on or end, and about Expect (RFC 9112, 9)."""

from __future__ import annotations

from loadtests.catalog.behaviours.row import (
    Clause,
    Group,
    Must,
    Row,
    Then,
    post,
    request,
)

_SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
_LARGE = 1_000_000
_CONTINUE = "Expect: 100-continue"
_EXPECT = Clause(9110, "10.1.1")
_PIPELINE = Clause(9112, "9.3.2")
_UNREAD_SAYS = (
    "A server MUST read the whole body, or close the connection after its answer. Else "
    "the rest of the body would pass for the next request."
)


def _unread(id: str, title: str, body: bytes, *fields: str) -> Row:
    sent = request(*fields, line="POST /unread HTTP/1.1", body=body)
    return Row(
        f"unread-{id}",
        Group.CONNECTION,
        title,
        Clause(9112, "9.3"),
        _UNREAD_SAYS,
        (sent,),
        Must(refused=(413, 411)),
        tells_after=True,
        # A proxy may still be sending when the server has answered and closed.
        races_behind_a_proxy=len(body) > _LARGE / 2,
    )


CONNECTIONS = (
    Row(
        "kept-alive",
        Group.CONNECTION,
        "Two requests one after the other",
        Clause(9112, "9.3"),
        "Connections of HTTP/1.1 persist unless someone says close. A server need not "
        "keep them.",
        (request(),),
        tells_after=True,
    ),
    Row(
        "half-closed",
        Group.CONNECTION,
        "Client that shuts down its sending side",
        Clause(9112, "9.6"),
        "The client can still hear, but a server cannot know that. Nothing is "
        "demanded. The app answers after 300 ms here.",
        (request(line="GET /echo?ms=300 HTTP/1.1"), Then.SHUTS),
    ),
    Row(
        "pipelined",
        Group.CONNECTION,
        "Two requests at once",
        _PIPELINE,
        "A server MUST send the answers in the order of the requests. The first one "
        "takes 200 ms here.",
        (
            request(line="GET /echo?first&ms=200 HTTP/1.1")
            + request("Connection: close", line="GET /echo?second HTTP/1.1"),
        ),
        Must(
            saw=("first&ms=200 second", "first&ms=200"),
            refused=(),
            silent=False,
            waits=False,
        ),
        asks=("query",),
        answers=2,
    ),
    Row(
        "pipelined-after-close",
        Group.CONNECTION,
        "Request after Connection close",
        Clause(9112, "9.6"),
        "A server MUST NOT process a request that comes after one with Connection: "
        "close.",
        (
            request("Connection: close", line="GET /echo?first HTTP/1.1")
            + request(line="GET /echo?second HTTP/1.1"),
        ),
        Must(saw=("first",), refused=(), silent=False, waits=False, closes=True),
        asks=("query",),
        answers=2,
    ),
    _unread(
        "small",
        "Small body that the app does not read",
        _SMUGGLED,
        f"Content-Length: {len(_SMUGGLED)}",
    ),
    _unread(
        "large",
        "Body of 1 MB that the app does not read",
        _SMUGGLED * (_LARGE // len(_SMUGGLED)),
        f"Content-Length: {_LARGE // len(_SMUGGLED) * len(_SMUGGLED)}",
    ),
    _unread(
        "chunked",
        "Chunked body that the app does not read",
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(_SMUGGLED), _SMUGGLED),
        "Transfer-Encoding: chunked",
    ),
    Row(
        "head-body",
        Group.CONNECTION,
        "HEAD to an app that gives a body",
        Clause(9110, "9.3.2"),
        "The server MUST NOT send content in an answer to HEAD. If it does, the client "
        "takes the content for the next answer.",
        (request(line="HEAD /echo HTTP/1.1"),),
        Must(refused=(), silent=False, waits=False),
        to_head=True,
        tells_after=True,
    ),
)


def _expects(
    id: str, title: str, says: str, sent: tuple[bytes | Then, ...], must: Must | None
) -> Row:
    return Row(f"expect-{id}", Group.EXPECT, title, _EXPECT, says, sent, must)


_READS = post(_CONTINUE, "Content-Length: 3", body=b"")
_AT_ONCE = (
    "The server MUST answer at once: with 100, or with a final status. It MUST NOT "
    "wait for the body."
)
EXPECTS = (
    _expects(
        "read",
        "100-continue, and the app reads",
        _AT_ONCE,
        (_READS, Then.HEARS, b"abc"),
        Must(refused=(417,), silent=False, waits=False),
    ),
    _expects(
        "unread",
        "100-continue, and the app does not read",
        f"{_AT_ONCE} A final answer alone spares the client its body.",
        (
            request(_CONTINUE, "Content-Length: 3", line="POST /unread HTTP/1.1"),
            Then.HEARS,
        ),
        Must(refused=(417,), silent=False, waits=False),
    ),
    _expects(
        "in-1.0",
        "100-continue from a client of HTTP 1.0",
        "A server MUST ignore that expectation in HTTP/1.0: such a client knows no "
        "100.",
        (
            request(
                *(_CONTINUE, "Content-Length: 3"),
                line="POST /echo HTTP/1.0",
                body=b"abc",
            ),
        ),
        Must(refused=(), interim=False, silent=False, waits=False),
    ),
    _expects(
        "unknown",
        "Unknown expectation",
        "A server may answer 417 to an expectation other than 100-continue.",
        (post("Expect: a-miracle", "Content-Length: 3", body=b"abc"),),
        None,
    ),
)
