"""Where the claims are tried: running servers, slow clients, healthy requests.

The servers are shared: one is started when a claim first asks for it. Each has one
worker, so that what a client takes from the server is not lent by another worker.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from loadtests.catalog.contract import HEALTHY, mismatches
from loadtests.catalog.stacks import find
from loadtests.clients import wire
from loadtests.clients.conversations import ask, visit
from loadtests.clients.wire import Address, WireError, exchange
from loadtests.servers.processes import Guard, wait_until
from loadtests.servers.server import Server, running
from loadtests.servers.usage import usage

DEADLINE_S = 1.0
_SETTLE_S = 0.3
_RESET = struct.pack("ii", 1, 0)
_ROUNDS, _REQUESTS, _EVERY_S = 5, 70, 0.005


class Lab:
    """The servers that the claims share, started when first asked for."""

    def __init__(self, guard: Guard, logs: Path) -> None:
        self.guard = guard
        self.logs = logs
        self._servers: dict[tuple[str, ...], Server] = {}
        self._stack = contextlib.ExitStack()
        self._cost_us: dict[tuple[tuple[str, str], ...], list[float]] = {}

    def serve(
        self, stack_id: str, *options: str, app: str = "", answering: bool = True
    ) -> Server:
        """A stack with one worker, perhaps with another app and more options; it has
        got over the clients of the claim before, or this raises."""
        key = (stack_id, app, *options)
        if key not in self._servers:
            stack = find(stack_id).with_counts(1, None)
            argv = (*stack.argv, *options)
            stack = dataclasses.replace(stack, app=app or stack.app, argv=argv)
            log = self.logs / f"{len(self._servers)}-{stack_id}.log"
            server = running(stack, self.guard, log, answering=answering)
            self._servers[key] = self._stack.enter_context(server)
        elif answering:
            recovered(self._servers[key].address)
        return self._servers[key]

    def cpu_us(self, served: Mapping[str, tuple[str, str]]) -> Mapping[str, float]:
        """CPU time that a healthy request costs each (stack, app) of these.

        They are measured in turns, and of each the quietest turn counts: whatever else
        the machine does only adds.
        """
        key = tuple(served.values())
        if key not in self._cost_us:
            servers = [self.serve(stack_id, app=app) for stack_id, app in key]
            rounds = [[_cpu_us(server) for server in servers] for _ in range(_ROUNDS)]
            self._cost_us[key] = [min(costs) for costs in zip(*rounds, strict=True)]
        return dict(zip(served, self._cost_us[key], strict=True))

    def close(self) -> None:
        self._stack.close()


def _cpu_us(server: Server) -> float:
    before, began_s = usage(server.group).cpu_s, time.monotonic()
    for number in range(_REQUESTS):
        time.sleep(max(0.0, began_s + number * _EVERY_S - time.monotonic()))
        timed(server.address)
    return (usage(server.group).cpu_s - before) / _REQUESTS * 1e6


def timed(address: Address, deadline_s: float = DEADLINE_S) -> float:
    """Seconds that a healthy request took; WireError if late or not answered right."""
    began_s = time.monotonic()
    answer = exchange(address, HEALTHY.request.to_bytes(), deadline_s=deadline_s)
    faults = mismatches(HEALTHY, answer.status, answer.headers, answer.body)
    if faults:
        raise WireError("malformed", "; ".join(faults))
    return time.monotonic() - began_s


def recovered(address: Address) -> None:
    """Wait until a healthy request is answered again; raises WireError if none is."""

    def answered() -> bool:
        with contextlib.suppress(WireError):
            timed(address)
            return True
        return False

    if not wait_until(answered, 10.0):
        raise WireError("late", f"port {address[1]} does not recover")


def healthy(address: Address, count: int = 20, every_s: float = 0.025) -> list[float]:
    """Seconds that healthy requests took that were answered within a second.

    Each is started when it is due, whatever became of those before it, on a connection
    of its own; its time counts from when it was due.
    """
    began_s = time.monotonic()

    def one(number: int) -> float | None:
        due_s = began_s + number * every_s
        time.sleep(max(0.0, due_s - time.monotonic()))
        with contextlib.suppress(WireError):
            timed(address, max(0.001, due_s + DEADLINE_S - time.monotonic()))
            return time.monotonic() - due_s
        return None

    with ThreadPoolExecutor(count) as pool:
        return [took_s for took_s in pool.map(one, range(count)) if took_s is not None]


@contextlib.contextmanager
def slow(address: Address, scenario: str, count: int) -> Iterator[Crowd]:
    """Hold that many slow clients for as long as the block runs."""
    buffer = wire.SMALL_RECEIVE_BUFFER if scenario == "slow-read" else None
    with ThreadPoolExecutor(count) as pool, contextlib.ExitStack() as sockets:
        crowd = Crowd([], [])
        try:
            for _ in range(count):
                sock = wire.connect(address, receive_buffer=buffer)
                # Leaving is a reset: a server that waits for room to write hears of it
                # at once, and not when it next probes a window that is closed.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                crowd.sockets.append(sockets.enter_context(sock))
                crowd.visits.append(pool.submit(visit, sock, scenario))
            time.sleep(_SETTLE_S)
            yield crowd
        finally:
            crowd.leave()


@dataclasses.dataclass(frozen=True)
class Crowd:
    """Slow clients on their visits."""

    sockets: list[socket.socket]
    visits: list[Future[wire.Outcome]]

    def words(self) -> list[str]:
        """What has become of each so far; one whose visit goes on is held."""
        ended = [v.result() if v.done() else wire.Outcome("held") for v in self.visits]
        return [f"{end.fate} {end.status or ''}".strip() for end in ended]

    def leave(self) -> None:
        """Go, all of them, and see the visits end."""
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for one in self.visits:
            one.exception()


def together(address: Address, target: str, count: int) -> float:
    """Seconds until that many requests, made at once, are all answered with a 200."""
    began_s = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        statuses = list(pool.map(lambda _: ask(address, target).status, range(count)))
    if set(statuses) != {200}:
        raise WireError("malformed", f"{target}: {Counter(statuses)}")
    return time.monotonic() - began_s
