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

from loadtests.catalog.contract import Request
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import scenario as find_scenario
from loadtests.catalog.stacks import find
from loadtests.catalog.target import RAW, Target
from loadtests.clients import wire
from loadtests.clients.conversations import ask
from loadtests.clients.visits import VISITS, receive_buffer
from loadtests.clients.wire import Address, WireError, exchange
from loadtests.experiments.costs import HELLO, apart, cost_of_request
from loadtests.servers.processes import Guard, wait_until
from loadtests.servers.server import Server, running

DEADLINE_S = 1.0
# More than the sockets' buffers take (over 4 MB), little enough for a proxy's disk.
_STREAM = Request("GET", "/stream?chunks=128&size=65536")
_GAP_S = 0.25
_SETTLE_S = 0.3
_RESET = struct.pack("ii", 1, 0)
_ROUNDS, _DRIVEN_S = 2, 0.4


def of_claims(requests: Mapping[Phase, Request]) -> Target:
    """Our apps, with other requests to be drawn out."""
    drawn_out = {**RAW.requests, Phase.RESPONSE: _STREAM, **requests}
    return dataclasses.replace(RAW, host="claims", requests=drawn_out)


_TARGET = of_claims({})


class Lab:
    """The servers that the claims share, started when first asked for."""

    def __init__(self, guard: Guard, logs: Path) -> None:
        self.guard = guard
        self.logs = logs
        self._servers: dict[tuple[str, ...], Server] = {}
        self._stack = contextlib.ExitStack()
        self._cost_us: dict[tuple[tuple[str, str], bool], float] = {}

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
        self._stack.close()


def timed(address: Address, deadline_s: float = DEADLINE_S) -> float:
    """Seconds that a healthy request took; WireError if late or not answered right."""
    began_s = time.monotonic()
    answer = exchange(address, RAW.healthy.to_bytes(), deadline_s=deadline_s)
    faults = RAW.check(answer.status, answer.headers, answer.body)
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
def slow(
    address: Address, scenario: str, count: int, target: Target = _TARGET
) -> Iterator[Crowd]:
    """Hold that many slow clients for as long as the block runs."""
    buffer = receive_buffer(find_scenario(scenario).phase)
    visit = VISITS[scenario]
    with ThreadPoolExecutor(count) as pool, contextlib.ExitStack() as sockets:
        crowd = Crowd([], [])
        try:
            for _ in range(count):
                sock = wire.connect(address, receive_buffer=buffer)
                # Leaving is a reset: a server that waits for room to write hears of it
                # at once, and not when it next probes a window that is closed.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                crowd.sockets.append(sockets.enter_context(sock))
                crowd.visits.append(pool.submit(visit, sock, target, _GAP_S))
            time.sleep(_SETTLE_S)
            yield crowd
        finally:
            crowd.leave()


@dataclasses.dataclass(frozen=True)
class Crowd:
    """Slow clients on their visits."""

    sockets: list[socket.socket]
    visits: list[Future[wire.Ending]]

    def words(self) -> list[str]:
        """What has become of each so far; one whose visit goes on is held."""
        ended = [v.result() if v.done() else wire.Ending("held") for v in self.visits]
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
