"""Servers run with the descriptors of their stack, and hold as many as it says."""

from __future__ import annotations

import contextlib
import resource
import select
import socket
from pathlib import Path

import psutil
import pytest

from loadtests.catalog.stacks import STACKS, AtLimit, Supply
from loadtests.clients import wire
from loadtests.servers.processes import Guard, started, wait_until
from loadtests.servers.server import Server, ServerError, running
from tests.conftest import UNFRONTED, Servers

UPLOAD_BEGUN = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun"
HELLO = b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
NO_DESCRIPTOR = "Too many open files"
PATIENCE_S = 10.0


def workers(server: Server) -> list[psutil.Process]:
    """What the first process of the group started to serve."""
    members = server.group.members()
    return [
        process
        for process in members
        if process.pid != server.group.id
        and "resource_tracker" not in " ".join(process.cmdline())
    ] or members


def limits(process: psutil.Process) -> tuple[int, int]:
    """Soft and hard, as the kernel has them for a running process."""
    text = Path(f"/proc/{process.pid}/limits").read_text()
    [line] = [line for line in text.splitlines() if line.startswith("Max open files")]
    soft, hard = line.removeprefix("Max open files").split()[:2]
    return int(soft), int(hard)


def descriptors(process: psutil.Process) -> int:
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


@pytest.mark.parametrize("stack_id", UNFRONTED)
def test_each_worker_has_the_limit_and_the_idle_descriptors_of_its_stack(
    servers: Servers, stack_id: str
) -> None:
    server = servers[stack_id]
    found = workers(server)
    assert len(found) == server.stack.workers
    assert {limits(worker) for worker in found} == {(1024, 1024)}
    most, first = server.stack.idle_descriptors, server.stack.own_descriptors
    # Of granian's workers, each also holds what was opened for those before it.
    idle = [first, most] if server.stack.server == "granian" else [most] * len(found)
    # Connections of tests that came before may still be kept alive.
    assert wait_until(lambda: sorted(map(descriptors, found)) == idle, 10), idle


@pytest.mark.parametrize("stack_id", ["asgi-uvicorn", "wsgi-gunicorn-gevent"])
def test_one_worker_alone_has_its_own_limit_and_descriptors(
    guard: Guard, tmp_path: Path, stack_id: str
) -> None:
    stack = STACKS[stack_id].with_counts(1, None, nofile=100)
    with running(stack, guard, tmp_path / "log") as server:
        [worker] = workers(server)
        assert limits(worker) == (100, 100)
        assert wait_until(lambda: descriptors(worker) == stack.idle_descriptors, 10)


def test_group_without_a_limit_has_ours(guard: Guard, tmp_path: Path) -> None:
    argv = ["python", "-c", "import time; time.sleep(60)"]
    with started(guard, argv, tmp_path / "log", cwd=tmp_path) as group:
        assert limits(psutil.Process(group.id)) == limits(psutil.Process())


def test_limit_leaves_the_command_as_it_is(guard: Guard, tmp_path: Path) -> None:
    """A shell sets the limit, and is gone: each word arrives as it was given."""
    words = ["two words", "$HOME", "*", "'"]
    argv = [*("python", "-c", "import time; time.sleep(60)"), *words]
    with started(guard, argv, tmp_path / "log", cwd=tmp_path, nofile=64) as group:
        first = psutil.Process(group.id)
        assert wait_until(lambda: first.cmdline()[3:] == words, 10), first.cmdline()
        assert limits(first) == (64, 64)


def test_limit_above_what_we_may_have_is_an_error_with_its_cause(
    guard: Guard, tmp_path: Path
) -> None:
    stack = STACKS["asgi-uvicorn"].with_counts(1, None, nofile=2**31)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    says = (
        "^asgi-uvicorn is served with 2,147,483,648 file descriptors in a process, and "
        rf"the hard limit here is {hard:,}: raise that \(ulimit -Hn\)$"
    )
    with (
        pytest.raises(ServerError, match=says),
        running(stack, guard, tmp_path / "log"),
    ):
        pass
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    "stack_id",
    ["asgi-uvicorn", "asgi-gunicorn", "asgi-uvicorn-h11", "wsgi-gunicorn-gevent"],
)
def test_worker_without_a_descriptor_left_does_what_its_stack_says(
    guard: Guard, tmp_path: Path, stack_id: str
) -> None:
    one = STACKS[stack_id].with_counts(1, None)
    stack = one.with_counts(None, None, nofile=one.idle_descriptors + 10)
    limit, log = stack.limit_under("slow-body"), tmp_path / "log"
    assert (limit.supply, limit.each(stack)) == (Supply.DESCRIPTORS, 10)
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(running(stack, guard, log))
        [worker] = workers(server)
        assert wait_until(lambda: descriptors(worker) == stack.idle_descriptors, 10)
        held = [opened.enter_context(wire.connect(server.address)) for _ in range(10)]
        for sock in held:
            sock.sendall(UPLOAD_BEGUN)
        assert wait_until(lambda: descriptors(worker) == stack.nofile, PATIENCE_S)
        too_many = opened.enter_context(wire.connect(server.address))
        too_many.settimeout(PATIENCE_S)
        assert _at_limit(too_many, log) is limit.at_limit
        if limit.at_limit is not AtLimit.DROPS:
            held.pop().close()
            too_many.sendall(HELLO)
            assert too_many.recv(12) == b"HTTP/1.1 200"


def _at_limit(sock: socket.socket, log: Path) -> AtLimit:
    """What became of one connection more than there are descriptors."""
    dropped, _, _ = select.select([sock], [], [], 1.5)
    if dropped:
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(1) == b""
        return AtLimit.DROPS
    spins = wait_until(lambda: log.read_text().count(NO_DESCRIPTOR) > 500, 3)
    return AtLimit.SPINS if spins else AtLimit.QUEUES
