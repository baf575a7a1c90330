"""The words of ASGI as types, and a whole answer in two of its events.

The one rule: an application is a coroutine function of scope, receive and send. The
standard library has no types for that, so here they are.
"""

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Handler = Callable[[Scope, Receive, Send], Awaitable[None]]

TEXT = b"text/plain; charset=utf-8"
JSON = b"application/json"


async def respond(
    send: Send, status: int, content_type: bytes, text: str, allow: str = ""
) -> None:
    body = text.encode()
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    if allow:
        headers.append((b"allow", allow.encode()))
    # There is no reason phrase, and header names are bytes in lower case.
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
