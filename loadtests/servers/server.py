"""A stack, running: started, proved to be ours, watched, stopped.

Anything else that answers on the port is an error, never a measurement: a server counts
as ready only when a process of OUR group listens there and answers as the app would.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests import ROOT
from loadtests.catalog.stacks import HOST, Stack
from loadtests.catalog.target import RAW, Target
from loadtests.clients.wire import WireError, exchange
from loadtests.records.facts import (
    NOT_LISTENING,
    PORT_TAKEN,
    SERVER_DIED,
    Fact,
    fact,
)
from loadtests.servers.listening import Holdings, listening
from loadtests.servers.processes import Group, Guard, started, wait_until
from loadtests.servers.programs import ProcessError
from loadtests.servers.usage import usage

LISTENS_WITHIN_S = 20.0
ANSWERS_WITHIN_S = 20.0
IMPORTS_WITHIN_S = 60.0  # an app of somebody else, which may be large


class ServerError(ProcessError):
    """A server that did not get ready; the message says why and where its log is."""


class ServerBrokenError(ServerError):
    """A server that is not the one that we started any more: `why` is a fact."""

    def __init__(self, why: Fact) -> None:
        super().__init__(f"{why.kind}: {why.words}")
        self.why = why


@dataclass(frozen=True)
class Server:
    """A running stack."""

    stack: Stack
    group: Group
    port: int
    target: Target = RAW

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

    @property
    def owns_its_port(self) -> bool:
        """Whether every socket that listens on the port is held by the group."""
        return not self._holdings.lacks(listening(self.port))

    @functools.cached_property
    def _holdings(self) -> Holdings:
        return Holdings(self.group)

    def _look(self) -> Fact | None:
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


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def listeners(port: int) -> set[tuple[str, int | None]]:
    """Who listens on a TCP port: address, and process (None for one we cannot see)."""
    return {
        (connection.laddr.ip, connection.pid)
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
        and connection.laddr
        and connection.laddr.port == port
    }


def _named(pid: int) -> str:
    with contextlib.suppress(psutil.NoSuchProcess):
        return f"{psutil.Process(pid).name()} (pid {pid})"
    return f"pid {pid}, which has ended"


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
    port = port or free_port()
    _see_that_it_is_free(port)
    command, nofile, home = stack.command(port), stack.nofile, target.home
    cwd = Path(home.folder) if home else ROOT
    with started(guard, command, log, cwd=cwd, nofile=nofile, home=home) as group:
        server = Server(stack, group, port, target)
        _await_listening(server)
        if answering:
            _await_answers(server)
        yield server


def _see_that_it_is_free(port: int) -> None:
    """Nobody listens there, nor has it bound; or ServerError."""
    with socket.socket() as trial:
        # As servers do: connections that have ended are in nobody's way.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else error.strerror
            raise ServerError(f"port {port} {why}: choose another with PORT=") from None
    if listening(port):
        raise ServerError(f"port {port} is in use: choose another with PORT=")


def _await_listening(server: Server) -> None:
    def listening_or_gone() -> bool:
        return server.group.exited or bool(listening(server.port))

    within_s = IMPORTS_WITHIN_S if server.target.home else LISTENS_WITHIN_S
    if not wait_until(listening_or_gone, within_s) or server.group.exited:
        raise ServerError(_why(server, "did not start"))
    # Asked again for a while: a worker may be forked, or the server be ending, between
    # the two look-ups.
    ours = wait_until(lambda: server.group.exited or server.owns_its_port, 5.0)
    if server.group.exited:
        raise ServerError(_why(server, "did not start"))
    if not ours:
        raise ServerError(f"port {server.port} is served by a process that is not ours")


def _await_answers(server: Server) -> None:
    within_s = IMPORTS_WITHIN_S if server.target.home else ANSWERS_WITHIN_S
    if not wait_until(lambda: server.group.exited or _answers(server), within_s):
        raise ServerError(_why(server, "does not answer as the app should"))
    if server.group.exited:
        raise ServerError(_why(server, "did not start"))
    _await_quiet(server.group)


def _answers(server: Server) -> bool:
    try:
        request = server.target.healthy.to_bytes()
        answer = exchange(server.address, request, deadline_s=2.0)
    except WireError:
        return False
    return not server.target.check(answer.status, answer.headers, answer.body)


def _await_quiet(group: Group) -> None:
    """Wait until every worker is up: until the group has stopped using CPU time.

    One worker may answer while the next still imports the app.
    """
    previous = usage(group).cpu_s

    def quiet() -> bool:
        nonlocal previous
        before, previous = previous, usage(group).cpu_s
        return previous - before < 0.001

    time.sleep(0.1)
    wait_until(quiet, ANSWERS_WITHIN_S)


def _why(server: Server, what: str) -> str:
    return f"{server.stack.id} {what}; {server.group.last_words()}"
