"""The order of events on a channel: HTTP, lifespan and WebSocket, a class each.

The one rule: a channel knows what its app has received and sent so far, and raises
Violation at the first call that the specification does not allow in that state.
"""

from asgi_app.interface import Event, Receive, Scope, Send
from tests.apps.asgi_clauses import (
    Violation,
    check_bodiless,
    check_body,
    check_close,
    check_event,
    check_framing,
    check_handshake,
    check_headers,
    check_keys,
    check_length,
    check_message,
    check_message_of_one_kind,
    check_status,
    require,
)


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
