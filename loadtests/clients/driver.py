"""A closed loop of requests: drives a server as hard as one core of ours can.

The one rule: what a request costs a server is seen while the server is busy. At a
modest rate each request also pays for waking up and for cold caches, five to nineteen
times as much. So a few connections ask again as soon as they are answered; how many
requests are due is not the question here, only what each of them costs.

Nothing here waits for a slow server: a closed loop says nothing of response times.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from loadtests.clients.answers import WireError, parse_response
from loadtests.clients.wire import Address, connect

CONNECTIONS = 16
_SILENT_S = 5.0  # without any answer for so long, something is wrong
_BUFFER = 262_144


@dataclass(frozen=True)
class Driven:
    """How many requests were answered, and in which time."""

    answered: int
    lasted_s: float


@dataclass
class _Connection:
    """One connection of the loop, and how much of its answer has come."""

    sock: socket.socket
    received: int = 0


@dataclass
class Loop:
    """Asks one request over and over; `kept_alive`: on connections that stay open.

    `right` decides on the body of the first answer. All later ones must have its
    status and its length, which is all that a loop has time to check. Raises WireError
    where an answer is wrong, or none comes.
    """

    address: Address
    target: str
    kept_alive: bool
    right: Callable[[bytes], bool]
    _open: dict[int, _Connection] = field(default_factory=dict, init=False)

    @property
    def request(self) -> bytes:
        connection = "keep-alive" if self.kept_alive else "close"
        host = f"{self.address[0]}:{self.address[1]}"
        lines = (f"GET {self.target} HTTP/1.1", f"Host: {host}")
        return "\r\n".join([*lines, f"Connection: {connection}", "", ""]).encode()

    def drive(self, lasts_s: float, connections: int = CONNECTIONS) -> Driven:
        """Ask for so long, on so many connections."""
        length, stays = self._first_answer()
        with self._connected(connections) as poll:
            return self._asked(poll, lasts_s, length, stays)

    def _first_answer(self) -> tuple[int, bool]:
        """The length of a whole answer in bytes, and whether its connection stays."""
        data = b""
        with self._new_socket() as sock:
            sock.sendall(self.request)
            while (answer := parse_response(data)) is None:
                data += _received(sock)
            if answer.status != 200 or not self.right(answer.body):
                raise WireError("wrong", f"GET {self.target}: {data[:60]!r}")
            closes = answer.headers.get("connection", "").lower() == "close"
            stays = self.kept_alive and not closes and self._stays(sock)
        return len(data), stays

    def _stays(self, sock: socket.socket) -> bool:
        """Whether a second request is answered there: a server may close without having
        said so, as uWSGI does (RFC 9112, 9.3)."""
        try:
            sock.sendall(self.request)
            return bool(sock.recv(_BUFFER))
        except ConnectionError:
            return False

    def _new_socket(self) -> socket.socket:
        sock = connect(self.address)
        sock.settimeout(_SILENT_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    @contextlib.contextmanager
    def _connected(self, connections: int) -> Iterator[select.epoll]:
        with contextlib.closing(select.epoll()) as poll:
            try:
                for _ in range(connections):
                    self._ask_anew(poll)
                yield poll
            finally:
                for connection in self._open.values():
                    connection.sock.close()
                self._open.clear()

    def _ask_anew(self, poll: select.epoll) -> None:
        sock = self._new_socket()
        sock.setblocking(False)
        self._open[sock.fileno()] = _Connection(sock)
        poll.register(sock, select.EPOLLIN)
        sock.send(self.request)

    def _asked(
        self, poll: select.epoll, lasts_s: float, length: int, stays: bool
    ) -> Driven:
        answered, request = 0, self.request
        began_s = time.monotonic()
        while (lasted_s := time.monotonic() - began_s) < lasts_s:
            ready = poll.poll(_SILENT_S)
            if not ready:
                raise WireError("late", f"no answer in {_SILENT_S:g} s")
            for number, _ in ready:
                connection = self._open[number]
                if not self._has_answered(connection, length):
                    continue
                answered += 1
                if stays:
                    connection.received = 0
                    connection.sock.send(request)
                else:
                    self._replace(poll, number)
        return Driven(answered, lasted_s)

    def _has_answered(self, connection: _Connection, length: int) -> bool:
        data = _received(connection.sock)
        if not connection.received and not data.startswith(b"HTTP/1.1 200 "):
            raise WireError("wrong", f"GET {self.target}: {data[:60]!r}")
        connection.received += len(data)
        if connection.received > length:
            raise WireError("wrong", f"{connection.received} bytes, not {length}")
        return connection.received == length

    def _replace(self, poll: select.epoll, number: int) -> None:
        connection = self._open.pop(number)
        poll.unregister(number)
        connection.sock.close()
        self._ask_anew(poll)


def _received(sock: socket.socket) -> bytes:
    """The next bytes of an answer. WireError where there are none."""
    try:
        data = sock.recv(_BUFFER)
    except OSError as error:
        raise WireError("reset", str(error)) from None
    if not data:
        raise WireError("closed", "before its answer was whole")
    return data
