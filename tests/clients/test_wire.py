"""The wire: answers fed whole and byte by byte, and servers of known behaviour.

Each server here is a thread that takes one connection and reacts as a script says. What
the client makes of that, the fault or the fate, is what is tested.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import resource
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.clients import wire
from loadtests.clients.wire import Address, Ending, Response, WireError
from tests.again import tried_again

HOST = "127.0.0.1"
PATIENCE_S = 5.0
REQUEST = b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
LAST_CHUNK = b"0\r\n\r\n"

Reaction = Callable[[socket.socket], None]


# The answer as bytes: parse_response


def byte_by_byte(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


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


# Servers of known behaviour


class Listener:
    """Takes one connection on a loopback port, reacts to it and closes it."""

    def __init__(self, reaction: Reaction) -> None:
        self._socket = socket.create_server((HOST, 0))
        self._socket.settimeout(PATIENCE_S)
        self._reaction = reaction
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.address: Address = self._socket.getsockname()

    def _serve(self) -> None:
        with self._socket.accept()[0] as connection:
            connection.settimeout(PATIENCE_S)
            self._reaction(connection)

    def finish(self) -> None:
        """Wait until the reaction is over and the connection is closed."""
        self._thread.join()
        self._socket.close()


@contextlib.contextmanager
def listening(reaction: Reaction) -> Iterator[Listener]:
    listener = Listener(reaction)
    try:
        yield listener
    finally:
        listener.finish()


@contextlib.contextmanager
def nobody_listening() -> Iterator[Address]:
    """A port that is taken, so that nobody else gets it, and not listened on."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield taken.getsockname()


