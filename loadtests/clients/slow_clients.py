"""Slow clients, held on a staircase: a Locust file.

By itself:
  locust -f loadtests/clients/slow_clients.py -H http://127.0.0.1:8000 SlowBody
One User class for each way to be slow, and a shape that climbs `--levels`, holds each
for `--hold-s` seconds, then lets everybody go. A client that the server drops is
recorded with its fate and comes back.
"""

from __future__ import annotations

import gc
import itertools
import random
import sys
import time
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

import gevent
from locust import LoadTestShape, User, constant, events, task

from loadtests.clients import wire
from loadtests.records.samples import (
    LEVELS_FILE,
    VISITS_FILE,
    Level,
    SampleWriter,
    Visit,
)

GAP_S = 1.0
COMES_BACK_S = 0.5
ARRIVE_WITHIN_S = 0.8
_UNTIL_STOPPED_S = 10**6
_SPAWN_AT_ONCE = 10_000
_UPLOAD_BYTES = 1_000_000
_HANDLER_MS = 20_000  # longer than the climb goes on after a stack is out
_STREAM = "/stream?chunks=1024&size=65536"


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    parser.add_argument("--levels", default="0,4,32,128,512", help="steps to climb")
    parser.add_argument("--hold-s", type=int, default=5, help="seconds on each step")
    parser.add_argument("--top-extra-s", type=int, default=0, help="more on the last")
    parser.add_argument("--release-s", type=int, default=5, help="seconds at 0, after")
    parser.add_argument("--once", action="store_true", help="nobody comes back")
    parser.add_argument("--raw", default="", help="folder for the raw records")
    parser.add_argument(
        "--on-signal", action="store_true", help="wait for a start line"
    )


class SlowClient(User):
    """Visits the server, slowly, again and again; subclasses say how."""

    abstract = True
    wait_time = constant(COMES_BACK_S)
    numbers: ClassVar[Iterator[int]] = itertools.count()

    def on_start(self) -> None:
        self.number = next(self.numbers)
        self.address = _address(self.host or "")
        # Clients that arrive together would speak together too, each second, and make
        # a drum beat of the server's load.
        gevent.sleep(random.uniform(0, ARRIVE_WITHIN_S))

    def be_slow(self, sock: Any) -> wire.Outcome:
        raise NotImplementedError

    @task
    def visit(self) -> None:
        began_s = time.monotonic()
        buffer = wire.SMALL_RECEIVE_BUFFER if isinstance(self, SlowRead) else None
        # What it is if we are told to leave before more is known: with its backlog full
        # a server leaves even the connection open (listen(2)).
        outcome: wire.Outcome | None = wire.Outcome("refused")
        try:
            with wire.connect(self.address, receive_buffer=buffer) as sock:
                outcome = wire.Outcome("held")
                outcome = self.be_slow(sock)
        except wire.WireError as error:
            # Of our own failure there is no fate to tell: this client is missing.
            ours = error.fault == "generator"
            outcome = None if ours else wire.Outcome(error.fault)
        finally:
            if outcome:
                record(self, began_s, outcome)
        if self.environment.parsed_options.once:
            gevent.sleep(_UNTIL_STOPPED_S)

    def opening(self, method: str, target: str, *fields: str) -> bytes:
        """A request's head, without the empty line that would end it."""
        host = f"Host: {self.address[0]}:{self.address[1]}"
        return "\r\n".join([f"{method} {target} HTTP/1.1", host, *fields, ""]).encode()


class Idle(SlowClient):
    """Connects and says nothing."""

    def be_slow(self, sock: Any) -> wire.Outcome:
        return wire.idle(sock)


class SlowHeaders(SlowClient):
    """Sends a header line each second and never the empty line that ends them."""

    def be_slow(self, sock: Any) -> wire.Outcome:
        lines = (b"X-Slow-%d: 1\r\n" % n for n in itertools.count())
        return wire.drip(sock, self.opening("GET", "/hello"), lines, GAP_S)


