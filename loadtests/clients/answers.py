"""What the bytes of an answer are: its head, its body, and where the body ends.

The one rule: RFC 9112, 6.3, decides where a body ends. The last chunk ends a chunked
one, Content-Length counts one, and the server's close ends all others. Parsed by hand:
the standard library's parser is made for mail and takes some 0.3 ms, and the probe does
this hundreds of times a second beside a server that it must not slow.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

_HEAD_LIMIT = 65536
_STATUS = re.compile(rb"HTTP/1\.[0-9] ([0-9]{3})(?![0-9])")
STATUS_BYTES = len(b"HTTP/1.1 200")
_END = b"\r\n\r\n"
# The line of a chunk's size, which may have extensions; and the beginning of one.
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_BEGUN = re.compile(rb"[0-9A-Fa-f]{0,8}[ \t]*(?:;[^\r\n]{0,1024})?\r?")
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_NO_BODY = (204, 304)


class WireError(Exception):
    """An exchange that did not end in a whole answer; `fault` says whose fault.

    `fault` is one of refused, reset, closed (before the answer was whole), late,
    malformed: what the server did, as seen from the client; or `generator`: this
    machine had no port, descriptor or memory left for our own end of the connection.
    """

    def __init__(self, fault: str, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else fault)
        self.fault = fault


@dataclass(frozen=True)
class Response:
    """A whole answer: status, header fields with lower-case names, body; and, where it
    came through a socket, the moment at which its last byte was there."""

    status: int
    headers: dict[str, str]
    body: bytes
    received_s: float = dataclasses.field(default=0.0, compare=False)


def parse_response(data: bytes, *, ended: bool = False) -> Response | None:
    """The answer that these bytes are, None while it is not whole.

    `ended`: the server has closed, and no more will come. Raises WireError for what is
    no answer.
    """
    head, separator, rest = data.partition(_END)
    if len(head) > _HEAD_LIMIT:
        raise WireError("malformed", "the header section is too long")
    if not separator:
        return None
    status = parse_status(head)
    if status is None:
        raise WireError("malformed", repr(head[:60]))
    headers = _header_fields(head)
    body = _body(status, headers, rest, ended=ended)
    return None if body is None else Response(status, headers, body)


def _body(
    status: int, headers: dict[str, str], rest: bytes, *, ended: bool
) -> bytes | None:
    """The body, None while it is not whole (RFC 9112, 6.3)."""
    if coding := headers.get("transfer-encoding"):
        if coding.lower() != "chunked" or "content-length" in headers:
            raise WireError("malformed", f"Transfer-Encoding: {coding[:60]}")
        return _of_chunks(rest)
    if (length := headers.get("content-length")) is not None:
        return _of_length(length, rest)
    if status in _NO_BODY:
        return _of_length("0", rest)
    return rest if ended else None


def _of_length(length: str, rest: bytes) -> bytes | None:
    if not re.fullmatch("[0-9]{1,9}", length):
        raise WireError("malformed", f"Content-Length: {length[:60]}")
    if len(rest) > int(length):
        raise WireError("malformed", "more bytes than Content-Length says")
    return rest if len(rest) == int(length) else None


def _of_chunks(rest: bytes) -> bytes | None:
    """The body of these chunks, None while they are not whole (RFC 9112, 7.1)."""
    body, at = bytearray(), 0
    while line := _size_line(rest, at):
        size, at = int(line[1], 16), line.end()
        if not size:
            return bytes(body) if _is_end(rest[at:]) else None
        chunk, line_end = rest[at : at + size], rest[at + size : at + size + 2]
        if not b"\r\n".startswith(line_end):
            raise WireError("malformed", "a chunk is longer than its size")
        if len(line_end) < 2:
            return None
        body += chunk
        at += size + 2
    return None


def _size_line(rest: bytes, at: int) -> re.Match[bytes] | None:
    """The line with a chunk's size that begins there, None while it is not whole."""
    if line := _SIZE_LINE.match(rest, at):
        return line
    if _BEGUN.fullmatch(rest, at):
        return None
    raise WireError("malformed", f"no size of a chunk: {rest[at : at + 60]!r}")


def _is_end(trailer: bytes) -> bool:
    """Whether the trailer section is whole; most often it is one empty line."""
    if b"\r\n".startswith(trailer[:2]) and len(trailer) <= 2:
        return len(trailer) == 2
    _, end, more = trailer.partition(_END)
    if trailer.startswith(b"\r\n") or more:
        raise WireError("malformed", "more bytes than the last chunk")
    return bool(end)


def _header_fields(head: bytes) -> dict[str, str]:
    """The header fields by lower-case name; a repeated one's values are joined."""
    fields: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if not colon or name.split() != [name]:
            raise WireError("malformed", repr(line[:60]))
        name, value = name.lower(), value.strip(" \t")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def parse_status(head: bytes) -> int | None:
    """The status code in a response's first bytes; None when there is none."""
    found = _STATUS.match(head)
    return int(found[1]) if found else None


class LongAnswer:
    """An answer too long to keep: its status, and whether it is whole at its end."""

    def __init__(self) -> None:
        self.status: int | None = None
        self._head: bytes | None = b""  # as far as it has come; None: read
        self._fields: dict[str, str] = {}
        self._received, self._last = 0, b""

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        self._last = (self._last + piece)[-len(_LAST_CHUNK) :]
        if self._head is None:
            self._received += len(piece)
            return
        head, end, rest = (self._head + piece).partition(_END)
        self._head = (head + end)[:_HEAD_LIMIT]
        self.status = parse_status(self._head)
        if end:
            with contextlib.suppress(WireError):
                self._fields = _header_fields(head)
                self._received, self._head = len(rest), None

    @property
    def whole(self) -> bool:
        """Whether it is complete, now that the server has closed (RFC 9112, 8)."""
        if self._head is not None or self.status is None:
            return False
        if "transfer-encoding" in self._fields:
            return self._last == _LAST_CHUNK
        return self._fields.get("content-length") in (None, str(self._received))


def unlike(status: int, headers: Mapping[str, str]) -> str:
    """How an answer that is not the right one loses the request (LOST in records/cell).
    A server that refuses may say when to come again (RFC 9110, 10.2.3)."""
    if status < HTTPStatus.BAD_REQUEST:
        return "wrong"
    return "rejected-for-now" if "retry-after" in headers else "rejected"
