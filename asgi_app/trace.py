"""The calls between a server and an ASGI application, made visible: `traced(app)`.

The one rule: a trace must not change what it shows. Every call is handed on as it came,
events are not touched, exceptions pass. What is noted is when a call crosses the
interface and when it comes back, so that waiting is seen; and when the event loop did
not turn meanwhile, so that blocking is seen. Any application will do:

    TRACE_APP=mysite:app uvicorn asgi_app.trace:app

On a terminal the trace is for reading; elsewhere it is one JSON object a line.
"""

import asyncio
import contextlib
import importlib
import itertools
import math
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from asgi_app.interface import Event, Handler, Receive, Scope, Send
from asgi_app.records import Record, show, tell_live

Tell = Callable[[Record], None]
Result = TypeVar("Result")
TURN_S, BLOCKED_S = 0.005, 0.03


def traced(app: Handler, tell: Tell = tell_live) -> Handler:
    """The same application; `tell` is given a record of every call that crosses."""

    async def traced_app(scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(tell)

        async def traced_receive() -> Event:
            return await call.cross("receive", (), receive)

        async def traced_send(event: Event) -> None:
            await call.cross("send", (event,), lambda: send(event))

        def run() -> Awaitable[None]:
            return app(scope, traced_receive, traced_send)

        with call.turns.watched(scope):
            await call.cross("app", (scope, receive, send), run)

    return traced_app


class Call:
    """One call of the application, and all that crosses the interface in it."""

    numbers = itertools.count(1)

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.number = next(Call.numbers)
        self.crossings = itertools.count(1)
        self.began_s = time.monotonic()
        self.turns = Turns(self)

    async def cross(
        self,
        name: str,
        given: tuple[object, ...],
        make: Callable[[], Awaitable[Result]],
    ) -> Result:
        crossing: Record = {"crossing": next(self.crossings), "name": name}
        called_s = self.note(crossing, step="called", given=show(given))
        try:
            result = await make()
        except BaseException as error:
            self.note(crossing, called_s, step="raised", got=show(error))
            raise
        self.note(crossing, called_s, step="returned", got=show(result))
        return result

    def note(
        self, crossing: Record, called_s: float | None = None, **what: Any
    ) -> float:
        self.turns.look()
        now_s = time.monotonic()
        who = {"interface": "asgi", "process": os.getpid(), "call": self.number}
        where = {"task": task_name()}
        when = {"clock_s": now_s, "at_ms": in_ms(now_s - self.began_s)}
        if called_s is not None:
            when["took_ms"] = in_ms(now_s - called_s)
        self.tell({**who, **where, **when, **crossing, **what})
        return now_s


def in_ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def load(path: str) -> Handler:
    """The application that `module:attribute` names, as the servers read it."""
    module, _, name = path.partition(":")
    loaded: Handler = getattr(importlib.import_module(module), name or "app")
    return loaded


app = traced(load(os.environ.get("TRACE_APP", "asgi_app:app")))


# From here on: what WSGI has no word for.


def task_name() -> str:
    # A coroutine need not run in a task, and not under asyncio either (trio).
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return task.get_name() if task else "none"


class Turns:
    """The turns of the event loop while a call is open.

    A timer is due every few milliseconds. While it is late, the loop runs one piece of
    code that does not await: no timer fires, and no other client is served.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        self.last_s = math.inf  # nobody watches

    @contextlib.contextmanager
    def watched(self, scope: Scope) -> Iterator[None]:
        # A lifespan is open as long as the process, and each request watches by itself.
        if task_name() == "none" or scope.get("type") == "lifespan":
            yield
            return
        self.turn(asyncio.get_running_loop())
        try:
            yield
        finally:
            self.timer.cancel()

    def turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self.look()
        self.last_s = time.monotonic()
        self.timer = loop.call_later(TURN_S, self.turn, loop)

    def look(self) -> None:
        last_s, now_s = self.last_s, time.monotonic()
        if now_s - last_s > BLOCKED_S:
            self.last_s = now_s  # up to here it will have been noted
            self.call.note({"name": "event loop"}, last_s, step="blocked")
