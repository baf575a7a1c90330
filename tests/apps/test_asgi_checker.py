"""The checker is itself checked: each seeded fault is caught, and named."""

import asyncio
from typing import Any

import pytest

from asgi_app.interface import Event, Handler, Receive, Scope, Send
from loadtests.catalog.contract import Request
from tests.apps.asgi_checker import Violation, check_refuses, checked
from tests.apps.drivers import DISCONNECT, Client, scope_of, websocket_scope_of

START: Event = {"type": "http.response.start", "status": 200, "headers": []}
BODY: Event = {"type": "http.response.body", "body": b"ok"}
MORE: Event = {**BODY, "more_body": True}
COMPLETE: Event = {"type": "lifespan.startup.complete"}


def sends(*events: Any) -> Handler:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for event in events:
            await send(event)

    return app


def starts(**keys: Any) -> Handler:
    return sends({**START, **keys}, BODY)


def header(name: Any, value: Any = b"1") -> Handler:
    return starts(headers=[(name, value)])


def run(app: Handler, scope: Scope, *script: Event) -> None:
    client = Client(script)
    asyncio.run(checked(app)(scope, client.receive, client.send))


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


async def starts_up_only(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send(COMPLETE)


async def skips_startup(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await receive()


async def answers_startup_with(event: Event, receive: Receive, send: Send) -> None:
    await receive()
    await send(event)


def answers(event: Event) -> Handler:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answers_startup_with(event, receive, send)

    return app


async def only_receives(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()


async def goes_on_after_failing(scope: Scope, receive: Receive, send: Send) -> None:
    await answers_startup_with({"type": "lifespan.startup.failed"}, receive, send)
    await receive()


FAILED = {"type": "lifespan.startup.failed"}
LIFESPAN_FAULTS = {
    "answer-unasked": (sends(COMPLETE), "answers nothing"),
    "unknown-type": (answers({"type": "lifespan.startup.done"}), "unknown event type"),
    "http-event": (answers(START), "unknown event type"),
    "wrong-phase": (
        answers({"type": "lifespan.shutdown.complete"}),
        "complete in answer to lifespan.startup",
    ),
    "message-with-complete": (answers({**COMPLETE, "message": ""}), "unknown keys"),
    "message-bytes": (answers({**FAILED, "message": b"no"}), "message must be a str"),
    "startup-unanswered": (only_receives, "before it answered lifespan.startup"),
    "receive-before-answer": (skips_startup, "before lifespan.startup was answered"),
    "no-shutdown": (starts_up_only, "ended before the lifespan did"),
    "goes-on-after-failing": (goes_on_after_failing, "after the end of the lifespan"),
}


@pytest.mark.parametrize(
    ("app", "fault"), LIFESPAN_FAULTS.values(), ids=LIFESPAN_FAULTS
)
def test_checker_names_the_fault_of_a_lifespan(app: Handler, fault: str) -> None:
    script: list[Event] = [{"type": f"lifespan.{p}"} for p in ("startup", "shutdown")]
    with pytest.raises(Violation, match=fault):
        run(app, {"type": "lifespan"}, *script)


CONNECT: Event = {"type": "websocket.connect"}
ACCEPT: Event = {"type": "websocket.accept"}
CLOSE: Event = {"type": "websocket.close"}
TEXT: Event = {"type": "websocket.send", "text": "ok"}
GONE: Event = {"type": "websocket.disconnect", "code": 1005}
RECEIVE = "receive"


def websocket(*steps: Any) -> Handler:
    """Receives where it says so, and sends the rest."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in steps:
            await (receive() if step is RECEIVE else send(step))

    return app


def accepts(**keys: Any) -> Handler:
    return websocket(RECEIVE, {**ACCEPT, **keys}, CLOSE)


def says(**keys: Any) -> Handler:
    return websocket(RECEIVE, ACCEPT, {"type": "websocket.send", **keys}, CLOSE)


def closes(**keys: Any) -> Handler:
    return websocket(RECEIVE, ACCEPT, {**CLOSE, **keys})


WEBSOCKET_FAULTS = {
    "nothing": (websocket(), "left the WebSocket as it was"),
    "unanswered": (websocket(RECEIVE), "left the WebSocket as it was"),
    "left-open": (websocket(RECEIVE, ACCEPT), "left the WebSocket as it was"),
    "accept-unasked": (websocket(ACCEPT), "accept answers nothing"),
    "close-unasked": (websocket(CLOSE), "close answers nothing"),
    "receive-before-answer": (websocket(RECEIVE, RECEIVE), "connect was answered"),
    "accept-twice": (websocket(RECEIVE, ACCEPT, ACCEPT), "accept sent twice"),
    "send-before-accept": (websocket(RECEIVE, TEXT), "send before websocket.accept"),
    "send-after-close": (websocket(RECEIVE, ACCEPT, CLOSE, TEXT), "after websocket.cl"),
    "accept-after-refusal": (websocket(RECEIVE, CLOSE, ACCEPT), "after websocket.clo"),
    "close-twice": (websocket(RECEIVE, ACCEPT, CLOSE, CLOSE), "after websocket.close"),
    "send-after-the-end": (
        websocket(RECEIVE, ACCEPT, RECEIVE, TEXT),
        "websocket.send after websocket.disconnect",
    ),
    "receive-after-the-end": (
        websocket(RECEIVE, ACCEPT, RECEIVE, RECEIVE),
        r"receive\(\) after websocket.disconnect",
    ),
    "http-event": (websocket(RECEIVE, START), "unknown event type"),
    "accept-key": (accepts(code=1000), r"unknown keys \['code'\]"),
    "accept-subprotocol": (accepts(subprotocol="soap"), "'soap' was not offered"),
    "accept-header-upper": (accepts(headers=[(b"X-A", b"1")]), "not in lower case"),
    "accept-upgrade": (
        accepts(headers=[(b"upgrade", b"x")]),
        "is the server's to send",
    ),
    "accept-protocol-header": (
        accepts(headers=[(b"sec-websocket-protocol", b"echo")]),
        "are the server's to send",
    ),
    "message-empty": (says(), "exactly one of text and bytes"),
    "message-none": (says(text=None, bytes=None), "exactly one of text and bytes"),
    "message-both": (says(text="a", bytes=b"a"), "exactly one of text and bytes"),
    "message-text-bytes": (says(text=b"a"), "text must be a str"),
    "message-bytes-text": (says(bytes="a"), "bytes must be bytes"),
    "message-key": (says(text="a", more=False), "unknown keys"),
    "close-word": (closes(code="1000"), "code must be an int"),
    "close-no-status": (closes(code=1005), "1005 is not a close code"),
    "close-abnormal": (closes(code=1006), "1006 is not a close code"),
    "close-undefined": (closes(code=1015), "1015 is not a close code"),
    "close-reserved": (closes(code=2999), "2999 is not a close code"),
    "close-too-high": (closes(code=5000), "5000 is not a close code"),
    "close-reason-bytes": (closes(reason=b"no"), "reason must be a str"),
    "close-reason-long": (closes(reason="ü" * 62), "more than 123 bytes"),
    "close-key": (closes(status=403), "unknown keys"),
}


@pytest.mark.parametrize(
    ("app", "fault"), WEBSOCKET_FAULTS.values(), ids=WEBSOCKET_FAULTS
)
def test_checker_names_the_fault_of_a_websocket(app: Handler, fault: str) -> None:
    with pytest.raises(Violation, match=fault):
        run(app, websocket_scope_of("/ws", "echo"), CONNECT, GONE)


RIGHT_WEBSOCKETS = {
    "refuses": websocket(RECEIVE, CLOSE),
    "refuses-and-listens": websocket(RECEIVE, CLOSE, RECEIVE),
    "closes": closes(code=4999, reason="ü" * 61),
    "closes-without-a-reason": closes(reason=None),
    "is-left": websocket(RECEIVE, ACCEPT, RECEIVE),
    "chooses": accepts(subprotocol="echo", headers=[(b"x-a", b"1")]),
    "chooses-none": accepts(subprotocol=None),
    "says-text": says(text="", bytes=None),
    "says-bytes": says(bytes=b""),
}


@pytest.mark.parametrize("app", RIGHT_WEBSOCKETS.values(), ids=RIGHT_WEBSOCKETS)
def test_checker_lets_a_right_websocket_pass(app: Handler) -> None:
    run(app, websocket_scope_of("/ws", "echo"), CONNECT, GONE)


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
