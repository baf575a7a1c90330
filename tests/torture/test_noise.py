"""Bytes that no client should send: each server answers the next request right."""

from __future__ import annotations

import contextlib
import socket

import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loadtests.catalog.contract import Request
from loadtests.clients.wire import exchange
from loadtests.servers.processes import wait_until
from loadtests.servers.server import Server
from tests.conftest import UNFRONTED, Servers
from tests.torture.conftest import Tell

EACH = 60
_READS_FOR_S = 0.1
_HEALTHY = Request("GET", "/hello").to_bytes()
# 501: a coding or method that a server does not know; 503: it has a limit; 505.
_SERVERS_OWN = (501, 503, 505)

_TOKENS = st.sampled_from(
    ["GET", "POST", "HEAD", "OPTIONS", "get", "G T", "", "É", "*"]
)
_TARGETS = st.one_of(
    st.sampled_from(
        [
            "/hello",
            "/upload",
            "/stream?chunks=64&size=65536",
            "*",
            "http://x/hello",
            "//",
        ]
    ),
    st.text(max_size=40).map(lambda text: f"/hello?name={text}"),
    st.binary(max_size=40).map(lambda raw: "/" + raw.decode("latin-1")),
)
_VERSIONS = st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", "", "http"])
_FIELDS = st.one_of(
    st.sampled_from(
        [
            "Host: x",
            "Content-Length: 5",
            "Content-Length: -1",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip",
            "Expect: 100-continue",
            "Connection: Upgrade\r\nUpgrade: websocket",
            "Connection: keep-alive",
            " folded",
            "no colon",
        ]
    ),
    st.text(max_size=30),
)
_BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"-1\r\n"]),
)


def _request(
    method: str, target: str, version: str, fields: list[str], body: bytes, share: float
) -> bytes:
    """A request in which anything may be wrong, cut off somewhere."""
    head = "\r\n".join([f"{method} {target} {version}", *fields, "", ""])
    whole = head.encode("utf-8", "surrogatepass") + body
    return whole[: max(1, round(share * len(whole)))]


REQUESTS = st.one_of(
    st.binary(min_size=1, max_size=300),
    st.builds(
        _request,
        _TOKENS,
        _TARGETS,
        _VERSIONS,
        st.lists(_FIELDS, max_size=6),
        _BODIES,
        st.sampled_from([1.0, 1.0, 0.9, 0.5, 0.1]),
    ),
)


def test_noise_breaks_no_server(server: Server, tell: Tell) -> None:
    before = descriptors(server)

    @settings(
        max_examples=EACH,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # to make it smaller takes minutes
        suppress_health_check=[*HealthCheck],
    )
    @given(REQUESTS)
    def next_healthy_request_is_right(noise: bytes) -> None:
        status = answered(server, noise)
        assert status is None or status < 500 or status in _SERVERS_OWN
        healthy = exchange(server.address, _HEALTHY, deadline_s=10.0)
        assert (healthy.status, healthy.body) == (200, b"Hello, world!")

    next_healthy_request_is_right()
    assert set(descriptors(server)) == set(before), "a worker was replaced"
    assert wait_until(lambda: all_back(server, before), 40.0), descriptors(server)
    log = server.log.read_text("utf-8", "replace") if server.log else ""
    assert "wsgi_app/" not in log
    assert "asgi_app/" not in log
    tell(
        "no bytes break an app or a server",
        f"{EACH} odd requests to every server without a proxy in front, a healthy one "
        "after each",
        "each healthy request was answered right; no worker was replaced, and "
        "descriptors came back",
    )


def answered(server: Server, noise: bytes) -> int | None:
    """The status, if there is an answer in that time."""
    with socket.create_connection(server.address, timeout=5.0) as client:
        client.settimeout(_READS_FOR_S)
        with contextlib.suppress(OSError):
            client.sendall(noise)
            head = client.recv(4096)
            words = head.split(b" ", 2)
            if head.startswith(b"HTTP/") and len(words) > 1 and words[1].isdigit():
                return int(words[1])
    return None


def descriptors(server: Server) -> dict[int, int]:
    """Open descriptors of each process."""
    found = {}
    for process in server.members():
        with contextlib.suppress(psutil.Error):
            found[process.pid] = process.num_fds()
    return found


def all_back(server: Server, before: dict[int, int]) -> bool:
    now = descriptors(server)
    return all(now.get(pid, 10**9) <= count + 2 for pid, count in before.items())


@pytest.fixture(params=UNFRONTED)
def server(request: pytest.FixtureRequest, servers: Servers) -> Server:
    """Whatever is in its log: it may well complain of what it is sent."""
    return servers[request.param]
