"""Rows in which a client leaves, or the server is told to end (RFC 9112, 9.5)."""

from __future__ import annotations

from loadtests.catalog.behaviours.row import Clause, Group, How, Row, request

_CLOSING = Clause(9112, "9.5")


def _leaves(id: str, title: str, says: str, target: str, sent: str = "") -> Row:
    line = f"{'POST' if sent else 'GET'} {target} HTTP/1.1"
    fields = ("Content-Length: 1000",) if sent else ()
    pieces = (request(*fields, line=line, body=sent.encode()),)
    return Row(
        f"leaves-{id}",
        Group.LEAVING,
        title,
        _CLOSING,
        says,
        pieces,
        how=How.LEAVING,
    )


_LEAVES = (
    "Either side may close at any time. What an app hears of it is up to interfaces."
)
LEAVING = (
    _leaves(
        "in-body",
        "Client that resets in the middle of its body",
        f"{_LEAVES} ASGI has http.disconnect. PEP 3333 has no word for it.",
        "/echo?note=NAME",
        "10 bytes..",
    ),
    _leaves(
        "stream",
        "Client that resets while a stream comes, and the app listens",
        f"{_LEAVES} ASGI has http.disconnect. Under PEP 3333 the server calls close().",
        "/told?note=NAME",
    ),
    _leaves(
        "stream-deaf",
        "Client that resets while a stream comes, and the app only sends",
        "ASGI 2.4 has send() raise an OSError once the client has gone.",
        "/told?deaf&note=NAME",
    ),
    Row(
        "stop-idle",
        Group.LEAVING,
        "SIGTERM with an idle connection open",
        _CLOSING,
        "Either side may close at any time. A server that waits for idle clients makes "
        "a slow deployment. Here it has 10 s to end, and the stream of the next row "
        "runs beside.",
        (request(),),
        how=How.STOPPING,
    ),
    Row(
        "stop-in-flight",
        Group.LEAVING,
        "SIGTERM while a response is sent",
        _CLOSING,
        "A server that times out SHOULD close gracefully. Nothing is said of a server "
        "that ends. The stream takes 1.5 s here.",
        (request(line="GET /stream?chunks=6&size=100&interval_ms=300 HTTP/1.1"),),
        how=How.STOPPING,
    ),
)
