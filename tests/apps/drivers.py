"""Small servers without a socket: a contract request in, the answer out.

They do what PEP 3333 and the ASGI HTTP specification ask of a server, and no more.
"""

import asyncio
import io
import socket
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any, cast
from urllib.parse import unquote_to_bytes
from wsgiref.handlers import SimpleHandler
from wsgiref.types import WSGIApplication

from asgi_app.interface import Event, Handler, Scope
from loadtests.catalog.contract import Exchange, Request, mismatches
from tests.apps.asgi_checker import checked

DISCONNECT: Event = {"type": "http.disconnect"}


@dataclass(frozen=True)
class Answered:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def assert_matches(self, exchange: Exchange) -> None:
        names = [name.lower() for name, _ in self.headers]
        assert len(names) == len(set(names)), f"a header given twice: {self.headers}"
        assert not mismatches(exchange, self.status, dict(self.headers), self.body)


class Input:
    """A wsgi.input that hands out `step` bytes at most and fails if read past its end.

    With `terminated` it ends as a file does; otherwise a read past the end is the one
    that never returns on a socket.
    """

    def __init__(self, body: bytes, step: int | None, terminated: bool) -> None:
        self.file = io.BytesIO(body)
        self.left = len(body)
        self.step = step
        self.terminated = terminated
        self.reads: list[int] = []

    def read(self, size: int) -> bytes:
        self.reads.append(size)
        if not self.terminated and size > self.left:
            raise AssertionError(f"read of {size} bytes with {self.left} left")
        piece = self.file.read(min(size, self.step or size))
        self.left -= len(piece)
        return piece

    def readline(self, *_: int) -> bytes:
        raise NotImplementedError

    def readlines(self, *_: int) -> list[bytes]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[bytes]:
        raise NotImplementedError


def environ_of(request: Request, step: int | None = None) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": Input(request.body, step, terminated=request.chunked),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": request.chunked,
    }
    for name, value in request.fields:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def call_wsgi(app: WSGIApplication, environ: dict[str, Any]) -> Answered:
    """Calls the app as PEP 3333 has it: iterate, close, whatever happens."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Any:
        assert exc_info is None
        assert not started, "start_response called twice"
        started.append((status, headers))
        return lambda data: None

    body = app(environ, start_response)
    try:
        content = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    status, headers = started[0]
    return Answered(int(status[:3]), headers, content)


class ByteServer(SimpleHandler):
    """wsgiref's own server: what it makes of an answer comes out as bytes."""

    os_environ: dict[str, str] = {}  # noqa: RUF012 - as declared by BaseHandler


def serve_wsgi(app: WSGIApplication, environ: dict[str, Any]) -> Answered:
    output = io.BytesIO()
    handler = ByteServer(environ["wsgi.input"], output, sys.stderr, environ)
    handler.run(app)
    return parse(output.getvalue(), environ["REQUEST_METHOD"])


def parse(raw: bytes, method: str) -> Answered:
    class Connection:
        def makefile(self, mode: str) -> io.BytesIO:
            return io.BytesIO(raw)

    response = HTTPResponse(cast(socket.socket, Connection()), method=method)
    response.begin()
    headers = [(k, v) for k, v in response.getheaders() if k not in ("Date", "Server")]
    body = raw.partition(b"\r\n\r\n")[2] if method == "HEAD" else response.read()
    return Answered(response.status, headers, body)


def scope_of(request: Request) -> Scope:
    path, _, query = request.target.partition("?")
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in request.fields
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote_to_bytes(path.encode("latin-1")).decode(errors="replace"),
        "query_string": query.encode("latin-1"),
        "headers": headers,
        "client": None,
        "server": None,
        "state": {"startups": 1},  # as the app's own startup leaves it
    }


def websocket_scope_of(target: str, *subprotocols: str) -> Scope:
    scope = scope_of(Request("GET", target))
    del scope["method"]
    offered = {"subprotocols": list(subprotocols)}
    return scope | {"type": "websocket", "scheme": "ws"} | offered


def body_events(body: bytes, step: int | None = None) -> list[Event]:
    """The body as http.request events of `step` bytes, 64 KiB where not said."""
    size = step or 65536
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return [
        {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1}
        for index, piece in enumerate(pieces or [b""])
    ]


class Client:
    """The other end of an ASGI app: scripted events in, sent events out.

    After the script `receive` waits, as it does while a client is there, until
    `disconnect()`; then it hands out the farewell.
    """

    def __init__(
        self, script: Iterable[Event] = (), farewell: Event = DISCONNECT
    ) -> None:
        self.script = iter(script)
        self.farewell = farewell
        self.gone = asyncio.Event()
        self.sent: list[Event] = []

    def disconnect(self) -> None:
        self.gone.set()

    async def receive(self) -> Event:
        for event in self.script:
            return event
        await self.gone.wait()
        return self.farewell

    async def send(self, event: Event) -> None:
        self.sent.append(event)

    def answered(self) -> Answered:
        start, *bodies = self.sent
        headers = [(k.decode("ascii"), v.decode("ascii")) for k, v in start["headers"]]
        content = b"".join(event.get("body", b"") for event in bodies)
        return Answered(start["status"], headers, content)


async def exchange_asgi(app: Handler, scope: Scope, script: list[Event]) -> Answered:
    client = Client(script)
    await checked(app)(scope, client.receive, client.send)
    return client.answered()


def call_asgi(app: Handler, request: Request, step: int | None = None) -> Answered:
    """Calls the app under the checker of the message sequence."""
    events = body_events(request.body, step)
    return asyncio.run(exchange_asgi(app, scope_of(request), events))
