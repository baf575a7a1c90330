"""How long a traced app blocked its event loop, and what is no block."""

from __future__ import annotations

import asyncio
import time

import pytest

import asgi_app.trace
from asgi_app.interface import Handler, Receive, Scope, Send
from loadtests.catalog.contract import HEALTHY
from tests.apps.clock import run
from tests.apps.drivers import Client, body_events, scope_of
from tests.apps.recorded import STREAM, Record, blocked_ms, call, ignore


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


def traced_alone(
    app: Handler, patch: pytest.MonkeyPatch, scope: Scope | None = None
) -> list[Record]:
    records: list[Record] = []
    wrapped = asgi_app.trace.traced(app, records.append)
    client = Client()
    run(call(wrapped, scope or scope_of(STREAM), client.receive, client.send), patch)
    return records


@pytest.mark.parametrize(
    ("app", "before_ms"),
    [(sleep_in_the_loop, 0), (sleep_in_a_task, 20), (sleep_and_await, 0)],
)
def test_blocked_event_loop_is_recorded(
    app: Handler, before_ms: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = traced_alone(app, monkeypatch)
    [took_ms] = blocked_ms(records)
    assert took_ms == pytest.approx(100, abs=5)  # a turn of the loop
    [ended_ms] = [r["at_ms"] for r in records if r["name"] == "event loop"]
    assert ended_ms == pytest.approx(before_ms + 100, abs=5)
    assert all("crossing" in r for r in records if r["name"] != "event loop")


@pytest.mark.parametrize("app", [await_a_thread, await_a_sleep])
def test_event_loop_that_turns_is_not_recorded(
    app: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = traced_alone(app, monkeypatch)
    assert blocked_ms(records) == []
    assert records[-1]["took_ms"] >= 100


def test_lifespan_is_not_watched_for_its_whole_life(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        time.sleep(0.05)

    assert blocked_ms(traced_alone(app, monkeypatch, {"type": "lifespan"})) == []


def test_trace_leaves_no_timer_behind() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        wrapped = asgi_app.trace.traced(asgi_app.app, ignore)
        client = Client(body_events(b""))
        await wrapped(scope_of(HEALTHY.request), client.receive, client.send)
        timers = loop._scheduled  # type: ignore[attr-defined]
        assert all(timer.cancelled() for timer in timers)

    asyncio.run(work())
