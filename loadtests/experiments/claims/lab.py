"""Where the claims are tried: running servers, slow clients, healthy requests.

The servers are shared: one is started when a claim first asks for it. Each has one
worker, so that what a client takes from the server is not lent by another worker.
What takes long is begun before the first claim, on servers of its own, so that the
ledger waits for the longest of these waits and not for their sum.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from loadtests.catalog.stacks import Stack, find
from loadtests.experiments.claims.visits import recovered
from loadtests.experiments.costs import HELLO, apart, cost_of_request
from loadtests.servers.processes import Guard
from loadtests.servers.server import Server, running

_ROUNDS, _DRIVEN_S = 2, 0.4
_MOST_WAITS = 32  # at once, each in a thread

T = TypeVar("T")
# Starts servers, and returns what then waits on them, in a thread.
Wait = Callable[["Lab"], Callable[[], T]]


class Lab:
    """The servers that the claims share, started when first asked for."""

    def __init__(self, guard: Guard, logs: Path) -> None:
        self.guard = guard
        self.logs = logs
        self.over = threading.Event()  # for those who wait on no server
        self._servers: dict[tuple[str, ...], Server] = {}
        self._stack = contextlib.ExitStack()
        self._numbers = itertools.count()
        self._pool = ThreadPoolExecutor(_MOST_WAITS)
        self._waits: dict[Wait[Any], Future[Any]] = {}
        self._cost_us: dict[tuple[tuple[str, str], bool], float] = {}

    def serve(
        self, stack_id: str, *options: str, app: str = "", answering: bool = True
    ) -> Server:
        """A stack with one worker, perhaps with another app and more options; it has
        got over the clients of the claim before, or this raises."""
        key = (stack_id, app, *options)
        if key not in self._servers:
            server = self._running(_stack(stack_id, options, app), answering=answering)
            self._servers[key] = self._stack.enter_context(server)
        elif answering:
            recovered(self._servers[key].address)
        return self._servers[key]

    def own(self, stack_id: str, *options: str, app: str = "") -> Server:
        """The same, for one claim alone: its clients stay while others are tried."""
        server = self._running(_stack(stack_id, options, app))
        return self._stack.enter_context(server)

    def short_of_descriptors(
        self, stack_id: str, nofile: int
    ) -> contextlib.AbstractContextManager[Server]:
        """A stack that may open so few, for as long as the block runs."""
        return self._running(_stack(stack_id, (), "", nofile))

    def _running(
        self, stack: Stack, *, answering: bool = True
    ) -> contextlib.AbstractContextManager[Server]:
        log = self.logs / f"{next(self._numbers)}-{stack.id}.log"
        return running(stack, self.guard, log, answering=answering)

    def begin(self, wait: Wait[T]) -> None:
        """Begin a wait; its claim asks for what came of it, in its turn."""
        self._waits[wait] = self._pool.submit(wait(self))

    def waited(self, wait: Wait[T]) -> T:
        """What came of a wait, begun now unless it was before."""
        if wait not in self._waits:
            self.begin(wait)
        found: T = self._waits[wait].result()
        return found

    def cpu_us(
        self, served: Mapping[str, tuple[str, str]], *, kept_alive: bool
    ) -> Mapping[str, float]:
        """CPU time that a healthy request costs each (stack, app) of these.

        They are driven in turns, and of each the quietest turn counts: whatever else
        the machine does only adds.
        """
        for _ in range(_ROUNDS):
            for stack_id, app in served.values():
                self._drive(stack_id, app, kept_alive)
        return {
            name: self._cost_us[stack_and_app, kept_alive]
            for name, stack_and_app in served.items()
        }

    def _drive(self, stack_id: str, app: str, kept_alive: bool) -> None:
        server, key = self.serve(stack_id, app=app), ((stack_id, app), kept_alive)
        with apart(server):
            price = cost_of_request(
                server, HELLO, kept_alive=kept_alive, lasts_s=_DRIVEN_S
            )
        known = self._cost_us.get(key, price.cpu_us)
        self._cost_us[key] = min(known, price.cpu_us)

    def close(self) -> None:
        """Stop the servers, which ends all waits on them."""
        self.over.set()
        self._stack.close()
        self._pool.shutdown()


def _stack(
    stack_id: str, options: tuple[str, ...], app: str, nofile: int | None = None
) -> Stack:
    stack = find(stack_id).with_counts(1, None, nofile)
    argv = (*stack.argv, *options)
    return dataclasses.replace(stack, app=app or stack.app, argv=argv)
