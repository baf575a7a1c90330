"""The client of `make trace`: what it says it will do, and what it does."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

import pytest

from loadtests.catalog.contract import Request
from loadtests.experiments.trace.client import TracedClient, talk
from tests.conftest import Servers


@pytest.mark.parametrize(
    ("request_", "body", "slow", "leave", "words"),
    [
        ("", "", "", "", "GET /stream?chunks=3&interval_ms=100"),
        ("", "abc", "", "", "POST /upload, with a body of 3 bytes"),
        ("PUT /upload", "abc", "", "", "PUT /upload, with a body of 3 bytes"),
        ("", "", "body", "", "POST /upload, with a body of 32 bytes, sent in 4 pieces"),
        ("", "", "read", "", "GET /stream?chunks=8&size=1048576, resting 200 ms"),
        ("", "", "", "150ms", "interval_ms=100, leaving after 150 ms"),
        ("GET /hello", "", "", "9B", "GET /hello, leaving after 9 bytes of the answer"),
    ],
)
def test_client_says_what_it_will_do(
    request_: str, body: str, slow: str, leave: str, words: str
) -> None:
    assert words in str(TracedClient.parse(request_, body, slow, leave))


@pytest.mark.parametrize(
    ("request_", "slow", "leave", "actions"),
    [
        ("GET /hello", "", "", ["has the whole answer"]),
        ("GET /wait?ms=5000", "", "50ms", ["leaves"]),
        ("GET /hello", "", "0ms", ["leaves"]),
        ("GET /hello", "", "7B", ["leaves after 7 bytes"]),
        ("POST /upload", "body", "150ms", ["sends 8 bytes of body", "leaves"]),
        ("GET /hello", "read", "", ["rests", "reads on", "has the whole answer"]),
    ],
)
def test_client_does_what_it_says(
    servers: Servers, request_: str, slow: str, leave: str, actions: list[str]
) -> None:
    client = TracedClient.parse(request_, "", slow, leave)
    done = [did.what for did in talk(client, servers["asgi-uvicorn"].address)]
    assert len(done) == len(actions)
    assert all(
        what.startswith(action) for what, action in zip(done, actions, strict=True)
    )


def test_client_notes_a_connection_that_is_lost() -> None:
    def reset(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.recv(10)
        linger = struct.pack("ii", 1, 0)  # close() resets
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=reset, args=[listener])
        thread.start()
        [did] = talk(
            TracedClient.parse("GET /hello", "", "", ""), listener.getsockname()
        )
        thread.join()
    assert did.what.startswith("loses the connection")


def test_client_takes_its_body_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"\x00\xff")
    client = TracedClient.parse("", f"@{tmp_path / 'body'}", "", "")
    assert client.request == Request("POST", "/upload", body=b"\x00\xff")
