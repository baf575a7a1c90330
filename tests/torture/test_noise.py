"""Bytes that no client should send: every worker answers the next request right."""

from __future__ import annotations

import contextlib
import os
import random
import select
import time
from collections.abc import Callable, Iterator

import hypothesis
import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loadtests.catalog.behaviours.websockets import HANDSHAKE
from loadtests.catalog.contract import Request
from loadtests.catalog.stacks import HTTP1, HTTP2, STACKS
from loadtests.clients import wire
from loadtests.clients.hearing import Answer, Hearing
from loadtests.clients.http2 import speaks_http2
from loadtests.clients.websocket import websocket_echo
from loadtests.servers.listening import holders
from loadtests.servers.processes import wait_until
from loadtests.servers.server import Server
from tests.conftest import Servers, runnable
from tests.torture.conftest import Tell
from tests.torture.heard import READS_FOR_S, heard, statuses, statuses_of_http2
from tests.torture.odd_bytes import FRAMES, HTTP2_BYTES, HTTP2_HELLO, REQUESTS

SEED_IN = "NOISE_SEED"  # the variable that has the same bytes sent again
SEED = int(os.environ.get(SEED_IN) or random.randrange(1 << 32))
EACH = 100
_WITHIN_S = 10.0
_HEALTHY = Request("GET", "/hello").to_bytes()
# 501: a coding or method that a server does not know. 503: a limit of its own. 505: a
# version. 502, of a proxy: the server behind ended the connection without an answer.
_SERVERS_OWN, _PROXYS_OWN = (501, 503, 505), (502,)
# What these log as errors of the app, by known faults: websocket-send-when-gone, and
# uwsgi-method.
_BLAMES_THE_APP = {
    "asgi-daphne": "Attempt to send on a closed protocol",
    "wsgi-uwsgi": "KeyError: 'REQUEST_METHOD'",
}

Workers = list[list[psutil.Process]]  # of each part


def test_noise_breaks_no_server(server: Server, tell: Tell) -> None:
    allowed = (*_SERVERS_OWN, *(_PROXYS_OWN if server.front else ()))

    def send(noise: bytes) -> None:
        for status in statuses(heard(server, noise)):
            assert status < 500 or status in allowed

    survives(server, REQUESTS, send)
    tell(
        "no bytes break an app or a server",
        f"{EACH} odd requests to every server, with and without nginx in front "
        f"({SEED_IN}={SEED}); a healthy one to each worker after each",
        "each healthy request was answered right; no worker was replaced, and "
        "descriptors came back",
    )


def test_noise_over_http2_breaks_no_server(http2_server: Server, tell: Tell) -> None:
    def send(noise: bytes) -> None:
        for status in statuses_of_http2(heard(http2_server, noise)):
            assert status < 500

    assert statuses_of_http2(heard(http2_server, HTTP2_HELLO, 1.0)) == [200]
    survives(http2_server, HTTP2_BYTES, send)
    assert speaks_http2(http2_server.address, "/hello") == b"Hello, world!"
    tell(
        "no frames of HTTP/2 break an app or a server",
        f"{EACH} times odd frames to every server that speaks it ({SEED_IN}={SEED}); a "
        "healthy request to each worker after each",
        "each healthy request was answered right; no worker was replaced, and "
        "descriptors came back",
    )


def test_noise_in_a_websocket_breaks_no_server(asgi_server: Server, tell: Tell) -> None:
    def send(noise: bytes) -> None:
        with wire.connect(asgi_server.address) as client:
            client.settimeout(_WITHIN_S)
            client.sendall(HANDSHAKE)
            answer = Hearing(client).answer(_WITHIN_S)
            assert isinstance(answer, Answer)
            assert answer.status == 101
            client.settimeout(READS_FOR_S)
            with contextlib.suppress(OSError):
                client.sendall(noise)
                client.recv(4096)

    survives(asgi_server, FRAMES, send)
    assert websocket_echo(asgi_server.address, "/ws", b"hi") == b"hi"
    tell(
        "no frames break an app or a server",
        f"{EACH} times odd frames after a handshake, to every ASGI server "
        f"({SEED_IN}={SEED}); a healthy request to each worker after each",
        "each healthy request was answered right; no worker was replaced, and "
        "descriptors came back",
    )


