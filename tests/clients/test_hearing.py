"""Answers one after another: whole, cut off, or none at all."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from loadtests.clients.hearing import Answer, Hearing, Malformed, Silence, parsed
from tests.clients.listener import byte_by_byte

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
TO_THE_END = b"HTTP/1.0 200 OK\r\nServer: a\r\n\r\nhello"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LIMIT_S = 5.0
AT_ONCE_S = 0.05


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, server = socket.socketpair()
    with ours, server:
        yield ours, server


@pytest.mark.parametrize("data", [HELLO, CHUNKED], ids=["length", "chunked"])
def test_answer_is_whole_where_its_framing_says_so(data: bytes) -> None:
    found = parsed(data + b"rest", ended=False, to_head=False)
    assert found
    assert (found[0].status, found[0].body, found[1]) == (200, b"hello", b"rest")
    for cut in range(len(data)):
        assert parsed(data[:cut], ended=False, to_head=False) is None


def test_answer_without_a_length_ends_with_the_connection() -> None:
    assert parsed(TO_THE_END, ended=False, to_head=False) is None
    found = parsed(TO_THE_END, ended=True, to_head=False)
    assert found == (Answer(200, {"server": "a"}, b"hello"), b"")


@pytest.mark.parametrize(
    ("head", "to_head"),
    [
        (HELLO[:-5], True),
        (CONTINUE, False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", False),
    ],
)
def test_answer_that_has_no_body_ends_with_its_head(head: bytes, to_head: bool) -> None:
    found = parsed(head + b"next", ended=False, to_head=to_head)
    assert found
    assert (found[0].body, found[1]) == (b"", b"next")
    assert found[0].is_final == (found[0].status != 100)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"hello",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ],
)
def test_what_is_no_answer_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(data, ended=True, to_head=False)


@pytest.mark.parametrize("pieces", [[HELLO + CHUNKED], byte_by_byte(HELLO + CHUNKED)])
def test_answers_are_heard_one_after_another(
    pieces: list[bytes], pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, server = pair
    for piece in pieces:
        server.sendall(piece)
    server.close()
    hearing = Hearing(ours)
    bodies = [hearing.answer(LIMIT_S) for _ in range(2)]
    assert [one.body for one in bodies if isinstance(one, Answer)] == [b"hello"] * 2
    assert hearing.answer(LIMIT_S) is Silence.CLOSED


@pytest.mark.parametrize(
    ("data", "open_for", "closed"),
    [
        (b"", Silence.WAITS, Silence.CLOSED),
        (HELLO[:-1], Silence.CUT, Silence.CUT),
        (b"hello", Silence.MALFORMED, Silence.MALFORMED),
    ],
)
def test_silence_says_why_there_is_no_answer(
    data: bytes,
    open_for: Silence,
    closed: Silence,
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, server = pair
    server.sendall(data)
    hearing = Hearing(ours)
    assert hearing.answer(AT_ONCE_S) is open_for
    assert hearing.answer(0.0) is open_for
    server.close()
    assert hearing.answer(LIMIT_S) is closed


def test_reset_counts_as_an_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()
        with ours:
            assert Hearing(ours).answer(LIMIT_S) is Silence.CLOSED
