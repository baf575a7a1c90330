"""A server that takes one connection, in a thread, and reacts as a script says."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

from loadtests.clients.wire import Address

HOST = "127.0.0.1"
PATIENCE_S = 5.0
REQUEST = b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
LAST_CHUNK = b"0\r\n\r\n"

Reaction = Callable[[socket.socket], None]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


class Listener:
    """Takes one connection on a loopback port, reacts to it and closes it."""

    def __init__(self, reaction: Reaction) -> None:
        self._socket = socket.create_server((HOST, 0))
        self._socket.settimeout(PATIENCE_S)
        self._reaction = reaction
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.address: Address = self._socket.getsockname()

    def _serve(self) -> None:
        with self._socket.accept()[0] as connection:
            connection.settimeout(PATIENCE_S)
            self._reaction(connection)

    def finish(self) -> None:
        """Wait until the reaction is over and the connection is closed."""
        self._thread.join()
        self._socket.close()


@contextlib.contextmanager
def listening(reaction: Reaction) -> Iterator[Listener]:
    listener = Listener(reaction)
    try:
        yield listener
    finally:
        listener.finish()


@contextlib.contextmanager
def nobody_listening() -> Iterator[Address]:
    """A port that is taken, so that nobody else gets it, and not listened on."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield taken.getsockname()


def read_head(sock: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += sock.recv(1)
    return data


def stay_silent(sock: socket.socket) -> None:
    """Read until the client has gone."""
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(65536):
            pass


def reset(sock: socket.socket) -> None:
    """Close so that the client gets a RST instead of a FIN.

    A moment later: it might reach the client before connect() has returned there.
    """
    time.sleep(0.05)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close(sock: socket.socket) -> None:
    """Nothing to do: the listener closes after every reaction."""


def answering(data: bytes, pause_s: float | None = None) -> Reaction:
    """Answers at once; with a pause, byte by byte, and a pause after each."""

    def answer(sock: socket.socket) -> None:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            for piece in [data] if pause_s is None else byte_by_byte(data):
                sock.sendall(piece)
                time.sleep(pause_s or 0)

    return answer


def after_request(*reactions: Reaction) -> Reaction:
    def react(sock: socket.socket) -> None:
        read_head(sock)
        for reaction in reactions:
            reaction(sock)

    return react


def at_once(*reactions: Reaction) -> Reaction:
    def react(sock: socket.socket) -> None:
        for reaction in reactions:
            reaction(sock)

    return react
