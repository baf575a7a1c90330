"""What only ASGI can get wrong: events, tasks, clients that go, the event loop."""

import asyncio
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from asgi_app import app, beyond, main
from asgi_app.interface import Event, Scope
from asgi_app.rules import MAX_UPLOAD
from loadtests.catalog.contract import HEALTHY, Request
from tests.apps.asgi_checker import check_refuses, checked
from tests.apps.drivers import DISCONNECT, Answered, Client, call_asgi, scope_of

SOON_S = 5.0


async def turns() -> None:
    """Let the event loop turn until every task is where it waits, however slowly."""
    for _ in range(100):
        await asyncio.sleep(0)


def run(work: Callable[[], Awaitable[Any]], within_s: float = 10.0) -> None:
    async def limited() -> None:
        async with asyncio.timeout(within_s):
            await work()

    asyncio.run(limited())


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


def upload(length: int | None, *script: Event) -> Answered:
    headers = () if length is None else (("Content-Length", str(length)),)
    scope = scope_of(Request("POST", "/upload", headers))
    client = Client(script)
    asyncio.run(checked(app)(scope, client.receive, client.send))
    return client.answered()


def part(body: bytes, more_body: bool = True) -> Event:
    return {"type": "http.request", "body": body, "more_body": more_body}


def test_upload_takes_the_defaults_of_the_keys() -> None:
    answer = upload(None, {"type": "http.request"})
    assert answer.body.startswith(b'{"bytes": 0,')
    answer = upload(3, {"type": "http.request", "body": b"abc"})
    assert answer.body.startswith(b'{"bytes": 3,')


@pytest.mark.parametrize(
    ("length", "script", "message"),
    [
        (10, [part(b"abc"), DISCONNECT], b"after 3 of 10 bytes"),
        (10, [DISCONNECT], b"after 0 of 10 bytes"),
        (None, [part(b"abc"), part(b"d"), DISCONNECT], b"after 4 bytes"),
        (10, [part(b"abc"), part(b"", more_body=False)], b"after 3 of 10 bytes"),
    ],
    ids=["disconnect", "disconnect-at-once", "chunked", "short"],
)
def test_upload_broken_off_is_an_error(
    length: int | None, script: list[Event], message: bytes
) -> None:
    answer = upload(length, *script)
    assert answer.status == 400
    assert answer.body == b"The body broke off %b.\n" % message


def test_upload_chunked_overrides_its_length() -> None:
    """RFC 9112, 6.3, where a server lets both headers through."""
    fields = (("Content-Length", "4"), ("Transfer-Encoding", "chunked"))
    client = Client([part(b"abc"), part(b"de", more_body=False)])
    scope = scope_of(Request("POST", "/upload", fields))
    asyncio.run(checked(app)(scope, client.receive, client.send))
    assert client.answered().body.startswith(b'{"bytes": 5,')


def test_headers_shows_no_length_that_is_overridden() -> None:
    fields = (("Content-Length", "4"), ("Transfer-Encoding", "chunked"))
    answer = call_asgi(app, Request("GET", "/headers", fields))
    assert b'"content_length": null' in answer.body


def test_upload_declared_too_large_is_not_received() -> None:
    async def work() -> None:
        async def receive() -> Event:
            raise AssertionError("received")

        scope = scope_of(Request("POST", "/upload", (("Content-Length", "10485761"),)))
        client = Client()
        await checked(app)(scope, receive, client.send)
        assert client.answered().status == 413

    run(work)


def test_upload_chunked_is_received_no_further_than_the_limit() -> None:
    async def work() -> None:
        received = 0

        async def receive() -> Event:
            nonlocal received
            received += 1
            return part(b"x" * 1_000_000)

        client = Client()
        await checked(app)(scope_of(Request("POST", "/upload")), receive, client.send)
        assert client.answered().status == 413
        assert received == MAX_UPLOAD // 1_000_000 + 1

    run(work)


STARTUP: Event = {"type": "lifespan.startup"}
SHUTDOWN: Event = {"type": "lifespan.shutdown"}


def live(*script: Event) -> list[Event]:
    client = Client(script)
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
    asyncio.run(checked(app)(scope, client.receive, client.send))
    return client.sent


def test_lifespan_starts_up_and_shuts_down() -> None:
    assert live(STARTUP, SHUTDOWN) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


async def fail(state: Scope) -> None:
    raise RuntimeError("no database")


def test_lifespan_reports_a_failed_startup_and_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beyond, "startup", fail)
    message = "RuntimeError('no database')"
    assert live(STARTUP, SHUTDOWN) == [
        {"type": "lifespan.startup.failed", "message": message}
    ]


def test_lifespan_reports_a_failed_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "shutdown", fail)
    message = "RuntimeError('no database')"
    assert live(STARTUP, SHUTDOWN) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.failed", "message": message},
    ]


def test_lifespan_hooks_run_when_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []

    async def startup(state: Scope) -> None:
        log.append("startup")

    async def shutdown(state: Scope) -> None:
        log.append("shutdown")

    async def work() -> None:
        client = Client([STARTUP])
        scope = {"type": "lifespan"}
        running = asyncio.create_task(app(scope, client.receive, client.send))
        await turns()
        assert log == ["startup"]
        client.disconnect()  # here: the event for which receive() waits
        await running
        assert log == ["startup", "shutdown"]

    monkeypatch.setattr(beyond, "startup", startup)
    monkeypatch.setattr(beyond, "shutdown", shutdown)
    run(work)
