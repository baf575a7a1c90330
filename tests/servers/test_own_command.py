"""A command of somebody else: on which port it listens, and that nothing is left."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.catalog.stacks.unmodelled import unknown_stack
from loadtests.catalog.target import Home, Target, yours
from loadtests.servers import server as servers
from loadtests.servers.own_command import workers
from loadtests.servers.processes import Guard
from loadtests.servers.programs import ServerError
from loadtests.servers.server import Server, free_port, running
from tests.surroundings import working_in

# A server of one process, which takes connections at each of its addresses.
SERVE = """
import os, selectors, socket, sys
sys.stdout.reconfigure(line_buffering=True)
with selectors.DefaultSelector() as ready:
    for word in sys.argv[1:]:
        host, _, port = word.rpartition(":")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        ready.register(
            socket.create_server((host, int(port or os.environ["PORT"])), family=family,
                                 dualstack_ipv6=family == socket.AF_INET6),
            selectors.EVENT_READ,
        )
    while True:
        for key, _ in ready.select():
            with key.fileobj.accept()[0] as client:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
"""
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
"""


@contextlib.contextmanager
def started(
    guard: Guard, folder: Path, *words: str, port: int | None = None
) -> Iterator[Server]:
    """These words of Python as a command of its user's."""
    plain = (word.replace("{", "{{").replace("}", "}}") for word in words)
    argv = ("env", "PORT={port}", sys.executable, "-c", *plain)
    stack = unknown_stack("command", argv, "shop", workers=1)
    target: Target = yours(healthy="/", home=Home("", str(folder), "", untouched=True))
    with running(stack, guard, folder / "log", port=port, target=target) as server:
        yield server


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
def test_command_listens_on_the_port_that_it_is_given(
    host: str, guard: Guard, tmp_path: Path
) -> None:
    port = free_port()
    with started(guard, tmp_path, SERVE, f"{host}:", port=port) as server:
        assert server.port == port
        [worker] = workers(server.group, port)
        assert worker.pid == server.group.id
        assert (worker.threads, worker.on_uvloop) == (1, False)
        assert (worker.descriptors or 0) > 3
        assert server.broken() is None
    assert not psutil.pid_exists(worker.pid)


def test_port_of_its_own_is_found(guard: Guard, tmp_path: Path) -> None:
    own = free_port()
    with started(guard, tmp_path, SERVE, f"127.0.0.1:{own}") as server:
        assert server.port == own


def test_other_ports_beside_the_given_one_do_not_matter(
    guard: Guard, tmp_path: Path
) -> None:
    own, given = free_port(), free_port()
    words = (SERVE, f"127.0.0.1:{own}", "127.0.0.1:")
    with started(guard, tmp_path, *words, port=given) as server:
        assert server.port == given


def test_two_ports_of_its_own_are_too_many(guard: Guard, tmp_path: Path) -> None:
    words = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    says = r"CMD= listens on \d+ and \d+: write \{port\} in it where"
    with (
        pytest.raises(ServerError, match=says),
        started(guard, tmp_path, SERVE, *words),
    ):
        pass
    assert working_in(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import nothing_like_it", "status 1 .*log ends: ModuleNotFoundError: No mod"),
        ("print('done')", "CMD= ended with status 0 before it took connections.*done"),
        (DAEMON, r"It went on in the background: let it stay in the foreground\."),
    ],
)
def test_command_that_ends_is_told_with_its_last_line(
    text: str, says: str, guard: Guard, tmp_path: Path
) -> None:
    with pytest.raises(ServerError, match=says), started(guard, tmp_path, text):
        pass
    assert working_in(tmp_path) == []


def test_command_that_never_listens_is_ended(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "IMPORTS_WITHIN_S", 0.5)
    text = "import time; print('waiting', flush=True); time.sleep(60)"
    says = r"CMD= takes no connections at 127.0.0.1 within 0.5 s; .*log ends: waiting"
    with pytest.raises(ServerError, match=says), started(guard, tmp_path, text):
        pass
    assert working_in(tmp_path) == []


def test_environment_is_left_as_it_is(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    text = "import os; print(os.environ['WEB_CONCURRENCY'], os.environ['PORT'])"
    port = free_port()
    with (
        pytest.raises(ServerError, match=f"7 {port}"),
        started(guard, tmp_path, text, port=port),
    ):
        pass
