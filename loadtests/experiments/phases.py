"""The phase map: one connection for each stack and phase, watched until it ends.

The client is silent, or sends its head a line a second, or pauses in its body, or does
not read. All connections are watched at once. The kernel's table of sockets says when a
server has ended its side: a client that does not read would not hear of it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import Stack, Supply
from loadtests.catalog.target import RAW
from loadtests.clients import wire
from loadtests.clients.answers import parse_status
from loadtests.clients.visits import header_lines, opening
from loadtests.clients.wire import Address
from loadtests.records.phase_map import Ended
from loadtests.servers.processes import Guard
from loadtests.servers.server import running

PHASES = tuple(phase for phase in Phase if phase.client_is_slow)
_EVERY_S = 0.1
_LINE_EVERY_S = 1.0
# Established, or still deferred: a server has not heard of it (net/tcp_states.h).
_THERE = {"01", "03"}
_TABLE = Path("/proc/net/tcp")
_BODY = b"Content-Length: 1000000\r\n\r\n8 bytes."


@dataclass
class _Visit:
    """A connection that is watched; it ends when the server's side of it does."""

    stack_id: str
    phase: Phase
    address: Address
    began_s: float = field(default_factory=time.monotonic)
    lines: Iterator[bytes] = field(default_factory=header_lines)
    heard: bytes = b""
    reset: bool = False
    after_s: float | None = None

    def __post_init__(self) -> None:
        self.next_line_s = self.began_s + _LINE_EVERY_S
        small = wire.SMALL_RECEIVE_BUFFER
        self.sock = wire.connect(self.address, receive_buffer=small)
        self.sock.sendall(_begun(self.phase))
        self.sock.setblocking(False)

    @property
    def ports(self) -> tuple[int, int]:
        """The server's and ours."""
        return self.address[1], self.sock.getsockname()[1]

    def go_on(self, now_s: float) -> None:
        """Send what is due, and hear what has come."""
        try:
            if self.phase is Phase.HEAD and now_s >= self.next_line_s:
                self.next_line_s += _LINE_EVERY_S
                self.sock.sendall(next(self.lines))
            if self.phase is not Phase.RESPONSE:
                self.heard += self.sock.recv(1024)
        except BlockingIOError:
            pass
        except ConnectionError:
            self.reset = True

    @property
    def seen(self) -> str:
        """What the client saw of the end."""
        if self.after_s is None or self.phase is Phase.RESPONSE:
            return ""
        status = parse_status(self.heard)
        if status is not None:
            return str(status)
        return "reset" if self.reset else "closed"


def _begun(phase: Phase) -> bytes:
    """What is sent at once."""
    if phase is Phase.SILENT:
        return b""
    request = RAW.request(phase)
    head = opening(RAW, request)
    if phase is Phase.BODY:
        return head + _BODY
    return head + (b"\r\n" if phase is Phase.RESPONSE else b"")


def watch(
    chosen: Sequence[Stack],
    seconds: float,
    guard: Guard,
    logs: Path,
    tell: Callable[[float], None],
) -> list[Ended]:
    """Serve all of these, and watch a connection in each phase for so long."""
    with contextlib.ExitStack() as block:
        servers = {
            stack.id: block.enter_context(
                running(_with_room(stack), guard, logs / f"{stack.id}.log")
            )
            for stack in chosen
        }
        visits = [
            _Visit(stack_id, phase, server.address)
            for stack_id, server in servers.items()
            for phase in PHASES
        ]
        for visit in visits:
            block.callback(visit.sock.close)
        _watch(visits, seconds, tell)
    return [
        Ended(visit.stack_id, visit.phase, visit.after_s, visit.seen)
        for visit in visits
    ]


def _with_room(stack: Stack) -> Stack:
    """Where a client holds a whole worker, one for each connection, and one more."""
    holds_a_worker = stack.predicted_ran_out("slow-body") is Supply.WORKERS
    return stack.with_counts(len(PHASES) + 1, None) if holds_a_worker else stack


def _watch(
    visits: Sequence[_Visit], seconds: float, tell: Callable[[float], None]
) -> None:
    began_s = time.monotonic()
    while (now_s := time.monotonic()) < began_s + seconds:
        held = _established()
        for visit in visits:
            visit.go_on(now_s)
            if visit.after_s is None and visit.ports not in held:
                visit.after_s = round(now_s - visit.began_s, 1)
        tell(now_s - began_s)
        time.sleep(_EVERY_S)


def _established() -> set[tuple[int, int]]:
    """Local and remote port of each connection whose local side has not ended."""
    found = set()
    for line in _TABLE.read_text().splitlines()[1:]:
        local, remote, state = line.split()[1:4]
        if state in _THERE:
            found.add((_port(local), _port(remote)))
    return found


def _port(address: str) -> int:
    return int(address.partition(":")[2], 16)
