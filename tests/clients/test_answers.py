"""The answer as bytes, fed whole and byte by byte."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.clients import answers
from loadtests.clients.answers import LongAnswer, Response, WireError
from tests.clients.listener import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    byte_by_byte,
)

CHUNKED_RESPONSE = Response(200, {"transfer-encoding": "chunked"}, b"hello")
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
    "chunked": (CHUNKED + LAST_CHUNK, CHUNKED_RESPONSE),
    "chunked, with extensions and a trailer": (
        CHUNKED.replace(b"5\r\n", b"05 ;a=b\r\n") + b"00\r\nX: 1\r\n\r\n",
        CHUNKED_RESPONSE,
    ),
    "two chunks": (
        CHUNKED + b"A\r\n\r\n0\r\n\r\nhi!\r\n" + LAST_CHUNK,
        Response(200, CHUNKED_RESPONSE.headers, b"hello\r\n0\r\n\r\nhi!"),
    ),
    "no body": (b"HTTP/1.1 304 Same\r\n\r\n", Response(304, {}, b"")),
    "latin-1 in a value": (
        b"HTTP/1.1 200 \xe9t\xe9\r\nX: \xe9\r\nContent-Length: 0\r\n\r\n",
        Response(200, {"x": "é", "content-length": "0"}, b""),
    ),
}


@pytest.mark.parametrize(("data", "response"), WHOLE.values(), ids=list(WHOLE))
def test_answer_is_parsed_when_whole(data: bytes, response: Response) -> None:
    assert answers.parse_response(data) == response


@pytest.mark.parametrize(("data", "response"), WHOLE.values(), ids=list(WHOLE))
def test_answer_is_none_until_the_last_byte(data: bytes, response: Response) -> None:
    prefixes = itertools.accumulate(byte_by_byte(data), initial=b"")
    parsed = [answers.parse_response(prefix) for prefix in prefixes]
    assert parsed == [None] * len(data) + [response]


MALFORMED = {
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"\r\n\r\n",
    "an empty length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "a signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
    "a length with an underscore": b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n",
    "a superscript length": b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
    "an endless length": b"HTTP/1.1 200\r\nContent-Length: "
    + b"9" * 5000
    + b"\r\n\r\n",
    "a chunk with more than its size": b"HTTP/1.1 200\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n4\r\nhellXY0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\nab",
    "more than the length": OK + b"!",
    "chunked, and more": CHUNKED + LAST_CHUNK + b"!",
    "chunked, with a trailer and more": CHUNKED + b"0\r\nX: 1\r\n\r\n!",
    "a chunk longer than its size": CHUNKED[:-10] + b"4\r\nhello\r\n",
    "a chunk without a size": CHUNKED + b"\r\n",
    "a signed size": CHUNKED + b"+5\r\nhello\r\n",
    "a size of nine digits": CHUNKED + b"000000005\r\nhello\r\n",
    "a size with 0x": CHUNKED + b"0x5\r\nhello\r\n",
    "another coding": b"HTTP/1.1 200\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a coding and a length": b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Length: 5\r\n\r\n",
    "a line without a colon": b"HTTP/1.1 200\r\nbroken\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200\r\nContent-Length : 0\r\n\r\n",
    "a field without a name": b"HTTP/1.1 200\r\n: x\r\nContent-Length: 0\r\n\r\n",
    "a long head": b"HTTP/1.1 200\r\nX: " + b"x" * 66_000 + b"\r\n\r\n",
    "a head without end": b"x" * 65_537,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_answer_is_the_servers_fault(data: bytes) -> None:
    with pytest.raises(WireError, match="malformed: ") as caught:
        answers.parse_response(data)
    assert caught.value.fault == "malformed"


@pytest.mark.parametrize(
    "data", [d for d in MALFORMED.values() if not d.endswith(b"!") and len(d) < 10_000]
)
def test_malformed_answer_is_none_until_it_is_malformed(data: bytes) -> None:
    """It is never mistaken for a right one on the way."""
    prefixes = itertools.accumulate(byte_by_byte(data))
    with pytest.raises(WireError, match="malformed"):
        assert all(answers.parse_response(prefix) is None for prefix in prefixes)


UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\nX: 5\r\n\r\nhello"


def test_answer_without_a_length_ends_when_the_server_closes() -> None:
    prefixes = itertools.accumulate(byte_by_byte(UNTIL_CLOSED), initial=b"")
    assert all(answers.parse_response(prefix) is None for prefix in prefixes)
    response = answers.parse_response(UNTIL_CLOSED, ended=True)
    assert response == Response(200, {"x": "5"}, b"hello")


@pytest.mark.parametrize("data", [UNTIL_CLOSED[:20], OK[:-1], CHUNKED])
def test_answer_that_the_server_cuts_off_is_not_whole(data: bytes) -> None:
    assert answers.parse_response(data, ended=True) is None


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (OK, True),
        (OK[:-1], False),
        (CHUNKED + LAST_CHUNK, True),
        (CHUNKED, False),
        (UNTIL_CLOSED, True),
        (UNTIL_CLOSED[:20], False),
        (b"HTTP/1.1 200 OK\r\nno field\r\n\r\n", False),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", False),
        (b"", False),
    ],
)
def test_long_answer_is_whole_where_it_ends(
    data: bytes, whole: bool, size: int
) -> None:
    answer = LongAnswer()
    for start in range(0, len(data), size):
        answer.feed(data[start : start + size])
    assert answer.whole is whole
    assert answer.status == answers.parse_status(data)


def test_head_that_never_ends_is_given_up_at_64_kib() -> None:
    assert answers.parse_response(b"x" * 65_536) is None


@given(st.binary() | st.binary().map(lambda tail: OK[:35] + tail))
def test_any_bytes_are_an_answer_or_none_or_malformed(data: bytes) -> None:
    with contextlib.suppress(WireError):
        response = answers.parse_response(data)
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
    assert answers.parse_response(answer[:cut]) is None
    response = answers.parse_response(answer)
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
    assert answers.parse_status(head) == status


@pytest.mark.parametrize(
    ("status", "headers", "how"),
    [
        (200, {}, "wrong"),
        (399, {"retry-after": "1"}, "wrong"),
        (400, {}, "rejected"),
        (503, {}, "rejected"),
        (503, {"retry-after": "1"}, "rejected-for-now"),
    ],
)
def test_answer_that_is_not_the_right_one_is_wrong_or_a_refusal(
    status: int, headers: dict[str, str], how: str
) -> None:
    assert answers.unlike(status, headers) == how
