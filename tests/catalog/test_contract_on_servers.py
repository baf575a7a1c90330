"""The contract over real sockets on every stack: with httpx, and byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPResponse

import httpx
import pytest

from loadtests.catalog.contract import (
    EXCHANGES,
    Exchange,
    Request,
    exchanges,
    mismatches,
)
from loadtests.servers.server import Server
from tests.apps.drivers import Answered

OVER_SOCKETS = [e for e in EXCHANGES if not e.in_process_only]
SHORT = [e for e in OVER_SOCKETS if len(e.request.to_bytes()) <= 300]
WAIT_S = 10.0


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


def ask_in_pieces(server: Server, request: Request, step: int | None) -> Answered:
    """The request's bytes, `step` at a time (all at once for None), each sent alone."""
    data = request.to_bytes()
    with socket.create_connection(server.address, timeout=WAIT_S) as sock:
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


def test_server_answers_the_whole_contract(server: Server) -> None:
    found: list[str] = []
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for exchange in exchanges(server.stack.interface):
            if exchange.in_process_only:
                continue
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
    for exchange in SHORT[::4]:
        found += faults(exchange, ask_in_pieces(server, exchange.request, step))
    assert not found


def test_contract_is_large_enough() -> None:
    assert len(OVER_SOCKETS) >= 60
