"""Traced calls: their records, and what tests ask of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import WSGIApplication

import asgi_app.trace
import wsgi_app.trace
from asgi_app.interface import (
    Event,
    Handler,
    Receive,
    Scope,
    Send,
)
from loadtests.catalog.contract import Request
from tests.apps.drivers import Answered, call_asgi, call_wsgi

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


def ignore(record: Record) -> None:
    """A trace that nobody reads."""


async def call(app: Handler, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def blocked_ms(records: Iterable[Record]) -> list[float]:
    """How long the event loop was blocked, each time."""
    return [r["took_ms"] for r in records if steps([r]) == [("event loop", "blocked")]]


def start(*_: object) -> Callable[[bytes], object]:
    """A start_response that keeps nothing."""
    return lambda data: None


class Broken(Exception):
    """What a broken app raises."""
