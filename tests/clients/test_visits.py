"""The visits: what each slow client sends, and in which pieces."""

from __future__ import annotations

import dataclasses
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from loadtests.catalog.contract import Request
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import SCENARIOS, scenario
from loadtests.catalog.target import RAW, Target
from loadtests.clients import websocket
from loadtests.clients.visits import VISITS, receive_buffer
from loadtests.clients.wire import Ending

TARGET = dataclasses.replace(RAW, host="127.0.0.1:8000")
HOST = "Host: 127.0.0.1:8000\r\n"
STREAM = "/stream?chunks=1024&size=65536"
HANDSHAKE = "".join(f"{line}\r\n" for line in websocket.HANDSHAKE)
GAP_S = 0.02
# What has been sent after two pieces, where there are pieces.
SENT = {
    "idle": "",
    "slow-headers": f"GET /hello HTTP/1.1\r\n{HOST}X-Slow-0: 1\r\nX-Slow-1: 1\r\n",
    "slow-body": f"POST /upload HTTP/1.1\r\n{HOST}"
    "Content-Length: 1000000\r\n\r\n8 bytes.8 bytes.",
    "slow-read": f"GET {STREAM} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n",
    "handler-wait": f"GET /wait?ms=20000 HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n",
    "slow-link": f"GET {STREAM} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n",
    "loop-block": f"GET /block?ms=20000 HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n",
    "sse": "GET /stream?chunks=1000000&size=20&interval_ms=20 HTTP/1.1\r\n"
    f"{HOST}Connection: close\r\n\r\n",
    "ws-idle": f"GET /ws HTTP/1.1\r\n{HOST}{HANDSHAKE}\r\n",
    "ws-slow-read": f"GET /ws?chunks=16&size=65536 HTTP/1.1\r\n{HOST}{HANDSHAKE}\r\n",
}


def sent(scenario_id: str, target: Target, size: int) -> tuple[bytes, Ending]:
    """The first bytes that a slow client sends, and its ending when we hang up then."""
    client, server = socket.socketpair()
    with client, server, ThreadPoolExecutor(1) as pool:
        visit = pool.submit(VISITS[scenario_id], client, target, GAP_S)
        server.settimeout(5)
        data = b""
        while len(data) < size:
            data += server.recv(size - len(data))
        server.shutdown(socket.SHUT_RDWR)
        return data, visit.result(5)


def test_every_scenario_has_a_visit() -> None:
    assert VISITS.keys() == SCENARIOS.keys() == SENT.keys()


@pytest.mark.parametrize("scenario_id", SENT)
def test_slow_client_sends_what_its_scenario_says(scenario_id: str) -> None:
    expected = SENT[scenario_id].encode()
    data, ending = sent(scenario_id, TARGET, len(expected))
    assert data == expected
    assert ending.fate in ("closed", "reset")


def test_slow_client_asks_what_its_target_says() -> None:
    mine = Request("PUT", "/files/1", (("Authorization", "Bearer x"),))
    target = dataclasses.replace(TARGET, host="a.example", requests={Phase.BODY: mine})
    head = (
        b"PUT /files/1 HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer x\r\n"
        b"Content-Length: 1000000\r\n\r\n"
    )
    assert sent("slow-body", target, len(head))[0] == head


@pytest.mark.parametrize("scenario_id", SCENARIOS)
def test_only_slow_readers_have_a_small_receive_buffer(scenario_id: str) -> None:
    small = receive_buffer(scenario(scenario_id)) is not None
    assert small == (scenario_id in ("slow-read", "ws-slow-read"))
