"""What only ASGI can get wrong about a request's body: which events it takes."""

import asyncio

import pytest

from asgi_app import app
from asgi_app.interface import Event
from asgi_app.rules import MAX_UPLOAD
from loadtests.catalog.contract import Request
from tests.apps.asgi_checker import checked
from tests.apps.drivers import DISCONNECT, Answered, Client, call_asgi, scope_of
from tests.apps.turns import run


def upload(length: int | None, *script: Event) -> Answered:
    headers = () if length is None else (("Content-Length", str(length)),)
    scope = scope_of(Request("POST", "/upload", headers))
    client = Client(script)
    asyncio.run(checked(app)(scope, client.receive, client.send))
    return client.answered()


def part(body: bytes, more_body: bool = True) -> Event:
    return {"type": "http.request", "body": body, "more_body": more_body}


def test_upload_takes_the_defaults_of_the_keys() -> None:
    answer = upload(None, {"type": "http.request"})
    assert answer.body.startswith(b'{"bytes": 0,')
    answer = upload(3, {"type": "http.request", "body": b"abc"})
    assert answer.body.startswith(b'{"bytes": 3,')


@pytest.mark.parametrize(
    ("length", "script", "message"),
    [
        (10, [part(b"abc"), DISCONNECT], b"after 3 of 10 bytes"),
        (10, [DISCONNECT], b"after 0 of 10 bytes"),
        (None, [part(b"abc"), part(b"d"), DISCONNECT], b"after 4 bytes"),
        (10, [part(b"abc"), part(b"", more_body=False)], b"after 3 of 10 bytes"),
    ],
    ids=["disconnect", "disconnect-at-once", "chunked", "short"],
)
def test_upload_broken_off_is_an_error(
    length: int | None, script: list[Event], message: bytes
) -> None:
    answer = upload(length, *script)
    assert answer.status == 400
    assert answer.body == b"The body broke off %b.\n" % message


def test_upload_chunked_overrides_its_length() -> None:
    """RFC 9112, 6.3, where a server lets both headers through."""
    fields = (("Content-Length", "4"), ("Transfer-Encoding", "chunked"))
    client = Client([part(b"abc"), part(b"de", more_body=False)])
    scope = scope_of(Request("POST", "/upload", fields))
    asyncio.run(checked(app)(scope, client.receive, client.send))
    assert client.answered().body.startswith(b'{"bytes": 5,')


def test_headers_shows_no_length_that_is_overridden() -> None:
    fields = (("Content-Length", "4"), ("Transfer-Encoding", "chunked"))
    answer = call_asgi(app, Request("GET", "/headers", fields))
    assert b'"content_length": null' in answer.body


def test_upload_declared_too_large_is_not_received() -> None:
    async def work() -> None:
        async def receive() -> Event:
            raise AssertionError("received")

        scope = scope_of(Request("POST", "/upload", (("Content-Length", "10485761"),)))
        client = Client()
        await checked(app)(scope, receive, client.send)
        assert client.answered().status == 413

    run(work)


def test_upload_chunked_is_received_no_further_than_the_limit() -> None:
    async def work() -> None:
        received = 0

        async def receive() -> Event:
            nonlocal received
            received += 1
            return part(b"x" * 1_000_000)

        client = Client()
        await checked(app)(scope_of(Request("POST", "/upload")), receive, client.send)
        assert client.answered().status == 413
        assert received == MAX_UPLOAD // 1_000_000 + 1

    run(work)
