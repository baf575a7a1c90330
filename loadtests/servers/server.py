"""A stack, running: started, proved to be ours, watched, stopped.

Anything else that answers on the port is an error, never a measurement: a server counts
as ready only when a process of OUR group listens there and answers as the app would.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from loadtests import ROOT
from loadtests.catalog.stacks import HOST, Stack
from loadtests.catalog.target import RAW, Target
from loadtests.clients.wire import WireError, exchange
from loadtests.records.facts import Fact
from loadtests.servers.listening import PortTakenError as PortTakenError
from loadtests.servers.listening import listening, see_that_it_is_free
from loadtests.servers.logs import Log
from loadtests.servers.nginx import configured
from loadtests.servers.own_command import await_port
from loadtests.servers.parts import Part, see_where_they_listen
from loadtests.servers.processes import Group, Guard, Members, started, wait_until
from loadtests.servers.programs import ServerError as ServerError
from loadtests.servers.programs import free_port as free_port
from loadtests.servers.programs import lacks, see_that_it_may_open
from loadtests.servers.sockets import Sockets, joined
from loadtests.servers.usage import is_quiet

READY_WITHIN_S = 20.0  # from its start until it answers
IMPORTS_WITHIN_S = 60.0  # an app of somebody else, which may be large
QUIET_WITHIN_S = 20.0
OURS_WITHIN_S = 5.0


class ServerBrokenError(ServerError):
    """A server that is not the one that we started any more: `why` is a fact."""

    def __init__(self, why: Fact) -> None:
        super().__init__(f"{why.kind}: {why.words}")
        self.why = why


@dataclass(frozen=True)
class Server:
    """A running stack: the server that runs the app, and what stands in front of it."""

    stack: Stack
    app: Part
    front: Part | None = None
    target: Target = RAW

    @property
    def parts(self) -> tuple[Part, ...]:
        """From the one that clients reach to the one that runs the app."""
        return (self.front, self.app) if self.front else (self.app,)

    @property
    def group(self) -> Group:
        """The processes that run the app."""
        return self.app.group

    @property
    def log(self) -> Log | None:
        return self.group.log

    def last_words(self) -> str:
        return self.group.last_words()

    seen = foreign_is_known = True  # as those of a server that we started

    @property
    def own_groups(self) -> set[int]:
        """The ids of the process groups that we started for it."""
        return {part.group.id for part in self.parts}

    def pids(self) -> set[int]:
        """Its processes that are in no group of ours: none."""
        return set()

    @property
    def port(self) -> int:
        """The one that clients reach."""
        return self.parts[0].port

    def members(self) -> list[psutil.Process]:
        """The living processes of all parts."""
        return [process for part in self.parts for process in part.group.members()]

    @property
    def exited(self) -> bool:
        """Whether the first process of a part is gone."""
        return any(part.group.exited for part in self.parts)

    def pin(self, cores: frozenset[int]) -> None:
        for part in self.parts:
            part.group.pin(cores)

    def sockets(self) -> Sockets | None:
        """All connections of all parts."""
        return joined(part.sockets() for part in self.parts)

    @property
    def address(self) -> tuple[str, int]:
        return (HOST, self.port)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def broken(self) -> Fact | None:
        """Why this is no longer the server that we started; None while it is.

        A worker may end and be replaced by its master: that is a result. A second look
        confirms what is wrong, because a worker may come or go between the listing of
        sockets and the search for their holders.
        """
        return self._look() and self._look()

    def see_that_it_is_ours(self) -> None:
        """Raises ServerBrokenError where it is not any more."""
        if why := self.broken():
            raise ServerBrokenError(why)

    def _look(self) -> Fact | None:
        return next(filter(None, (part.broken() for part in self.parts)), None)


@contextlib.contextmanager
def running(
    stack: Stack,
    guard: Guard,
    log: Path | None,
    *,
    port: int | None = None,
    answering: bool = True,
    target: Target = RAW,
) -> Iterator[Server]:
    """Serve a stack on a free loopback port for as long as the block runs.

    With `answering` it is ready when it answers as the target does, else when it
    listens.

    Raises ServerError when something else has the port, or the server does not get
    ready in 20 s, or in a minute with an app of somebody else; ProcessError when it
    will not end.
    """
    if missing := lacks(stack):
        raise ServerError(f"{stack.id} cannot run here: {missing}")
    see_that_it_may_open(stack)
    port = port or free_port()
    see_that_it_is_free(port)
    by_s = time.monotonic() + (IMPORTS_WITHIN_S if target.home else READY_WITHIN_S)
    with _parts(stack, guard, log, port, target, by_s) as server:
        if answering:
            _await_answers(server, by_s)
        if not target.home:  # what an app of somebody else opens is theirs to say
            see_where_they_listen(server.parts, stack)
        yield server


@contextlib.contextmanager
def _parts(
    stack: Stack,
    guard: Guard,
    log: Path | None,
    port: int,
    target: Target,
    by_s: float,
) -> Iterator[Server]:
    """All that belongs to a stack, listening; what stands in front has the same log."""
    behind = free_port() if stack.front else port
    command, nofile, home = stack.command(behind), stack.nofile, target.home
    cwd = Path(home.folder) if home else ROOT
    with started(guard, command, log, cwd=cwd, nofile=nofile, home=home) as group:
        if home and home.untouched:
            behind = await_port(group, behind, IMPORTS_WITHIN_S)
        server = Server(stack, Part(group, behind), target=target)
        _await_listening(server, by_s)
        if stack.front is None:
            yield server
            return
        config = functools.partial(stack.front_config, port, behind)
        with configured(guard, log, [port], config, nofile) as front:
            yield replace(server, front=Part(front, port, behind))


def _await_listening(server: Server, by_s: float) -> None:
    def listening_or_gone() -> bool:
        return server.exited or bool(listening(server.port))

    if not wait_until(listening_or_gone, _left_s(by_s)) or server.exited:
        raise ServerError(_why(server, "did not start"))
    # Asked again for a while: a worker may be forked, or the server be ending, between
    # the two look-ups.
    ours = wait_until(lambda: server.exited or server.app.owns_its_port, OURS_WITHIN_S)
    if server.exited:
        raise ServerError(_why(server, "did not start"))
    if not ours:
        raise ServerError(f"port {server.port} is served by a process that is not ours")


def _await_answers(server: Server, by_s: float) -> None:
    if not wait_until(lambda: server.exited or _answers(server), _left_s(by_s)):
        raise ServerError(_why(server, "does not answer as the app should"))
    if server.exited:
        raise ServerError(_why(server, "did not start"))
    _await_quiet(server)


def _left_s(by_s: float) -> float:
    return max(0.0, by_s - time.monotonic())


def _answers(server: Server) -> bool:
    try:
        request = server.target.healthy.to_bytes()
        answer = exchange(server.address, request, deadline_s=2.0)
    except WireError:
        return False
    return not server.target.check(answer.status, answer.headers, answer.body)


def _await_quiet(group: Members) -> None:
    """Wait until every worker is up: until the group has stopped using CPU time.

    One worker may answer while the next still imports the app.
    """
    time.sleep(0.1)
    wait_until(lambda: is_quiet(group, for_s=0.02), QUIET_WITHIN_S)


def _why(server: Server, what: str) -> str:
    return f"{server.stack.id} {what}; {server.group.last_words()}"
