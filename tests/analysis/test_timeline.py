"""Who waits for whom in a traced call, on both sides."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.spans import Watched
from loadtests.analysis.timeline import BLOCKED, moments
from loadtests.catalog.contract import Request
from loadtests.records.traces import Action
from tests.apps.both_sides import recorded, recorded_at_once
from tests.apps.recorded import STREAM, steps

WAIT_MS = 150
TRIES = 5


def waits(target: str) -> list[tuple[str, str]]:
    """Who waits in the one wait that was asked for.

    The machine may be busy with something else in either call. That adds a wait to the
    picture, and takes as much from the one that both sides share. If it takes half of
    it, both are recorded anew.
    """
    for _ in range(TRIES):
        found = moments(*recorded(Request("GET", target)))
        long = [moment.waits for moment in found if moment.wait_ms > WAIT_MS / 2]
        if len(long) == 1:
            break
    return long


def test_picture_says_who_waits_for_whom() -> None:
    [stream] = waits(f"/stream?chunks=2&interval_ms={WAIT_MS}")
    assert stream == (
        "server waits for next(body)",
        "app works or sleeps, its receive watches the client",
    )
    [wait] = waits(f"/wait?ms={WAIT_MS}")
    assert wait[0] == "server waits for the app"
    [block] = waits(f"/block?ms={WAIT_MS}")
    assert block == ("server waits for the app", BLOCKED)


def test_picture_shows_the_wait_for_a_slow_reader() -> None:
    """Between two pieces the thread is in the server's hands, and so is send()."""
    wsgi, asgi = recorded_at_once(STREAM)
    late_wsgi = later(wsgi, after="next(body)")
    late_asgi = later(asgi, after="send", step="called")
    [moment] = [m for m in moments(late_wsgi, late_asgi) if m.wait_ms > 50]
    assert moment.waits == (
        "app waits for the server to send",
        "app waits for the server, in send",
    )


def test_picture_shows_a_call_that_never_comes_back_and_a_slow_write() -> None:
    wsgi, asgi = recorded_at_once(Request("GET", "/hello"))
    written = [
        {**record, "name": "write"} if record["name"] == "next(body)" else record
        for record in wsgi.records
    ]
    wsgi = later(dataclasses.replace(wsgi, records=written), "write", step="called")
    *early, _ = later(asgi, "send", step="called").records
    asgi = dataclasses.replace(asgi, records=early)  # the app has not returned
    [moment] = [m for m in moments(wsgi, asgi) if m.wait_ms > 50]
    assert moment.waits == (
        "app waits for the server, in write",
        "app waits for the server, in send",
    )
    texts = [entry.text for m in moments(wsgi, asgi) for entry in m.sides[1]]
    assert "app(scope, receive, send)" in texts
    assert "app returns" not in texts


def later(watched: Watched, after: str, step: str = "returned") -> Watched:
    """The same, with 100 ms after the first such record."""
    index = steps(watched.records).index((after, step)) + 1
    moved = [{**r, "at_ms": r["at_ms"] + 100} for r in watched.records[index:]]
    records = [*watched.records[:index], *moved]
    return dataclasses.replace(watched, records=records)


def test_picture_shows_the_client() -> None:
    wsgi, asgi = recorded_at_once(STREAM)
    wsgi = dataclasses.replace(wsgi, actions=[Action(200.0, "leaves")])
    last = moments(wsgi, asgi)[-1]
    assert [entry.text for entry in last.sides[0]] == ["client leaves"]
    assert last.at_ms == pytest.approx(200, abs=1)
