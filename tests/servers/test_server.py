"""Real servers: proved to be ours, bound to loopback, and what they do to the slow."""

from __future__ import annotations

import dataclasses
import socket
import sys
from pathlib import Path

import pytest

from loadtests.catalog.stacks import HOST, STACKS
from loadtests.catalog.stacks.options import of_command_line, with_options
from loadtests.catalog.target import Home, Target, yours
from loadtests.clients import wire
from loadtests.servers import server as starting
from loadtests.servers.guard import CAP_BYTES
from loadtests.servers.listening import listeners
from loadtests.servers.processes import Guard, wait_until
from loadtests.servers.programs import ProcessError
from loadtests.servers.server import (
    PortTakenError,
    Server,
    ServerError,
    free_port,
    running,
)
from loadtests.servers.usage import usage
from tests.conftest import UNFRONTED, Servers
from tests.surroundings import FAKE, odd_environment

HEADERS_BEGUN = b"GET /hello HTTP/1.1\r\nHost: x\r\n"
BODY_BEGUN = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun"
# Of each server, the stack that the catalog lists last.
OF_EACH_SERVER = {STACKS[name].server: name for name in UNFRONTED}.values()
PATIENCE_S = 10.0  # shorter than any timeout of a server


def addresses(port: int) -> set[str]:
    return {address for address, _ in listeners(port)}


def test_server_listens_on_loopback_only(server: Server) -> None:
    assert addresses(server.port) == {HOST}


@pytest.mark.parametrize(
    ("stack_id", "option"),
    [
        ("wsgi-uwsgi", "--stats 127.0.0.2:{port}"),
        ("wsgi-gunicorn-sync", "--bin=127.0.0.2:{port}"),
    ],
)
def test_server_that_listens_elsewhere_too_is_not_measured(
    guard: Guard, tmp_path: Path, stack_id: str, option: str
) -> None:
    """Options of WITH= can have it do that: gunicorn takes --bin for --bind."""
    port = free_port()
    options = of_command_line(option.format(port=port))
    stack = with_options(STACKS[stack_id].with_counts(None, None), options)
    says = (
        rf"{stack_id}@.* listens on 127\.0\.0\.2 port {port} too: leave out the option"
    )
    with (
        pytest.raises(ServerError, match=says),
        running(stack, guard, tmp_path / "log"),
    ):
        pass


def test_server_belongs_to_its_group(server: Server) -> None:
    owners = {pid for _, pid in listeners(server.port)}
    assert owners <= {p.pid for p in server.members()}
    assert server.broken() is None
    assert usage(server).rss_mb > 10


@pytest.mark.parametrize(
    ("stack_id", "begins"),
    [
        ("wsgi-gunicorn-sync", "Booting worker"),
        ("asgi-uvicorn", "Started server process"),
        ("asgi-granian", "Spawning worker-"),
    ],
)
def test_server_ignores_what_the_environment_says(
    guard: Guard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stack_id: str,
    begins: str,
) -> None:
    other = free_port()
    for name, value in odd_environment(tmp_path / "packages", other).items():
        monkeypatch.setenv(name, value)
    with running(STACKS[stack_id], guard, tmp_path / "log") as server:
        assert addresses(server.port) == {HOST}
        assert addresses(other) == set()
        log = (tmp_path / "log").read_text()
    assert log.count(begins) == 2
    assert FAKE not in log


def test_port_that_is_taken_is_an_error_and_not_a_measurement(
    guard: Guard, tmp_path: Path, servers: Servers
) -> None:
    taken = servers["asgi-uvicorn"].port
    # Not every command can be told to take another: those that can add that.
    with (
        pytest.raises(PortTakenError, match=f"^port {taken} is in use$"),
        running(STACKS["asgi-uvicorn"], guard, tmp_path / "log", port=taken),
    ):
        pass


