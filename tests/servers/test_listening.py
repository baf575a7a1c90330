"""The right server, to the end: whoever ends it, or takes its port, is found out."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.catalog.stacks import HOST, STACKS
from loadtests.clients import wire
from loadtests.records.facts import NOT_LISTENING, PORT_TAKEN, SERVER_DIED
from loadtests.servers.listening import Holdings, listeners, listening
from loadtests.servers.parts import Part
from loadtests.servers.processes import Guard, started, wait_until
from loadtests.servers.server import Server, free_port, running

# Listens on a port, and stops listening when it reads a line. It lives on.
GIVES_UP = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("up", flush=True)
sys.stdin.readline()
listener.close()
print("closed", flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def taken(
    port: int, host: str = HOST, *, shares: bool = True
) -> Iterator[socket.socket]:
    """Somebody who is not the server listens on its port, and shares it with those who
    do so too."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shares))
        listener.bind((host, port))
        listener.listen()
        yield listener


def ourselves() -> str:
    return f"{psutil.Process().name()} (pid {os.getpid()})"


@pytest.mark.parametrize("stack_id", ["wsgi-gunicorn-gthread", "asgi-uvicorn"])
@pytest.mark.parametrize("whom", ["its first process", "all"])
def test_server_that_is_killed_died_and_its_log_ends_so(
    guard: Guard, tmp_path: Path, stack_id: str, whom: str
) -> None:
    with running(STACKS[stack_id], guard, tmp_path / "log") as server:
        assert server.broken() is None
        kill = os.killpg if whom == "all" else os.kill
        kill(server.group.id, signal.SIGKILL)
        assert wait_until(lambda: server.broken() is not None, 20)
        found = server.broken()
    assert found is not None
    assert (found.kind, found.figures) == (SERVER_DIED, {"status": -9.0})
    assert f"{tmp_path / 'log'} ends: " in found.words


def test_server_that_died_is_not_replaced_by_another_on_its_port(
    guard: Guard, tmp_path: Path
) -> None:
    with running(STACKS["asgi-uvicorn"], guard, tmp_path / "log") as server:
        os.killpg(server.group.id, signal.SIGKILL)
        assert wait_until(lambda: not listening(server.port), 20)
        with taken(server.port):
            found = server.broken()
    assert found is not None
    assert found.kind == SERVER_DIED


@pytest.mark.parametrize("stack_id", ["wsgi-gunicorn-sync", "asgi-uvicorn"])
def test_worker_that_its_own_server_replaces_breaks_nothing(
    guard: Guard, tmp_path: Path, stack_id: str
) -> None:
    with running(STACKS[stack_id], guard, tmp_path / "log") as server:
        workers = workers_of(server)
        victim = max(workers)  # uvicorn starts a helper before its workers
        os.kill(victim, signal.SIGKILL)

        def replaced() -> bool:
            assert server.broken() is None
            now = workers_of(server)
            return victim not in now and len(now) == len(workers)

        assert wait_until(replaced, 20)
        assert server.broken() is None


def workers_of(server: Server) -> set[int]:
    return {p.pid for p in server.group.members()} - {server.group.id}


def test_server_that_stops_listening_lives_but_is_broken(
    guard: Guard, tmp_path: Path
) -> None:
    port = free_port()
    argv = ["python", "-c", GIVES_UP, str(port)]
    with started(guard, argv, tmp_path / "log", cwd=tmp_path, pipes=True) as group:
        assert group.process.stdin is not None
        assert group.process.stdout is not None
        server = Server(STACKS["asgi-uvicorn"], Part(group, port))
        assert group.process.stdout.readline() == b"up\n"
        assert server.broken() is None
        group.process.stdin.write(b"\n")
        group.process.stdin.flush()
        assert group.process.stdout.readline() == b"closed\n"
        alone = server.broken()
        with taken(port):
            beside = server.broken()
    assert alone is not None
    assert alone.kind == NOT_LISTENING
    assert beside is not None
    assert (beside.kind, beside.words) == (PORT_TAKEN, ourselves())


@pytest.mark.parametrize(
    ("host", "seen"), [(HOST, True), ("0.0.0.0", True), ("127.0.0.2", False)]
)
def test_only_a_socket_that_takes_our_connections_listens(
    host: str, seen: bool
) -> None:
    with socket.socket() as listener:
        listener.bind((host, 0))
        port = listener.getsockname()[1]
        assert listening(port) == set(), "it is bound, but does not listen"
        listener.listen()
        inode = os.fstat(listener.fileno()).st_ino
        assert listening(port) == ({inode} if seen else set())


def test_look_reads_no_further_than_the_listening_sockets(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that 400 connections, which fill 30 pages, cost nothing."""
    with (
        running(STACKS["asgi-uvicorn"], guard, tmp_path / "log") as server,
        contextlib.ExitStack() as connections,
    ):
        assert server.broken() is None
        for _ in range(400):
            connections.enter_context(wire.connect(server.address))
        pages = []
        original = os.read

        def read(descriptor: int, size: int) -> bytes:
            pages.append(original(descriptor, size))
            return pages[-1]

        monkeypatch.setattr(os, "read", read)
        sockets = listening(server.port)
        monkeypatch.undo()
        assert len(sockets) == 1
        assert len(pages) < 10

        # Nor does it search the descriptors of the server again.
        holdings = Holdings(server.group)
        assert holdings.lacks(sockets) == set()
        monkeypatch.setattr(os, "listdir", None)
        assert holdings.lacks(sockets) == set()
        monkeypatch.undo()


@pytest.mark.parametrize("host", ["127.0.0.2", "0.0.0.0", "::1", "::"])
def test_who_listens_is_named_with_the_address(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, 0), family=family)
    except OSError as error:  # a machine without IPv6
        pytest.skip(str(error))
    with listener:
        port = listener.getsockname()[1]
        assert (host, os.getpid()) in listeners(port)  # others may have it elsewhere
        monkeypatch.setattr(psutil, "pids", list)
        assert (host, None) in listeners(port)
    monkeypatch.undo()
    assert host not in {address for address, _ in listeners(port)}
