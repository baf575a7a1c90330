"""Rows about where a body ends: its length or its coding (RFC 9112, 6)."""

from __future__ import annotations

from loadtests.catalog.behaviours.row import (
    FRAMING_IS_FAULTY,
    Clause,
    Group,
    Must,
    Row,
    Then,
    post,
    request,
)

_LENGTH = Clause(9112, "6.3")
_CODING = Clause(9112, "6.1")
_CHUNKED = "Transfer-Encoding: chunked"
_ABC = b"3\r\nabc\r\n0\r\n\r\n"
_INVALID = (
    "An invalid Content-Length makes the framing invalid. The server MUST answer 400 "
    "and close the connection."
)


def _length(id: str, title: str, value: str, body: bytes) -> Row:
    """One Content-Length that is none."""
    sent = post(f"Content-Length: {value}", body=body)
    return Row(
        f"length-{id}",
        Group.LENGTH,
        title,
        _LENGTH,
        _INVALID,
        (sent,),
        FRAMING_IS_FAULTY,
        asks=("got",),
        tells_after=True,
    )


def _coded(id: str, title: str, value: str, says: str, must: Must | None) -> Row:
    """One Transfer-Encoding."""
    sent = post(f"Transfer-Encoding: {value}", body=_ABC)
    return Row(
        f"coding-{id}",
        Group.LENGTH,
        title,
        _LENGTH if must else _CODING,
        says,
        (sent,),
        must,
        asks=("got",),
        tells_after=True,
    )


LENGTHS = (
    Row(
        "length-and-chunked",
        Group.LENGTH,
        "Content-Length beside Transfer-Encoding",
        _CODING,
        "The server may reject the request, or go by Transfer-Encoding alone. It MUST "
        "close the connection after its answer. Two servers that differ here can be "
        "made to smuggle a request.",
        (post("Content-Length: 13", _CHUNKED, body=_ABC),),
        Must(saw=("abc",), closes=True),
        asks=("got",),
        tells_after=True,
    ),
    Row(
        "length-twice",
        Group.LENGTH,
        "Two different Content-Lengths",
        _LENGTH,
        _INVALID,
        (post("Content-Length: 3", "Content-Length: 5", body=b"abcde"),),
        FRAMING_IS_FAULTY,
        asks=("got",),
        tells_after=True,
    ),
    Row(
        "length-list",
        Group.LENGTH,
        "The same Content-Length twice in a list",
        _LENGTH,
        "The server may take such a list for the one number. Else it MUST treat the "
        "framing as invalid.",
        (post("Content-Length: 3, 3", body=b"abc"),),
        Must(saw=("abc",)),
        asks=("got",),
    ),
    _length("plus", "Content-Length with a plus", "+3", b"abc"),
    _length("minus", "Negative Content-Length", "-3", b"abc"),
    _length("underscore", "Content-Length with an underscore", "1_0", b"abcdefghij"),
    _length("hexadecimal", "Hexadecimal Content-Length", "0x3", b"abc"),
    _length("empty", "Empty Content-Length", "", b""),
    Row(
        "length-zeros",
        Group.LENGTH,
        "Content-Length with leading zeros",
        Clause(9110, "8.6"),
        "A length is one or more decimal digits, so this one is valid, and is 3.",
        (post("Content-Length: 003", body=b"abc"),),
        asks=("got",),
    ),
    Row(
        "length-short",
        Group.LENGTH,
        "Body shorter than its Content-Length",
        _LENGTH,
        "If the sender closes before the whole body has come, the server MUST consider "
        "the message incomplete and close the connection.",
        (post("Content-Length: 5", body=b"abc"), Then.SHUTS),
        Must(never=("whole",), waits=False),
        asks=("ended",),
    ),
    _coded(
        "gzip",
        "Transfer-Encoding gzip, chunked",
        "gzip, chunked",
        "A server that does not understand a transfer coding SHOULD answer 501. To "
        "read the chunks and leave gzip to the app is not foreseen.",
        None,
    ),
    _coded(
        "chunked-twice",
        "Transfer-Encoding chunked, chunked",
        "chunked, chunked",
        "No sender may apply chunked twice. What a server does then is open.",
        None,
    ),
    _coded(
        "unknown",
        "Unknown Transfer-Encoding xchunked",
        "xchunked",
        "If chunked is not the final coding, the end of the body cannot be known. The "
        "server MUST answer 400 and close. For an unknown coding 501 is as good (6.1).",
        Must(saw=(), refused=(400, 501), silent=False, waits=False, closes=True),
    ),
    _coded(
        "chunked-first",
        "Transfer-Encoding chunked, gzip",
        "chunked, gzip",
        "If chunked is not the final coding, the end of the body cannot be known. The "
        "server MUST answer 400 and close. For an unknown coding 501 is as good (6.1).",
        Must(saw=(), refused=(400, 501), silent=False, waits=False, closes=True),
    ),
    Row(
        "coding-in-1.0",
        Group.LENGTH,
        "Transfer-Encoding in HTTP 1.0",
        _CODING,
        "The server MUST treat the framing as faulty, and close the connection after "
        "the message.",
        (
            request(
                *("Connection: keep-alive", _CHUNKED),
                line="POST /echo HTTP/1.0",
                body=_ABC,
            ),
        ),
        Must(closes=True),
        asks=("got",),
        tells_after=True,
    ),
)
