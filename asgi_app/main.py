"""A raw ASGI application (ASGI 3.0; HTTP here, WebSocket and lifespan in beyond.py).

The one rule: for each request the server AWAITS `app(scope, receive, send)`. The app
pulls the body of the request with `receive` and pushes its answer with `send`, as
events, dicts with a "type": one start, then bodies, the last without `more_body`.

The server reads HTTP, fills `scope`, frames and sends the answer, and runs the event
loop. The app decides what to answer, and shares that loop with every other request.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Coroutine
from json import dumps
from typing import Any

from asgi_app import beyond
from asgi_app.interface import (
    JSON,
    TEXT,
    Event,
    Handler,
    Receive,
    Scope,
    Send,
    respond,
)
from asgi_app.rules import (
    Fields,
    HTTPError,
    broken_off,
    check_complete,
    check_size,
    first,
    number,
    parse_length,
    parse_query,
)

DOCUMENT = {"text": "Grüße", "number": 1.5, "true": True, "null": None, "list": [1, 2]}


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    name = first(query_fields(scope), "name") or "world"
    body = f"Hello, {name}!".encode()
    headers = [(b"content-type", TEXT), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def json(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, 200, JSON, dumps(DOCUMENT))


async def query(scope: Scope, receive: Receive, send: Send) -> None:
    answer = {"query": query_fields(scope)}
    await respond(send, 200, JSON, dumps(answer))


async def headers(scope: Scope, receive: Receive, send: Send) -> None:
    fields = dict(sorted(header_fields(scope).items()))
    answer = {"headers": fields, "content_length": content_length(scope)}
    await respond(send, 200, JSON, dumps(answer))


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    fields = query_fields(scope)
    chunks = number(fields, "chunks")
    size = number(fields, "size", default="1024")
    interval_s = number(fields, "interval_ms", default="0") / 1000
    if scope["method"] == "HEAD":
        chunks = 0  # nobody pulls: what is not to be sent must not be made
    headers = [(b"content-type", TEXT)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if await while_connected(receive, pieces(send, chunks, size, interval_s)):
        await send({"type": "http.response.body"})  # no more_body: the end


async def pieces(send: Send, chunks: int, size: int, interval_s: float) -> None:
    # Push: send() returns when the server has room again, and awaiting it is the
    # backpressure. It does not say that the client has gone (on HTTP/1 no server here
    # raises): while_connected() does, and cancels this coroutine at its await.
    piece = b"." * (size - 1) + b"\n"
    for index in range(chunks):
        if index:
            await asyncio.sleep(interval_s)  # for 0 too: lets the other tasks run
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def upload(scope: Scope, receive: Receive, send: Send) -> None:
    count, digest = 0, hashlib.sha256()
    async for piece in read_body(scope, receive):
        count += len(piece)
        digest.update(piece)
    answer = {"bytes": count, "sha256": digest.hexdigest()}
    await respond(send, 200, JSON, dumps(answer))


async def wait(scope: Scope, receive: Receive, send: Send) -> None:
    ms = number(query_fields(scope), "ms")
    # Holds no thread, and ends early if the client goes.
    if await while_connected(receive, asyncio.sleep(ms / 1000)):
        await respond(send, 200, TEXT, f"waited {ms} ms")


async def block(scope: Scope, receive: Receive, send: Send) -> None:
    ms = number(query_fields(scope), "ms")
    # The classic mistake, made on purpose: a blocking call in an `async def`. What is
    # blocked is the event loop, and with it EVERY client of this worker.
    time.sleep(ms / 1000)
    await respond(send, 200, TEXT, f"blocked {ms} ms")


GET_HEAD = ("GET", "HEAD")
POST_PUT = ("POST", "PUT")
ROUTES: dict[str, tuple[Handler, tuple[str, ...]]] = {
    "/hello": (hello, GET_HEAD),
    "/json": (json, GET_HEAD),
    "/query": (query, GET_HEAD),
    "/headers": (headers, GET_HEAD),
    "/stream": (stream, GET_HEAD),
    "/upload": (upload, POST_PUT),
    "/wait": (wait, GET_HEAD),
    "/block": (block, GET_HEAD),
    "/ws": (beyond.ws, GET_HEAD),
    "/state": (beyond.state, GET_HEAD),
    "/background": (beyond.background, (*GET_HEAD, "POST")),
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        return await beyond.lifespan(scope, receive, send)
    if scope["type"] == "websocket":
        return await beyond.websocket(scope, receive, send)
    if scope["type"] != "http":
        # ASGI, "Applications": raise for a protocol that you do not speak.
        raise NotImplementedError(f"no scope of type {scope['type']!r} here")
    if scope["method"] == "HEAD":
        send = without_body(send)
    try:
        handler = route(scope)
        await handler(scope, receive, send)
    except HTTPError as error:
        # A handler checks first and starts its answer then, so none is started here.
        message = f"{error.message}\n"
        await respond(send, error.status, TEXT, message, error.allow)


def route(scope: Scope) -> Handler:
    # The path begins with root_path, where the app is mounted. It is text: the server
    # has decoded the escapes and then UTF-8.
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    if path not in ROUTES:
        raise HTTPError(404, f"No such path. There are: {', '.join(ROUTES)}")
    handler, methods = ROUTES[path]
    if scope["method"] not in methods:
        # RFC 9110, 15.5.6: a 405 says in Allow which methods there are.
        allow = ", ".join(methods)
        raise HTTPError(405, f"No such method here. There are: {allow}", allow)
    return handler


def without_body(send: Send) -> Send:
    # RFC 9110, 9.3.2: HEAD is GET without the content. The events stay, empty.
    async def send_without_body(event: Event) -> None:
        if event["type"] == "http.response.body":
            event = {**event, "body": b""}
        await send(event)

    return send_without_body


def query_fields(scope: Scope) -> Fields:
    return parse_query(scope["query_string"])


def header_fields(scope: Scope) -> dict[str, str]:
    # As they were sent, but for names in lower case: joining repeated headers is the
    # app's business, and so is decoding. RFC 9110, 5.3: in order, with ",".
    fields: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        fields[name] = f"{fields[name]},{value}" if name in fields else value
    return fields


def content_length(scope: Scope) -> int | None:
    fields = header_fields(scope)
    # RFC 9112, 6.3: Transfer-Encoding overrides Content-Length. Servers that do not
    # refuse the two together leave both in the scope.
    if "transfer-encoding" in fields:
        return None
    return parse_length(fields.get("content-length", ""))


async def read_body(scope: Scope, receive: Receive) -> AsyncIterator[bytes]:
    length, received = content_length(scope), 0
    check_size(length or 0)
    # The server says where the body ends, chunked or not, and how long the pieces are.
    more_body = True
    while more_body:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise broken_off(received, length)
        piece, more_body = event.get("body", b""), event.get("more_body", False)
        received += len(piece)
        check_size(received)
        yield piece
    check_complete(received, length)


# From here on: what WSGI has no word for.


async def while_connected(receive: Receive, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work, or drop it when the client goes. Say whether it was done."""
    working = asyncio.create_task(work)
    watching = asyncio.create_task(disconnect(receive))
    race = (working, watching)
    try:
        done, _ = await asyncio.wait(race, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # raises what the task raised
        return working in done
    finally:
        # A cancelled task has ended only when somebody has awaited it.
        working.cancel()
        watching.cancel()
        await asyncio.gather(*race, return_exceptions=True)


async def disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass  # the body of the request, which nobody here wants
