"""All that takes connections on this machine, and what of it is not on 127.0.0.1.

The one rule: not only what our processes started is looked at, because a daemon leaves
them. What was there before does not count, nor does what a neighbour starts.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from loadtests.catalog.stacks import HOST

EVERY_S = 0.1
_LISTENS, _LOCAL, _STATE, _INODE = "0A", 1, 3, 9
_TABLES = {"/proc/net/tcp": socket.AF_INET, "/proc/net/tcp6": socket.AF_INET6}


def elsewhere() -> dict[str, str]:
    """The address of each listening socket that is not on 127.0.0.1, by its inode."""
    found = {}
    for table, family in _TABLES.items():
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[_STATE] == _LISTENS:
                found[words[_INODE]] = _address(words[_LOCAL], family)
    return {inode: at for inode, at in found.items() if not at.startswith(f"{HOST} ")}


def _address(local: str, family: socket.AddressFamily) -> str:
    """`0.0.0.0 port 8000`, of `00000000:1F40`: each four bytes stand backwards."""
    host, _, port = local.partition(":")
    raw = bytes.fromhex(host)
    turned = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return f"{socket.inet_ntop(family, turned)} port {int(port, 16)}"


@dataclass
class Watch:
    """Looks until it is ended; `found` says who listened where."""

    found: set[str] = field(default_factory=set)
    ended: threading.Event = field(default_factory=threading.Event)
    began_s: float = field(default_factory=lambda: psutil.Process().create_time())

    def look_on(self, before: dict[str, str]) -> None:
        known = set(before)
        while not self.ended.wait(EVERY_S):
            now = elsewhere()
            for inode in now.keys() - known:
                holders = _holders(inode)
                if not holders or any(map(self._may_be_ours, holders)):
                    names = sorted(_called(process) for process in holders)
                    self.found.add(f"{now[inode]}: {', '.join(names) or 'nobody'}")
            known |= now.keys()

    def _may_be_ours(self, process: psutil.Process) -> bool:
        """Whether we started it, or it has left whoever started it meanwhile."""
        with contextlib.suppress(psutil.Error):
            above = [process, *process.parents()]
            if os.getpid() in (one.pid for one in above):
                return True
            top = [one for one in above if one.pid != 1][-1]
            return top.create_time() >= self.began_s
        return True


def _holders(inode: str) -> list[psutil.Process]:
    wanted = f"socket:[{inode}]"
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            folder = f"/proc/{process.pid}/fd"
            if any(
                os.readlink(f"{folder}/{fd}") == wanted for fd in os.listdir(folder)
            ):
                found.append(process)
    return found


def _called(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())[:200]
    return f"pid {process.pid}"


@contextlib.contextmanager
def watched() -> Iterator[set[str]]:
    """What takes connections elsewhere than on 127.0.0.1 while the block runs."""
    watch = Watch()
    thread = threading.Thread(target=watch.look_on, args=(elsewhere(),))
    thread.start()
    try:
        yield watch.found
    finally:
        watch.ended.set()
        thread.join()
