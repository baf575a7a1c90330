"""What only ASGI can get wrong: events, tasks, clients that go, the event loop."""

import asyncio
import time
import tracemalloc

import pytest

from asgi_app import app, main
from asgi_app.interface import Event
from loadtests.catalog.contract import HEALTHY, Request
from tests.apps.asgi_checker import check_refuses, checked
from tests.apps.drivers import DISCONNECT, Client, call_asgi, scope_of
from tests.apps.turns import run, turns

SOON_S = 5.0


def test_handler_is_an_application_of_its_own() -> None:
    call_asgi(main.hello, HEALTHY.request).assert_matches(HEALTHY)


@pytest.mark.parametrize("path", ["/mounted/hello", "/hello"])
def test_app_is_mounted_by_root_path(path: str) -> None:
    scope = scope_of(HEALTHY.request) | {"root_path": "/mounted", "path": path}
    client = Client()
    asyncio.run(checked(app)(scope, client.receive, client.send))
    client.answered().assert_matches(HEALTHY)


@pytest.mark.parametrize("scope_type", ["webtransport", ""])
def test_app_raises_on_a_scope_it_does_not_know(scope_type: str) -> None:
    asyncio.run(check_refuses(app, scope_type))


def test_headers_keeps_apart_what_wsgi_cannot_tell() -> None:
    request = Request("GET", "/headers", (("X-One", "1"), ("X_One", "2")))
    assert b'"x-one": "1", "x_one": "2"' in call_asgi(app, request).body


@pytest.mark.parametrize(
    "target",
    [
        "/stream?chunks=999999999",
        "/stream?chunks=999999999&interval_ms=1",
        "/stream?chunks=2&interval_ms=60000",
        "/wait?ms=60000",
    ],
)
def test_app_stops_when_the_client_goes(target: str) -> None:
    async def work() -> None:
        client = Client([{"type": "http.request"}])
        running = asyncio.create_task(
            checked(app)(scope_of(Request("GET", target)), client.receive, client.send)
        )
        await turns()
        assert not running.done()
        client.disconnect()
        await asyncio.wait_for(running, SOON_S)

    run(work)


def test_wait_without_a_client_answers_nothing() -> None:
    async def work() -> None:
        client = Client([DISCONNECT])
        scope = scope_of(Request("GET", "/wait?ms=60000"))
        await asyncio.wait_for(app(scope, client.receive, client.send), SOON_S)
        assert client.sent == []

    run(work)


def test_wait_ignores_the_body_of_its_request() -> None:
    request = Request("GET", "/wait?ms=1", body=b"x" * 1000)
    assert call_asgi(app, request, step=1).body == b"waited 1 ms"


def test_wait_and_stream_stop_when_cancelled() -> None:
    async def work() -> None:
        for target in ("/wait?ms=60000", "/stream?chunks=999999999"):
            client = Client()
            scope = scope_of(Request("GET", target))
            running = asyncio.create_task(app(scope, client.receive, client.send))
            await turns()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert asyncio.all_tasks() == {asyncio.current_task()}

    run(work)


def test_stream_does_not_run_ahead_of_send() -> None:
    async def work() -> None:
        client, room = Client(), asyncio.Semaphore(3)

        async def send(event: Event) -> None:
            await client.send(event)
            await room.acquire()

        scope = scope_of(Request("GET", "/stream?chunks=100&size=1"))
        running = asyncio.create_task(checked(app)(scope, client.receive, send))
        await turns()
        assert len(client.sent) == 4  # three went through, one waits for room
        room.release()
        await turns()
        assert len(client.sent) == 5
        for _ in range(100):
            room.release()
        await running
        assert client.answered().body == b"\n" * 100

    run(work)


def test_stream_sends_a_piece_an_event_and_an_empty_last_one() -> None:
    async def work() -> None:
        client = Client()
        scope = scope_of(Request("GET", "/stream?chunks=2&size=3"))
        await checked(app)(scope, client.receive, client.send)
        piece = {"type": "http.response.body", "body": b"..\n", "more_body": True}
        assert client.sent[1:] == [piece, piece, {"type": "http.response.body"}]

    run(work)


def test_stream_pauses_between_pieces_only(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[object] = []

    async def sleep(delay_s: float) -> None:
        log.append(delay_s)

    async def work() -> None:
        async def send(event: Event) -> None:
            log.append(event.get("body"))

        scope = scope_of(Request("GET", "/stream?chunks=3&size=1&interval_ms=1500"))
        await app(scope, Client().receive, send)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    run(work)
    assert log == [None, b"\n", 1.5, b"\n", 1.5, b"\n", None]


def test_stream_raises_what_send_raises() -> None:
    async def work() -> None:
        async def send(event: Event) -> None:
            if event["type"] == "http.response.body":
                raise BrokenPipeError("gone")  # a server of spec version 2.4 may

        scope = scope_of(Request("GET", "/stream?chunks=2"))
        with pytest.raises(BrokenPipeError, match="gone"):
            await app(scope, Client().receive, send)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(work)


def test_wait_raises_what_receive_raises() -> None:
    async def work() -> None:
        async def receive() -> Event:
            raise RuntimeError("server bug")

        scope = scope_of(Request("GET", "/wait?ms=60000"))
        with pytest.raises(RuntimeError, match="server bug"):
            await app(scope, receive, Client().send)

    run(work)


@pytest.mark.parametrize(
    ("target", "is_shared"), [("/wait?ms=150", True), ("/block?ms=150", False)]
)
def test_loop_is_shared_by_wait_and_held_by_block(target: str, is_shared: bool) -> None:
    async def work() -> None:
        client, others = Client(), 0
        scope = scope_of(Request("GET", target))
        running = asyncio.create_task(app(scope, client.receive, client.send))
        while not running.done():
            await asyncio.sleep(0.005)
            others += 1
        assert (others > 2) == is_shared
        assert client.answered().status == 200

    run(work)


def test_block_sleeps_that_long(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    request = Request("GET", "/block?ms=60000")
    assert call_asgi(app, request).body == b"blocked 60000 ms"
    assert pauses == [60.0]


def test_stream_does_not_grow() -> None:
    async def work() -> None:
        length = 0

        async def send(event: Event) -> None:
            nonlocal length
            length += len(event.get("body", b""))

        scope = scope_of(Request("GET", "/stream?chunks=3200&size=65536"))
        client = Client()
        tracemalloc.start()
        try:
            await app(scope, client.receive, send)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert length == 200 * 1024 * 1024
        assert peak < 1_000_000

    run(work)
