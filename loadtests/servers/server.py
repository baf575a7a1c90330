"""A stack, running: started, proved to be ours, watched, stopped.

Anything else that answers on the port is an error, never a measurement: a server counts
as ready only when a process of OUR group listens there and answers as the app would.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from loadtests import ROOT
from loadtests.catalog.stacks import HOST, Stack
from loadtests.catalog.target import RAW, Target
from loadtests.clients.wire import WireError, exchange
from loadtests.servers.processes import Group, Guard, ProcessError, started, wait_until
from loadtests.servers.usage import usage

LISTENS_WITHIN_S = 20.0
IS_OURS_WITHIN_S = 5.0
ANSWERS_WITHIN_S = 20.0
# The second is missing on a machine without IPv6.
_TCP_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTEN = "0A"


class ServerError(ProcessError):
    """A server that did not get ready; the message says why and where its log is."""


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


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def listeners(port: int) -> set[tuple[str, int | None]]:
    """Who listens on a TCP port: address, and process (None for one we cannot see)."""
    found = {one.inode: one.address for one in _listening() if one.port == port}
    owners = _owners(found) if found else {}
    return {
        (address, pid)
        for inode, address in found.items()
        for pid in owners.get(inode, [None])
    }


def is_listened_on(port: int) -> bool:
    """Whether anybody listens on a TCP port."""
    return any(port == one.port for one in _listening())


class _Listening(NamedTuple):
    """A socket that listens."""

    address: str
    port: int
    inode: str


def _listening() -> Iterator[_Listening]:
    """The sockets that listen: all, and nothing else, because it is asked often.

    The kernel lists them first (proc_net_tcp.rst). After them come the connections, by
    the thousand once a server was measured; psutil takes 200 ms of CPU to read those.
    """
    for table in _TCP_TABLES:
        with contextlib.suppress(FileNotFoundError), table.open() as rows:
            next(rows)
            for row in map(str.split, rows):
                if row[3] != _LISTEN:
                    break
                address, _, port = row[1].partition(":")
                yield _Listening(_dotted(address), int(port, 16), row[9])


def _dotted(address: str) -> str:
    """An IP address as people write it; the kernel writes words of 32 bits."""
    words = [bytes.fromhex(address[n : n + 8]) for n in range(0, len(address), 8)]
    packed = b"".join(word[:: -1 if sys.byteorder == "little" else 1] for word in words)
    return socket.inet_ntop(
        socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed
    )


def _owners(inodes: Container[str]) -> dict[str, list[int | None]]:
    """The processes that hold these sockets, as far as we may look."""
    found: dict[str, list[int | None]] = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for file in _open_files(pid):
            inode = file.removeprefix("socket:[").removesuffix("]")
            if inode in inodes:
                found.setdefault(inode, []).append(int(pid))
    return found


def _open_files(pid: str) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                yield os.readlink(f"/proc/{pid}/fd/{descriptor}")


@contextlib.contextmanager
def running(
    stack: Stack,
    guard: Guard,
    log: Path | None,
    *,
    port: int | None = None,
    answering: bool = True,
) -> Iterator[Server]:
    """Serve a stack on a free loopback port for as long as the block runs.

    With `answering` it is ready when it answers as our apps do, else when it listens.
    Raises ServerError when something else has the port, or the server does not get
    ready in 20 s; ProcessError when it will not end.
    """
    port = port or free_port()
    if is_listened_on(port):
        raise ServerError(f"port {port} is in use: choose another with PORT=")
    command, nofile = stack.command(port), stack.nofile
    with started(guard, command, log, cwd=ROOT, nofile=nofile) as group:
        server = Server(stack, group, port)
        _await_listening(server)
        if answering:
            _await_answers(server)
        yield server


def _await_listening(server: Server) -> None:
    def listening_or_gone() -> bool:
        return server.group.exited or is_listened_on(server.port)

    if not wait_until(listening_or_gone, LISTENS_WITHIN_S) or server.group.exited:
        raise ServerError(_why(server, "did not start"))
    # Asked again for a while: a worker may be forked, or the server be ending, between
    # the two look-ups.
    ours = wait_until(lambda: server.group.exited or _is_ours(server), IS_OURS_WITHIN_S)
    if server.group.exited:
        raise ServerError(_why(server, "did not start"))
    if not ours:
        raise ServerError(f"port {server.port} is served by a process that is not ours")


def _is_ours(server: Server) -> bool:
    owners = {pid for _, pid in listeners(server.port)}
    return owners <= {process.pid for process in server.group.members()}


def _await_answers(server: Server) -> None:
    if not wait_until(
        lambda: server.group.exited or _answers(server), ANSWERS_WITHIN_S
    ):
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