def test_port_that_is_bound_without_listening_is_taken_too(
    guard: Guard, tmp_path: Path
) -> None:
    """gunicorn would try again and again to bind it."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        taken = other.getsockname()[1]
        with (
            pytest.raises(PortTakenError, match=f"^port {taken} is in use$"),
            running(STACKS["wsgi-gunicorn-sync"], guard, tmp_path / "log", port=taken),
        ):
            pass


@pytest.mark.parametrize("stack_id", OF_EACH_SERVER)
def test_server_that_does_not_start_says_why(
    guard: Guard, tmp_path: Path, stack_id: str
) -> None:
    broken = dataclasses.replace(STACKS[stack_id], app="no_such_module:app")
    with (
        pytest.raises(ProcessError, match=r"log ends: .*no_such_module"),
        running(broken, guard, tmp_path / "log"),
    ):
        pass


def test_log_stays_short_though_the_server_says_much_before_it_listens(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says 60 MB, and then waits for as long as nobody ends it."""
    monkeypatch.setattr(starting, "READY_WITHIN_S", 3.0)
    says = f"print('x' * {6 * CAP_BYTES}, flush=True); import time; time.sleep(60)"
    argv = ("python", "-c", says, "{port}")
    stack = dataclasses.replace(STACKS["wsgi-gunicorn-sync"], argv=argv)
    log = tmp_path / "log"
    not_started = pytest.raises(ServerError, match="did not start")
    with not_started, running(stack, guard, log):
        pytest.fail("nobody listens")
    assert log.stat().st_size <= CAP_BYTES


# Listens late, and answers late: each within the time that there is for both.
LATE = """
import socket, sys, time
time.sleep(3.0)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(3.5)
print("answering", flush=True)
while True:
    with listener.accept()[0] as client:
        client.recv(4096)
        client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
"""


@pytest.mark.parametrize("home", [None, Home("", "/", "", untouched=True)])
def test_server_has_one_deadline_to_listen_and_to_answer(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Home | None
) -> None:
    # What is asked before the deadline may be answered for two seconds more.
    monkeypatch.setattr(starting, "IMPORTS_WITHIN_S" if home else "READY_WITHIN_S", 4.0)
    argv = (sys.executable, "-c", LATE, "{port}")
    late = dataclasses.replace(STACKS["wsgi-gunicorn-sync"], argv=argv)
    says = r"did not start|does not answer|takes no"
    given_up = pytest.raises(ServerError, match=says)
    target: Target = yours(healthy="/", home=home)
    with given_up, running(late, guard, tmp_path / "log", target=target):
        pytest.fail("it was waited for")


def test_server_with_another_app_is_not_ready(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "READY_WITHIN_S", 4.0)
    other = dataclasses.replace(
        STACKS["wsgi-gunicorn-sync"], app="wsgiref.simple_server:demo_app"
    )
    with (
        pytest.raises(ServerError, match="does not answer as the app should"),
        running(other, guard, tmp_path / "log"),
    ):
        pass


@pytest.mark.parametrize(
    "opening", [HEADERS_BEGUN, BODY_BEGUN], ids=["headers", "body"]
)
@pytest.mark.parametrize("stack_id", ["wsgi-gunicorn-sync", "asgi-uvicorn"])
def test_slow_client_takes_a_sync_worker_and_no_uvicorn_worker(
    guard: Guard, tmp_path: Path, stack_id: str, opening: bytes
) -> None:
    with running(STACKS[stack_id], guard, tmp_path / "log") as server:
        held = [wire.connect(server.address) for _ in range(server.stack.workers)]
        for sock in held:
            sock.sendall(opening)
        if stack_id == "asgi-uvicorn":
            # A busy machine may answer late; a worker that is held never does.
            assert all(answers(server, PATIENCE_S) for _ in range(20))
        else:
            assert wait_until(lambda: not answers(server, 0.5), PATIENCE_S)
        for sock in held:
            sock.close()
        assert wait_until(lambda: answers(server, 0.5), PATIENCE_S)


def answers(server: Server, deadline_s: float) -> bool:
    request = b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    try:
        answer = wire.exchange(server.address, request, deadline_s=deadline_s)
    except wire.WireError:
        return False
    return answer.status == 200
