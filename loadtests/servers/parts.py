"""The parts of a server: what clients reach, and what runs the app behind it.

A part is a process group and the port on which it listens. Most servers have one.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from loadtests.catalog.stacks import HOST, Stack
from loadtests.records.facts import (
    NOT_LISTENING,
    PORT_TAKEN,
    SERVER_DIED,
    Fact,
    fact,
)
from loadtests.servers.listening import Holdings, listeners, listening, places_of
from loadtests.servers.processes import Group
from loadtests.servers.programs import ServerError
from loadtests.servers.sockets import Sockets, joined, sockets_on, sockets_to


@dataclass(frozen=True)
class Part:
    """A process group that listens on a port; `behind` is the port that it asks."""

    group: Group
    port: int
    behind: int | None = None

    @property
    def owns_its_port(self) -> bool:
        """Whether every socket that listens on the port is held by the group."""
        return not self._holdings.lacks(listening(self.port))

    @functools.cached_property
    def _holdings(self) -> Holdings:
        return Holdings(self.group)

    def sockets(self) -> Sockets | None:
        """Its connections, to its clients and to what is behind."""
        parts = [sockets_on(self.port)]
        if self.behind:
            parts.append(sockets_to(self.behind))
        return joined(parts)

    def broken(self) -> Fact | None:
        """Why this is not what we started any more, at one look."""
        if self.group.exited:
            status = self.group.process.returncode
            return fact(SERVER_DIED, self.group.last_words(), status=status)
        if not listening(self.port):
            return fact(NOT_LISTENING, self.group.last_words())
        if not self.owns_its_port:
            return fact(PORT_TAKEN, self._strangers())
        return None

    def _strangers(self) -> str:
        """Who else listens on the port, as far as we can see."""
        ours = {process.pid for process in self.group.members()}
        pids = {pid for _, pid in listeners(self.port) if pid} - ours
        return ", ".join(map(_named, sorted(pids))) or "a process that we cannot see"


def _named(pid: int) -> str:
    with contextlib.suppress(psutil.NoSuchProcess):
        return f"{psutil.Process(pid).name()} (pid {pid})"
    return f"pid {pid}, which has ended"


def see_where_they_listen(parts: Iterable[Part], stack: Stack) -> None:
    """Raises ServerError for what listens elsewhere than the stack does: options of
    WITH= may open more doors, such as one for statistics."""
    for part in parts:
        for host, port in sorted(places_of(part.group)):
            if host not in (HOST, stack.host):
                raise ServerError(
                    f"{stack.id} listens on {host} port {port} too: leave out the "
                    "option of WITH= that has it do that"
                )
