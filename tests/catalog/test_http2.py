"""The contract over HTTP/2 in clear text, with prior knowledge (RFC 9113, 3.3).

Neither app knows of it: HTTP/2 is the server's affair, for WSGI as for ASGI.

Left out: what cannot be said in HTTP/2. A Content-Length that the body does not keep is
malformed there (8.1.1), and Connection and Transfer-Encoding do not exist (8.2.2): they
are not sent, and /headers does not show them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import httpx
import pytest

from loadtests.catalog.contract import Exchange, Request, exchanges
from loadtests.catalog.stacks import HTTP2
from loadtests.servers.server import Server
from tests.apps.drivers import Answered
from tests.catalog.test_contract_on_servers import (
    declares_a_body_that_does_not_come,
    faults,
)
from tests.conftest import Servers, without_errors

WAIT_S = 10.0
# Where a server differs from the contract, and why: nothing that an app could mend.
# Each of them is held to differ, so that it goes from here when it is mended.
DIFFERS: dict[str, dict[str, str]] = {
    "wsgi-gunicorn-gthread-h2": {
        "headers": "gunicorn puts HTTP_VERSION into environ: a header never sent",
        "headers-sorted": "the same",
        "headers-repeated": "the same",
        "headers-content": "the same",
        "headers-quoted": "the same",
        "headers-latin-1": "h2 ends the connection for a header value beyond ASCII",
    },
    "asgi-gunicorn-h2": {
        "hello-path-escaped": "gunicorn does not decode the path over HTTP/2",
        "headers-latin-1": "h2 ends the connection for a header value beyond ASCII",
    },
    "asgi-uvicorn-h2": {},
}


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
    differs = DIFFERS[server.stack.id]
    found: list[str] = []
    for exchange in exchanges(server.stack.interface)[::3]:  # all of it takes 10 s
        if exchange.in_process_only or declares_a_body_that_does_not_come(
            exchange.request
        ):
            continue
        if exchange.id.removeprefix("head-") not in differs:
            found += faults(over_http2(exchange), ask(client, exchange.request))
    assert not found


def test_server_differs_over_http2_only_where_it_is_said(server: Server) -> None:
    """If this fails, the server has been mended: take the entry out of DIFFERS."""
    for exchange in exchanges(server.stack.interface):
        if exchange.id in DIFFERS[server.stack.id]:
            with http2_client(server) as client:
                try:
                    answer = ask(client, exchange.request)
                except httpx.RemoteProtocolError:
                    continue
            assert list(faults(over_http2(exchange), answer)), exchange.id


def test_body_of_no_frames_at_all_is_an_empty_body(
    server: Server, client: httpx.Client
) -> None:
    """RFC 9113, 8.1: END_STREAM on the headers themselves, and no Content-Length.

    uvicorn 0.54 tells the app nothing of that end: its receive() waits for ever.
    """
    request = client.build_request("POST", "/upload", timeout=1)
    del request.headers["Content-Length"]
    if server.stack.server == "uvicorn":
        with pytest.raises(httpx.ReadTimeout):
            client.send(request)
    else:
        assert client.send(request).json()["bytes"] == 0


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
