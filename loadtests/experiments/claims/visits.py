"""Who visits the servers of the claims: healthy requests, and slow clients.

Slow clients behave as those of a load test do, and leave when their block ends.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from loadtests.catalog.contract import Request
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import scenario as find_scenario
from loadtests.catalog.target import RAW, Target
from loadtests.clients import wire
from loadtests.clients.conversations import ask, request
from loadtests.clients.visits import VISITS, header_lines, receive_buffer
from loadtests.clients.wire import Address, WireError, exchange
from loadtests.servers.processes import wait_until

DEADLINE_S = 1.0
# More than the sockets' buffers take (over 4 MB), little enough for a proxy's disk.
_STREAM = Request("GET", "/stream?chunks=128&size=65536")
_GAP_S = 0.25
_SETTLE_S = 0.3

K = TypeVar("K")
T = TypeVar("T")
U = TypeVar("U")


def of_claims(requests: Mapping[Phase, Request]) -> Target:
    """Our apps, with other requests to be drawn out."""
    drawn_out = {**RAW.requests, Phase.RESPONSE: _STREAM, **requests}
    return dataclasses.replace(RAW, host="claims", requests=drawn_out)


_TARGET = of_claims({})


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
    buffer = receive_buffer(find_scenario(scenario))
    behave = VISITS[scenario]
    with ThreadPoolExecutor(count) as pool, contextlib.ExitStack() as sockets:
        crowd = Crowd([], [])
        try:
            for _ in range(count):
                sock = wire.connect(address, receive_buffer=buffer)
                # Leaving is a reset: a server that waits for room to write hears of it
                # at once, and not when it next probes a window that is closed.
                wire.leave_by_reset(sock)
                crowd.sockets.append(sockets.enter_context(sock))
                crowd.visits.append(pool.submit(behave, sock, target, _GAP_S))
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


def at_once(call: Callable[[T], U], given: Mapping[K, T]) -> dict[K, U]:
    """What the call makes of each, all at the same time."""
    with ThreadPoolExecutor(len(given)) as pool:
        return dict(zip(given, pool.map(call, given.values()), strict=True))


def late_head(address: Address, takes_s: float, gap_s: float = 0.5) -> str:
    """What becomes of an honest client on a bad line: its headers are whole, late."""
    lines = itertools.islice(header_lines(), round(takes_s / gap_s))
    with wire.connect(address) as sock:
        pieces = itertools.chain(lines, [b"\r\n"])
        return wire.drip(sock, request("/hello")[:-2], pieces, gap_s).fate
