"""The segments of our clients, as the server sees them."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

import pytest

from loadtests.clients import wire
from loadtests.clients.driver import Loop
from loadtests.clients.wire import Address, WireError

HOST = "127.0.0.1"
PATIENCE_S = 5.0
REQUEST = b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def segment_of(connection: socket.socket) -> int:
    """The size of the segments that the kernel sends to this peer (linux/tcp.h)."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 24)
    size: int = struct.unpack_from("=8B4I", info)[8 + 2]
    return size


def connects(address: Address) -> None:
    wire.connect(address).close()


def exchanges(address: Address) -> None:
    with contextlib.suppress(WireError):
        wire.exchange(address, REQUEST, deadline_s=0.5)


def drives(address: Address) -> None:
    with contextlib.suppress(WireError):
        Loop(address, "/hello", True, lambda body: True).drive(0.1)


@pytest.mark.parametrize("client", [connects, exchanges, drives])
def test_segments_are_those_of_ethernet(client: Callable[[Address], None]) -> None:
    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=client, args=[listener.getsockname()])
        thread.start()
        connection, _ = listener.accept()
        with connection:
            # Less by the 12 bytes of the timestamps, where there are any (RFC 7323).
            assert wire.SEGMENT_BYTES - 12 <= segment_of(connection) <= 1460
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
