"""Which sockets listen on a port, and whether a process group holds them.

The one rule: a look must stay cheap under thousands of connections, because a cell
takes one every 250 ms. The kernel lists listening sockets before all others
(Documentation/networking/proc_net_tcp.rst), so a look reads the first pages of
/proc/net/tcp only. A socket keeps its inode, so its holder is looked for once.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterable, Iterator

from loadtests.catalog.stacks import HOST
from loadtests.servers.processes import Group

_TCP = "/proc/net/tcp"
_PAGE = 4096
_LISTEN = b"0A"
_LOCAL, _STATE, _INODE = 1, 3, 9  # words of a line


def listening(port: int) -> set[int]:
    """The inodes of the sockets that take connections to `HOST:port`."""
    places = {_place(host, port) for host in (HOST, "0.0.0.0")}
    return {int(words[_INODE]) for words in _lines() if words[_LOCAL] in places}


def _place(host: str, port: int) -> bytes:
    """An address as /proc/net/tcp writes it: in the byte order of the machine."""
    address = int.from_bytes(socket.inet_aton(host), sys.byteorder)
    return f"{address:08X}:{port:04X}".encode()


def _lines() -> Iterator[list[bytes]]:
    """The words of each line of a listening socket."""
    descriptor = os.open(_TCP, os.O_RDONLY)
    try:
        rest = b""
        while page := os.read(descriptor, _PAGE):
            *lines, rest = (rest + page).split(b"\n")
            for line in lines:
                words = line.split()
                if words[_STATE] == _LISTEN:
                    yield words
                elif words[_STATE] != b"st":  # the heading's
                    return
    finally:
        os.close(descriptor)


class Holdings:
    """Which sockets a process group holds, remembered from look to look."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._links: dict[int, str] = {}

    def lacks(self, inodes: Iterable[int]) -> set[int]:
        """Those of these sockets that no process of the group holds."""
        missing = {inode for inode in inodes if not self._still_held(inode)}
        return missing - self._look_for(missing) if missing else missing

    def _still_held(self, inode: int) -> bool:
        link = self._links.get(inode, "")
        return bool(link) and _inode(link) == inode

    def _look_for(self, missing: set[int]) -> set[int]:
        found = {
            inode: link
            for process in self._group.members()
            for link in _links(process.pid)
            if (inode := _inode(link)) in missing
        }
        self._links |= found
        return set(found)


def _links(pid: int) -> Iterator[str]:
    """The paths of a process's descriptors."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            yield f"/proc/{pid}/fd/{name}"


def _inode(link: str) -> int:
    """The inode of the socket that a descriptor is; 0 for anything else."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        target = os.readlink(link)
        if target.startswith("socket:["):
            return int(target[8:-1])
    return 0
