"""What ASGI has beyond WSGI, in process: WebSocket, lifespan state, background work."""

from __future__ import annotations

import asyncio

import pytest

from asgi_app import app, beyond
from asgi_app.interface import Event, Scope
from loadtests.catalog.contract import Request
from tests.apps.asgi_checker import checked
from tests.apps.drivers import Answered, Client, call_asgi, scope_of, websocket_scope_of

CONNECT: Event = {"type": "websocket.connect"}
ACCEPT: Event = {"type": "websocket.accept", "subprotocol": None}
CLOSE: Event = {"type": "websocket.close"}
GONE: Event = {"type": "websocket.disconnect", "code": 1001}


def text(message: str) -> Event:
    return {"type": "websocket.receive", "text": message}


def said(text: str | None = None, data: bytes | None = None) -> Event:
    return {"type": "websocket.send", "text": text, "bytes": data}


def talk(scope: Scope, *script: Event) -> list[Event]:
    """What the app sends to a client that connects, says that, and goes."""
    client = Client([CONNECT, *script], farewell=GONE)
    client.disconnect()
    asyncio.run(checked(app)(scope, client.receive, client.send))
    return client.sent


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        ({"text": "Grüße"}, said("Grüße")),
        ({"text": "", "bytes": None}, said("")),
        ({"bytes": b"\0\xff"}, said(data=b"\0\xff")),
        ({"bytes": b"", "text": None}, said(data=b"")),
    ],
)
def test_websocket_echoes_text_as_text_and_bytes_as_bytes(
    event: Event, answer: Event
) -> None:
    event = {"type": "websocket.receive", **event}
    assert talk(websocket_scope_of("/ws"), event) == [ACCEPT, answer]


def test_websocket_echoes_in_order_until_the_client_goes() -> None:
    words = [str(number) for number in range(100)]
    sent = talk(websocket_scope_of("/ws"), *map(text, words))
    assert sent == [ACCEPT, *map(said, words)]


def test_websocket_without_a_message_says_nothing() -> None:
    assert talk(websocket_scope_of("/ws")) == [ACCEPT]


def test_websocket_pushes_messages_before_it_echoes() -> None:
    sent = talk(websocket_scope_of("/ws?chunks=3&size=5"), text("a"))
    pushed = {"type": "websocket.send", "text": "....."}
    assert sent == [ACCEPT, *[pushed] * 3, said("a")]


@pytest.mark.parametrize("code", [1000, 3000, 4001, 4999])
def test_websocket_closes_as_asked_after_the_first_message(code: int) -> None:
    sent = talk(websocket_scope_of(f"/ws?close={code}"), text("a"), text("b"))
    assert sent == [ACCEPT, said("a"), {**CLOSE, "code": code}]


@pytest.mark.parametrize(
    "target",
    [
        "/ws?refuse=1",
        "/ws?close=999",
        "/ws?close=1001",
        "/ws?close=1005",
        "/ws?close=2999",
        "/ws?close=5000",
        "/ws?close=",
        "/ws?close=4_001",
        "/ws?chunks=",
        "/ws?chunks=1&size=0",
        "/ws?chunks=1001",
        f"/ws?{'a&' * 100}a",
        "/hello",
        "/ws/",
        "/",
    ],
)
def test_websocket_is_refused_before_it_is_accepted(target: str) -> None:
    assert talk(websocket_scope_of(target), text("a")) == [CLOSE]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [((), None), (("echo",), "echo"), (("soap", "echo"), "echo"), (("Echo",), None)],
)
def test_websocket_chooses_a_subprotocol_that_was_offered(
    offered: tuple[str, ...], chosen: str | None
) -> None:
    scope = websocket_scope_of("/ws", *offered)
    assert talk(scope) == [{**ACCEPT, "subprotocol": chosen}]


@pytest.mark.parametrize("key", ["subprotocols", "query_string", "state"])
def test_websocket_does_without_an_optional_key(key: str) -> None:
    scope = websocket_scope_of("/ws")
    del scope[key]
    assert talk(scope, text("a")) == [ACCEPT, said("a")]


@pytest.mark.parametrize("path", ["/mounted/ws", "/ws"])
def test_websocket_is_mounted_by_root_path(path: str) -> None:
    scope = websocket_scope_of("/ws") | {"root_path": "/mounted", "path": path}
    assert talk(scope) == [ACCEPT]


def test_websocket_lets_through_what_the_server_raises() -> None:
    async def send(event: Event) -> None:
        if event["type"] == "websocket.send":
            raise BrokenPipeError("gone")  # as a server of spec version 2.4 may

    client = Client([CONNECT, text("a")])
    with pytest.raises(BrokenPipeError, match="gone"):
        asyncio.run(app(websocket_scope_of("/ws"), client.receive, send))


# Lifespan state


def test_state_is_put_there_by_startup_and_shown_to_requests() -> None:
    async def live() -> Answered:
        state: Scope = {}
        server = Client([{"type": "lifespan.startup"}], {"type": "lifespan.shutdown"})
        scope = {"type": "lifespan", "state": state}
        living = asyncio.create_task(checked(app)(scope, server.receive, server.send))
        await asyncio.sleep(0)
        assert state == {"startups": 1}
        client = Client()
        request = scope_of(Request("GET", "/state")) | {"state": state.copy()}
        await checked(app)(request, client.receive, client.send)
        server.disconnect()  # here: the shutdown
        await living
        assert state == {}
        return client.answered()

    assert asyncio.run(live()).body == b"startups: 1"


@pytest.mark.parametrize("offered", [{}, {"state": {}}], ids=["no-state", "empty"])
def test_state_that_the_server_does_not_offer_is_not_implemented(
    offered: Scope,
) -> None:
    scope = scope_of(Request("GET", "/state"))
    del scope["state"]
    scope |= offered
    client = Client()
    asyncio.run(checked(app)(scope, client.receive, client.send))
    answer = client.answered()
    assert (answer.status, answer.body) == (
        501,
        b"This server offers no lifespan state.\n",
    )


# Work after the response


def finished() -> int:
    body = call_asgi(app, Request("GET", "/background")).body
    return int(body.removeprefix(b"finished: "))


@pytest.mark.parametrize("client_stays", [True, False])
def test_background_works_after_its_last_body_event(client_stays: bool) -> None:
    before = beyond.FINISHED["works"]

    async def work() -> None:
        client = Client()
        scope = scope_of(Request("POST", "/background?ms=30"))
        running = asyncio.create_task(checked(app)(scope, client.receive, client.send))
        await asyncio.sleep(0.005)
        assert client.answered().body == b"will work for 30 ms"
        assert not client.sent[-1].get("more_body")
        if not client_stays:
            client.disconnect()
        assert not running.done()
        assert beyond.FINISHED["works"] == before
        await running

    asyncio.run(work())
    assert finished() == before + 1


def test_background_that_is_not_accepted_does_no_work() -> None:
    before = finished()
    assert call_asgi(app, Request("POST", "/background?ms=x")).status == 400
    assert call_asgi(app, Request("HEAD", "/background")).body == b""
    assert finished() == before
