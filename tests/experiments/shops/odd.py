"""Apps that are odd, each in one way, and none that is whole."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

print("apps may print when they are imported")
number = itertools.count()
not_an_app = 7
BODIES = {"/short": b"x" * 1000, "/long": b"x" * 600_000}


def application(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Answers by the path of the request."""
    path = environ["PATH_INFO"]
    status = {
        "/moved": "301 Moved",
        "/closed": "403 Forbidden",
        "/wrong-host": "400 Bad Request",
        "/broken": "500 Broken",
        "/changes": f"20{next(number) % 2} Either",
    }.get(path, "200 OK")
    if path == "/slow":
        time.sleep(0.6)
    if path == "/no-database":
        raise OSError("no database here")
    body = BODIES.get(path, b"hello")
    if path == "/differs":
        body = b"%d" % next(number)
    if environ.get("HTTP_HOST") == "shop.example":
        body = b"at home"
    start_response(status, [("Location", "/there"), ("Content-Length", str(len(body)))])
    return [body]


def any_arguments(*arguments: Any) -> Any:
    """Nobody can tell what it is."""
    return application(*arguments)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """An app by its looks."""


class Class:
    """An app whose instances take the call."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        return application(environ, start_response)


class Shop:
    """A namespace."""

    app = Class()


def made() -> Class:
    return Class()


def configured(path: str = "shop.toml") -> Class:
    return Class()
