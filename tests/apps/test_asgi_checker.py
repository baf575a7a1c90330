"""The checker is itself checked: each seeded fault of HTTP is caught, and named."""

import asyncio
from typing import Any

import pytest

from asgi_app.interface import Event, Handler, Receive, Scope, Send
from loadtests.catalog.contract import Request
from tests.apps.asgi_checker import check_refuses, checked
from tests.apps.asgi_clauses import Violation
from tests.apps.drivers import DISCONNECT, Client, scope_of
from tests.apps.seeded import START, run, sends

BODY: Event = {"type": "http.response.body", "body": b"ok"}
MORE: Event = {**BODY, "more_body": True}


def starts(**keys: Any) -> Handler:
    return sends({**START, **keys}, BODY)


def header(name: Any, value: Any = b"1") -> Handler:
    return starts(headers=[(name, value)])


async def returns_something(scope: Scope, receive: Receive, send: Send) -> Any:
    await sends(START, BODY)(scope, receive, send)
    return 200


async def leaves_a_task(scope: Scope, receive: Receive, send: Send) -> None:
    asyncio.get_running_loop().create_task(asyncio.sleep(60))
    await sends(START, BODY)(scope, receive, send)


async def receives_after_the_end(scope: Scope, receive: Receive, send: Send) -> None:
    while True:
        await receive()


async def receives_twice_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.gather(receive(), receive())


async def sends_twice_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.gather(send(START), send(BODY))


HTTP_FAULTS = {
    "not-a-dict": (sends(["http.response.start"]), "an event must be a dict"),
    "no-type": (sends({"status": 200}), "must have a 'type'"),
    "unknown-type": (sends({"type": "http.respond"}), "unknown event type"),
    "websocket-event": (sends({"type": "websocket.accept"}), "unknown event type"),
    "unknown-key": (starts(reason="OK"), r"unknown keys \['reason'\]"),
    "unknown-body-key": (
        sends(START, {**BODY, "end": True}),
        r"unknown keys \['end'\]",
    ),
    "status-missing": (sends({"type": "http.response.start"}), "status must be an int"),
    "status-text": (starts(status="200"), "status must be an int"),
    "status-bool": (starts(status=True), "status must be an int"),
    "status-informational": (starts(status=100), "not a final status"),
    "headers-dict": (starts(headers={b"a": b"1"}), "headers must be pairs"),
    "header-triple": (starts(headers=[(b"a", b"b", b"c")]), "not a pair"),
    "header-name-text": (header("x-a"), "header name 'x-a' is not bytes"),
    "header-name-upper": (header(b"X-A"), "not in lower case"),
    "header-name-pseudo": (header(b":status"), "not a token"),
    "header-name-space": (header(b"x a"), "not a token"),
    "header-value-text": (header(b"x-a", "1"), "'1' of b'x-a' is not bytes"),
    "header-value-crlf": (header(b"x-a", b"1\r\nx-b: 2"), "has CR, LF or NUL"),
    "header-value-padded": (header(b"x-a", b" 1"), "is padded"),
    "transfer-encoding": (header(b"transfer-encoding"), "is the server's to send"),
    "connection": (header(b"connection", b"close"), "is the server's to send"),
    "length-word": (header(b"content-length", b"two"), "is no number"),
    "length-twice": (starts(headers=[(b"content-length", b"2")] * 2), "given twice"),
    "length-short": (header(b"content-length", b"3"), "2 bytes sent, content-length 3"),
    "length-long": (header(b"content-length", b"1"), "more than the 1 bytes"),
    "start-twice": (sends(START, START), "start sent twice"),
    "body-first": (sends(BODY, START), "body before the start"),
    "body-text": (sends(START, {**BODY, "body": "ok"}), "body must be bytes, not str"),
    "more-body-int": (sends(START, {**BODY, "more_body": 1}), "must be a bool"),
    "body-after-the-end": (sends(START, BODY, BODY), "after the response was complete"),
    "start-after-the-end": (
        sends(START, BODY, START),
        "after the response was complete",
    ),
    "body-with-204": (starts(status=204), "a body with status 204"),
    "nothing": (sends(), "ended without a response"),
    "start-only": (sends(START), "before the response was complete"),
    "more-promised": (sends(START, MORE), "before the response was complete"),
    "returns": (returns_something, "returned 200, not None"),
    "task-left": (leaves_a_task, r"left 1 task\(s\) running"),
    "receive-after-disconnect": (receives_after_the_end, "after http.disconnect"),
}


@pytest.mark.parametrize(("app", "fault"), HTTP_FAULTS.values(), ids=HTTP_FAULTS)
def test_checker_names_the_fault_of_an_http_app(app: Handler, fault: str) -> None:
    with pytest.raises(Violation, match=fault):
        run(app, scope_of(Request("GET", "/")), {"type": "http.request"}, DISCONNECT)


def test_checker_names_a_body_in_answer_to_head() -> None:
    with pytest.raises(Violation, match="a body in answer to HEAD"):
        run(sends(START, BODY), scope_of(Request("HEAD", "/")))


def test_checker_names_a_receive_that_overtakes_another() -> None:
    with pytest.raises(Violation, match="while an earlier receive"):
        run(receives_twice_at_once, scope_of(Request("GET", "/")))


def test_checker_names_a_send_that_overtakes_another() -> None:
    async def work() -> None:
        async def send(event: Event) -> None:
            await asyncio.sleep(0)

        app = checked(sends_twice_at_once)
        with pytest.raises(Violation, match="while an earlier send"):
            await app(scope_of(Request("GET", "/")), Client().receive, send)

    asyncio.run(work())


LENGTH = [(b"content-length", b"4")]
RIGHT = {
    "plain": ("GET", [START, BODY]),
    "defaults": (
        "GET",
        [{"type": "http.response.start", "status": 204}, {"type": BODY["type"]}],
    ),
    "pieces": (
        "GET",
        [{**START, "headers": LENGTH}, MORE, MORE, {**BODY, "body": b""}],
    ),
    "head": ("HEAD", [{**START, "headers": LENGTH}, {**BODY, "body": b""}]),
    "not-modified": (
        "GET",
        [{**START, "status": 304, "headers": LENGTH}, {"type": BODY["type"]}],
    ),
}


@pytest.mark.parametrize(("method", "events"), RIGHT.values(), ids=RIGHT)
def test_checker_lets_a_right_app_pass(method: str, events: list[Event]) -> None:
    run(sends(*events), scope_of(Request(method, "/")))


def test_checker_lets_an_app_stop_when_the_client_has_gone() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await receive()

    run(app, scope_of(Request("GET", "/")), DISCONNECT)


async def accepts_anything(scope: Scope, receive: Receive, send: Send) -> None:
    pass


async def raises_too_late(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    raise NotImplementedError


async def sends_and_raises(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close"})
    raise NotImplementedError


@pytest.mark.parametrize(
    ("app", "fault"),
    [
        (accepts_anything, "took an unknown scope type 'websocket'"),
        (raises_too_late, "spoke 'websocket' before it raised"),
        (sends_and_raises, "spoke 'websocket' before it raised"),
    ],
)
def test_checker_names_an_app_that_takes_any_scope(app: Handler, fault: str) -> None:
    with pytest.raises(Violation, match=fault):
        asyncio.run(check_refuses(app, "websocket"))
