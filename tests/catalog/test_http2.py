"""The contract over HTTP/2 in clear text, with prior knowledge (RFC 9113, 3.3).

Neither app knows of it: HTTP/2 is the server's affair, for WSGI as for ASGI.

Left out: what cannot be said in HTTP/2. A Content-Length that the body does not keep is
malformed there (8.1.1), and Connection and Transfer-Encoding do not exist (8.2.2): they
are not sent, and /headers does not show them.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

import httpx
import pytest

from loadtests.catalog.contract import (
    Deviation,
    Exchange,
    Request,
    deviation,
    exchanges,
)
from loadtests.catalog.stacks import HTTP2
from loadtests.servers.server import Server
from tests.apps.drivers import Answered
from tests.catalog.test_contract_on_servers import (
    declares_a_body_that_does_not_come,
    faults,
)
from tests.conftest import Servers, without_errors
from tests.mended import mended, of_deviation

WAIT_S = 10.0
NO_BODY = ("http2-no-body",)  # what a stack calls it whose app waits for that body


@pytest.fixture(params=list(HTTP2))
def server(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Server]:
    yield from without_errors(servers[request.param])


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with http2_client(server) as client:
        yield client


def http2_client(server: Server) -> httpx.Client:
    return httpx.Client(
        base_url=server.url, http1=False, http2=True, trust_env=False, timeout=WAIT_S
    )


def over_http2(exchange: Exchange) -> Exchange:
    """The exchange without Connection, and so without its echo in /headers."""
    connection = b'"connection": "close", '
    expected = exchange.expected
    if connection not in expected.body and not exchange.id.startswith("head-headers"):
        return exchange
    length = str(int(expected.headers["content-length"] or 0) - len(connection))
    return dataclasses.replace(
        exchange,
        expected=dataclasses.replace(
            expected,
            headers={**expected.headers, "content-length": length},
            body=expected.body.replace(connection, b""),
        ),
    )


def ask(client: httpx.Client, request: Request) -> Answered:
    fields = [
        (name.encode(), value.encode("latin-1"))
        for name, value in request.fields
        # httpcore takes Transfer-Encoding as a sign that there is a body, and drops it.
        if name != "Connection"
    ]
    response = client.send(
        httpx.Request(
            request.method,
            client.base_url,
            headers=fields,
            content=iter([request.body]) if request.chunked else request.body,
            extensions={
                "target": request.target.encode("latin-1"),
                "timeout": httpx.Timeout(WAIT_S).as_dict(),
            },
        )
    )
    assert response.http_version == "HTTP/2"
    headers = [(name, value) for name, value in response.headers.multi_items()]
    return Answered(response.status_code, headers, response.content)


def test_server_answers_the_contract_over_http2(
    server: Server, client: httpx.Client
) -> None:
    found: list[str] = []
    for exchange in exchanges(server.stack.interface)[::3]:  # all of it takes 10 s
        if exchange.in_process_only or declares_a_body_that_does_not_come(
            exchange.request
        ):
            continue
        if not deviation(exchange, server.stack.deviations):
            found += faults(over_http2(exchange), ask(client, exchange.request))
    assert not found


DEVIATIONS = [
    pytest.param(stack.id, known, id=f"{stack.id}-{known.exchanges[0]}")
    for stack in HTTP2.values()
    for known in stack.deviations
    if known.exchanges != NO_BODY
]


@pytest.mark.parametrize(("stack_id", "known"), DEVIATIONS)
def test_server_deviates_over_http2_as_its_stack_says(
    servers: Servers, stack_id: str, known: Deviation
) -> None:
    server = servers[stack_id]
    about = [
        exchange
        for exchange in exchanges(server.stack.interface)
        if deviation(exchange, server.stack.deviations) is known
    ]
    assert about
    for exchange in about:
        with http2_client(server) as client:
            try:
                answer = ask(client, exchange.request)
            except httpx.RemoteProtocolError:
                assert known.status is None
                continue
        found = [*faults(over_http2(exchange), answer)]
        assert found, gone(stack_id, known, f"{exchange.id} is as the contract has it")
        assert answer.status == known.status


def gone(stack_id: str, known: Deviation, now: str) -> str:
    fault = of_deviation(stack_id, known.exchanges[0])
    assert fault
    return mended(fault, stack_id, now)


def test_body_of_no_frames_at_all_is_an_empty_body(
    server: Server, client: httpx.Client
) -> None:
    """RFC 9113, 8.1: END_STREAM on the headers themselves, and no Content-Length."""
    request = client.build_request("POST", "/upload", timeout=1)
    del request.headers["Content-Length"]
    known = [one for one in server.stack.deviations if one.exchanges == NO_BODY]
    if not known:
        assert client.send(request).json()["bytes"] == 0
        return
    with contextlib.suppress(httpx.ReadTimeout):
        answer = client.send(request)
        pytest.fail(gone(server.stack.id, known[0], answer.text))


def test_requests_share_one_connection_at_the_same_time(
    server: Server, client: httpx.Client
) -> None:
    """A slow answer does not hold up a fast one behind it: no head-of-line in HTTP."""
    with client.stream("GET", "/stream?chunks=3&size=8&interval_ms=150") as slow:
        pieces = slow.iter_raw()
        assert next(pieces) == b".......\n"
        assert client.get("/hello").text == "Hello, world!"
        assert b"".join(pieces) == b".......\n" * 2
    assert len(connections(client)) == 1


def connections(client: httpx.Client) -> list[object]:
    transport = client._transport
    assert isinstance(transport, httpx.HTTPTransport)
    return list(transport._pool.connections)
