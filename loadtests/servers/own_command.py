"""A command of the user's: on which port it listens, and what takes connections there.

The one rule: it is started as it is. So the port may be the one that it was given, or
one of its own.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.catalog.stacks import HOST
from loadtests.servers.listening import holders, listening, ports_of
from loadtests.servers.processes import Group, wait_until
from loadtests.servers.programs import ServerError
from loadtests.servers.usage import is_quiet, usage

_QUIET_S = 0.3  # so long without CPU time, a server has opened all its ports
_BACKGROUND = "It went on in the background: let it stay in the foreground"


def await_port(group: Group, given: int, within_s: float) -> int:
    """The port on which it takes connections: the one that it was given, or else the
    only one. Raises ServerError where it does not."""
    by_s = time.monotonic() + within_s
    if not wait_until(lambda: group.exited or bool(ports_of(group)), within_s):
        raise ServerError(
            f"CMD= takes no connections at {HOST} within {within_s:g} s; "
            f"{group.last_words()}"
        )
    if not group.exited and not listening(given):
        left_s = by_s - time.monotonic()
        wait_until(lambda: group.exited or is_quiet(group, _QUIET_S), left_s)
    if group.exited:
        status = group.process.returncode
        hint = f" {_BACKGROUND}." if group.left() else ""
        raise ServerError(
            f"CMD= ended with status {status} before it took connections.{hint} "
            f"{group.last_words()}"
        )
    return _the_one(ports_of(group), given)


def _the_one(ports: set[int], given: int) -> int:
    if given in ports:
        return given
    if len(ports) == 1:
        return ports.pop()
    listed = " and ".join(map(str, sorted(ports)))
    raise ServerError(
        f"CMD= listens on {listed or 'no port any more'}: write {{port}} in it where "
        "the port of the app belongs"
    )


@dataclass(frozen=True)
class Worker:
    """A process that takes connections, as it is when idle."""

    pid: int
    threads: int
    descriptors: int | None
    on_uvloop: bool


def workers(group: Group, port: int) -> list[Worker]:
    """The processes that take connections. One that has started another of them holds
    the socket for its children, and is none."""
    found = []
    with contextlib.suppress(psutil.NoSuchProcess, OSError):  # it has just ended
        some = holders(group, port)
        parents = {process.ppid() for process in some}
        used = usage(group).by_pid
        for process in some:
            if process.pid not in parents and process.pid in used:
                descriptors = used[process.pid].descriptors
                found.append(_worker(process, descriptors))
    return found


def _worker(process: psutil.Process, descriptors: int | None) -> Worker:
    maps = Path(f"/proc/{process.pid}/maps").read_text(errors="replace")
    return Worker(process.pid, process.num_threads(), descriptors, "/uvloop/" in maps)
