"""What the kernel keeps for a server's connections: against sockets of our own, and
against what `ss` says of a server's."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.catalog.stacks import HOST, STACKS
from loadtests.clients import wire
from loadtests.servers import sockets as kernel
from loadtests.servers.processes import Guard, wait_until
from loadtests.servers.server import Server, free_port, running
from loadtests.servers.sockets import (
    Sockets,
    connections_by_pid,
    joined,
    sockets_on,
    sockets_to,
)

READERS = 50
STREAM = b"GET /stream?chunks=1024&size=65536 HTTP/1.1\r\nHost: x\r\n\r\n"
# What `ss -m` calls: read, set aside, write queue, options, backlog. Its `t` is on the
# way to the device, and part of the write queue.
OF_SS = ("r", "f", "w", "o", "bl")


@contextlib.contextmanager
def listening(host: str = HOST, backlog: int = 16) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        try:
            listener.bind((host, 0))
        except OSError:
            pytest.skip(f"this machine has no {host}")
        listener.listen(backlog)
        yield listener


def port_of(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


TCPMUX = 1  # below the ports that clients get


def on(port: int) -> Sockets:
    found = sockets_on(port)
    assert found is not None
    return found


def test_port_that_nobody_uses_has_no_sockets() -> None:
    # A free one may become the near end of a neighbour's connection at any moment.
    assert on(TCPMUX) == Sockets(0, 0, 0, frozenset(), 0)


def test_socket_that_is_only_bound_belongs_to_no_other_port() -> None:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        assert on(TCPMUX).connections == 0


def test_clients_that_nobody_accepts_wait_in_the_queue() -> None:
    with listening(backlog=16) as listener, contextlib.ExitStack() as stack:
        address = (HOST, port_of(listener))
        for _ in range(3):
            stack.enter_context(wire.connect(address))
        assert wait_until(lambda: on(address[1]).accept_queue == 3, 5)
        found = on(address[1])
        assert (found.connections, found.established) == (3, 3)
        assert not found.inodes
        stack.enter_context(listener.accept()[0])
        found = on(address[1])
        assert (found.accept_queue, found.connections, len(found.inodes)) == (2, 3, 1)


def test_client_that_left_is_no_longer_established() -> None:
    with listening() as listener:
        client = wire.connect((HOST, port_of(listener)))
        with listener.accept()[0]:
            assert on(port_of(listener)).established == 1
            client.close()
            assert wait_until(lambda: not on(port_of(listener)).established, 5)
            assert on(port_of(listener)).connections == 1


@pytest.mark.parametrize("host", [HOST, "::1"])
def test_memory_is_the_servers_side_alone(host: str) -> None:
    """What the client has not read is the client's; what was not sent, the server's."""
    with listening(host) as listener, socket.socket(listener.family) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((host, port_of(listener)))
        sock, _ = listener.accept()
        with sock:
            assert on(port_of(listener)).memory_bytes < 8192
            sock.setblocking(False)
            written = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    written += sock.send(b"x" * 4096)
            kept = on(port_of(listener)).memory_bytes
            assert written / 2 < kept < written * 3
            assert on(port_of(client)).memory_bytes < 65536 < kept


def test_sockets_that_lead_to_a_port_are_those_of_its_clients() -> None:
    with listening() as listener, wire.connect((HOST, port_of(listener))) as client:
        port = port_of(listener)
        leading = sockets_to(port)
        assert leading is not None
        assert (leading.connections, leading.established) == (1, 1)
        assert connections_by_pid(leading, [os.getpid()]) == {os.getpid(): 1}
        both = joined([on(port), leading])
        assert both is not None
        assert both.connections == 2
        assert both.inodes >= leading.inodes
        assert both.memory_bytes == on(port).memory_bytes + leading.memory_bytes
        assert joined([leading, None]) is None
        assert client.fileno() > 0


def test_kernel_that_does_not_know_sock_diag_gives_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernel, "_SOCK_DIAG_BY_FAMILY", 99)  # as one without it: EINVAL
    assert sockets_on(free_port()) is None


@pytest.mark.parametrize("error", [PermissionError, OSError])
def test_container_that_forbids_netlink_gives_no_answer(
    monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    def forbidden(*args: object) -> None:
        raise error

    monkeypatch.setattr("loadtests.servers.sockets.socket.socket", forbidden)
    assert sockets_on(1) is None


def test_connections_are_found_by_process() -> None:
    with listening() as listener, wire.connect((HOST, port_of(listener))):
        with listener.accept()[0]:
            found = on(port_of(listener))
            assert connections_by_pid(found, [os.getpid()]) == {os.getpid(): 1}
        with listening() as other, wire.connect((HOST, port_of(other))):
            assert connections_by_pid(on(port_of(other)), [os.getpid()]) == {
                os.getpid(): 0  # it waits in the backlog still
            }


def test_process_that_ended_has_no_connections_and_does_no_harm() -> None:
    assert connections_by_pid(on(free_port()), [2**22 + 1]) == {}


# Real servers


@pytest.fixture(params=["asgi-uvicorn", "wsgi-gunicorn-gevent"])
def own_server(
    request: pytest.FixtureRequest, guard: Guard, tmp_path: Path
) -> Iterator[Server]:
    with running(STACKS[request.param], guard, tmp_path / "log") as server:
        yield server


@pytest.fixture
def with_slow_readers(own_server: Server) -> Iterator[Server]:
    """The server, with readers that do not read, when it can write no more to them."""
    with contextlib.ExitStack() as stack:
        for _ in range(READERS):
            buffer = wire.SMALL_RECEIVE_BUFFER
            reader = wire.connect(own_server.address, receive_buffer=buffer)
            stack.enter_context(reader).sendall(STREAM)
        assert wait_until(lambda: is_full(own_server.port), 30)
        yield own_server


def is_full(port: int) -> bool:
    """Whether each reader's connection holds what one can: the send buffer starts at
    16 kB, and grows to several times that."""
    found = on(port)
    return found.established == READERS and found.memory_bytes > READERS * 80_000


def test_slow_readers_take_the_kernel_memory_that_ss_says(
    with_slow_readers: Server,
) -> None:
    if shutil.which("ss") is None:
        pytest.skip("there is no ss: apt-get install iproute2")
    port = with_slow_readers.port

    def agree() -> bool:
        """Between two looks a busy server may still fill its buffers."""
        return on(port).memory_bytes == pytest.approx(said_by_ss(port), rel=0.15)

    assert wait_until(agree, 20)


def said_by_ss(port: int) -> int:
    argv = ["ss", "--tcp", "--memory", "--numeric", "sport", "=", f":{port}"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"skmem:\((.*?)\)", said)
    assert len(found) == READERS
    fields = re.findall(r"([a-z]+)(\d+)", " ".join(found))
    return sum(int(size) for name, size in fields if name in OF_SS)


def test_slow_readers_are_found_at_their_workers(with_slow_readers: Server) -> None:
    members = [process.pid for process in with_slow_readers.group.members()]
    by_pid: dict[int, int] = {}

    def all_are_at_a_worker() -> bool:
        """A connection that waits to be accepted is at none yet."""
        by_pid.update(connections_by_pid(on(with_slow_readers.port), members))
        return sum(by_pid.values()) == READERS

    assert wait_until(all_are_at_a_worker, 20), by_pid
    assert by_pid.keys() == set(members)
    held = [count for count in by_pid.values() if count]
    assert len(held) <= with_slow_readers.stack.workers
