"""The ASGI specification as a lint: `checked(app)` is `app`, watched.

The one rule: every check is one clause of the specification (ASGI 3.0; HTTP and
WebSocket 2.4; lifespan 2.0) and raises Violation, in the app or at its end, naming the
clause that the APP has broken. The events that it is given are the server's, and
trusted.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from asgi_app.interface import Event, Handler, Receive, Scope, Send

Checked = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


class Violation(AssertionError):
    """What the app did that the specification does not allow."""


def require(condition: object, fault: str) -> None:
    if not condition:
        raise Violation(fault)


def checked(app: Handler) -> Checked:
    """The same application; it raises Violation where it breaks the specification."""

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        watch = WATCHES[kind](scope, receive, send)
        tasks = asyncio.all_tasks()
        result = await app(scope, watch.receive, watch.send)  # type: ignore[func-returns-value]
        require(result is None, f"the app returned {result!r}, not None")
        left = asyncio.all_tasks() - tasks
        require(not left, f"the app left {len(left)} task(s) running")
        watch.ended()

    return watched


async def check_refuses(app: Handler, scope_type: str) -> None:
    """An app must raise for a type of scope that it does not know, and stay silent."""
    events: list[str] = []

    async def receive() -> Event:
        events.append("receive")
        return {"type": f"{scope_type}.connect"}

    async def send(event: Event) -> None:
        events.append("send")

    try:
        await app({"type": scope_type}, receive, send)
    except Exception:
        require(not events, f"the app spoke {scope_type!r} before it raised")
    else:
        raise Violation(f"the app took an unknown scope type {scope_type!r}")


class Channel:
    """Calls of receive and send, one of each at a time."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self.receiving = False
        self.sending = False

    async def receive(self) -> Event:
        require(not self.receiving, "receive() while an earlier receive() waits")
        self.receiving = True
        try:
            self.may_receive()
            event = await self._receive()
            self.received(event)
            return event
        finally:
            self.receiving = False

    async def send(self, event: Event) -> None:
        require(not self.sending, "send() while an earlier send() waits")
        self.sending = True
        try:
            check_event(event)
            self.sends(event)
            await self._send(event)
        finally:
            self.sending = False

    def may_receive(self) -> None:
        raise NotImplementedError

    def received(self, event: Event) -> None:
        raise NotImplementedError

    def sends(self, event: Event) -> None:
        raise NotImplementedError

    def ended(self) -> None:
        raise NotImplementedError


class HTTP(Channel):
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.method: str = scope["method"]
        self.status: int | None = None
        self.length: int | None = None
        self.count = 0
        self.complete = False
        self.disconnected = False

    def may_receive(self) -> None:
        require(not self.disconnected, "receive() after http.disconnect")

    def received(self, event: Event) -> None:
        self.disconnected = event["type"] == "http.disconnect"

    def sends(self, event: Event) -> None:
        require(not self.complete, f"{event['type']} after the response was complete")
        if event["type"] == "http.response.start":
            self.starts(event)
        elif event["type"] == "http.response.body":
            self.continues(event)
        else:
            raise Violation(f"unknown event type {event['type']!r} in http")

    def starts(self, event: Event) -> None:
        require(self.status is None, "http.response.start sent twice")
        check_keys(event, {"type", "status", "headers", "trailers"})
        check_status(event)
        headers = check_headers(event.get("headers", ()))
        self.status = event["status"]
        self.length = check_framing(headers)

    def continues(self, event: Event) -> None:
        require(self.status is not None, "http.response.body before the start")
        check_keys(event, {"type", "body", "more_body"})
        check_body(event)
        self.count += len(event.get("body", b""))
        self.complete = not event.get("more_body", False)
        check_bodiless(self.method, self.status, self.count)
        bodiless = self.method == "HEAD" or self.status in (204, 304)
        if self.length is not None and not bodiless:
            check_length(self.length, self.count, self.complete)

    def ended(self) -> None:
        if not self.disconnected:
            require(self.status is not None, "the app ended without a response")
            require(self.complete, "the app ended before the response was complete")


