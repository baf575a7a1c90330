"""The contract over real sockets on every stack: with httpx, and byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPResponse

import httpx
import pytest

from loadtests.catalog.contract import (
    EXCHANGES,
    Deviation,
    Exchange,
    Request,
    deviation,
    exchanges,
    mismatches,
)
from loadtests.catalog.stacks import HTTP1, Stack
from loadtests.servers.server import Server
from tests.apps.drivers import Answered
from tests.conftest import Servers, needs, runnable

OVER_SOCKETS = [e for e in EXCHANGES if not e.in_process_only]


def is_short(exchange: Exchange) -> bool:
    """A client that sends much more may be reset by a server that refuses it."""
    return len(exchange.request.to_bytes()) <= 300


SHORT = [exchange for exchange in OVER_SOCKETS if is_short(exchange)]
WAIT_S = 10.0
WAITS_IN_VAIN_S = 1.0  # of a server that waits for a body which does not come


def declares_a_body_that_does_not_come(request: Request) -> bool:
    """httpx will not send a Content-Length without that many bytes."""
    lengths = [v for n, v in request.fields if n == "Content-Length"]
    return any(int(length) != len(request.body) for length in lengths)


def ask_with_httpx(client: httpx.Client, request: Request) -> Answered:
    """The request as it stands there: httpx may not mend its target or add headers."""
    content = iter([request.body]) if request.chunked else request.body
    response = client.send(
        httpx.Request(
            request.method,
            client.base_url,
            headers=[(n.encode(), v.encode("latin-1")) for n, v in request.fields],
            content=content,
            extensions={
                "target": request.target.encode("latin-1"),
                "timeout": httpx.Timeout(WAIT_S).as_dict(),
            },
        )
    )
    headers = [(n, v) for n, v in response.headers.multi_items()]
    return Answered(response.status_code, headers, response.content)


def ask_in_pieces(
    server: Server, request: Request, step: int | None, wait_s: float = WAIT_S
) -> Answered:
    """The request's bytes, `step` at a time (all at once for None), each sent alone."""
    data = request.to_bytes()
    with socket.create_connection(server.address, timeout=wait_s) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), step or len(data)):
            sock.sendall(data[start : start + (step or len(data))])
        response = HTTPResponse(sock, method=request.method)
        response.begin()
        body = response.read()
        return Answered(response.status, response.getheaders(), body)


def faults(exchange: Exchange, answer: Answered) -> Iterator[str]:
    for fault in mismatches(exchange, answer.status, dict(answer.headers), answer.body):
        yield f"{exchange.id}: {fault}"


def of_a_stack(stack: Stack) -> list[Exchange]:
    """What is asked of it over sockets, and answered as the contract has it."""
    return [
        exchange
        for exchange in exchanges(stack.interface)
        if not exchange.in_process_only and not deviation(exchange, stack.deviations)
    ]


@pytest.mark.parametrize("stack_id", runnable(HTTP1))
def test_server_answers_the_whole_contract(servers: Servers, stack_id: str) -> None:
    server = servers[stack_id]
    found: list[str] = []
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for exchange in of_a_stack(server.stack):
            if declares_a_body_that_does_not_come(exchange.request):
                answer = ask_in_pieces(server, exchange.request, step=None)
            else:
                answer = ask_with_httpx(client, exchange.request)
            found += faults(exchange, answer)
    assert not found


@pytest.mark.parametrize("step", [None, 1], ids=["whole", "byte-by-byte"])
def test_server_reads_requests_however_they_arrive(
    server: Server, step: int | None
) -> None:
    found: list[str] = []
    asked = of_a_stack(server.stack)
    for exchange in [exchange for exchange in SHORT[::4] if exchange in asked]:
        found += faults(exchange, ask_in_pieces(server, exchange.request, step))
    assert not found


# Those of WebSockets have their tests in tests/apps/test_beyond_on_servers.py.
DEVIATIONS = [
    pytest.param(
        *(stack.id, known),
        id=f"{stack.id}-{known.exchanges[0]}",
        marks=needs(stack.id),
    )
    for stack in HTTP1.values()
    for known in stack.deviations
    if not known.exchanges[0].startswith("websocket-")
]


@pytest.mark.parametrize(("stack_id", "known"), DEVIATIONS)
def test_server_deviates_as_its_stack_says(
    servers: Servers, stack_id: str, known: Deviation
) -> None:
    """Where this fails because a server is mended, the deviation can go."""
    server = servers[stack_id]
    about = [
        exchange
        for exchange in exchanges(server.stack.interface)
        if deviation(exchange, [known])
    ]
    assert about
    if known.status is None:
        with pytest.raises(TimeoutError):
            ask_in_pieces(server, about[0].request, None, WAITS_IN_VAIN_S)
        return
    for exchange in filter(is_short, about):
        answer = ask_in_pieces(server, exchange.request, None)
        assert answer.status == known.status
        assert [*faults(exchange, answer)], exchange.id


def test_contract_is_large_enough() -> None:
    assert len(OVER_SOCKETS) >= 60
