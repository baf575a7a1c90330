"""What ASGI has beyond a request and its answer.

The one rule: a connection, like the whole process, is a scope of its own, with a life
of its own. So there is something to say before the first request (lifespan), between
two messages (WebSocket) and after the last body event (work in the background).

wsgi_app/beyond.py has the same handlers, and says why WSGI cannot have them.
"""

import asyncio

from asgi_app.interface import TEXT, Receive, Scope, Send, respond
from asgi_app.rules import HTTPError, first, number, parse_query

SUBPROTOCOL = "echo"
MOST_PUSHED = 1000
# How many works this process has finished: of each worker process its own.
FINISHED = {"works": 0}


async def ws(scope: Scope, receive: Receive, send: Send) -> None:
    # This is plain HTTP: a handshake does not come here but to websocket() below.
    raise HTTPError(400, "This is for WebSockets: ask with Upgrade: websocket.")


async def state(scope: Scope, receive: Receive, send: Send) -> None:
    # A server without state leaves the key out; one without lifespan leaves it empty.
    shared = scope.get("state", {})
    if "startups" not in shared:
        raise HTTPError(501, "This server offers no lifespan state.")
    await respond(send, 200, TEXT, f"startups: {shared['startups']}")


async def background(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] != "POST":
        await respond(send, 200, TEXT, f"finished: {FINISHED['works']}")
        return
    ms = number(parse_query(scope["query_string"]), "ms")
    await respond(send, 202, TEXT, f"will work for {ms} ms")
    # That was the last body event, so the client has its answer, and may be gone. But
    # nothing ends this coroutine: it holds no thread, and works on. What it raises
    # now, only the server's log will know; and a worker that is killed drops it.
    await asyncio.sleep(ms / 1000)
    FINISHED["works"] += 1


# From here on: what WSGI has no word for.


async def websocket(scope: Scope, receive: Receive, send: Send) -> None:
    # websocket.connect: the handshake is here (RFC 6455, 4.2) and waits for us. The
    # server has read it, and will send the 101; to accept or not is the app's to say.
    await receive()
    try:
        close_code, (chunks, size) = admit(scope), pushed(scope)
    except HTTPError:
        # A close before accept refuses: the server answers 403. There is no other
        # status, and no text, but with an extension that not all servers have.
        await send({"type": "websocket.close"})
        return
    offered = scope.get("subprotocols", [])
    # RFC 6455, 4.2.2: one of those that the client offered, or none.
    chosen = SUBPROTOCOL if SUBPROTOCOL in offered else None
    await send({"type": "websocket.accept", "subprotocol": chosen})
    await push(send, chunks, size)
    await echo(receive, send, close_code)


def admit(scope: Scope) -> int | None:
    """The code to close with after the first message; None leaves it to the client."""
    fields = parse_query(scope.get("query_string") or b"")  # optional, here only
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    if path != "/ws" or first(fields, "refuse"):
        raise HTTPError(403, "Refused.")
    if not any(name == "close" for name, _ in fields):
        return None
    close_code = number(fields, "close")
    # RFC 6455, 7.4: those between have a meaning of their own, or are kept for one.
    if 1000 < close_code < 3000:
        raise HTTPError(400, "close must be 1000 or from 3000 to 4999.")
    return close_code


def pushed(scope: Scope) -> tuple[int, int]:
    """How many messages are sent before anything is received, and how long ones."""
    fields = parse_query(scope.get("query_string") or b"")
    if not any(name == "chunks" for name, _ in fields):
        return 0, 0
    chunks, size = number(fields, "chunks"), number(fields, "size", default="1024")
    if chunks > MOST_PUSHED:
        raise HTTPError(400, f"A WebSocket is pushed at most {MOST_PUSHED} chunks.")
    return chunks, size


async def push(send: Send, chunks: int, size: int) -> None:
    # As /stream does: nobody has to ask first. send() waits while the client does not
    # read, if the server cares. Once the client has gone, some servers raise, and
    # others say nothing: so there is an end to it.
    text = "." * size
    for _ in range(chunks):
        await send({"type": "websocket.send", "text": text})
        await asyncio.sleep(0)  # lets the other tasks run


async def echo(receive: Receive, send: Send, close_code: int | None) -> None:
    # An event is a whole message, whatever frames it came in; pings are the server's.
    while (event := await receive())["type"] == "websocket.receive":
        # One of text and bytes is there: the other is None, or missing.
        text, data = event.get("text"), event.get("bytes")
        await send({"type": "websocket.send", "text": text, "bytes": data})
        if close_code is not None:
            await send({"type": "websocket.close", "code": close_code})
            return
    # websocket.disconnect, with the client's code, or 1005 or 1006 if it just went (RFC
    # 6455, 7.1.5). The server has answered its Close frame already (5.5.1): nothing can
    # be sent any more. From here send() would raise an OSError, and it may do so before
    # this event comes: the app then ends at its send(), and the server expects that.


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    # The server calls this once, and holds it open from its start to its end. What is
    # put into its state is in the scope of every request after that.
    state = scope.get("state", {})
    for phase, hook in (("startup", startup), ("shutdown", shutdown)):
        await receive()  # lifespan.startup, and much later lifespan.shutdown
        try:
            await hook(state)
        except Exception as error:
            failed = f"lifespan.{phase}.failed"
            await send({"type": failed, "message": repr(error)})
            return
        await send({"type": f"lifespan.{phase}.complete"})


async def startup(state: Scope) -> None:
    """Where an application opens what all its requests share: a connection pool."""
    # Each request gets a shallow copy: what must be shared has to be an object in it.
    state["startups"] = state.get("startups", 0) + 1


async def shutdown(state: Scope) -> None:
    """Where it closes that again."""
    state.pop("startups", None)  # granian has emptied it by now
