"""The client of a trace: which request it makes, and how slow or impatient it is."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from loadtests import UserError
from loadtests.catalog.contract import Request
from loadtests.clients.wire import SMALL_RECEIVE_BUFFER, Address, connect
from loadtests.records.json_file import MOST_BYTES

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SLOWNESS = ("body", "read")
# What shows the most, where no REQUEST is given.
PLAIN = "GET /stream?chunks=3&interval_ms=100"
UPLOAD = "POST /upload"
LONG_READ = "GET /stream?chunks=8&size=1048576"
LONG_WAIT = "GET /stream?chunks=8&interval_ms=100"

BODY_PIECES, BODY_GAP_S = 4, 0.1
READ_PIECE, READ_REST_S = 2 * 1024 * 1024, 0.2
ANSWER_LIMIT_S = 60.0


class Did(NamedTuple):
    """What the client did, and when on the machine's monotonic clock."""

    clock_s: float
    what: str


class TraceError(UserError):
    """A request that cannot be made, or stacks that cannot be traced; one line."""


@dataclass(frozen=True)
class TracedClient:
    """A request, and how the client goes about it.

    `slow` is "", "body" (sent in four pieces, 100 ms apart) or "read" (rests 200 ms
    before every 2 MB). The client leaves after so many seconds or bytes of the answer.
    """

    request: Request
    slow: str = ""
    leave_s: float | None = None
    leave_bytes: int | None = None

    @classmethod
    def parse(cls, request: str, body: str, slow: str, leave: str) -> TracedClient:
        """The client that these words ask for; TraceError if there is none such."""
        if slow and slow not in SLOWNESS:
            raise TraceError(f"SLOW={slow}: it is body or read")
        content = _body(body)
        line = request or _default(body=bool(body), slow=slow, leave=leave)
        method, target = _request_line(line)
        if slow == "body" and not content:
            content = b"a slow body, sent in four pieces"
        leave_s, leave_bytes = _leave(leave)
        return cls(Request(method, target, body=content), slow, leave_s, leave_bytes)

    def __str__(self) -> str:
        words = [f"{self.request.method} {self.request.target}"]
        if self.request.body:
            words.append(f"with a body of {len(self.request.body)} bytes")
        if self.slow == "body":
            words.append(
                f"sent in {BODY_PIECES} pieces, {BODY_GAP_S * 1000:.0f} ms apart"
            )
        if self.slow == "read":
            every = f"{READ_PIECE // 1024**2} MB"
            words.append(f"resting {READ_REST_S * 1000:.0f} ms before every {every}")
        if self.leave_s is not None:
            words.append(f"leaving after {self.leave_s * 1000:g} ms")
        if self.leave_bytes is not None:
            words.append(f"leaving after {self.leave_bytes} bytes of the answer")
        return ", ".join(words)


def _default(*, body: bool, slow: str, leave: str) -> str:
    if body or slow == "body":
        return UPLOAD
    if slow == "read":
        return LONG_READ
    return LONG_WAIT if leave else PLAIN


def _request_line(line: str) -> tuple[str, str]:
    method, _, target = line.strip().partition(" ")
    if method not in METHODS:
        raise TraceError(
            f"REQUEST={line!r}: no method {method!r}, only {', '.join(METHODS)}"
        )
    if not re.fullmatch(r"/[!-~]*", target):
        raise TraceError(
            f"REQUEST={line!r}: after the method comes a path, /hello?name=Ada, in "
            "printable ASCII"
        )
    return method, target


def _body(text: str) -> bytes:
    if not text.startswith("@"):
        return os.fsencode(text)  # bytes that are not UTF-8 came as surrogates
    try:
        with Path(text[1:]).open("rb") as file:  # perhaps of a pipe: @<(...)
            body = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise TraceError(f"BODY={text}: {error.strerror}") from None
    if len(body) > MOST_BYTES:
        raise TraceError(f"BODY={text}: longer than {MOST_BYTES:,} bytes")
    return body


def _leave(text: str) -> tuple[float | None, int | None]:
    if not text:
        return None, None
    found = re.fullmatch(r"([0-9]{1,9})(ms|B)", text)
    if not found:
        raise TraceError(f"LEAVE={text}: a time or a size, like 150ms or 2000B")
    number = int(found[1])
    return (number / 1000, None) if found[2] == "ms" else (None, number)


def talk(client: TracedClient, address: Address) -> Iterator[Did]:
    """Make the request; yields what the client does as it does it."""
    buffer = SMALL_RECEIVE_BUFFER if client.slow == "read" else None
    with connect(address, receive_buffer=buffer) as sock:
        began_s = time.monotonic()
        try:
            yield from _send(client, sock, began_s)
            yield from _receive(client, sock, began_s)
            return
        except TimeoutError:
            what = "leaves" if client.leave_s is not None else "gives up"
        except OSError as error:
            yield Did(time.monotonic(), f"loses the connection ({error.strerror})")
            return
        # Noted first: the server may notice before we are back from close().
        yield Did(time.monotonic(), what)


def _send(client: TracedClient, sock: socket.socket, began_s: float) -> Iterator[Did]:
    raw = client.request.to_bytes()
    if client.slow != "body":
        sock.sendall(raw)
        return
    body = client.request.body
    sock.sendall(raw[: len(raw) - len(body)])
    size = -(-len(body) // BODY_PIECES)
    for start in range(0, len(body), size):
        _sleep(client, began_s, BODY_GAP_S)
        piece = body[start : start + size]
        yield Did(time.monotonic(), f"sends {len(piece)} bytes of body")
        sock.sendall(piece)


def _receive(
    client: TracedClient, sock: socket.socket, began_s: float
) -> Iterator[Did]:
    received, rested = 0, 0
    while client.leave_bytes is None or received < client.leave_bytes:
        if client.slow == "read" and received >= rested:
            # The first rest begins before the server can have called the app.
            yield Did(time.monotonic() if rested else began_s, "rests")
            _sleep(client, began_s, READ_REST_S)
            yield Did(time.monotonic(), "reads on")
            rested += READ_PIECE
        sock.settimeout(_left_s(client, began_s))
        size = (client.leave_bytes or received + 65536) - received
        piece = sock.recv(min(65536, size))
        if not piece:
            yield Did(time.monotonic(), f"has the whole answer, {received} bytes")
            return
        received += len(piece)
    yield Did(time.monotonic(), f"leaves after {received} bytes")


def _sleep(client: TracedClient, began_s: float, seconds: float) -> None:
    """Sleep, but only as long as the client stays."""
    left_s = _left_s(client, began_s)
    time.sleep(min(seconds, left_s))
    if left_s <= seconds:
        raise TimeoutError


def _left_s(client: TracedClient, began_s: float) -> float:
    limit_s = ANSWER_LIMIT_S if client.leave_s is None else client.leave_s
    left_s = began_s + limit_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s
