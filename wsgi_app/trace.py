"""The calls between a server and a WSGI application, made visible: `traced(app)`.

The one rule: a trace must not change what it shows. Every call is handed on as it came,
the body stays lazy, exceptions pass. What is noted is when a call crosses the interface
and when it comes back, so that waiting is seen. Any application will do:

    TRACE_APP=mysite:app gunicorn wsgi_app.trace:app

On a terminal the trace is for reading; elsewhere it is one JSON object a line.
"""

import importlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from wsgi_app.records import Record, show, tell_live

Tell = Callable[[Record], None]
Result = TypeVar("Result")


def traced(app: WSGIApplication, tell: Tell = tell_live) -> WSGIApplication:
    """The same application; `tell` is given a record of every call that crosses."""

    def traced_app(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        call = Call(tell)

        def traced_start(status: str, headers: Any, *exc_info: Any) -> Any:
            given = (status, headers, *exc_info)
            write = call.cross("start_response", given, lambda: start_response(*given))
            # PEP 3333: the write() of older applications, which sends at once.
            return lambda data: call.cross("write", (data,), lambda: write(data))

        def run() -> Iterable[bytes]:
            # In the dict itself, once that is noted: in a copy, the server would not
            # see what the application writes into it.
            environ["wsgi.input"] = Input(call, environ["wsgi.input"])
            return app(environ, traced_start)

        body = call.cross("app", (environ, start_response), run)
        return traced_body(call, body, environ.get("wsgi.file_wrapper"))

    return traced_app


class Call:
    """One call of the application, and all that crosses the interface in it."""

    numbers = itertools.count(1)

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.number = next(Call.numbers)
        self.crossings = itertools.count(1)
        self.began_s = time.monotonic()

    def cross(
        self, name: str, given: tuple[object, ...], make: Callable[[], Result]
    ) -> Result:
        crossing: Record = {"crossing": next(self.crossings), "name": name}
        called_s = self.note(crossing, step="called", given=show(given))
        try:
            result = make()
        except BaseException as error:
            self.note(crossing, called_s, step="raised", got=show(error))
            raise
        self.note(crossing, called_s, step="returned", got=show(result))
        return result

    def note(
        self, crossing: Record, called_s: float | None = None, **what: Any
    ) -> float:
        now_s = time.monotonic()
        who = {"interface": "wsgi", "process": os.getpid(), "call": self.number}
        where = {"thread": threading.current_thread().name}
        when = {"clock_s": now_s, "at_ms": in_ms(now_s - self.began_s)}
        if called_s is not None:
            when["took_ms"] = in_ms(now_s - called_s)
        self.tell({**who, **where, **when, **crossing, **what})
        return now_s


def in_ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def load(path: str) -> WSGIApplication:
    """The application that `module:attribute` names, as the servers read it."""
    module, _, name = path.partition(":")
    loaded: WSGIApplication = getattr(importlib.import_module(module), name or "app")
    return loaded


app = traced(load(os.environ.get("TRACE_APP", "wsgi_app:app")))


# From here on: what ASGI has no word for.


def traced_body(call: Call, body: Iterable[bytes], wrapper: object) -> Iterable[bytes]:
    # PEP 3333, "Optional Platform-Specific File Handling": the server knows its own
    # file wrapper by the type, and may send the file without asking for a piece.
    if isinstance(wrapper, type) and isinstance(body, wrapper):
        return body
    # From a len() of 1 a server may work out the Content-Length: only if it was there.
    return SizedBody(call, body) if hasattr(body, "__len__") else Body(call, body)


class Body:
    """The body iterable: the server asks for each piece, and closes it if it can."""

    name = "next(body)"

    def __init__(self, call: Call, body: Iterable[bytes]) -> None:
        self.call = call
        self.body = body
        self.pieces: Iterator[bytes] | None = None
        if hasattr(body, "close"):
            close = body.close  # PEP 3333: to be called if it is there, come what may
            self.close = lambda: call.cross("body.close", (), close)

    def __iter__(self) -> Iterator[bytes]:
        self.pieces = iter(self.body)
        return self

    def __next__(self) -> bytes:
        if self.pieces is None:
            self.pieces = iter(self.body)
        return self.call.cross(self.name, (), self.pieces.__next__)


class SizedBody(Body):
    """A body of which the server can ask the number of pieces."""

    def __len__(self) -> int:
        return len(self.body)  # type: ignore[arg-type]  # it has been asked for


class Lines(Body):
    """The lines of wsgi.input."""

    name = "next(wsgi.input)"


class Input:
    """wsgi.input: reads are noted, by whatever name; all else is as it was."""

    def __init__(self, call: Call, stream: Any) -> None:
        self.call = call
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.stream, name)
        if not name.startswith("read"):
            return found
        name = f"wsgi.input.{name}"
        return lambda *given: self.call.cross(name, given, lambda: found(*given))

    def __iter__(self) -> Iterator[bytes]:
        return iter(Lines(self.call, self.stream))
