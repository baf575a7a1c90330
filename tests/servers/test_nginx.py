"""What stands in front: nginx with a door to each app, each with its own directives."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.clients.conversations import ask
from loadtests.servers.nginx import Door, is_installed, nginx
from loadtests.servers.processes import Guard
from loadtests.servers.server import ServerError
from tests.conftest import Servers

needs_nginx = pytest.mark.skipif(not is_installed(), reason="nginx is not installed")


@needs_nginx
def test_each_door_leads_to_its_app(
    servers: Servers, guard: Guard, tmp_path: Path
) -> None:
    one, other = servers["wsgi-gunicorn-gthread"], servers["asgi-uvicorn"]
    doors = {
        "plain": Door(one.address),
        "marked": Door(other.address, "add_header X-Door marked;"),
    }
    with nginx(doors, guard, tmp_path / "log") as addresses:
        answers = {name: ask(address, "/hello") for name, address in addresses.items()}
    assert [answer.status for answer in answers.values()] == [200, 200]
    assert answers["marked"].head.count(b"X-Door: marked") == 1
    assert b"X-Door" not in answers["plain"].head


@needs_nginx
def test_nginx_that_does_not_start_is_one_line(
    servers: Servers, guard: Guard, tmp_path: Path
) -> None:
    doors = {"wrong": Door(servers["asgi-uvicorn"].address, "no_such_directive on;")}
    with (
        pytest.raises(ServerError, match=r"nginx did not start; .*no_such_directive"),
        nginx(doors, guard, tmp_path / "log"),
    ):
        pass


def test_nginx_is_found_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert not is_installed()
