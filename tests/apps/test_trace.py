"""The calls made visible, and left as they were: one file for both interfaces."""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import json
import os
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import FileWrapper
from wsgiref.validate import WSGIWarning, validator

import flask
import pytest

import asgi_app.records
import asgi_app.trace
import wsgi_app.records
import wsgi_app.trace
from asgi_app.interface import Event, Handler, Receive, Scope, Send
from loadtests.catalog.contract import HEALTHY, Request, exchanges
from loadtests.catalog.contract.table import MALFORMED_LENGTH
from loadtests.catalog.stacks import HTTP1
from loadtests.experiments.trace import TracedClient, Watched, traced
from loadtests.experiments.trace.collect import observe
from loadtests.servers.processes import Guard
from loadtests.servers.server import Server, running
from tests.again import tried_again
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

Record = dict[str, Any]
MODULES = (wsgi_app.trace, asgi_app.trace)
STREAM = Request("GET", "/stream?chunks=3&size=20")
UPLOAD = Request("POST", "/upload", body=b"0123456789")
LEAVING = "GET /stream?chunks=8&interval_ms=40"
VALIDATOR_KNOWS = "GET HEAD POST OPTIONS PATCH PUT DELETE TRACE".split()


def steps(records: Iterable[Record]) -> list[tuple[str, str]]:
    return [(record["name"], record["step"]) for record in records]


def results(records: Iterable[Record], name: str) -> list[Any]:
    """What came back from the calls of that name."""
    return [r["got"] for r in records if r["name"] == name and r["step"] != "called"]


def sent(records: Iterable[Record]) -> list[Event]:
    given = [r["given"] for r in records if steps([r]) == [("send", "called")]]
    return [event for (event,) in given]


def trace_wsgi(
    app: WSGIApplication, environ: dict[str, Any]
) -> tuple[list[Record], Answered]:
    records: list[Record] = []
    answered = call_wsgi(wsgi_app.trace.traced(app, records.append), environ)
    return records, answered


def trace_asgi(app: Handler, request: Request) -> list[Record]:
    records: list[Record] = []
    call_asgi(asgi_app.trace.traced(app, records.append), request)
    return records


# The wrapped app behaves as it did


def ignore(record: Record) -> None:
    """A trace that nobody reads."""


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


def start(*_: object) -> Callable[[bytes], object]:
    """A start_response that keeps nothing."""
    return lambda data: None


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


class Broken(Exception):
    """What a broken app raises."""


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