class Lifespan(Channel):
    ANSWERS: tuple[str, ...] = ("complete", "failed")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.phase: str | None = None
        self.over = False

    def may_receive(self) -> None:
        require(self.phase is None, f"receive() before {self.phase} was answered")
        require(not self.over, "receive() after the end of the lifespan")

    def received(self, event: Event) -> None:
        self.phase = event["type"]

    def sends(self, event: Event) -> None:
        known = [
            f"lifespan.{p}.{a}" for p in ("startup", "shutdown") for a in self.ANSWERS
        ]
        require(
            event["type"] in known, f"unknown event type {event['type']!r} in lifespan"
        )
        require(self.phase is not None, f"{event['type']} answers nothing")
        phase, _, outcome = event["type"].rpartition(".")
        require(phase == self.phase, f"{event['type']} in answer to {self.phase}")
        check_keys(event, {"type", "message"} if outcome == "failed" else {"type"})
        check_message(event)
        self.over = outcome == "failed" or phase == "lifespan.shutdown"
        self.phase = None

    def ended(self) -> None:
        require(self.phase is None, f"the app ended before it answered {self.phase}")
        require(self.over, "the app ended before the lifespan did")


class WebSocket(Channel):
    """connecting -> open -> over; a refusal goes from the first to the last."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.connecting = False
        self.open = False
        self.over = ""

    def may_receive(self) -> None:
        # Nothing would come: the server waits for the answer to websocket.connect.
        require(not self.connecting, "receive() before websocket.connect was answered")
        # After the app's own close there is one event more, websocket.disconnect.
        require(
            self.over != "websocket.disconnect", "receive() after websocket.disconnect"
        )

    def received(self, event: Event) -> None:
        self.connecting = event["type"] == "websocket.connect"
        if event["type"] == "websocket.disconnect":
            self.over = event["type"]

    def sends(self, event: Event) -> None:
        require(not self.over, f"{event['type']} after {self.over}")
        if event["type"] == "websocket.accept":
            self.accepts(event)
        elif event["type"] == "websocket.send":
            require(self.open, "websocket.send before websocket.accept")
            check_message_of_one_kind(event)
        elif event["type"] == "websocket.close":
            require(self.connecting or self.open, "websocket.close answers nothing")
            check_close(event)
            self.over = event["type"]
        else:
            raise Violation(f"unknown event type {event['type']!r} in websocket")
        self.connecting = False

    def accepts(self, event: Event) -> None:
        require(not self.open, "websocket.accept sent twice")
        require(self.connecting, "websocket.accept answers nothing")
        check_keys(event, {"type", "subprotocol", "headers"})
        check_handshake(check_headers(event.get("headers", ())))
        chosen = event.get("subprotocol")
        # RFC 6455, 4.2.2: one of those that the client named, or none.
        offered = [None, *self.scope.get("subprotocols", [])]
        require(chosen in offered, f"subprotocol {chosen!r} was not offered")
        self.open = True

    def ended(self) -> None:
        require(self.over, "the app ended and left the WebSocket as it was")


WATCHES: dict[str, type[Channel]] = {
    "http": HTTP,
    "lifespan": Lifespan,
    "websocket": WebSocket,
}


def check_event(event: Any) -> None:
    require(type(event) is dict, f"an event must be a dict, not {event!r}")
    require(isinstance(event.get("type"), str), "an event must have a 'type' of str")


def check_keys(event: Event, known: set[str]) -> None:
    unknown = sorted(set(event) - known)
    require(not unknown, f"unknown keys {unknown} in {event['type']}")


def check_status(event: Event) -> None:
    status = event.get("status")
    require(type(status) is int, f"status must be an int, not {status!r}")
    # A final status: the 1xx are the server's to send.
    require(200 <= event["status"] <= 599, f"status {status} is not a final status")


def check_headers(headers: Iterable[Any]) -> list[tuple[bytes, bytes]]:
    require(not isinstance(headers, (dict, str, bytes)), "headers must be pairs")
    pairs = [tuple(header) for header in headers]
    for pair in pairs:
        require(len(pair) == 2, f"header {pair!r} is not a pair of name and value")
        check_header_name(pair[0])
        check_header_value(*pair)
    return pairs


def check_header_name(name: Any) -> None:
    require(type(name) is bytes, f"header name {name!r} is not bytes")
    require(name == name.lower(), f"header name {name!r} is not in lower case")
    # RFC 9110, 5.6.2. ASGI: pseudo headers, ":status", must not be there.
    token = re.fullmatch(rb"[!#$%&'*+\-.^_`|~0-9a-z]+", name)
    require(token, f"header name {name!r} is not a token")


def check_header_value(name: bytes, value: Any) -> None:
    require(type(value) is bytes, f"value {value!r} of {name!r} is not bytes")
    control = re.search(rb"[\r\n\0]", value)
    require(not control, f"value {value!r} of {name!r} has CR, LF or NUL")
    require(value == value.strip(b" \t"), f"value {value!r} of {name!r} is padded")


def check_framing(headers: list[tuple[bytes, bytes]]) -> int | None:
    names = [name for name, _ in headers]
    # ASGI: the server frames, and connections are its business (RFC 9110, 7.6.1).
    for name in (b"transfer-encoding", b"connection", b"keep-alive", b"upgrade"):
        require(name not in names, f"{name.decode()} is the server's to send")
    lengths = [value for name, value in headers if name == b"content-length"]
    require(len(lengths) < 2, "content-length given twice")
    for value in lengths:
        require(
            re.fullmatch(b"[0-9]+", value), f"content-length {value!r} is no number"
        )
    return int(lengths[0]) if lengths else None


def check_body(event: Event) -> None:
    body, more = event.get("body", b""), event.get("more_body", False)
    require(type(body) is bytes, f"body must be bytes, not {type(body).__name__}")
    require(type(more) is bool, f"more_body must be a bool, not {more!r}")


def check_bodiless(method: str, status: int | None, count: int) -> None:
    # RFC 9110, 9.3.2, 15.3.5, 15.4.5
    require(not (count and method == "HEAD"), "a body in answer to HEAD")
    require(not (count and status in (204, 304)), f"a body with status {status}")


def check_length(length: int, count: int, complete: bool) -> None:
    require(count <= length, f"more than the {length} bytes of content-length sent")
    require(
        not complete or count == length, f"{count} bytes sent, content-length {length}"
    )


def check_message(event: Event) -> None:
    message = event.get("message", "")
    require(type(message) is str, f"message must be a str, not {message!r}")


def check_handshake(headers: list[tuple[bytes, bytes]]) -> None:
    # ASGI: "use the subprotocol key instead". The others are the handshake itself.
    names = {name for name, _ in headers}
    for name in (b"upgrade", b"connection"):
        require(name not in names, f"{name.decode()} is the server's to send")
    ours = sorted(name for name in names if name.startswith(b"sec-websocket-"))
    require(not ours, f"{ours} are the server's to send")


def check_message_of_one_kind(event: Event) -> None:
    check_keys(event, {"type", "text", "bytes"})
    text, data = event.get("text"), event.get("bytes")
    require(
        (text is None) != (data is None), "exactly one of text and bytes must be there"
    )
    require(text is None or type(text) is str, f"text must be a str, not {text!r}")
    require(data is None or type(data) is bytes, f"bytes must be bytes, not {data!r}")


def check_close(event: Event) -> None:
    check_keys(event, {"type", "code", "reason"})
    code, reason = event.get("code", 1000), event.get("reason") or ""
    require(type(code) is int, f"code must be an int, not {code!r}")
    # RFC 6455, 7.4: 1004, 1005 and 1006 are never sent, nor is what nobody defined.
    known = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
    require(known or 3000 <= code <= 4999, f"{code} is not a close code to be sent")
    require(type(reason) is str, f"reason must be a str, not {reason!r}")
    # RFC 6455, 5.5: 125 bytes in a control frame, and two of them are the code.
    require(len(reason.encode()) <= 123, "a reason of more than 123 bytes")
