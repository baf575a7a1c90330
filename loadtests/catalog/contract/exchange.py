"""A request and its expected answer, and how an answer differs from it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """A request as it is sent, on a connection of its own.

    In `target` and in header values a character stands for the byte of that number.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunked: bool = False

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """All header fields, in the order in which they are sent."""
        named = {name.lower() for name, _ in self.headers}
        framing: tuple[tuple[str, str], ...] = ()
        if self.chunked:
            framing = (("Transfer-Encoding", "chunked"),)
        elif self.body and "content-length" not in named:
            framing = (("Content-Length", str(len(self.body))),)
        host = () if "host" in named else (("Host", "localhost"),)
        return (*host, ("Connection", "close"), *self.headers, *framing)

    def to_bytes(self) -> bytes:
        """The request as HTTP/1.1."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.fields]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return head + (_chunked(self.body) if self.chunked else self.body)


@dataclass(frozen=True)
class Expected:
    """What an answer must be. A header of None must be absent; others are free."""

    status: int
    headers: Mapping[str, str | None]
    body: bytes


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `in_process_only` is empty or says why it is so."""

    id: str
    request: Request
    expected: Expected
    in_process_only: str = ""


@dataclass(frozen=True)
class Deviation:
    """Where a server answers other than the contract has it, and why.

    `exchanges` are ids, or patterns of them (fnmatch), or what a test of WebSockets
    calls it. `status` is what it answers; None: it waits for what does not come, or
    ends the connection.
    """

    exchanges: tuple[str, ...]
    status: int | None
    because: str


def deviation(exchange: Exchange, known: Iterable[Deviation]) -> Deviation | None:
    """The first of these that is about the exchange."""

    def is_about(one: Deviation) -> bool:
        return any(fnmatch.fnmatchcase(exchange.id, name) for name in one.exchanges)

    return next(filter(is_about, known), None)


def mismatches(
    exchange: Exchange, status: int, headers: Mapping[str, str], body: bytes
) -> list[str]:
    """What is different from the expected answer, in words; nothing = all as expected.

    Only the headers that an application decides are compared: servers add their own.
    """
    expected = exchange.expected
    given = {name.lower(): value for name, value in headers.items()}
    faults = []
    if status != expected.status:
        faults.append(f"status: expected {expected.status}, got {status}")
    for name, value in expected.headers.items():
        if given.get(name) != value:
            faults.append(f"{name}: expected {value!r}, got {given.get(name)!r}")
    if body != expected.body:
        faults.append(f"body: expected {_short(expected.body)}, got {_short(body)}")
    return faults


def _short(body: bytes) -> str:
    return repr(body) if len(body) <= 400 else f"{body[:60]!r}... ({len(body)} bytes)"


def _chunked(body: bytes) -> bytes:
    # RFC 9112, 7.1. Several chunks, so that nobody takes a body for a chunk.
    size = max(1, min(65536, len(body) // 3))
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
