"""Which sockets listen on a port, and whether a process group holds them.

The one rule: a look must stay cheap under thousands of connections, because a cell
takes one every 250 ms. The kernel lists listening sockets before all others
(Documentation/networking/proc_net_tcp.rst), so a look reads the first pages of
/proc/net/tcp only. A socket keeps its inode, so its holder is looked for once.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
from collections.abc import Iterable, Iterator

import psutil

from loadtests.catalog.stacks import HOST
from loadtests.servers.processes import Members
from loadtests.servers.programs import ServerError

_TCP, _TCP_6 = "/proc/net/tcp", "/proc/net/tcp6"
_PAGE = 4096
_LISTEN = b"0A"
_LOCAL, _STATE, _INODE = 1, 3, 9  # words of a line
_ALL_OF_IPV6 = b"0" * 32


class PortTakenError(ServerError):
    """The port cannot be had: where it was chosen, another one can be."""


def see_that_it_is_free(port: int) -> None:
    """Nobody listens there, nor has it bound; or PortTakenError."""
    with socket.socket() as trial:
        # As servers do: connections that have ended are in nobody's way.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else error.strerror
            raise PortTakenError(f"port {port} {why}") from None
    if listening(port):
        raise PortTakenError(f"port {port} is in use")


def listening(port: int) -> set[int]:
    """The inodes of the sockets that take connections to `HOST:port`: those of IPv4, or
    else those of all addresses of IPv6, which take connections of IPv4 too."""
    places = {_place(host, port) for host in (HOST, "0.0.0.0")}
    found = {int(words[_INODE]) for words in _lines(_TCP) if words[_LOCAL] in places}
    return found or {
        int(words[_INODE])
        for words in _lines(_TCP_6)
        if words[_LOCAL] == b"%s:%04X" % (_ALL_OF_IPV6, port)
    }


def held_by(group: Members, port: int) -> bool:
    """Whether the group listens on `HOST:port`, and nobody else does."""
    sockets = listening(port)
    return bool(sockets) and not Holdings(group).lacks(sockets)


def places_of(group: Members) -> set[tuple[str, int]]:
    """The addresses and ports on which processes take connections."""
    places = {
        int(words[_INODE]): (_written(host), int(port, 16))
        for path in (_TCP, _TCP_6)
        for words in _lines(path)
        for host, _, port in [words[_LOCAL].partition(b":")]
    }
    held = {_inode(link) for process in group.members() for link in _links(process.pid)}
    return {place for inode, place in places.items() if inode in held}


def ports_of(group: Members) -> set[int]:
    """The ports of `HOST` on which a process group takes connections."""
    return {port for at, port in places_of(group) if at in (HOST, "0.0.0.0", "::")}


def listeners(port: int) -> set[tuple[str, int | None]]:
    """Who listens on a TCP port: address, and process (None for one we cannot see)."""
    places = {
        int(words[_INODE]): _written(host)
        for path in (_TCP, _TCP_6)
        for words in _lines(path)
        for host, _, its_port in [words[_LOCAL].partition(b":")]
        if int(its_port, 16) == port
    }
    held = {
        (inode, pid)
        for pid in psutil.pids()
        for link in _links(pid)
        if (inode := _inode(link)) in places
    }
    unseen = places.keys() - {inode for inode, _ in held}
    found: set[tuple[str, int | None]] = {(places[inode], pid) for inode, pid in held}
    return found | {(places[inode], None) for inode in unseen}


def holders(group: Members, port: int) -> list[psutil.Process]:
    """The processes of a group that take connections to `HOST:port`."""
    inodes = listening(port)
    return [
        process
        for process in group.members()
        if inodes & {_inode(link) for link in _links(process.pid)}
    ]


def _place(host: str, port: int) -> bytes:
    """An address as /proc/net/tcp writes it: in the byte order of the machine."""
    return b"%s:%04X" % (_address(host), port)


def _address(host: str) -> bytes:
    address = int.from_bytes(socket.inet_aton(host), sys.byteorder)
    return f"{address:08X}".encode()


def _written(address: bytes) -> str:
    """An address of /proc/net/tcp or tcp6 as people write it."""
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, packed)


def _lines(path: str) -> Iterator[list[bytes]]:
    """The words of each line of a listening socket."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # a kernel without IPv6
        return
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

    def __init__(self, group: Members) -> None:
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
    """The paths of a process's descriptors, as far as we may see them."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            yield f"/proc/{pid}/fd/{name}"


def _inode(link: str) -> int:
    """The inode of the socket that a descriptor is; 0 for anything else."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        target = os.readlink(link)
        if target.startswith("socket:["):
            return int(target[8:-1])
    return 0
