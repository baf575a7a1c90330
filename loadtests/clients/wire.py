"""HTTP/1.1 over a plain socket, at a chosen pace: how the slow clients are slow.

The one rule: a client may be as slow as it likes, and a server must not be surprised
(RFC 9112 sets no pace). A slow client therefore does what an honest client does, only
late. Nothing here knows Locust; under it, these sockets wait without holding a thread.
Times are seconds of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import dataclasses
import errno
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.clients.answers import (
    STATUS_BYTES,
    LongAnswer,
    Response,
    parse_response,
    parse_status,
)
from loadtests.clients.answers import WireError as WireError

Address = tuple[str, int]

# The kernel's minimum: a server is held back by a full window as soon as can be.
SMALL_RECEIVE_BUFFER = 4096
# Loopback's segments are 65,483 bytes, and Linux sizes a send buffer by the segment: a
# server could write 4 MB to a client that does not read, and on Ethernet some 100 kB.
SEGMENT_BYTES = 1460  # announced in the handshake, so set before connect (tcp(7))
_CONNECT_TIMEOUT_S = 5.0
_BIND_ADDRESS_NO_PORT = 24  # ip(7); Python 3.11 does not name it
_RESET = struct.pack("ii", 1, 0)  # socket(7), SO_LINGER
_OUR_OWN = (errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM)  # our end is used up


@dataclass(frozen=True)
class Ending:
    """How one visit of a slow client ended: its fate, with the status if any."""

    fate: str
    status: int | None = None


def connect(
    address: Address, *, receive_buffer: int | None = None, source: str = ""
) -> socket.socket:
    """A connected socket, from that source address if there is one. The receive buffer
    is set before the handshake, because the window that the server may fill is
    announced there. Raises WireError."""
    sock = new_socket()
    try:
        if source:
            # The port is chosen at connect, where only one to the same server counts.
            sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            sock.bind((source, 0))
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(_CONNECT_TIMEOUT_S)
        sock.connect(address)
    except OSError as error:
        sock.close()
        raise _wire_error(error, otherwise="refused") from None
    except BaseException:
        sock.close()
        raise
    sock.settimeout(None)
    return sock


def exchange(address: Address, request: bytes, *, deadline_s: float) -> Response:
    """One request on a connection of its own, answered whole within the deadline.

    The request must ask for the connection to be closed. Raises WireError.
    """
    deadline = time.monotonic() + deadline_s
    sock = new_socket()
    try:
        sock.settimeout(deadline_s)
        sock.connect(address)
        sock.sendall(request)
        return _read_response(sock, deadline)
    except TimeoutError:
        raise WireError("late") from None
    except OSError as error:
        raise _wire_error(error, otherwise="reset") from None
    finally:
        sock.close()


def new_socket() -> socket.socket:
    """A socket, not yet connected, whose segments will be those of Ethernet.

    Raises WireError where this machine has none left for us.
    """
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        raise WireError("generator", str(error)) from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
    return sock


def leave_by_reset(sock: socket.socket) -> None:
    """Let the end of the connection be a reset, of which a server hears at once, even
    while it waits for room to write."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def _wire_error(error: OSError, *, otherwise: str) -> WireError:
    if error.errno in _OUR_OWN:
        return WireError("generator", str(error))
    if isinstance(error, ConnectionRefusedError | ConnectionResetError):
        otherwise = "reset" if isinstance(error, ConnectionResetError) else "refused"
    return WireError(otherwise, str(error))


def _read_response(sock: socket.socket, deadline: float) -> Response:
    data, received_s = bytearray(), 0.0
    while (response := parse_response(bytes(data))) is None:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        sock.settimeout(remaining)
        piece = sock.recv(65536)
        received_s = time.monotonic()
        if not piece:
            response = parse_response(bytes(data), ended=True)
            break
        data += piece
    if response is None:
        raise WireError("closed", f"after {len(data)} bytes")
    return dataclasses.replace(response, received_s=received_s)


def idle(sock: socket.socket) -> Ending:
    """Say nothing and wait for whatever the server does about it."""
    sock.settimeout(None)
    return _heard(sock)


def drip(
    sock: socket.socket, opening: bytes, pieces: Iterator[bytes], gap_s: float
) -> Ending:
    """Send the opening at once, then a piece every `gap_s` seconds, until the pieces
    end or the server answers or hangs up."""
    try:
        sock.sendall(opening)
        for piece in pieces:
            sock.settimeout(gap_s)
            try:
                return _heard(sock)
            except TimeoutError:
                sock.settimeout(None)
                sock.sendall(piece)
        sock.settimeout(None)
        return _heard(sock)
    except (ConnectionResetError, BrokenPipeError):
        return Ending("reset")


def sip(sock: socket.socket, request: bytes, size: int, gap_s: float) -> Ending:
    """Ask at once, then read `size` bytes every `gap_s` seconds to the end.

    The request must ask for the connection to be closed: where its answer ends tells
    one that is over from a server that hung up (RFC 9112, 8).
    """
    answer = LongAnswer()
    try:
        sock.sendall(request)
        while piece := sock.recv(size):
            answer.feed(piece)
            if answer.status is not None and answer.status >= 400:
                return Ending("rejected", answer.status)
            time.sleep(gap_s)
    except (ConnectionResetError, BrokenPipeError):
        return Ending("reset", answer.status)
    return Ending("served" if answer.whole else "closed", answer.status)


def _heard(sock: socket.socket) -> Ending:
    """The ending that the server's next bytes, or its hanging up, mean.

    Raises TimeoutError when the socket has a time limit and nothing came.
    """
    try:
        data = piece = sock.recv(4096)
        sock.settimeout(None)  # what has begun is heard as far as its status
        while piece and len(data) < STATUS_BYTES:
            piece = sock.recv(4096)
            data += piece
    except ConnectionResetError:
        return Ending("reset")
    status = parse_status(data)
    if status is None:
        return Ending("closed")
    return Ending("rejected" if status >= 400 else "served", status)
