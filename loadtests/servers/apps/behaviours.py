"""The applications of the behaviour grid: they say what a server made of a request.

Every path is answered with what the app saw, but for those of ROUTES, and for those
that the project's own apps serve. The apps note what becomes of a client that leaves in
a file, because that client cannot hear it, and two workers share no memory.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

import asgi_app
import wsgi_app
from asgi_app.interface import Receive, Scope, Send

FOLDER = "BEHAVIOUR_NOTES"  # names the folder for the notes
# What the project's own apps serve here too.
OURS = ("/hello", "/stream", "/ws")
PIECES, EVERY_S = 100, 0.02
WHOLE, SENT_ALL = "whole", "sent all"


def note(query: str, what: str) -> None:
    """Append a line to the file that the query names; nothing without a name."""
    name = parse_qs(query).get("note", [""])[0]
    if name.isalnum():
        with Path(os.environ[FOLDER], name).open("a") as file:
            file.write(f"{what}\n")


def later_s(query: str) -> float:
    """How long to wait before the answer."""
    return int(parse_qs(query).get("ms", ["0"])[0]) / 1000


def with_got(seen: dict[str, Any]) -> dict[str, Any]:
    """The same, and what the app has got: a whole body, or why there is none."""
    whole = seen["ended"] in (WHOLE, "")
    return {**seen, "got": seen["body"] if whole else seen["ended"]}


# ASGI


async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http" or scope["path"] in OURS:
        await asgi_app.app(scope, receive, send)
        return
    query = scope["query_string"].decode("latin-1")
    if scope["path"] == "/told":
        await told(receive, send, query)
        return
    seen = {**asked(scope), "body": "", "ended": ""}
    if scope["path"] != "/unread":
        note(query, "called")
        seen["body"], seen["ended"] = await body_of(receive)
        note(query, seen["ended"])
    await asyncio.sleep(later_s(query))
    await answer(send, with_got(seen))


def asked(scope: Scope) -> dict[str, Any]:
    fields: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        fields[name] = f"{fields[name]},{value}" if name in fields else value
    return {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode("latin-1"),
        "headers": fields,
    }


async def body_of(receive: Receive) -> tuple[str, str]:
    """The body, and how it ended."""
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            return body.decode("latin-1"), event["type"]
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return body.decode("latin-1"), WHOLE


async def answer(send: Send, seen: dict[str, Any]) -> None:
    """To HEAD too with the body: to leave that out is the server's business here."""
    body = json.dumps(seen).encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def told(receive: Receive, send: Send, query: str) -> None:
    """A stream that ends when the app hears that its client has gone."""
    heard = asyncio.create_task(gone(receive))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": b".", "more_body": True})
            await asyncio.sleep(EVERY_S)
            if "deaf" not in query and heard.done():
                note(query, heard.result())
                return
        note(query, SENT_ALL)
        await send({"type": "http.response.body", "body": b""})
    except OSError as error:
        note(query, type(error).__name__)
    finally:
        heard.cancel()


async def gone(receive: Receive) -> str:
    while (event := await receive())["type"] == "http.request":
        pass
    return str(event["type"])


# WSGI


def wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    if path in OURS:
        return wsgi_app.app(environ, start_response)
    if path == "/told":
        start_response("200 OK", [])
        return pieces(query)
    seen = {**asked_of(environ), "body": "", "ended": ""}
    if path != "/unread":
        note(query, "called")
        seen["body"], seen["ended"] = noted(environ, query)
    time.sleep(later_s(query))
    body = json.dumps(with_got(seen)).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def asked_of(environ: WSGIEnvironment) -> dict[str, Any]:
    return {
        "method": environ["REQUEST_METHOD"],
        "path": environ.get("PATH_INFO", "")
        .encode("latin-1")
        .decode("utf-8", "replace"),
        "query": environ.get("QUERY_STRING", ""),
        "headers": {
            name[5:].lower().replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        },
    }


def noted(environ: WSGIEnvironment, query: str) -> tuple[str, str]:
    """The same as body_in(). An error goes on to the server, as most apps have it."""
    try:
        body, ended = body_in(environ)
    except Exception as error:
        note(query, type(error).__name__)
        raise
    note(query, ended)
    return body, ended


def body_in(environ: WSGIEnvironment) -> tuple[str, str]:
    """The body, and whether it is whole, or shorter than was said."""
    text, stream = environ.get("CONTENT_LENGTH") or "", environ["wsgi.input"]
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    if environ.get("wsgi.input_terminated") and (chunked or not text):
        return stream.read().decode("latin-1"), WHOLE
    if chunked and not text:
        return "", "no end"  # PEP 3333: without either, not a byte may be read
    if not re.fullmatch("[0-9]*", text):
        return "", "no length"
    body = stream.read(int(text or 0))
    return body.decode("latin-1"), WHOLE if len(body) == int(text or 0) else "short"


def pieces(query: str) -> Iterator[bytes]:
    """A stream that the server closes when it finds that the client has gone."""
    try:
        for _ in range(PIECES):
            yield b"."
            time.sleep(EVERY_S)
    except GeneratorExit:
        note(query, "close()")
        raise
    note(query, SENT_ALL)
