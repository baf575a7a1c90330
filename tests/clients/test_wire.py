"""One exchange with servers of known behaviour: the answer, or the fault and whose."""

from __future__ import annotations

import contextlib
import errno
import resource
import socket
import time

import pytest

from loadtests.clients import wire
from loadtests.clients.answers import Response
from loadtests.clients.wire import WireError
from tests.clients.listener import (
    HOST,
    OK,
    PATIENCE_S,
    REQUEST,
    Reaction,
    after_request,
    answering,
    at_once,
    close,
    listening,
    nobody_listening,
    read_head,
    reset,
    stay_silent,
)

# A healthy exchange


@pytest.mark.parametrize("pause_s", [None, 0.0, 0.001])
def test_exchange_returns_the_answer_in_whatever_pieces(pause_s: float | None) -> None:
    with listening(after_request(answering(OK, pause_s))) as server:
        response = wire.exchange(server.address, REQUEST, deadline_s=PATIENCE_S)
    assert response == Response(200, {"content-length": "5"}, b"hello")


def test_exchange_says_when_the_last_byte_was_there() -> None:
    with listening(after_request(answering(OK, 0.001))) as server:
        began_s = time.monotonic()
        response = wire.exchange(server.address, REQUEST, deadline_s=PATIENCE_S)
        ended_s = time.monotonic()
    # A millisecond lies between the bytes.
    assert began_s + (len(OK) - 1) * 0.001 < response.received_s < ended_s


def test_exchange_does_not_wait_for_the_servers_close() -> None:
    with listening(after_request(answering(OK), stay_silent)) as server:
        assert wire.exchange(server.address, REQUEST, deadline_s=PATIENCE_S).body


def test_exchange_sends_the_request_as_it_is() -> None:
    heard: list[bytes] = []

    def note(sock: socket.socket) -> None:
        heard.append(read_head(sock))

    with listening(at_once(note, answering(OK))) as server:
        wire.exchange(server.address, REQUEST, deadline_s=PATIENCE_S)
    assert heard == [REQUEST]


@pytest.mark.parametrize(
    ("reaction", "fault"),
    [
        pytest.param(after_request(close), "closed", id="closes without an answer"),
        pytest.param(after_request(answering(OK[:9])), "closed", id="half a head"),
        pytest.param(after_request(answering(OK[:-1])), "closed", id="half a body"),
        pytest.param(after_request(reset), "reset", id="resets"),
        pytest.param(
            after_request(answering(OK[:-1]), reset), "reset", id="resets half way"
        ),
        pytest.param(after_request(answering(OK + b"!")), "malformed", id="too much"),
        pytest.param(
            after_request(answering(b"no\r\n\r\n")), "malformed", id="no HTTP"
        ),
    ],
)
def test_exchange_names_the_servers_fault(reaction: Reaction, fault: str) -> None:
    with listening(reaction) as server, pytest.raises(WireError) as caught:
        wire.exchange(server.address, REQUEST, deadline_s=PATIENCE_S)
    assert caught.value.fault == fault


def test_exchange_with_nobody_is_refused() -> None:
    with nobody_listening() as address, pytest.raises(WireError) as caught:
        wire.exchange(address, REQUEST, deadline_s=PATIENCE_S)
    assert caught.value.fault == "refused"


DEADLINE_S = 0.2
DRIPPING, DRIP_S = OK[:-5].replace(b"5", b"100"), 0.05


@pytest.mark.parametrize(
    "reaction",
    [
        pytest.param(stay_silent, id="says nothing"),
        pytest.param(at_once(answering(DRIPPING), stay_silent), id="sends half"),
        # Each recv is quick; it is their sum that counts.
        pytest.param(at_once(answering(DRIPPING, DRIP_S), stay_silent), id="drips"),
    ],
)
def test_exchange_is_late_at_its_deadline(reaction: Reaction) -> None:
    with listening(reaction) as server:
        began_s = time.monotonic()
        with pytest.raises(WireError) as caught:
            wire.exchange(server.address, REQUEST, deadline_s=DEADLINE_S)
        took_s = time.monotonic() - began_s
    assert caught.value.fault == "late"
    # Long before the last drip, which may come late but never early.
    assert DEADLINE_S <= took_s < len(DRIPPING) * DRIP_S


