"""What ASGI has beyond WSGI, on every stack: WebSocket.

The client is websocket-client: it shares no code with what the servers use.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence

import pytest
import websocket
from websocket import ABNF, WebSocket, WebSocketBadStatusException

from loadtests.catalog.stacks import HOST, HTTP1, Stack
from loadtests.servers.server import Server
from tests.conftest import Servers, runnable, without_errors
from tests.mended import mended, of_deviation

# Of those that differ in what nginx buffers, one: it buffers no WebSocket.
STACKS = [id for id in HTTP1 if not id.endswith("-unbuffered")]
ASGI = runnable(id for id in STACKS if id.startswith("asgi"))
WSGI = runnable(id for id in STACKS if id.startswith("wsgi"))
WAIT_S = 10.0
ALL_AT_ONCE_OR_BYTE_BY_BYTE = pytest.mark.parametrize(
    "step", [None, 1], ids=["whole", "byte-by-byte"]
)


@pytest.fixture(params=ASGI)
def asgi_server(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Server]:
    yield from without_errors(servers[request.param])


@pytest.fixture(params=WSGI)
def wsgi_server(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Server]:
    yield from without_errors(servers[request.param])


@contextlib.contextmanager
def connected(
    server: Server, target: str = "/ws", subprotocols: Sequence[str] = ()
) -> Iterator[WebSocket]:
    url = f"ws://{HOST}:{server.port}{target}"
    client = websocket.create_connection(
        url, timeout=WAIT_S, subprotocols=list(subprotocols), http_no_proxy=[HOST]
    )
    try:
        yield client
    finally:
        client.shutdown()  # only the socket: the tests say when to send a Close frame


def deviates(request: pytest.FixtureRequest, stack: Stack, name: str) -> bool:
    """Whether the stack says that it does; then the test must fail."""
    known = [one for one in stack.deviations if name in one.exchanges]
    fault = of_deviation(stack.id, name)
    gone = mended(fault, stack.id, "the test passes") if fault else ""
    for one in known:
        reason = f"{one.because}. If the test passes: {gone or 'strike this.'}"
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    return bool(known)


def socket_of(client: WebSocket) -> socket.socket:
    assert client.sock is not None
    return client.sock


def send(client: WebSocket, *frames: ABNF, step: int | None = None) -> None:
    """The frames' bytes, `step` at a time, each sent alone."""
    data = b"".join(frame.format() for frame in frames)
    for start in range(0, len(data), step or len(data)):
        socket_of(client).sendall(data[start : start + (step or len(data))])


def frame(opcode: int, data: bytes, fin: int = 1) -> ABNF:
    return ABNF(fin, 0, 0, 0, opcode, 1, data)


def receive(client: WebSocket) -> tuple[int, bytes]:
    """The next frame of any kind."""
    received = client.recv_frame()
    return received.opcode, received.data


def close_frame(code: int | None, reason: bytes = b"") -> ABNF:
    payload = b"" if code is None else code.to_bytes(2, "big") + reason
    return frame(ABNF.OPCODE_CLOSE, payload)


@ALL_AT_ONCE_OR_BYTE_BY_BYTE
def test_websocket_echoes_text_and_bytes_as_they_came(
    asgi_server: Server, step: int | None
) -> None:
    messages = [
        (ABNF.OPCODE_TEXT, "Grüße 🐍".encode()),
        (ABNF.OPCODE_BINARY, b"\0\xff\x80"),
        (ABNF.OPCODE_BINARY, bytes(range(256))),
    ]
    with connected(asgi_server) as client:
        send(client, *(frame(*message) for message in messages), step=step)
        assert [receive(client) for _ in messages] == messages


@pytest.mark.parametrize("opcode", [ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY])
def test_websocket_echoes_an_empty_message(
    request: pytest.FixtureRequest, asgi_server: Server, opcode: int
) -> None:
    with connected(asgi_server) as client:
        if deviates(request, asgi_server.stack, "websocket-empty-message"):
            client.settimeout(1.0)
        send(client, frame(opcode, b""))
        assert receive(client) == (opcode, b"")