def read_head(sock: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += sock.recv(1)
    return data


def stay_silent(sock: socket.socket) -> None:
    """Read until the client has gone."""
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(65536):
            pass


def reset(sock: socket.socket) -> None:
    """Close so that the client gets a RST instead of a FIN.

    A moment later: it might reach the client before connect() has returned there.
    """
    time.sleep(0.05)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close(sock: socket.socket) -> None:
    """Nothing to do: the listener closes after every reaction."""


def answering(data: bytes, pause_s: float | None = None) -> Reaction:
    """Answers at once; with a pause, byte by byte, and a pause after each."""

    def answer(sock: socket.socket) -> None:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            for piece in [data] if pause_s is None else byte_by_byte(data):
                sock.sendall(piece)
                time.sleep(pause_s or 0)

    return answer


def after_request(*reactions: Reaction) -> Reaction:
    def react(sock: socket.socket) -> None:
        read_head(sock)
        for reaction in reactions:
            reaction(sock)

    return react


def at_once(*reactions: Reaction) -> Reaction:
    def react(sock: socket.socket) -> None:
        for reaction in reactions:
            reaction(sock)

    return react


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
DRIPPING = OK[:-5].replace(b"5", b"100")


@pytest.mark.parametrize(
    "reaction",
    [
        pytest.param(stay_silent, id="says nothing"),
        pytest.param(at_once(answering(DRIPPING), stay_silent), id="sends half"),
        # Each recv is quick; it is their sum that counts.
        pytest.param(at_once(answering(DRIPPING, 0.05), stay_silent), id="drips"),
    ],
)
@tried_again("a thread that is kept waiting stops its clock late")
def test_exchange_is_late_at_its_deadline(reaction: Reaction) -> None:
    with listening(reaction) as server:
        began_s = time.monotonic()
        with pytest.raises(WireError) as caught:
            wire.exchange(server.address, REQUEST, deadline_s=DEADLINE_S)
        took_s = time.monotonic() - began_s
    assert caught.value.fault == "late"
    assert DEADLINE_S <= took_s < DEADLINE_S + 0.5


@tried_again("a thread that is kept waiting stops its clock late")
def test_exchange_does_not_wait_longer_for_what_has_begun() -> None:
    def begin_late(sock: socket.socket) -> None:
        time.sleep(0.4)
        sock.sendall(DRIPPING)
        stay_silent(sock)

    with listening(begin_late) as server:
        began_s = time.monotonic()
        with pytest.raises(WireError, match="late"):
            wire.exchange(server.address, REQUEST, deadline_s=0.5)
        assert time.monotonic() - began_s < 0.8


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


def test_connect_gives_a_socket_without_a_time_limit() -> None:
    with listening(stay_silent) as server, wire.connect(server.address) as sock:
        assert sock.getpeername() == server.address
        assert sock.gettimeout() is None


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


# Slow clients and their fates


def idle(sock: socket.socket) -> Ending:
    return wire.idle(sock)


def drip(sock: socket.socket) -> Ending:
    """The server reacts in the first gap, which is as long as it takes."""
    return wire.drip(sock, REQUEST, itertools.repeat(b"piece"), PATIENCE_S)


def drip_all(sock: socket.socket) -> Ending:
    """All that there is to send is sent before the server reacts."""
    return wire.drip(sock, b"", iter([REQUEST[:9], REQUEST[9:]]), 0.02)


def sip(sock: socket.socket) -> Ending:
    return wire.sip(sock, REQUEST, 4096, 0.01)


def sip_byte(sock: socket.socket) -> Ending:
    return wire.sip(sock, REQUEST, 1, 0.0)


SlowClient = Callable[[socket.socket], Ending]
FATES = {
    "served": (answering(OK), Ending("served", 200)),
    "served in pieces": (answering(OK, 0.001), Ending("served", 200)),
    "rejected": (answering(TIMED_OUT), Ending("rejected", 408)),
    "rejected in pieces": (answering(TIMED_OUT, 0.001), Ending("rejected", 408)),
    "closed": (close, Ending("closed")),
    "closed within the status": (answering(OK[:11]), Ending("closed")),
    "closed after no HTTP": (answering(b"SSH-2.0-OpenSSH_9.6"), Ending("closed")),
    "reset": (reset, Ending("reset")),
    "reset within the status": (at_once(answering(OK[:11]), reset), Ending("reset")),
}


@pytest.mark.parametrize(("reaction", "ending"), FATES.values(), ids=list(FATES))
def test_idle_client_has_the_fate(reaction: Reaction, ending: Ending) -> None:
    with listening(reaction) as server, wire.connect(server.address) as sock:
        assert idle(sock) == ending


@pytest.mark.parametrize("client", [drip, drip_all])
@pytest.mark.parametrize(("reaction", "ending"), FATES.values(), ids=list(FATES))
def test_dripping_client_has_the_fate(
    client: SlowClient, reaction: Reaction, ending: Ending
) -> None:
    with (
        listening(after_request(reaction)) as server,
        wire.connect(server.address) as sock,
    ):
        assert client(sock) == ending


def test_dripping_client_hears_out_an_answer_that_has_begun() -> None:
    """Its bytes come slower than the pieces would go."""
    slowly = after_request(answering(TIMED_OUT[:12], 0.03), answering(TIMED_OUT[12:]))
    pieces = itertools.repeat(b"piece")
    with listening(slowly) as server, wire.connect(server.address) as sock:
        assert wire.drip(sock, REQUEST, pieces, 0.02) == Ending("rejected", 408)


@pytest.mark.parametrize("client", [drip, sip])
def test_client_that_is_reset_before_it_speaks_is_reset(client: SlowClient) -> None:
    def visit(server: Listener) -> Ending:
        try:
            sock = wire.connect(server.address)
        except WireError as error:  # it may be reset before it knows that it is there
            return Ending(error.fault)
        with sock:
            server.finish()
            return client(sock)

    with listening(reset) as server:
        assert visit(server) == Ending("reset")


def test_dripping_client_that_is_reset_between_two_pieces_is_reset() -> None:
    with listening(after_request(reset)) as server:

        def pieces() -> Iterator[bytes]:
            yield REQUEST[-1:]
            server.finish()
            yield b"too late"

        with wire.connect(server.address) as sock:
            assert wire.drip(sock, REQUEST[:-1], pieces(), 0.02) == Ending("reset")


@tried_again("a piece that goes late has a shorter gap behind it")
def test_dripping_client_keeps_its_pace() -> None:
    gap_s = 0.05
    sent: list[float] = []
    arrived: list[float] = []

    def pieces() -> Iterator[bytes]:
        for piece in (b"a", b"b", b"c", b"."):
            yield piece
            sent.append(time.monotonic())

    def note(sock: socket.socket) -> None:
        while sock.recv(1) != b".":
            arrived.append(time.monotonic())
        sock.sendall(OK)

    with listening(note) as server, wire.connect(server.address) as sock:
        wire.drip(sock, b"o", pieces(), gap_s)
    gaps = [after - before for before, after in itertools.pairwise(sent)]
    assert len(gaps) == 3
    assert min(gaps) > 0.9 * gap_s
    assert sum(gaps) < 3 * gap_s + 0.5
    assert len(arrived) == 4
    assert arrived[-1] - arrived[0] > gap_s  # three gaps, but this thread may lag


def test_dripping_client_sends_no_more_once_it_is_answered() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"
        raise AssertionError("a piece was asked for after the answer")

    with (
        listening(after_request(answering(OK), stay_silent)) as server,
        wire.connect(server.address) as sock,
    ):
        assert wire.drip(sock, REQUEST, pieces(), PATIENCE_S) == Ending("served", 200)


SIPS = FATES | {
    # An answer that began is not an answer: only its last chunk makes it whole.
    "served": (answering(CHUNKED + LAST_CHUNK), Ending("served", 200)),
    "served in pieces": (
        answering(CHUNKED + LAST_CHUNK, 0.001),
        Ending("served", 200),
    ),
    "closed within the stream": (answering(CHUNKED), Ending("closed", 200)),
    "closed within the last chunk": (
        answering(CHUNKED + LAST_CHUNK[:-1]),
        Ending("closed", 200),
    ),
    "reset within the stream": (
        at_once(answering(CHUNKED), reset),
        Ending("reset", 200),
    ),
}


@pytest.mark.parametrize("client", [sip, sip_byte])
@pytest.mark.parametrize(("reaction", "ending"), SIPS.values(), ids=list(SIPS))
def test_sipping_client_has_the_fate(
    client: SlowClient, reaction: Reaction, ending: Ending
) -> None:
    with (
        listening(after_request(reaction)) as server,
        wire.connect(server.address) as sock,
    ):
        assert client(sock) == ending


@tried_again("a client that is kept waiting sips later")
def test_sipping_client_keeps_its_pace() -> None:
    with (
        listening(after_request(answering(CHUNKED + LAST_CHUNK))) as server,
        wire.connect(server.address) as sock,
    ):
        began_s = time.monotonic()
        wire.sip(sock, REQUEST, size=16, gap_s=0.05)
        took_s = time.monotonic() - began_s
    gaps = -(-len(CHUNKED + LAST_CHUNK) // 16)
    assert 0.8 * gaps * 0.05 < took_s < gaps * 0.05 + 0.5


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
