"""What ASGI has beyond WSGI, on every stack: work in the background."""

from __future__ import annotations

import contextlib
import http.client
import time

import pytest

from loadtests.catalog.stacks import HTTP1
from loadtests.servers.processes import wait_until
from tests.conftest import UNFRONTED, Servers

WAIT_S = 10.0
ASGI = [name for name in UNFRONTED if HTTP1[name].interface == "asgi"]


@pytest.mark.parametrize("stack_id", ASGI)
def test_background_work_is_done_after_the_client_has_its_whole_answer(
    servers: Servers, stack_id: str
) -> None:
    """On one connection, so that all three requests go to the same worker."""
    work_s = 1.0  # an answer that waits for the work is late on any machine
    connection = http.client.HTTPConnection(*servers[stack_id].address, timeout=WAIT_S)

    def ask(method: str, target: str) -> tuple[int, str]:
        connection.request(method, target)
        response = connection.getresponse()
        return response.status, response.read().decode()

    def finished() -> int:
        return int(ask("GET", "/background")[1].removeprefix("finished: "))

    with contextlib.closing(connection):
        before = finished()
        began_s = time.monotonic()
        target = f"/background?ms={work_s * 1000:.0f}"
        assert ask("POST", target) == (202, "will work for 1000 ms")
        assert time.monotonic() - began_s < work_s
        assert wait_until(lambda: finished() == before + 1, WAIT_S)
        assert time.monotonic() - began_s >= work_s
