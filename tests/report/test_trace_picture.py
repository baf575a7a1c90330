"""How a traced call is drawn, both sides beside each other."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from loadtests.analysis.timeline import BLOCKED, moments
from loadtests.catalog.contract import Request
from loadtests.report.trace_picture import picture
from tests.apps.both_sides import recorded, recorded_at_once
from tests.apps.recorded import STREAM, UPLOAD


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("request_", [STREAM, UPLOAD, Request("GET", "/wait?ms=30")])
def test_picture_fits(width: int, request_: Request) -> None:
    console = Console(file=io.StringIO(), width=width)
    console.print(picture(*recorded(request_), width))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any("app(environ, start" in line for line in lines)
    assert any("app(scope" in line for line in lines)


def test_picture_shows_where_in_a_wait_the_loop_was_blocked() -> None:
    wsgi, asgi = recorded_at_once(Request("GET", "/hello"))
    app, *others = asgi.records
    late = [{**record, "at_ms": 300.0} for record in others]
    note = {"name": "event loop", "step": "blocked", "at_ms": 200.0, "took_ms": 100.0}
    asgi = dataclasses.replace(asgi, records=[app, {**app, **note}, *late])
    found = [m for m in moments(wsgi, asgi) if m.wait_ms]
    assert [round(moment.wait_ms, -1) for moment in found] == [100, 100, 100]
    assert [moment.is_blocked for moment in found] == [False, True, False]
    awaits = "app works or sleeps"
    assert [moment.waits[1] for moment in found] == [awaits, BLOCKED, awaits]
    console = Console(file=io.StringIO(), width=80)
    console.print(picture(wsgi, asgi, 80))
    assert isinstance(console.file, io.StringIO)
    assert "100 with the event loop blocked" in console.file.getvalue()


def test_picture_does_not_count_a_receive_that_only_watches() -> None:
    console = Console(file=io.StringIO(), width=80)
    both = recorded(Request("GET", "/stream?chunks=2&interval_ms=60"))
    console.print(picture(*both, 80))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    [wsgi] = [line for line in lines if line.startswith("WSGI held thread")]
    [asgi] = [line for line in lines if line.startswith("ASGI had task")]
    assert " in next(body)" in wsgi
    assert " in receive" not in asgi


def test_picture_says_how_long_many_calls_without_a_wait_took() -> None:
    both = recorded(Request("GET", "/stream?chunks=40&size=2"))
    left, right = (
        dataclasses.replace(
            watched,
            records=[{**r, "at_ms": 2.0 * i} for i, r in enumerate(watched.records)],
        )
        for watched in both
    )
    [moment] = moments(left, right)
    assert moment.last_ms == 2.0 * max(len(watched.records) - 1 for watched in both)
    console = Console(file=io.StringIO(), width=120)
    console.print(picture(left, right, 120))
    assert isinstance(console.file, io.StringIO)
    assert f" {moment.last_ms:.0f} " in console.file.getvalue()
    assert "next(body): 2 bytes (40 times)" in console.file.getvalue()