def survives(
    server: Server, noises: st.SearchStrategy[bytes], send: Callable[[bytes], None]
) -> None:
    """Every worker answers after each noise, and is the one that it was."""
    print(f"The same bytes again: {SEED_IN}={SEED}")
    workers = [
        [one for one in holders(part.group, part.port) if not one.children()]
        for part in server.parts
    ]
    assert all(len(some) == server.stack.workers for some in workers), workers
    before = descriptors(server)

    @hypothesis.seed(SEED)
    @settings(
        max_examples=EACH,
        database=None,
        phases=[Phase.generate],  # to make it smaller takes minutes
        suppress_health_check=[*HealthCheck],
    )
    @given(noises)
    def next_healthy_requests_are_right(noise: bytes) -> None:
        send(noise)
        each_worker_answers(server, workers)

    next_healthy_requests_are_right()
    assert set(descriptors(server)) == set(before), "a worker was replaced"
    assert wait_until(lambda: all_back(server, before), 40.0), descriptors(server)
    assert not errors_of_the_app(server)


def errors_of_the_app(server: Server) -> list[str]:
    """Tracebacks in the log that lead through an app, but for known faults."""
    known = _BLAMES_THE_APP.get(server.stack.id, "\0")
    return [
        found
        for found in server.group.said().split("Traceback (most recent call last)")[1:]
        if ("wsgi_app/" in found or "asgi_app/" in found) and known not in found
    ]


def each_worker_answers(server: Server, workers: Workers) -> None:
    """Each in turn while the others are stopped: nobody else can have answered."""
    for turn in range(server.stack.workers):
        others = [one for some in workers for one in some if one is not some[turn]]
        with stopped(others):
            answer = one_answer(server)
        assert (answer.status, answer.body) == (200, b"Hello, world!")


@contextlib.contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Until it has stopped, the kernel may wake it alone for a new connection."""
    try:
        for process in processes:
            process.suspend()
        for process in processes:
            while process.status() != psutil.STATUS_STOPPED:
                time.sleep(0)
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


def one_answer(server: Server) -> Answer:
    """The first answer on some new connections.

    One is enough, but where each worker has a socket of its own: the kernel gives it
    half of the connections, and one that is stopped accepts none. That all go there is
    then as rare as 24 heads in a row.
    """
    some = 24 if server.stack.server == "granian" else 1
    with contextlib.ExitStack() as block:
        clients = [
            block.enter_context(wire.connect(server.address)) for _ in range(some)
        ]
        for client in clients:
            client.sendall(_HEALTHY)
        ready, _, _ = select.select(clients, [], [], _WITHIN_S)
        assert ready, "a worker does not answer"
        answer = Hearing(ready[0]).answer(_WITHIN_S)
        assert isinstance(answer, Answer), answer
        return answer


def descriptors(server: Server) -> dict[int, int]:
    """Open descriptors of each process."""
    found = {}
    for process in server.members():
        with contextlib.suppress(psutil.Error):
            found[process.pid] = process.num_fds()
    return found


def all_back(server: Server, before: dict[int, int]) -> bool:
    now = descriptors(server)
    return all(now.get(pid, 10**9) <= count + 2 for pid, count in before.items())


@pytest.fixture(params=runnable(STACKS))
def server(request: pytest.FixtureRequest, servers: Servers) -> Server:
    """Whatever is in its log: it may well complain of what it is sent."""
    return servers[request.param]


@pytest.fixture(params=runnable(HTTP2))
def http2_server(request: pytest.FixtureRequest, servers: Servers) -> Server:
    return servers[request.param]


@pytest.fixture(params=runnable(name for name in HTTP1 if name.startswith("asgi")))
def asgi_server(request: pytest.FixtureRequest, servers: Servers) -> Server:
    return servers[request.param]