async def call(app: Handler, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def test_reader_of_the_trace_that_has_gone_does_not_end_the_app(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def write(_: int, data: bytes) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(os, "write", write)
    call_wsgi(wsgi_app.trace.app, environ_of(HEALTHY.request)).assert_matches(HEALTHY)
    call_asgi(asgi_app.trace.app, HEALTHY.request).assert_matches(HEALTHY)


# What is recorded


def test_every_way_to_read_the_input_is_recorded() -> None:
    class Full(io.BytesIO):
        name = "input"

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        assert stream.name == "input"
        read = [stream.read(2), stream.readline(), *stream.readlines(3), *stream]
        return [b"|".join(read), bytes(stream.readinto(bytearray(3)))]

    environ = environ_of(UPLOAD) | {"wsgi.input": Full(b"one\ntwo\nthree\nfour")}
    records, answered = trace_wsgi_without_start(app, environ)
    assert answered == b"on|e\n|two\n|three\n|four"
    calls = [
        (r["name"], r["given"])
        for r in records
        if "input" in r["name"] and "given" in r
    ]
    assert calls == [
        ("wsgi.input.read", [2]),
        ("wsgi.input.readline", []),
        ("wsgi.input.readlines", [3]),
        *[("next(wsgi.input)", [])] * 3,
        ("wsgi.input.readinto", ["<bytearray>"]),
    ]


def trace_wsgi_without_start(
    app: WSGIApplication, environ: dict[str, Any]
) -> tuple[list[Record], bytes]:
    records: list[Record] = []
    body = wsgi_app.trace.traced(app, records.append)(environ, start)
    return records, b"".join(body)


def test_write_and_exc_info_are_recorded() -> None:
    written: list[bytes] = []

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        write = start("500 Oops", [], (Broken, Broken("x"), None))  # type: ignore[arg-type]
        write(b"old style")
        return []

    def starts(*_: object) -> Callable[[bytes], object]:
        return written.append

    records: list[Record] = []
    list(wsgi_app.trace.traced(app, records.append)(environ_of(STREAM), starts))
    given = {r["name"]: r["given"] for r in records if "given" in r}
    assert given["start_response"] == [
        "500 Oops",
        [],
        ["<Broken>", "<Broken('x')>", None],
    ]
    assert given["write"] == [{"length": 9, "begins": "b'old style'"}]
    assert written == [b"old style"]


def test_records_say_who_and_when() -> None:
    wsgi, _ = trace_wsgi(wsgi_app.app, environ_of(STREAM))
    asgi = trace_asgi(asgi_app.app, STREAM)
    for records, runner in ((wsgi, "thread"), (asgi, "task")):
        assert {record["process"] for record in records} == {os.getpid()}
        assert len({record["call"] for record in records}) == 1
        assert all(record[runner] for record in records)
        times = [record["at_ms"] for record in records]
        assert times == sorted(times)
        assert records[-1]["took_ms"] >= 0
    assert {record["thread"] for record in wsgi} == {threading.current_thread().name}


def test_record_is_never_as_large_as_a_body() -> None:
    large = Request("GET", "/stream?chunks=1&size=1048576")
    wsgi, _ = trace_wsgi(wsgi_app.app, environ_of(large))
    for records in (wsgi, trace_asgi(asgi_app.app, large)):
        assert max(len(json.dumps(record)) for record in records) < 4096


def test_show_shortens_and_runs_no_code_of_the_value() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise Broken

    show = wsgi_app.records.show
    assert show(Odd()) == "<Odd>"
    assert show(Broken(Odd())) == "<Broken(<Odd>)>"
    assert show({"a": b"x" * 300, 1: "y" * 300}) == {
        "a": repr(b"x" * 200 + b"..."),
        "1": "y" * 200 + "...",
    }
    assert len(show([0] * 1000)) == 100


def test_lifespan_and_websocket_are_traced() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while "disconnect" not in (event := await receive())["type"]:
            await send({"type": f"{scope['type']}.send", "text": event.get("text")})

    for kind in ("lifespan", "websocket"):
        records: list[Record] = []
        script = [{"type": f"{kind}.receive", "text": "hello"}]
        client = Client([*script, {"type": f"{kind}.disconnect"}])
        wrapped = asgi_app.trace.traced(app, records.append)
        asyncio.run(call(wrapped, {"type": kind}, client.receive, client.send))
        assert records[0]["given"][0] == {"type": kind}
        assert sent(records) == [{"type": f"{kind}.send", "text": "hello"}]


def test_coroutine_without_a_task_is_traced() -> None:
    """ASGI names no event loop."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        return None

    records: list[Record] = []
    coroutine = call(
        asgi_app.trace.traced(app, records.append), {}, Client().receive, Client().send
    )
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert {record["task"] for record in records} == {"none"}


async def sleep_in_the_loop(scope: Scope, receive: Receive, send: Send) -> None:
    time.sleep(0.1)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


async def sleep_in_a_task(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0.02)
    await asyncio.create_task(sleep_in_the_loop(scope, receive, send))


async def sleep_and_await(scope: Scope, receive: Receive, send: Send) -> None:
    time.sleep(0.1)
    await asyncio.sleep(0.05)


async def await_a_thread(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.to_thread(time.sleep, 0.1)


async def await_a_sleep(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0.1)


def blocked_ms(records: Iterable[Record]) -> list[float]:
    """How long the event loop was blocked, each time."""
    return [r["took_ms"] for r in records if steps([r]) == [("event loop", "blocked")]]


def traced_alone(app: Handler) -> list[Record]:
    records: list[Record] = []
    wrapped = asgi_app.trace.traced(app, records.append)
    client = Client()
    asyncio.run(call(wrapped, scope_of(STREAM), client.receive, client.send))
    return records


@pytest.mark.quiet
@pytest.mark.parametrize("app", [sleep_in_the_loop, sleep_in_a_task, sleep_and_await])
@tried_again("a neighbour makes a block longer, and adds blocks")
def test_blocked_event_loop_is_recorded(app: Handler) -> None:
    records = traced_alone(app)
    [took_ms] = blocked_ms(records)
    assert 95 < took_ms < 150
    [ended_ms] = [r["at_ms"] for r in records if r["name"] == "event loop"]
    assert 95 < ended_ms < 180
    assert all("crossing" in r for r in records if r["name"] != "event loop")


@pytest.mark.quiet
@pytest.mark.parametrize("app", [await_a_thread, await_a_sleep])
@tried_again("a loop that is kept waiting looks like a blocked one")
def test_event_loop_that_turns_is_not_recorded(app: Handler) -> None:
    assert blocked_ms(traced_alone(app)) == []


@pytest.mark.quiet
def test_lifespan_is_not_watched_for_its_whole_life() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        time.sleep(0.05)

    records: list[Record] = []
    wrapped = asgi_app.trace.traced(app, records.append)
    scope = {"type": "lifespan"}
    asyncio.run(call(wrapped, scope, Client().receive, Client().send))
    assert blocked_ms(records) == []


def test_trace_leaves_no_timer_behind() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        wrapped = asgi_app.trace.traced(asgi_app.app, ignore)
        client = Client(body_events(b""))
        await wrapped(scope_of(HEALTHY.request), client.receive, client.send)
        timers = loop._scheduled  # type: ignore[attr-defined]
        assert all(timer.cancelled() for timer in timers)

    asyncio.run(work())


def test_flask_app_can_be_traced() -> None:
    web = flask.Flask("tiny")

    @web.post("/echo")
    def echo() -> flask.Response:
        return flask.Response(flask.request.get_data().upper())

    request = Request("POST", "/echo", body=b"abc")
    environ = environ_of(request) | {"wsgi.input": io.BytesIO(b"abc")}
    records, answered = trace_wsgi(web, environ)
    assert (answered.status, answered.body) == (200, b"ABC")
    names = [name for name, step in steps(records) if step == "called"]
    assert names[0] == "app"
    assert any(name.startswith("wsgi.input.read") for name in names)
    assert names.index("start_response") < names.index("next(body)")
    assert names[-1] == "body.close"
    assert results(records, "next(body)")[0] == {"length": 3, "begins": "b'ABC'"}


# The live trace


@pytest.mark.parametrize("module", [wsgi_app, asgi_app])
def test_lines_stay_whole_under_eight_threads(
    module: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    def ask() -> None:
        for _ in range(20):
            if module is wsgi_app:
                call_wsgi(wsgi_app.trace.app, environ_of(STREAM))
            else:
                call_asgi(asgi_app.trace.app, STREAM)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert sum(steps([r]) == [("app", "returned")] for r in records) == 160
    assert len({record["call"] for record in records}) == 160


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("colours", [False, True])
def test_live_trace_fits_the_terminal(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    colours: bool,
) -> None:
    monkeypatch.setattr(os, "isatty", lambda descriptor: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "" if colours else "1")
    call_wsgi(wsgi_app.trace.app, environ_of(UPLOAD))
    call_asgi(asgi_app.trace.app, UPLOAD)
    text = capfd.readouterr().out
    assert ("\x1b[" in text) == colours
    text = re.sub(r"\x1b\[\d+m", "", text)
    assert max(map(len, text.splitlines())) <= columns
    for words in (
        "ms  server --> app  app(environ, start_response)",
        "'REQUEST_METHOD': 'POST'",
        "server <-- app  wsgi.input.read(10)",
        "server ..> app  wsgi.input.read returned <10 bytes",
        "server --> app  app(scope, receive, send)",
        "server <-- app  receive()",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("change", "colour"),
    [
        ({"step": "called"}, wsgi_app.records.GREEN),
        ({"took_ms": 0.1}, wsgi_app.records.GREEN),
        ({"took_ms": 100.0}, wsgi_app.records.YELLOW),
        ({"step": "raised", "got": "<Broken()>"}, wsgi_app.records.RED),
        ({"step": "raised", "got": "<StopIteration()>"}, wsgi_app.records.GREEN),
        ({"name": "event loop", "step": "blocked"}, wsgi_app.records.RED),
    ],
)
def test_live_trace_shows_waiting_and_faults(
    monkeypatch: pytest.MonkeyPatch, change: Record, colour: int
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    record = {"process": 1, "call": 1, "at_ms": 1.0, "name": "next(body)", "given": []}
    record |= {"step": "returned", "interface": "wsgi", "took_ms": 1.0, "got": None}
    assert f"\x1b[{colour}m" in wsgi_app.records.readable(record | change)


def test_terminal_is_safe_from_what_a_client_sends() -> None:
    quoted = wsgi_app.records.quote(wsgi_app.records.show("<\x1b[2Jgone>"))
    assert "\x1b" not in quoted


# On real servers


@pytest.fixture(scope="module", params=list(HTTP1))
def traced_server(
    request: pytest.FixtureRequest,
    guard: Guard,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """A server of each stack that serves the traced app with one worker."""
    stack = traced(HTTP1[request.param]).with_counts(1, None)
    log = tmp_path_factory.mktemp("traced") / "log"
    with running(stack, guard, log) as server:
        yield server


def observed(server: Server, request: str, leave: str = "") -> Watched:
    assert server.group.log
    client = TracedClient.parse(request, "", "", leave)
    return observe(server, client, server.group.log)


def test_trace_on_a_server_shows_the_stream(traced_server: Server) -> None:
    records = observed(traced_server, "GET /stream?chunks=3").records
    if traced_server.stack.interface == "wsgi":
        called = [name for name, step in steps(records) if step == "called"]
        wanted = ["app", "start_response", *["next(body)"] * 4, "body.close"]
        assert called == wanted
        piece = {"length": 1024, "begins": "b'................'"}
        assert results(records, "next(body)") == [*[piece] * 3, "<StopIteration()>"]
    else:
        start, *bodies = sent(records)
        assert (start["type"], start["status"]) == ("http.response.start", 200)
        assert {event["type"] for event in bodies} == {"http.response.body"}
        assert [event.get("more_body") for event in bodies] == [True] * 3 + [None]
        assert bodies[0]["body"]["length"] == 1024


def test_trace_on_a_server_shows_a_client_that_leaves(traced_server: Server) -> None:
    watched = observed(traced_server, LEAVING, leave="2000B")
    if traced_server.stack.interface == "asgi":
        assert {"type": "http.disconnect"} in results(watched.records, "receive")
        assert len(sent(watched.records)) < 8
    else:
        assert results(watched.records, "body.close") == [None]
        ended = "<StopIteration()>" in results(watched.records, "next(body)")
        # a2wsgi tells the app nothing: it makes all its pieces for nobody.
        assert ended == (traced_server.stack.id == "wsgi-uvicorn")
    assert "leaves" in watched.actions[-1].what


@pytest.mark.quiet
@pytest.mark.parametrize(("path", "is_blocked"), [("wait", False), ("block", True)])
@tried_again("a loop that is kept waiting looks like a blocked one")
def test_trace_on_a_server_tells_blocking_from_waiting(
    traced_server: Server, path: str, is_blocked: bool
) -> None:
    records = observed(traced_server, f"GET /{path}?ms=200").records
    if traced_server.stack.interface == "wsgi" or not is_blocked:
        assert blocked_ms(records) == []
    else:
        [took_ms] = blocked_ms(records)
        assert 195 < took_ms < 260


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
