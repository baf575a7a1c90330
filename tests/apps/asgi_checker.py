"""The ASGI specification as a lint: `checked(app)` is `app`, watched.

The one rule: every check is one clause of the specification (ASGI 3.0; HTTP and
WebSocket 2.4; lifespan 2.0) and raises Violation, in the app or at its end, naming the
clause that the APP has broken. The events that it is given are the server's, and
trusted.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from asgi_app.interface import Event, Handler, Receive, Scope, Send
from tests.apps.asgi_channels import HTTP, Channel, Lifespan, WebSocket
from tests.apps.asgi_clauses import Violation, require

Checked = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


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


WATCHES: dict[str, type[Channel]] = {
    "http": HTTP,
    "lifespan": Lifespan,
    "websocket": WebSocket,
}
