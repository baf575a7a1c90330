"""The calls made visible, and left as they were: one file for both interfaces."""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import FileWrapper
from wsgiref.validate import WSGIWarning, validator

import pytest

import asgi_app.trace
import wsgi_app.trace
from asgi_app.interface import (
    Event,
    Receive,
    Scope,
    Send,
)
from loadtests.catalog.contract import HEALTHY, Request, exchanges
from loadtests.catalog.contract.table import MALFORMED_LENGTH
from tests.apps.drivers import (
    Answered,
    Client,
    body_events,
    call_asgi,
    call_wsgi,
    environ_of,
    scope_of,
    serve_wsgi,
)
from tests.apps.recorded import (
    MODULES,
    STREAM,
    UPLOAD,
    VALIDATOR_KNOWS,
    Broken,
    Record,
    call,
    ignore,
    results,
    start,
    steps,
)

# The wrapped app behaves as it did


def validated(request: Request) -> Answered:
    """Between two validators: one is the server's, one is the application's."""
    with warnings.catch_warnings():
        if request.method not in VALIDATOR_KNOWS:
            warnings.filterwarnings("ignore", "Unknown REQUEST_METHOD", WSGIWarning)
        app = wsgi_app.trace.traced(validator(wsgi_app.app), ignore)
        return call_wsgi(validator(app), environ_of(request))


def served(request: Request) -> Answered:
    app = wsgi_app.trace.traced(wsgi_app.app, ignore)
    return serve_wsgi(app, environ_of(request))


def checked(request: Request) -> Answered:
    return call_asgi(asgi_app.trace.traced(asgi_app.app, ignore), request)


@pytest.mark.parametrize("driver", [validated, served, checked])
def test_traced_app_keeps_the_whole_contract(
    driver: Callable[[Request], Answered],
) -> None:
    malformed = {exchange.id for exchange in MALFORMED_LENGTH}
    for exchange in exchanges("asgi" if driver is checked else "wsgi"):
        # The validator takes the length for a number, without asking.
        if driver is validated and exchange.id.removeprefix("head-") in malformed:
            continue
        driver(exchange.request).assert_matches(exchange)


def test_traced_body_stays_lazy_and_is_closed_once() -> None:
    made: list[str] = []

    def pieces() -> Iterator[bytes]:
        try:
            for number in range(3):
                made.append(str(number))
                yield b"piece"
        finally:
            made.append("closed")

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        return pieces()

    records: list[Record] = []
    body = wsgi_app.trace.traced(app, records.append)(environ_of(STREAM), start)
    iterator = iter(body)
    assert made == []
    assert next(iterator) == b"piece"
    assert made == ["0"]
    body.close()  # type: ignore[attr-defined]
    assert made == ["0", "closed"]
    assert steps(records)[-2:] == [("body.close", "called"), ("body.close", "returned")]


@pytest.mark.parametrize(
    ("body", "closes", "sized"),
    [
        ([b"a"], False, True),
        ((b"a",), False, True),
        (iter([b"a"]), False, False),
        ((piece for piece in [b"a"]), True, False),
        (io.BytesIO(b"a"), True, False),
    ],
    ids=["list", "tuple", "iterator", "generator", "file"],
)
def test_traced_body_can_do_what_the_body_can(
    body: Iterable[bytes], closes: bool, sized: bool
) -> None:
    """From close() and len() a server draws conclusions (PEP 3333)."""
    app = wsgi_app.trace.traced(lambda environ, start: body, ignore)
    wrapped = app(environ_of(STREAM), start)
    assert hasattr(wrapped, "close") == closes
    assert hasattr(wrapped, "__len__") == sized
    assert not sized or len(wrapped) == 1  # type: ignore[arg-type]
    assert next(wrapped) == b"a"  # type: ignore[call-overload]
    if sized:
        assert list(wrapped) == list(wrapped) == [b"a"]


