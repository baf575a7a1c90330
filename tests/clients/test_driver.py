"""The closed loop: counts only whole, right answers, of every kind of server."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from loadtests.clients import driver
from loadtests.clients.driver import Driven, Loop
from loadtests.clients.wire import WireError
from tests.conftest import UNFRONTED, Servers

Reaction = Callable[[socket.socket], None]

HELLO = b"Hello, world!"


def is_hello(body: bytes) -> bool:
    return body == HELLO


@pytest.mark.parametrize("kept_alive", [True, False])
@pytest.mark.parametrize("stack", UNFRONTED)
def test_server_answers_all_that_it_is_asked(
    servers: Servers, stack: str, kept_alive: bool
) -> None:
    loop = Loop(servers[stack].address, "/hello", kept_alive, is_hello)
    driven = loop.drive(0.3, connections=4)
    assert driven.answered > 10
    assert driven.lasted_s >= 0.3


@pytest.fixture
def scripted() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def drive(listener: socket.socket, *answers: bytes) -> Driven:
    """Drive a server that gives these answers, one a connection, and then hangs up."""

    def serve() -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    loop = Loop(listener.getsockname(), "/hello", False, is_hello)
    try:
        return loop.drive(5.0, connections=1)
    finally:
        thread.join(5)


def fault_of(listener: socket.socket, *reactions: Reaction) -> str:
    """The fault of a server that reacts so to its connections, one after the other."""

    def serve() -> None:
        for reaction in reactions:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                reaction(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    loop = Loop(listener.getsockname(), "/hello", False, is_hello)
    with pytest.raises(WireError) as caught:
        loop.drive(5.0, connections=1)
    thread.join(5)
    return caught.value.fault


def answer_right(connection: socket.socket) -> None:
    connection.sendall(RIGHT)


def reset(connection: socket.socket) -> None:
    """close() resets after that."""
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def stay_silent(connection: socket.socket) -> None:
    """Until the client has gone."""
    connection.recv(1)


def test_reset_is_an_error(scripted: socket.socket) -> None:
    assert fault_of(scripted, reset) == "reset"
    assert fault_of(scripted, answer_right, reset) == "reset"


def test_silence_is_late(
    scripted: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_SILENT_S", 0.5)
    assert fault_of(scripted, answer_right, stay_silent) == "late"


def answer(body: bytes, status: int = 200) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


RIGHT = answer(HELLO)


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        pytest.param([answer(b"Hello, Ada")], "wrong", id="first-body"),
        pytest.param([answer(HELLO, 500)], "wrong", id="first-status"),
        pytest.param([RIGHT, answer(HELLO, 500)], "wrong", id="later-status"),
        pytest.param([RIGHT, answer(HELLO + b"!")], "wrong", id="later-length"),
        pytest.param([RIGHT, RIGHT[:-1]], "closed", id="cut-short"),
        pytest.param([b""], "closed", id="no-answer"),
    ],
)
def test_wrong_answer_is_an_error(
    scripted: socket.socket, answers: list[bytes], fault: str
) -> None:
    with pytest.raises(WireError) as caught:
        drive(scripted, *answers)
    assert caught.value.fault == fault


def test_nobody_who_listens_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = gone.getsockname()
    with pytest.raises(WireError, match="refused"):
        Loop(address, "/hello", True, is_hello).drive(0.1)


def test_second_request_that_is_reset_tells_that_connections_do_not_stay(
    scripted: socket.socket,
) -> None:
    def serve() -> None:
        connection, _ = scripted.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(RIGHT)
            connection.recv(4096)
            reset(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    loop = Loop(scripted.getsockname(), "/hello", True, is_hello)
    assert loop._first_answer() == (len(RIGHT), False)
    thread.join(5)
