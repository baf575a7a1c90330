"""asgi_app with two handlers more, which hang for as long as is asked: the worker's
event loop stands still, and with the second its other threads too."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable

import asgi_app
from asgi_app.interface import TEXT, Receive, Scope, Send, respond

# A PyDLL keeps the GIL while it calls, as a long regular expression does. This call
# takes no CPU time from what is measured beside it.
HANGS: dict[str, Callable[[int], object]] = {
    "/sleep": time.sleep,
    "/sleep-with-gil": ctypes.PyDLL(None).sleep,
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    hang = HANGS.get(scope.get("path", ""))
    if hang is None:
        return await asgi_app.app(scope, receive, send)
    hang(int(scope["query_string"]))
    return await respond(send, 200, TEXT, "awake")
