"""The checker of a WebSocket: each seeded fault is caught, and named."""

from typing import Any

import pytest

from asgi_app.interface import Event, Handler, Receive, Scope, Send
from tests.apps.asgi_clauses import Violation
from tests.apps.drivers import websocket_scope_of
from tests.apps.seeded import START, run

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
