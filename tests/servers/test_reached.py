"""A server that runs already: reached, watched, and left alone."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from loadtests.catalog.stacks import STACKS
from loadtests.catalog.stacks.unmodelled import unknown_stack
from loadtests.catalog.target import RAW
from loadtests.records.facts import NOT_LISTENING, SERVER_GONE
from loadtests.records.target import RunningServer
from loadtests.servers.processes import Guard
from loadtests.servers.programs import ServerError
from loadtests.servers.reached import Reached, reached
from loadtests.servers.server import ServerBrokenError, free_port, running

URL = unknown_stack("url", (), "http://127.0.0.1", workers=0)


def at(port: int, pid: int | None = None) -> RunningServer:
    return RunningServer("127.0.0.1", port, pid)


def test_nobody_at_the_address_is_an_error() -> None:
    with (
        pytest.raises(ServerError, match="start your server first"),
        reached(URL, at(free_port()), RAW),
    ):
        pass


def test_its_processes_are_those_of_the_one_that_was_named(
    guard: Guard, tmp_path: Path
) -> None:
    stack = STACKS["wsgi-gunicorn-sync"]
    with running(stack, guard, tmp_path / "log") as server:
        with reached(URL, at(server.port, server.group.id), RAW) as found:
            assert found.seen
            assert found.foreign_is_known
            assert found.pids() == {p.pid for p in server.group.members()}
            assert found.sockets() is not None
            found.see_that_it_is_ours()
            before = [process.cpu_affinity() for process in found.members()]
            found.pin(frozenset({0}))
            assert [process.cpu_affinity() for process in found.members()] == before
        assert server.broken() is None, "it goes on after the block"
        with reached(URL, at(server.port), RAW) as unseen:
            assert (unseen.members(), unseen.sockets()) == ([], None)
            assert not unseen.foreign_is_known


def test_server_that_leaves_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with reached(URL, at(port), RAW) as found:
            found.see_that_it_is_ours()
            listener.close()
            with pytest.raises(ServerBrokenError) as caught:
                found.see_that_it_is_ours()
    assert caught.value.why.kind == NOT_LISTENING


def test_process_that_was_named_and_is_gone_is_told() -> None:
    gone = Reached(URL, at(1, 2**22 - 1), RAW)
    with pytest.raises(ServerBrokenError) as caught:
        gone.see_that_it_is_ours()
    assert caught.value.why.kind == SERVER_GONE
