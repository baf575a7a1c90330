"""Somebody else on the port of a server, before, while and after it is started.

The impostor is a whole server, which answers right: it is told by its sockets alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import pytest

from loadtests.catalog.stacks import HOST, STACKS, Stack
from loadtests.records.facts import PORT_TAKEN
from loadtests.servers import server as starting
from loadtests.servers.processes import Guard
from loadtests.servers.server import PortTakenError, ServerError, free_port, running
from tests.conftest import runnable
from tests.servers.test_listening import ourselves, taken


def sharing(stack_id: str) -> Stack:
    """A stack of gunicorn that shares its port, as the kernel then lets others do."""
    stack = STACKS[stack_id]
    return dataclasses.replace(stack, argv=(*stack.argv, "--reuse-port"))


@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("host", [HOST, "0.0.0.0", "::"])
def test_port_on_which_somebody_listens_is_refused(
    guard: Guard, tmp_path: Path, host: str, shares: bool
) -> None:
    port = free_port()
    with (
        taken(port, host, shares=shares),
        pytest.raises(PortTakenError, match=f"^port {port} is in use$"),
        running(sharing("wsgi-gunicorn-sync"), guard, tmp_path / "log", port=port),
    ):
        pytest.fail("it was started")


# It fails at once; shares its port unasked; and tries for a while.
@pytest.mark.parametrize(
    "stack_id", runnable(["asgi-uvicorn", "asgi-granian", "wsgi-gunicorn-sync-nginx"])
)
def test_impostor_that_comes_between_the_look_and_the_start_is_found_out(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack_id: str
) -> None:
    """The server cannot have the port, or shares it and gets half of the clients."""
    with contextlib.ExitStack() as opened:

        def look_too_early(port: int) -> None:
            monkeypatch.undo()
            monkeypatch.setattr(starting, "OURS_WITHIN_S", 1.0)
            impostor = sharing("wsgi-gunicorn-sync")
            other = running(impostor, guard, tmp_path / "impostor", port=port)
            opened.enter_context(other)

        monkeypatch.setattr(starting, "see_that_it_is_free", look_too_early)
        with (
            pytest.raises(ServerError, match=r"did not start|is not ours"),
            running(STACKS[stack_id], guard, tmp_path / "log"),
        ):
            pytest.fail("the impostor was taken for it")


@pytest.mark.parametrize(
    "stack_id", runnable(["wsgi-gunicorn-sync", "wsgi-gunicorn-sync-nginx"])
)
def test_stranger_beside_a_server_that_shares_its_port_is_named(
    guard: Guard, tmp_path: Path, stack_id: str
) -> None:
    """With SO_REUSEPORT, the kernel gives the stranger half of the connections. nginx
    shares no port, but the server behind it may."""
    with running(sharing(stack_id), guard, tmp_path / "log") as server:
        assert server.broken() is None
        with taken(server.app.port):
            found = server.broken()
        assert server.broken() is None
    assert found is not None
    assert (found.kind, found.words) == (PORT_TAKEN, ourselves())
