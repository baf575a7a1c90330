"""Answers of a server to odd requests: one after another, by their own framing.

The one rule: an answer is over where RFC 9112, 6.3, says so, and what comes after it is
the next one. Nothing is asked of an answer but a status line and framing.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from enum import StrEnum

_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([0-9]{3})(?: |$)")


class Silence(StrEnum):
    """Why there is no answer."""

    CLOSED = "closed"  # or reset: which of the two is a race with what was not read
    CUT = "cut"  # it began, and did not end
    WAITS = "waits"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class Answer:
    """A whole answer, an interim one (1xx) too; names of fields in lower case."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def is_final(self) -> bool:
        return self.status >= 200 or self.status == 101


class Malformed(Exception):
    """Bytes that are no answer of HTTP/1."""


def parsed(data: bytes, *, ended: bool, to_head: bool) -> tuple[Answer, bytes] | None:
    """The first answer in these bytes, and the bytes after it; None if it is not whole.

    `ended`: no more will come. `to_head`: it answers HEAD, so it has no body whatever
    its fields say. Raises Malformed.
    """
    head, separator, rest = data.partition(b"\r\n\r\n")
    if not _could_be_an_answer(data):
        raise Malformed(repr(data[:60]))
    if not separator:
        return None
    line, *lines = head.split(b"\r\n")
    found = _STATUS_LINE.match(line)
    if not found:
        raise Malformed(repr(line[:60]))
    status, fields = int(found[1]), _fields(lines)
    framed = _body(rest, fields, ended, without=to_head or _has_no_body(status))
    return framed and (Answer(status, fields, framed[0]), framed[1])


def _could_be_an_answer(data: bytes) -> bool:
    return data[:7] == b"HTTP/1."[: len(data)]


def _has_no_body(status: int) -> bool:
    return status < 200 or status in (204, 304)


def _fields(lines: list[bytes]) -> dict[str, str]:
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _body(
    rest: bytes, fields: dict[str, str], ended: bool, *, without: bool
) -> tuple[bytes, bytes] | None:
    """The body and what comes after it (RFC 9112, 6.3)."""
    if without:
        return b"", rest
    if fields.get("transfer-encoding", "").lower() == "chunked":
        return _unchunked(rest)
    if "content-length" not in fields:
        return (rest, b"") if ended else None
    length = fields["content-length"]
    if not re.fullmatch("[0-9]{1,9}", length):
        raise Malformed(f"Content-Length: {length[:40]}")
    return (
        (rest[: int(length)], rest[int(length) :]) if len(rest) >= int(length) else None
    )


def _unchunked(rest: bytes) -> tuple[bytes, bytes] | None:
    """A chunked body without trailers, as servers send it."""
    body = b""
    while True:
        size, line_end, rest = rest.partition(b"\r\n")
        if not line_end:
            return None
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
            raise Malformed(f"chunk size: {size[:40]!r}")
        length = int(size, 16)
        if len(rest) < length + 2:
            return None
        body, rest = body + rest[:length], rest[length + 2 :]
        if not length:
            return body, rest


class Hearing:
    """What a socket says, answer by answer."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._data = b""
        self._ended = False

    def answer(self, limit_s: float, *, to_head: bool = False) -> Answer | Silence:
        """The next answer, or why there is none within that time."""
        deadline = time.monotonic() + limit_s
        while True:
            try:
                found = parsed(self._data, ended=self._ended, to_head=to_head)
            except Malformed:
                return Silence.MALFORMED
            if found:
                answer, self._data = found
                return answer
            if self._ended:
                return Silence.CUT if self._data else Silence.CLOSED
            if not self._hear(deadline):
                return Silence.CUT if self._data else Silence.WAITS

    def _hear(self, deadline: float) -> bool:
        """Whether something came in time, the end of the connection too."""
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return False
        self._sock.settimeout(left_s)
        try:
            piece = self._sock.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            piece = b""
        self._data += piece
        self._ended = not piece
        return True