class SlowBody(SlowClient):
    """Declares a body of 1 MB and sends 8 bytes of it each second."""

    def be_slow(self, sock: Any) -> wire.Outcome:
        head = self.opening("POST", "/upload", f"Content-Length: {_UPLOAD_BYTES}")
        pieces = itertools.repeat(b"8 bytes.", _UPLOAD_BYTES // 8)
        return wire.drip(sock, head + b"\r\n", pieces, GAP_S)


class SlowRead(SlowClient):
    """Asks for a stream of 64 MB and reads 512 bytes of it each second."""

    def be_slow(self, sock: Any) -> wire.Outcome:
        request = self.opening("GET", _STREAM, "Connection: close") + b"\r\n"
        return wire.sip(sock, request, size=512, gap_s=GAP_S)


class HandlerWait(SlowClient):
    """A quick client of a slow handler: it waits as its interface invites."""

    def be_slow(self, sock: Any) -> wire.Outcome:
        return self.ask(sock, f"/wait?ms={_HANDLER_MS}")

    def ask(self, sock: Any, target: str) -> wire.Outcome:
        request = self.opening("GET", target, "Connection: close") + b"\r\n"
        return wire.drip(sock, request, iter(()), GAP_S)


class LoopBlock(HandlerWait):
    """The same of a handler that blocks: in ASGI the classic mistake."""

    def be_slow(self, sock: Any) -> wire.Outcome:
        return self.ask(sock, f"/block?ms={_HANDLER_MS}")


class Staircase(LoadTestShape):
    """Up the steps, one every `hold_s` seconds, then 0 for `release_s`, then the end.

    Locust asks once a second.
    """

    def tick(self) -> tuple[int, float] | None:
        options: Any = self.runner and self.runner.environment.parsed_options
        levels = [int(word) for word in options.levels.split(",")]
        elapsed_s = time.monotonic() - run.began_s
        released_s = len(levels) * options.hold_s + options.top_extra_s
        step = min(int(elapsed_s / options.hold_s), len(levels) - 1)
        if elapsed_s < released_s:
            users = levels[step]
        elif elapsed_s < released_s + options.release_s:
            users = 0
        else:
            return None
        run.asked_for(users)
        return users, _SPAWN_AT_ONCE


class Run:
    """What this process knows of its own run: its start, its records."""

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.last_level: int | None = None
        self.visits: SampleWriter | None = None
        self.levels: SampleWriter | None = None

    def asked_for(self, users: int) -> None:
        if self.levels and users != self.last_level:
            self.last_level = users
            self.levels.write(Level(time.monotonic(), users))


run = Run()


@events.init.add_listener
def prepare(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    if options.raw:
        run.visits = SampleWriter(options.raw, VISITS_FILE, Visit)
        run.levels = SampleWriter(options.raw, LEVELS_FILE, Level)
    gc.collect()
    gc.freeze()  # as in probe.py
    if options.on_signal:
        run.began_s = _await_start()


@events.test_start.add_listener
def started(environment: Any, **_: Any) -> None:
    if not environment.parsed_options.on_signal:
        run.began_s = time.monotonic()


def _await_start() -> float:
    """Say that we are ready, and wait for the moment (monotonic seconds) to start."""
    print("ready", flush=True)
    begins_s = float(sys.stdin.readline())
    time.sleep(max(0.0, begins_s - time.monotonic()))
    return begins_s


def record(client: SlowClient, began_s: float, outcome: wire.Outcome) -> None:
    """One visit, into the raw records and into Locust's own statistics."""
    ended_s = time.monotonic()
    if run.visits:
        visit = Visit(client.number, began_s, ended_s, outcome.fate, outcome.status)
        run.visits.write(visit)
    client.environment.events.request.fire(
        request_type=type(client).__name__,
        name=outcome.fate,
        response_time=(ended_s - began_s) * 1000,
        response_length=0,
        exception=None,
        context={},
    )


def _address(host: str) -> wire.Address:
    url = urlsplit(host)
    return (url.hostname or "127.0.0.1", url.port or 80)
