"""The applications that a claim needs beyond the project's own, each a few lines.

`asgi` and `wsgi` answer the paths below and leave the rest to the project's apps; the
others are whole applications, of the shapes that people write.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import time
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import asgi_app
import wsgi_app
from asgi_app.interface import Event, Receive, Scope, Send

PIECES = [b"one\n", b"two\n", b"three\n"]
TALK = 20
WORK_S = 0.4
# What a connection left behind, for a later request to ask.
SEEN: dict[str, Any] = {}


async def answer(send: Send, *pieces: bytes, length: int | None = None) -> None:
    headers = [(b"content-type", b"text/plain")]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for index, piece in enumerate(pieces, 1):
        more = index < len(pieces)
        await send({"type": "http.response.body", "body": piece, "more_body": more})


async def answer_json(send: Send, value: Any) -> None:
    body = json.dumps(value).encode()
    await answer(send, body, length=len(body))


async def twice(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, b"first", length=5)
    await answer(send, b"second", length=6)


async def three_events(scope: Scope, receive: Receive, send: Send) -> None:
    known = sum(map(len, PIECES)) if scope["query_string"] else None
    await answer(send, *PIECES, length=known)


async def events(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the events that it received, and when."""
    seen: list[Event] = []
    while not seen or seen[-1]["more_body"]:
        event = await receive()
        body, more = event.get("body", b""), event.get("more_body", False)
        at_s = time.monotonic()
        seen.append(
            {"type": event["type"], "bytes": len(body), "more_body": more, "at_s": at_s}
        )
    await answer_json(send, seen)


async def listen(scope: Scope, receive: Receive, send: Send) -> None:
    """Awaits what comes after the request."""
    SEEN["listening"] = True
    while (event := await receive())["type"] == "http.request":
        pass
    SEEN["listened"] = {"type": event["type"], "at_s": time.monotonic()}


async def talk(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends to its end, and never receives."""
    SEEN["talked"] = 0
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(TALK):
        await send({"type": "http.response.body", "body": b".", "more_body": True})
        SEEN["talked"] += 1
        await asyncio.sleep(0.02)


async def seen(scope: Scope, receive: Receive, send: Send) -> None:
    await answer_json(send, SEEN)


async def change(scope: Scope, receive: Receive, send: Send) -> None:
    """Changes its scope, and says what it then holds."""
    scope["path"] = "/changed"
    scope["mine"] = 1
    scope["headers"].append((b"x-mine", b"1"))
    del scope["query_string"]
    names = [name.decode() for name, _ in scope["headers"]]
    changed = scope["path"] == "/changed" and "query_string" not in scope
    held = {"changed": changed and "x-mine" in names, "type": type(scope).__name__}
    await answer_json(send, held)


class Noting(dict[str, Any]):
    """A dict that notes which of its keys were read."""

    read: set[str]

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)


async def framework_request(scope: Scope, receive: Receive, send: Send) -> None:
    """Builds Starlette's Request and reads all that it offers."""
    from starlette.requests import Request

    noting = Noting(scope)
    noting.read = set()
    request = Request(noting, receive)
    parts = (request.method, request.url, request.headers, request.query_params)
    assert all(str(part) for part in (*parts, request.cookies, request.client))
    from_scope = noting.read & set(scope)
    unread = set(scope) - noting.read
    body = (await request.body()).decode()
    found = {"read": sorted(from_scope), "unread": sorted(unread), "body": body}
    in_scope = any(body in str(value) for value in scope.values())
    await answer_json(send, {**found, "body_in_scope": in_scope})


ASGI = {
    "/twice": twice,
    "/three-events": three_events,
    "/events": events,
    "/listen": listen,
    "/talk": talk,
    "/seen": seen,
    "/change": change,
    "/framework-request": framework_request,
}


async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
    app = ASGI.get(scope.get("path", ""), asgi_app.app)
    await app(scope, receive, send)


# The shapes of a raw ASGI app.


async def http_only(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI 3, and raises for all but HTTP, as the specification asks."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await asgi_app.app(scope, receive, send)


class Instance:
    """ASGI 3, an object."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asgi_app.app(scope, receive, send)


instance = Instance()


class DoubleCallable:
    """ASGI 2: called with the scope, and then awaited with receive and send."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, receive: Receive, send: Send) -> None:
        await asgi_app.app(self.scope, receive, send)


# And WSGI's side.


def twice_called(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "5")])
    start_response("200 OK", [("Content-Length", "6")])
    return [b"first", b"second"]


def own_socket(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """A WebSocket past the interface, on the socket that some servers hand out."""
    sock = environ.get("gunicorn.socket")
    if not isinstance(sock, socket.socket):
        start_response("501 Not Implemented", [("Content-Length", "0")])
        return []
    magic = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    key = environ["HTTP_SEC_WEBSOCKET_KEY"].encode() + magic
    accept = base64.b64encode(hashlib.sha1(key).digest())
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
    head += b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    sock.sendall(head)
    frame = sock.recv(4096)
    sock.sendall(bytes([0x81, len(frame) - 6]) + frame[6:])
    raise StopIteration  # tells gunicorn that the connection is not its own any more


class Closing:
    """A body after which something is done: the server calls close()."""

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"will work"])

    def close(self) -> None:
        time.sleep(WORK_S)
        SEEN["worked"] = SEEN.get("worked", 0) + 1


def closing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("202 Accepted", [("Content-Length", "9")])
    return Closing()


def worked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = json.dumps(SEEN).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


WSGI: dict[str, WSGIApplication] = {
    "/twice": twice_called,
    "/own-socket": own_socket,
    "/closing": closing,
    "/seen": worked,
}


def wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    app = WSGI.get(environ.get("PATH_INFO", ""), wsgi_app.app)
    return app(environ, start_response)
