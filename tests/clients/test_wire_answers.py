"""The answer as bytes, fed whole and byte by byte."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.clients import wire
from loadtests.clients.wire import Response, WireError
from tests.clients.listener import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    byte_by_byte,
)

WHOLE = {
    "plain": (OK, Response(200, {"content-length": "5"}, b"hello")),
    "empty body": (
        b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
        Response(204, {"content-length": "0"}, b""),
    ),
    "no reason": (
        b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n1",
        Response(200, {"content-length": "1"}, b"1"),
    ),
    "spaces around values": (
        b"HTTP/1.0 503 No\r\nContent-Length: \t2 \r\nX-Empty:\r\n\r\nno",
        Response(503, {"content-length": "2", "x-empty": ""}, b"no"),
    ),
    "a field twice": (
        b"HTTP/1.1 200 OK\r\nVia: a\r\nVIA: b\r\nContent-Length: 0\r\n\r\n",
        Response(200, {"via": "a, b", "content-length": "0"}, b""),
    ),
    "an empty line in the body": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\r\n\r\n!",
        Response(200, {"content-length": "5"}, b"\r\n\r\n!"),
    ),
    "latin-1 in a value": (
        b"HTTP/1.1 200 \xe9t\xe9\r\nX: \xe9\r\nContent-Length: 0\r\n\r\n",
        Response(200, {"x": "é", "content-length": "0"}, b""),
    ),
}


@pytest.mark.parametrize(("data", "response"), WHOLE.values(), ids=list(WHOLE))
def test_answer_is_parsed_when_whole(data: bytes, response: Response) -> None:
    assert wire.parse_response(data) == response


@pytest.mark.parametrize(("data", "response"), WHOLE.values(), ids=list(WHOLE))
def test_answer_is_none_until_the_last_byte(data: bytes, response: Response) -> None:
    prefixes = itertools.accumulate(byte_by_byte(data), initial=b"")
    parsed = [wire.parse_response(prefix) for prefix in prefixes]
    assert parsed == [None] * len(data) + [response]


MALFORMED = {
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"\r\n\r\n",
    "no length": b"HTTP/1.1 200 OK\r\nX: 5\r\n\r\nhello",
    "an empty length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "a signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
    "a length with an underscore": b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n",
    "a superscript length": b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
    "an endless length": b"HTTP/1.1 200\r\nContent-Length: "
    + b"9" * 5000
    + b"\r\n\r\n",
    "two lengths": b"HTTP/1.1 200\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\nab",
    "more than the length": OK + b"!",
    "chunked": CHUNKED + LAST_CHUNK,
    "a line without a colon": b"HTTP/1.1 200\r\nbroken\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200\r\nContent-Length : 0\r\n\r\n",
    "a field without a name": b"HTTP/1.1 200\r\n: x\r\nContent-Length: 0\r\n\r\n",
    "a long head": b"HTTP/1.1 200\r\nX: " + b"x" * 66_000 + b"\r\n\r\n",
    "a head without end": b"x" * 65_537,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_answer_is_the_servers_fault(data: bytes) -> None:
    with pytest.raises(WireError, match="malformed: ") as caught:
        wire.parse_response(data)
    assert caught.value.fault == "malformed"


@pytest.mark.parametrize(
    "data", [d for d in MALFORMED.values() if d != OK + b"!" and len(d) < 10_000]
)
def test_malformed_answer_is_none_until_it_is_malformed(data: bytes) -> None:
    """It is never mistaken for a right one on the way."""
    prefixes = itertools.accumulate(byte_by_byte(data))
    with pytest.raises(WireError, match="malformed"):
        assert all(wire.parse_response(prefix) is None for prefix in prefixes)


def test_head_that_never_ends_is_given_up_at_64_kib() -> None:
    assert wire.parse_response(b"x" * 65_536) is None


@given(st.binary() | st.binary().map(lambda tail: OK[:35] + tail))
def test_any_bytes_are_an_answer_or_none_or_malformed(data: bytes) -> None:
    with contextlib.suppress(WireError):
        response = wire.parse_response(data)
        assert response is None or data.endswith(response.body)


@given(
    st.integers(100, 999),
    st.lists(st.sampled_from(["Date", "X-A", "x-b", "ETag"]), unique=True),
    st.binary(max_size=300),
    st.data(),
)
def test_answer_in_any_two_pieces_is_that_answer(
    status: int, names: list[str], body: bytes, data: st.DataObject
) -> None:
    lines = [f"{name}: value" for name in names]
    head = "\r\n".join(
        [f"HTTP/1.1 {status} So", *lines, f"Content-Length: {len(body)}"]
    )
    answer = f"{head}\r\n\r\n".encode() + body
    cut = data.draw(st.integers(0, len(answer) - 1))
    assert wire.parse_response(answer[:cut]) is None
    response = wire.parse_response(answer)
    assert response is not None
    assert (response.status, response.body) == (status, body)
    assert response.headers.keys() == {*map(str.lower, names), "content-length"}


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1 200 OK", 200),
        (b"HTTP/1.0 404", 404),
        (b"HTTP/1.1 20", None),
        (b"HTTP/1.1 ", None),
        (b"HTTP/1.1", None),
        (b"", None),
        (b"200 OK", None),
        (b"HTTP/1.1 2OO", None),
    ],
)
def test_status_is_three_digits_or_none(head: bytes, status: int | None) -> None:
    assert wire.parse_status(head) == status
