"""The two apps, watched from the server's side: how far did the answer get?

WITNESS names a file. It holds the bytes of body that the server has taken so far, and
then a word for how the answer ended; for a WebSocket the code with which it ended, or
what send() raised that is no OSError.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import asgi_app
import wsgi_app
from asgi_app.interface import Event, Receive, Scope, Send


def note(text: str) -> None:
    path = Path(os.environ["WITNESS"])
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(text)
    partial.replace(path)


def wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = wsgi_app.app(environ, start_response)
    if environ["PATH_INFO"] != "/stream":
        return body
    return watched(body)


def watched(body: Iterable[bytes]) -> Iterator[bytes]:
    taken, ended = 0, "closed"
    try:
        for piece in body:
            yield piece
            # Asked for the next piece: the server has done what it wants with this one.
            taken += len(piece)
            note(str(taken))
        ended = "whole"
    finally:
        note(f"{taken} {ended}")


async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
    if scope.get("path") != "/stream":
        return await asgi_app.app(scope, receive, send)
    taken, ended = 0, "left early"

    async def watched_send(event: Event) -> None:
        nonlocal taken, ended
        await send(event)
        taken += len(event.get("body", b""))
        if event["type"] == "http.response.body" and not event.get("more_body"):
            ended = "whole"
        note(str(taken))

    try:
        await asgi_app.app(scope, receive, watched_send)
    finally:
        note(f"{taken} {ended}")


async def websocket(scope: Scope, receive: Receive, send: Send) -> None:
    async def watched_receive() -> Event:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            note(str(event["code"]))
        return event

    async def watched_send(event: Event) -> None:
        try:
            await send(event)
        except OSError:
            raise
        except Exception as error:
            note(type(error).__name__)
            raise

    await asgi_app.app(scope, watched_receive, watched_send)
