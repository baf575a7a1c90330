"""What the kernel keeps for the server's side of its TCP connections.

A slow reader costs in the kernel too: what the server wrote and the client has not yet
taken waits in the send queue. /proc/net/sockstat counts the whole machine, and over
loopback the client's side with it. So each socket is asked for by itself, through
sock_diag(7), as `ss -tm` does. That needs no privilege. A container or a kernel without
sock_diag gives no answer.

The structures are those of linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_NETLINK_SOCK_DIAG = 4
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_SOCK_DIAG_BY_FAMILY = 20
_INET_DIAG_SKMEMINFO = 7
_ESTABLISHED, _TIME_WAIT, _LISTEN = 1, 6, 10  # linux/tcp_states.h
_LISTENING = 1 << _LISTEN
# Of 1 to 12: TIME_WAIT has no socket left. A 13 stands for sockets that are only bound,
# and Linux 6.8 and later lists those of every port.
_HELD = sum(1 << n for n in range(1, 13) if n not in (_LISTEN, _TIME_WAIT))

# struct nlmsghdr: length, type, flags, sequence, port.
_HEADER = struct.Struct("=IHHII")
# struct inet_diag_req_v2: family, protocol, extensions, pad, states; then, of struct
# inet_diag_sockid, the local and the remote port in network order. Zero asks for any.
_REQUEST = struct.Struct("=BBBxI2s2s44x")
# struct inet_diag_msg: family, state, timer, retransmits; inet_diag_sockid; expires,
# receive queue, (send queue, uid), inode.
_SOCKET = struct.Struct("=xBxx48xxxxxI8xI")
# struct rtattr: length, type.
_ATTRIBUTE = struct.Struct("=HH")
# SK_MEMINFO_: RMEM_ALLOC, (RCVBUF, WMEM_ALLOC, SNDBUF), FWD_ALLOC, WMEM_QUEUED, OPTMEM,
# BACKLOG. What is in WMEM_ALLOC is in WMEM_QUEUED too.
_MEMORY = struct.Struct("=i12xiiii")
_REPLY_BYTES = 1 << 15  # netlink_dump() fills no more at once
_WITHIN_S = 2.0


@dataclass(frozen=True)
class Sockets:
    """The server's sockets on a port.

    `memory_bytes` is what waits to be read or sent, with what is set aside for more.
    The socket's own structures, 3.6 kB a connection in /proc/slabinfo, are not in it.
    Connections that no worker has accepted yet count; `inodes` are the accepted ones'.
    """

    connections: int
    established: int
    memory_bytes: int
    inodes: frozenset[int]
    accept_queue: int


class _Socket(NamedTuple):
    state: int
    receive_queue: int
    inode: int
    memory_bytes: int


def sockets_on(port: int) -> Sockets | None:
    """The sockets with this local port, or None where the kernel does not say.

    It takes 8 ms, because the kernel walks its whole table, and 8 us a connection.
    """
    both = (socket.AF_INET, socket.AF_INET6)
    try:
        listening = {family: _dump(family, port, _LISTENING) for family in both}
        # Walking the table costs most of it, so only the family that is served.
        served = [family for family in both if listening[family]] or both
        held = [one for family in served for one in _dump(family, port, _HELD)]
    except (OSError, AttributeError):  # no netlink in the system, or in Python
        return None
    return _found(held, [one for found in listening.values() for one in found])


def _found(held: Sequence[_Socket], listeners: Sequence[_Socket]) -> Sockets:
    return Sockets(
        connections=len(held),
        established=sum(one.state == _ESTABLISHED for one in held),
        memory_bytes=sum(one.memory_bytes for one in held),
        inodes=frozenset(one.inode for one in held if one.inode),
        # A listening socket's queues mean these (tcp_diag_get_info()).
        accept_queue=sum(one.receive_queue for one in listeners),
    )


def sockets_to(port: int) -> Sockets | None:
    """The sockets with this remote port on loopback, which nobody else uses there: what
    leads to a server from what stands in front of it."""
    try:
        held = _dump(socket.AF_INET, 0, _HELD, remote=port)
    except (OSError, AttributeError):
        return None
    return _found(held, [])


def joined(parts: Iterable[Sockets | None]) -> Sockets | None:
    """All of these as one; None where one of them is not known."""
    every = list(parts)
    known = [part for part in every if part is not None]
    if len(known) < len(every):
        return None
    return Sockets(
        connections=sum(part.connections for part in known),
        established=sum(part.established for part in known),
        memory_bytes=sum(part.memory_bytes for part in known),
        inodes=frozenset[int]().union(*(part.inodes for part in known)),
        accept_queue=sum(part.accept_queue for part in known),
    )


def connections_by_pid(sockets: Sockets, pids: Iterable[int]) -> dict[int, int]:
    """How many of the connections each process has open.

    It reads the link of every descriptor, 10 us each: for once a step. A process that
    has ended, or that we may not look into, is left out.
    """
    found = {}
    for pid in pids:
        try:
            found[pid] = sum(inode in sockets.inodes for inode in _inodes_of(pid))
        except OSError:
            continue
    return found


def _inodes_of(pid: int) -> Iterator[int]:
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        try:
            kind, _, inode = os.readlink(f"{folder}/{name}").partition(":")
        except FileNotFoundError:  # closed meanwhile
            continue
        if kind == "socket":
            yield int(inode[1:-1])


def _dump(family: int, port: int, states: int, remote: int = 0) -> list[_Socket]:
    """One address family's TCP sockets with that local port, and that remote one, in
    any of these states; 0 is any port."""
    wanted = 1 << (_INET_DIAG_SKMEMINFO - 1)
    ports = (port.to_bytes(2, "big"), remote.to_bytes(2, "big"))
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, wanted, states, *ports)
    flags = _NLM_F_REQUEST | _NLM_F_DUMP
    size = _HEADER.size + len(body)
    head = _HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, flags, 0, 0)
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG)
    with link:
        link.settimeout(_WITHIN_S)
        link.send(head + body)
        found: list[_Socket] = []
        while _parse(link.recv(_REPLY_BYTES), found):
            pass
    return found


def _parse(reply: bytes, found: list[_Socket]) -> bool:
    """Add a reply's sockets to those found; whether more is to come."""
    at = 0
    while at < len(reply):
        length, kind, *_ = _HEADER.unpack_from(reply, at)
        if kind == _NLMSG_ERROR:
            raise OSError("the kernel has no sock_diag for TCP")
        if kind == _NLMSG_DONE:
            return False
        found.append(_socket(reply, at + _HEADER.size, at + length))
        at += _aligned(length)
    return True


def _socket(reply: bytes, at: int, end: int) -> _Socket:
    state, receive_queue, inode = _SOCKET.unpack_from(reply, at)
    memory_bytes = 0  # of a handshake that is not over yet
    at += _SOCKET.size
    while at < end:
        length, kind = _ATTRIBUTE.unpack_from(reply, at)
        if kind == _INET_DIAG_SKMEMINFO:
            memory_bytes = sum(_MEMORY.unpack_from(reply, at + _ATTRIBUTE.size))
        at += _aligned(length)
    return _Socket(state, receive_queue, inode, memory_bytes)


def _aligned(length: int) -> int:
    return (length + 3) & ~3  # NLMSG_ALIGN and RTA_ALIGN
