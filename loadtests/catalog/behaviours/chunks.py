"""Rows about chunked bodies (RFC 9112, 7)."""

from __future__ import annotations

from loadtests.catalog.behaviours.row import Clause, Group, Must, Row, Then, post

_CHUNK = Clause(9112, "7.1")
_CHUNKED = "Transfer-Encoding: chunked"
_HEX = (
    "A chunk size is hexadecimal digits and nothing else. What to do otherwise is open."
)


def _chunked(
    id: str, title: str, body: bytes, says: str = _HEX, must: Must | None = None
) -> Row:
    return Row(
        f"chunk-{id}",
        Group.CHUNKS,
        title,
        _CHUNK,
        says,
        (post(_CHUNKED, body=body),),
        must,
        asks=("got",),
    )


CHUNKS = (
    _chunked("hexadecimal", "Chunk size 0x3", b"0x3\r\nabc\r\n0\r\n\r\n"),
    _chunked("underscore", "Chunk size 0_3", b"0_3\r\nabc\r\n0\r\n\r\n"),
    _chunked("plus", "Chunk size with a plus", b"+3\r\nabc\r\n0\r\n\r\n"),
    _chunked("space", "Chunk size with a space after it", b"3 \r\nabc\r\n0\r\n\r\n"),
    _chunked(
        "huge",
        "Chunk size of more than 64 bits",
        b"10000000000000003\r\nabc\r\n0\r\n\r\n",
        "Recipients MUST prevent overflows of large sizes. To read this one as 3 is "
        "one.",
        Must(never=("abc",)),
    ),
    Row(
        "chunk-extension",
        Group.CHUNKS,
        "Chunk extension",
        Clause(9112, "7.1.1"),
        "A recipient MUST ignore extensions that it does not know.",
        (post(_CHUNKED, body=b"3;a=b\r\nabc\r\n0\r\n\r\n"),),
        Must(saw=("abc",), refused=(), silent=False, waits=False),
        asks=("got",),
    ),
    _chunked(
        "bare-lf",
        "Bare LF in chunk lines",
        b"3\nabc\n0\n\n",
        "Lines of chunks end in CRLF. To take a single LF is allowed for the start "
        "line and fields only (2.2).",
    ),
    _chunked(
        "extension-lf",
        "Bare LF that ends a chunk extension",
        b"3;a\nabc\r\n0\r\n\r\n",
        "The line of a chunk ends in CRLF. Servers that differ here can be made to "
        "smuggle a request.",
    ),
    _chunked(
        "no-end",
        "Chunk longer than its size",
        b"3\r\nabcd\r\n0\r\n\r\n",
        "The data of a chunk ends in CRLF. What to do otherwise is open.",
    ),
    Row(
        "chunk-trailers",
        Group.CHUNKS,
        "Trailer field",
        Clause(9112, "7.1.2"),
        "A recipient may keep or drop trailers. It MUST NOT merge one into the header "
        "section unless the definition of the field allows that.",
        (post(_CHUNKED, "X-A: 1", body=b"3\r\nabc\r\n0\r\nX-A: 2\r\n\r\n"),),
        Must(saw=("1",)),
        asks=("headers", "x-a"),
    ),
    Row(
        "chunk-truncated",
        Group.CHUNKS,
        "Chunked body that breaks off",
        Clause(9112, "8"),
        "Without its last chunk the message is incomplete. The server may send an "
        "error before it closes. An app that hears `whole` has been misled.",
        (post(_CHUNKED, body=b"3\r\nabc\r\n"), Then.SHUTS),
        asks=("ended",),
    ),
)