def test_exchange_does_not_wait_longer_for_what_has_begun() -> None:
    deadline_s = 1.1
    begun_s: list[float] = []

    def begin_late(sock: socket.socket) -> None:
        time.sleep(1.0)
        begun_s.append(time.monotonic())
        sock.sendall(DRIPPING)
        stay_silent(sock)

    with listening(begin_late) as server:
        with pytest.raises(WireError, match="late"):
            wire.exchange(server.address, REQUEST, deadline_s=deadline_s)
        late_s = time.monotonic()
    # It is over before the first bytes have been there for as long.
    assert late_s < begun_s[0] + deadline_s


def test_exchange_is_late_when_the_bytes_never_stop() -> None:
    """There is something to read whenever the deadline is looked at."""
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 200_000

    def pour(sock: socket.socket) -> None:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            sock.sendall(endless)
            while sock.send(b"x"):
                time.sleep(0.001)

    with listening(pour) as server, pytest.raises(WireError) as caught:
        wire.exchange(server.address, REQUEST, deadline_s=DEADLINE_S)
    assert caught.value.fault == "late"


@pytest.mark.parametrize(
    ("error", "text"),
    [(WireError("late"), "late"), (WireError("reset", "why"), "reset: why")],
)
def test_wire_error_says_the_fault_and_the_detail(error: WireError, text: str) -> None:
    assert str(error) == text


# connect


def window_scale(sock: socket.socket) -> int:
    """What our side announced in its SYN (the seventh byte of Linux's tcp_info)."""
    scale: int = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[6] >> 4
    return scale


@pytest.mark.parametrize("source", ["", "127.0.0.9"])
def test_connect_gives_a_socket_without_a_time_limit(source: str) -> None:
    with listening(stay_silent) as at, wire.connect(at.address, source=source) as sock:
        assert (sock.getpeername(), sock.gettimeout()) == (at.address, None)
        assert sock.getsockname()[0] == (source or HOST)


def test_connect_sets_the_receive_buffer_before_the_handshake() -> None:
    small = wire.SMALL_RECEIVE_BUFFER
    with (
        listening(stay_silent) as server,
        wire.connect(server.address, receive_buffer=small) as sock,
    ):
        # The kernel doubles it, for its own accounts.
        size = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert small <= size <= 2 * small
        assert window_scale(sock) == 0


def test_connect_leaves_the_receive_buffer_alone_unless_told() -> None:
    with listening(stay_silent) as server, wire.connect(server.address) as sock:
        size = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert size > 2 * wire.SMALL_RECEIVE_BUFFER
        assert window_scale(sock) > 0


def test_connect_to_nobody_is_refused() -> None:
    with nobody_listening() as address, pytest.raises(WireError) as caught:
        wire.connect(address)
    assert caught.value.fault == "refused"


def test_connect_closes_its_socket_whatever_stops_it() -> None:
    """A socket left open would be a ResourceWarning, and those are errors here."""
    with pytest.raises(OverflowError):
        wire.connect((HOST, 70_000))


# Our own end


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.EADDRNOTAVAIL, "generator"),
        (errno.ENOBUFS, "generator"),
        (errno.ECONNREFUSED, "refused"),
        (errno.ECONNRESET, "reset"),
        (errno.EHOSTUNREACH, "otherwise"),
    ],
)
def test_error_says_whose_fault_it_was(number: int, fault: str) -> None:
    error = OSError(number, "so it is")  # Python makes it the class of that number
    assert wire._wire_error(error, otherwise="otherwise").fault == fault


def test_machine_without_descriptors_is_our_own_fault() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        resource.setrlimit(resource.RLIMIT_NOFILE, (server.fileno() + 1, hard))
        try:
            with pytest.raises(WireError) as caught:
                [wire.connect(address) for _ in range(server.fileno() + 2)]
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.fault == "generator"


def test_answer_that_is_due_already_is_late() -> None:
    with (
        listening(stay_silent) as server,
        wire.connect(server.address) as sock,
        pytest.raises(TimeoutError),
    ):
        wire._read_response(sock, deadline=time.monotonic() - 1)