@ALL_AT_ONCE_OR_BYTE_BY_BYTE
def test_websocket_message_in_fragments_is_one_message(
    asgi_server: Server, step: int | None
) -> None:
    """Cut within a character, with a ping in between (RFC 6455, 5.4)."""
    whole = "Grüße".encode()
    with connected(asgi_server) as client:
        send(
            client,
            frame(ABNF.OPCODE_TEXT, whole[:3], fin=0),
            frame(ABNF.OPCODE_PING, b"still there?"),
            frame(ABNF.OPCODE_CONT, b"", fin=0),
            frame(ABNF.OPCODE_CONT, whole[3:]),
            step=step,
        )
        assert receive(client) == (ABNF.OPCODE_PONG, b"still there?")
        assert receive(client) == (ABNF.OPCODE_TEXT, whole)


def test_websocket_echoes_a_large_message(asgi_server: Server) -> None:
    large = bytes(range(256)) * 4096  # one MiB
    with connected(asgi_server) as client:
        client.send_binary(large)
        assert client.recv() == large


def test_websocket_pushes_before_it_is_asked(asgi_server: Server) -> None:
    with connected(asgi_server, "/ws?chunks=3&size=70000") as client:
        assert [client.recv() for _ in range(3)] == ["." * 70000] * 3
        client.send_text("a")
        assert client.recv() == "a"


def test_websocket_ping_is_answered_by_the_server(asgi_server: Server) -> None:
    with connected(asgi_server) as client:
        client.ping(b"1")
        assert receive(client) == (ABNF.OPCODE_PONG, b"1")


@pytest.mark.parametrize("code", [1000, 3000, 4001, 4999])
def test_websocket_is_closed_by_the_app_with_its_code(
    asgi_server: Server, code: int
) -> None:
    with connected(asgi_server, f"/ws?close={code}") as client:
        client.send_text("a")
        assert receive(client) == (ABNF.OPCODE_TEXT, b"a")
        assert receive(client) == (ABNF.OPCODE_CLOSE, code.to_bytes(2, "big"))
        # RFC 6455, 7.1.1: the server closes the connection first. daphne resets it, and
        # so does granian at times; daphne does not wait for us for longer than a second
        # (autobahn, closeHandshakeTimeout).
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            send(client, close_frame(code))
            assert socket_of(client).recv(1) == b""


@pytest.mark.parametrize("code", [1000, 1001, 4001])
def test_websocket_close_of_the_client_is_answered_with_its_code(
    request: pytest.FixtureRequest, asgi_server: Server, code: int
) -> None:
    if code != 1000:
        deviates(request, asgi_server.stack, "websocket-close-of-the-client")
    with connected(asgi_server) as client:
        send(client, close_frame(code, b"bye"))
        opcode, payload = receive(client)
        assert (opcode, payload[:2]) == (ABNF.OPCODE_CLOSE, code.to_bytes(2, "big"))
        assert socket_of(client).recv(1) == b""


@pytest.mark.parametrize(
    "target", ["/ws?refuse=1", "/ws?close=1001", "/ws?close=x", "/hello", "/nowhere"]
)
def test_websocket_refused_is_a_403(asgi_server: Server, target: str) -> None:
    with (
        pytest.raises(WebSocketBadStatusException) as caught,
        connected(asgi_server, target),
    ):
        pass
    assert caught.value.status_code == 403


@pytest.mark.parametrize(
    ("offered", "chosen"), [((), None), (("soap", "echo"), "echo")]
)
def test_websocket_agrees_on_a_subprotocol(
    asgi_server: Server, offered: tuple[str, ...], chosen: str | None
) -> None:
    with connected(asgi_server, subprotocols=offered) as client:
        assert client.getsubprotocol() == chosen
        client.send_text("a")
        assert client.recv() == "a"


def test_websocket_handshake_at_a_wsgi_app_says_why_not(wsgi_server: Server) -> None:
    with (
        pytest.raises(WebSocketBadStatusException) as caught,
        connected(wsgi_server),
    ):
        pass
    assert caught.value.status_code == 501
    body = caught.value.resp_body
    assert body is not None
    assert body.startswith(b"PEP 3333 has no WebSocket")