@pytest.mark.parametrize("wrapper", [FileWrapper, lambda file: FileWrapper(file)])
def test_file_wrapper_reaches_the_server_as_it_is(wrapper: Any) -> None:
    """A server knows its own by the type, and may send the file by itself."""

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        body: Iterable[bytes] = environ["wsgi.file_wrapper"](io.BytesIO(b"content"))
        return body

    environ = environ_of(STREAM) | {"wsgi.file_wrapper": wrapper}
    body = wsgi_app.trace.traced(app, ignore)(environ, start)
    assert isinstance(body, FileWrapper) == isinstance(wrapper, type)
    assert b"".join(body) == b"content"


def test_traced_app_shares_the_environ_with_the_server() -> None:
    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ["mine"] = 1
        return []

    environ = environ_of(STREAM)
    wsgi_app.trace.traced(app, ignore)(environ, start)
    assert environ["mine"] == 1


def test_exceptions_pass_through_and_are_recorded_wsgi() -> None:
    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/at-once":
            raise Broken("at once", b"x" * 99)
        return late()

    def late() -> Iterator[bytes]:
        yield b"piece"
        raise Broken("late")

    records: list[Record] = []
    wrapped = wsgi_app.trace.traced(app, records.append)
    with pytest.raises(Broken, match="at once"):
        wrapped(environ_of(Request("GET", "/at-once")), start)
    assert results(records, "app") == [
        "<Broken('at once', <99 bytes b'xxxxxxxxxxxxxxxx'...>)>"
    ]
    with pytest.raises(Broken, match="late"):
        list(wrapped(environ_of(STREAM), start))
    assert results(records, "next(body)")[-1] == "<Broken('late')>"


def test_exceptions_pass_through_and_are_recorded_asgi() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start"})

    async def send(event: Event) -> None:
        raise Broken("send")

    records: list[Record] = []
    wrapped = asgi_app.trace.traced(app, records.append)
    with pytest.raises(Broken, match="send"):
        asyncio.run(call(wrapped, scope_of(STREAM), Client().receive, send))
    assert results(records, "send") == results(records, "app") == ["<Broken('send')>"]


def test_reader_of_the_trace_that_has_gone_does_not_end_the_app(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def write(_: int, data: bytes) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(os, "write", write)
    call_wsgi(wsgi_app.trace.app, environ_of(HEALTHY.request)).assert_matches(HEALTHY)
    call_asgi(asgi_app.trace.app, HEALTHY.request).assert_matches(HEALTHY)


# The pair


def outline(module: Any, only: str) -> list[tuple[str, list[str]]]:
    """Names of classes and functions, with their methods and inner functions, up to
    where the file goes on with what the other side has no word for."""
    source = inspect.getsource(module).partition(only)[0]
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        (node.name, [n.name for n in node.body if isinstance(n, kinds)])
        for node in ast.parse(source).body
        if isinstance(node, kinds)
    ]


def test_pair_of_traces_has_the_same_outline() -> None:
    wsgi = outline(wsgi_app.trace, "# From here on: what ASGI has no word for.")
    asgi = outline(asgi_app.trace, "# From here on: what WSGI has no word for.")
    assert [name for name, _ in wsgi] == [name for name, _ in asgi]
    assert dict(wsgi)["Call"] == dict(asgi)["Call"]


def test_app_to_trace_is_named_as_servers_name_it() -> None:
    for module, name in zip(MODULES, ("wsgi_app", "asgi_app"), strict=True):
        app = module.load(f"{name}.main:app")
        assert app is module.load(name) is module.load(f"{name}:app")


def test_received_pieces_are_recorded_as_they_came() -> None:
    events = body_events(UPLOAD.body, step=4)
    records: list[Record] = []
    client = Client(events)
    wrapped = asgi_app.trace.traced(asgi_app.app, records.append)
    asyncio.run(call(wrapped, scope_of(UPLOAD), client.receive, client.send))
    pieces = [event["body"]["length"] for event in results(records, "receive")]
    assert pieces == [4, 4, 2]
    assert client.answered().status == 200
