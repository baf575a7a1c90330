"""Slow clients of servers of known behaviour, and the fates that they have."""

from __future__ import annotations

import itertools
import queue
import socket
import time
import types
from collections.abc import Callable, Iterator

import pytest

from loadtests.clients import wire
from loadtests.clients.wire import Ending, WireError
from tests.clients.listener import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    PATIENCE_S,
    REQUEST,
    TIMED_OUT,
    Listener,
    Reaction,
    after_request,
    answering,
    at_once,
    close,
    listening,
    reset,
    stay_silent,
)


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


def test_dripping_client_keeps_its_pace() -> None:
    gap_s = 0.05
    went: list[float] = []
    heard: queue.Queue[bytes] = queue.Queue()

    def pieces() -> Iterator[bytes]:
        for piece in (b"a", b"b", b"c", b"d", b"."):
            yield piece
            assert heard.get(timeout=PATIENCE_S) == piece  # before the next one goes
            went.append(time.monotonic())

    def note(sock: socket.socket) -> None:
        assert sock.recv(1) == b"o"
        while piece := sock.recv(1):
            heard.put(piece)
            if piece == b".":
                sock.sendall(OK)

    with listening(note) as server, wire.connect(server.address) as sock:
        wire.drip(sock, b"o", pieces(), gap_s)
    gaps = [after - before for before, after in itertools.pairwise(went)]
    assert len(gaps) == 4
    # A busy machine makes gaps longer: the shortest is the client's own.
    assert gap_s <= min(gaps) < 2 * gap_s


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


def test_sipping_client_rests_after_each_sip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rests_s: list[float] = []
    monkeypatch.setattr(wire, "time", types.SimpleNamespace(sleep=rests_s.append))
    answer = CHUNKED + LAST_CHUNK
    with (
        listening(after_request(answering(answer))) as server,
        wire.connect(server.address) as sock,
    ):
        wire.sip(sock, REQUEST, size=16, gap_s=0.05)
    assert rests_s == [0.05] * -(-len(answer) // 16)
