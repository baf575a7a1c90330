"""What is recorded of a traced call."""

from __future__ import annotations

import asyncio
import io
import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import flask
import pytest

import asgi_app.trace
import wsgi_app.records
import wsgi_app.trace
from asgi_app.interface import Receive, Scope, Send
from loadtests.catalog.contract import Request
from tests.apps.drivers import Client, environ_of
from tests.apps.recorded import (
    STREAM,
    UPLOAD,
    Broken,
    Record,
    call,
    results,
    sent,
    start,
    steps,
    trace_asgi,
    trace_wsgi,
)


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
