"""A stack with nginx in front: both parts are started, watched, and ended."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.catalog.stacks import STACKS, Stack
from loadtests.clients import wire
from loadtests.records.facts import SERVER_DIED
from loadtests.servers.processes import Guard, wait_until
from loadtests.servers.programs import lacks, version_of
from loadtests.servers.server import Server, ServerError, running
from loadtests.servers.sockets import connections_by_pid
from loadtests.servers.usage import disk_mb, memory, usage
from tests.conftest import needs
from tests.surroundings import SEND_BUFFER

BUFFERING, PASSING_ON = (
    STACKS["wsgi-gunicorn-sync-nginx"],
    STACKS["wsgi-gunicorn-sync-nginx-unbuffered"],
)
HEAD_BEGUN = b"GET /hello HTTP/1.1\r\nHost: x\r\n"
HELLO = b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
UPLOAD_BEGUN = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nbegun"
DOWNLOAD = b"GET /stream?chunks=128&size=65536 HTTP/1.1\r\nHost: x\r\n\r\n"
DOWNLOAD_MB = 8
PATIENCE_S = 10.0

pytestmark = needs(BUFFERING.id)


@pytest.fixture(scope="module", params=[BUFFERING, PASSING_ON], ids=["on", "off"])
def server(
    request: pytest.FixtureRequest,
    guard: Guard,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("front") / "log"
    with running(request.param, guard, log) as server:
        yield server


def in_front(server: Server) -> dict[int, int]:
    """The connections of each process of nginx."""
    assert server.front is not None
    sockets = server.front.sockets()
    assert sockets is not None
    return connections_by_pid(sockets, usage(server.front.group).pids)


def behind(server: Server) -> int:
    sockets = server.app.sockets()
    assert sockets is not None
    return sockets.connections


def of_nginx(server: Server) -> list[psutil.Process]:
    assert server.front is not None
    members = server.front.group.members()
    return [one for one in members if one.pid != server.front.group.id]


def test_usage_covers_what_stands_in_front_and_what_is_behind(server: Server) -> None:
    assert server.front is not None
    names = {process.name() for process in server.members()}
    assert "nginx" in names
    assert len(server.members()) == 2 * (1 + server.stack.workers)
    both = usage(server)
    assert both.pids > usage(server.front.group).pids
    whole, app = (memory(one, None).pss_mb for one in (server, server.group))
    assert whole is not None
    assert app is not None
    assert whole > app
    assert server.broken() is None


def test_workers_in_front_have_the_limit_and_the_descriptors_of_the_stack(
    server: Server,
) -> None:
    found, front = usage(server).by_pid, server.stack.front
    assert front is not None
    own = front.own_descriptors + server.stack.workers - 1
    workers = [found[process.pid] for process in of_nginx(server)]
    assert [one.nofile for one in workers] == [server.stack.nofile] * 2
    pids = [process.pid for process in of_nginx(server)]
    assert wait_until(
        lambda: [usage(server).by_pid[pid].descriptors for pid in pids] == [own] * 2,
        PATIENCE_S,
    )


def test_upload_that_is_not_whole_is_held_in_front_or_passed_on(server: Server) -> None:
    passes_on = server.stack is PASSING_ON
    with wire.connect(server.address) as client:
        client.sendall(UPLOAD_BEGUN)
        held = 1 + passes_on
        assert wait_until(lambda: sum(in_front(server).values()) == held, PATIENCE_S)
        assert behind(server) == passes_on
        sockets = server.sockets()
        assert sockets is not None
        assert sockets.connections == held + passes_on
        client.sendall(b"body")
        assert client.recv(12) == b"HTTP/1.1 200"


def test_download_is_stored_without_a_name_or_held_back(server: Server) -> None:
    assert server.front is not None
    group = server.front.group
    assert disk_mb(group) == 0
    buffer = wire.SMALL_RECEIVE_BUFFER
    with wire.connect(server.address, receive_buffer=buffer) as client:
        client.sendall(DOWNLOAD)
        if server.stack is BUFFERING:
            least_mb = DOWNLOAD_MB - SEND_BUFFER / 1e6
            assert wait_until(lambda: (disk_mb(group) or 0) > least_mb, PATIENCE_S)
            assert wait_until(lambda: not behind(server), PATIENCE_S)
        else:
            assert wait_until(lambda: behind(server) == 1, PATIENCE_S)
            assert disk_mb(group) == 0
        assert group.folder
        assert not [path for path in group.folder.rglob("*/*") if path.is_file()]
    assert wait_until(lambda: disk_mb(group) == 0, PATIENCE_S)


def test_nothing_is_left_of_a_server_that_was_ended(
    guard: Guard, tmp_path: Path
) -> None:
    with running(BUFFERING, guard, tmp_path / "log") as server:
        assert server.front is not None
        folder, members = server.front.group.folder, server.members()
        assert folder
        assert folder.exists()
    assert not folder.exists()
    assert not [process for process in members if process.is_running()]


@pytest.mark.parametrize("part", ["front", "app"])
def test_server_of_which_a_part_ends_is_broken(
    guard: Guard, tmp_path: Path, part: str
) -> None:
    with running(BUFFERING, guard, tmp_path / "log") as server:
        group = getattr(server, part).group
        os.killpg(group.id, signal.SIGKILL)
        assert wait_until(lambda: server.exited, PATIENCE_S)
        found = server.broken()
    assert found is not None
    assert found.kind == SERVER_DIED


def few(connections: int) -> Stack:
    """With so many connections for clients and for the server behind, in one worker."""
    front = BUFFERING.front
    assert front is not None
    own = front.own_connections
    fewer = dataclasses.replace(front, worker_connections=connections + own)
    return dataclasses.replace(BUFFERING, front=fewer, workers=1)


def test_worker_without_a_connection_left_drops_who_comes(
    guard: Guard, tmp_path: Path
) -> None:
    with (
        running(few(10), guard, tmp_path / "log") as server,
        contextlib.ExitStack() as opened,
    ):
        for _ in range(10):
            held = opened.enter_context(wire.connect(server.address))
            held.sendall(HEAD_BEGUN)
        assert wait_until(lambda: sum(in_front(server).values()) == 10, PATIENCE_S)
        more = opened.enter_context(wire.connect(server.address))
        more.settimeout(PATIENCE_S)
        assert _ended(more)
    assert "worker_connections are not enough" in (tmp_path / "log").read_text()


def test_worker_that_needs_room_closes_the_oldest_that_is_silent(
    guard: Guard, tmp_path: Path
) -> None:
    with (
        running(few(10), guard, tmp_path / "log") as server,
        contextlib.ExitStack() as opened,
    ):
        silent = []
        for _ in range(10):
            silent.append(opened.enter_context(wire.connect(server.address)))
        assert wait_until(lambda: sum(in_front(server).values()) == 10, PATIENCE_S)
        # Two for a request: to the client, and to the server behind.
        answer = wire.exchange(server.address, HELLO, deadline_s=PATIENCE_S)
        assert answer.status == 200
        for sock in silent[:2]:
            sock.settimeout(PATIENCE_S)
            assert _ended(sock)
        silent[-1].settimeout(0.1)
        with pytest.raises(TimeoutError):
            silent[-1].recv(1)


def _ended(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def test_version_is_what_the_program_says() -> None:
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr
    assert version_of("nginx")
    assert f"nginx/{version_of('nginx')}" in said


def test_stack_without_its_program_says_what_installs_it(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    why = "there is no nginx on PATH: apt-get install nginx"
    assert lacks(BUFFERING) == why
    assert version_of("nginx") == ""
    assert not lacks(STACKS["wsgi-gunicorn-sync"])
    with (
        pytest.raises(ServerError, match=f"wsgi-gunicorn-sync-nginx cannot .*: {why}"),
        running(BUFFERING, guard, tmp_path / "log"),
    ):
        pytest.fail("it must not start")
