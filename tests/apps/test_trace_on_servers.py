"""Traced apps on every real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loadtests.catalog.stacks import HTTP1
from loadtests.experiments.trace import TracedClient, Watched, traced
from loadtests.experiments.trace.collect import observe
from loadtests.servers.processes import Guard
from loadtests.servers.server import Server, running
from tests.apps.recorded import (
    LEAVING,
    blocked_ms,
    results,
    sent,
    steps,
)
from tests.conftest import UNFRONTED

# On real servers


@pytest.fixture(scope="module", params=UNFRONTED)
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
    client = TracedClient.parse(request, "", "", leave)
    return observe(server, client)


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


@pytest.mark.parametrize(("path", "is_blocked"), [("wait", False), ("block", True)])
def test_trace_on_a_server_tells_blocking_from_waiting(
    traced_server: Server, path: str, is_blocked: bool
) -> None:
    """A loop that a busy machine holds up looks blocked too, for a part of the time."""
    records = observed(traced_server, f"GET /{path}?ms=300").records
    took_ms = max(blocked_ms(records), default=0)
    if traced_server.stack.interface == "wsgi":
        assert blocked_ms(records) == []
    elif is_blocked:
        assert took_ms >= 295
    else:
        assert took_ms < 150
