"""A row of the behaviour grid: an odd request, and what the standard says of it.

The one rule: what a server must do is written down here as a value, from the clause,
and not as a list of what servers do. So a row can be checked by reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """The tables of the page, in this order."""

    LENGTH = "Length of the body"
    CHUNKS = "Chunked bodies"
    TARGET = "Request target"
    FIELDS = "Header fields"
    HOST = "Host"
    LINES = "Lines and versions"
    CONNECTION = "Connections"
    EXPECT = "Expect"
    LEAVING = "Clients that leave, and SIGTERM"
    WEBSOCKET = "WebSocket"


class How(StrEnum):
    """How a row is carried out."""

    EXCHANGE = "exchange"  # send, hear the answers, try the connection once more
    GROWING = "growing"  # the same with longer and longer requests
    LEAVING = "leaving"  # send, reset the connection, ask what the app was told
    FRAME = "frame"  # one frame after a handshake
    STOPPING = "stopping"  # SIGTERM to the server's first process


class Then(StrEnum):
    """What a client does between two pieces that it sends."""

    HEARS = "waits for an answer"
    SHUTS = "shuts down its sending side"


@dataclass(frozen=True)
class Clause:
    """A section of an RFC."""

    rfc: int
    section: str

    @property
    def name(self) -> str:
        return f"RFC {self.rfc}, {self.section}"

    @property
    def url(self) -> str:
        return f"https://www.rfc-editor.org/rfc/rfc{self.rfc}#section-{self.section}"


@dataclass(frozen=True)
class Must:
    """What the clause demands; what is left as it is here, it leaves free.

    `saw`: if the app was called, it saw one of these; without any, it is not called.
    `never`: nor did it see one of those. `refused`: if the server refuses, it does so
    with one of these statuses. `interim`: there may be interim answers. `silent`: the
    server may end the connection without an answer. `waits`: it may say nothing.
    `closes`: it does not go on with the connection.
    """

    saw: Sequence[str] | None = None
    never: Sequence[str] = ()
    refused: Sequence[int] | None = None
    interim: bool = True
    silent: bool = True
    waits: bool = True
    closes: bool = False


@dataclass(frozen=True)
class Growing:
    """A request of any size: `unit`, so many times, between two ends."""

    before: bytes
    unit: bytes
    after: bytes
    counts: Sequence[int]
    of: str  # what is counted


@dataclass(frozen=True)
class Row:
    """One row. `asks` names what of the app's answer is recorded: keys of its JSON.

    `sent` are the pieces, each with the rest of the exchange in between. `answers`: how
    many there may be. With `tells_after` the page says what becomes of the connection.
    With `races_behind_a_proxy` chance decides which of two answers comes through one.
    """

    id: str
    group: Group
    title: str
    clause: Clause
    says: str
    sent: Sequence[bytes | Then] = ()
    must: Must | None = None
    asks: Sequence[str] = ()
    answers: int = 1
    to_head: bool = False
    tells_after: bool = False
    how: How = How.EXCHANGE
    growing: Growing | None = None
    interface: str = ""  # empty: both
    races_behind_a_proxy: bool = False


def request(
    *fields: str, line: str = "GET /echo HTTP/1.1", body: bytes = b"", host: bool = True
) -> bytes:
    """The bytes of a request; a character stands for the byte of that number."""
    named = ("Host: localhost",) if host else ()
    head = "\r\n".join([line, *named, *fields, "", ""]).encode("latin-1")
    return head + body


def post(*fields: str, body: bytes) -> bytes:
    return request(*fields, line="POST /echo HTTP/1.1", body=body)


FRAMING_IS_FAULTY = Must(saw=(), refused=(400,), silent=False, waits=False, closes=True)
BAD_REQUEST = Must(saw=(), refused=(400,), silent=False, waits=False)
