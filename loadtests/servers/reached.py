"""A server that runs already: reached at its address, watched, and else left alone.

The one rule: nothing of it is ours. It is not started, pinned or ended. What it uses is
known only if its user says which process it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from loadtests.catalog.stacks import HOST, Stack
from loadtests.catalog.target import Target
from loadtests.clients import wire
from loadtests.clients.wire import Address, WireError
from loadtests.records.facts import NOT_LISTENING, SERVER_GONE, Fact, fact
from loadtests.records.target import RunningServer
from loadtests.servers.listening import listening
from loadtests.servers.logs import Log
from loadtests.servers.programs import ServerError
from loadtests.servers.server import Server, ServerBrokenError
from loadtests.servers.sockets import Sockets, sockets_on


@dataclass(frozen=True)
class Reached:
    """A running server that somebody else started.

    `listened`: somebody was seen to listen on its port of this machine. Behind a port
    that a container engine forwards, nobody is seen.
    """

    stack: Stack
    where: RunningServer
    target: Target
    listened: bool = False
    front: None = None
    log: Log | None = None

    @property
    def address(self) -> Address:
        return self.where.address, self.where.port

    @property
    def seen(self) -> bool:
        """Whether it is known which processes it has."""
        return self.where.pid is not None

    @property
    def foreign_is_known(self) -> bool:
        """Whether the CPU time of others can be told from its own."""
        return self.seen or self.where.remote

    @property
    def parts(self) -> tuple[Reached, ...]:
        return (self,)

    @property
    def group(self) -> Reached:
        return self

    @property
    def own_groups(self) -> set[int]:
        """The ids of the process groups that we started for it: none."""
        return set()

    def pids(self) -> set[int]:
        """Its processes, which are in no group of ours."""
        return {process.pid for process in self.members()}

    def members(self) -> list[psutil.Process]:
        """The process that was named, and its children."""
        if self.where.pid is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.where.pid)
            if first.status() != psutil.STATUS_ZOMBIE:
                return [first, *first.children(recursive=True)]
        return []

    def pin(self, cores: frozenset[int]) -> None:
        """It runs where whoever started it lets it run."""

    def sockets(self) -> Sockets | None:
        return sockets_on(self.where.port) if self.seen else None

    def last_words(self) -> str:
        """Its log is not ours to know."""
        return ""

    def see_that_it_is_ours(self) -> None:
        """Raises ServerBrokenError where it is not there any more, at two looks."""
        if why := self._broken() and self._broken():
            raise ServerBrokenError(why)

    def _broken(self) -> Fact | None:
        if self.seen and not self.members():
            return fact(SERVER_GONE, pid=self.where.pid or 0)
        if self.listened and not listening(self.where.port):
            return fact(NOT_LISTENING)
        return None


# Whatever slow clients are held against.
Served = Server | Reached


@contextlib.contextmanager
def reached(stack: Stack, where: RunningServer, target: Target) -> Iterator[Reached]:
    """A server that runs already. Raises ServerError where nobody takes connections."""
    server = Reached(stack, where, target)
    try:
        wire.connect(server.address).close()
    except WireError as error:
        host, port = server.address
        raise ServerError(
            f"nothing takes connections at {host}:{port} ({error}): start your server "
            "first"
        ) from None
    listened = where.address == HOST and bool(listening(where.port))
    yield Reached(stack, where, target, listened)
