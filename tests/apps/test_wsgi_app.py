"""What only WSGI can get wrong: when it starts, what it makes, what it closes."""

import inspect
import time
import tracemalloc
from collections.abc import Generator, Iterable, Iterator
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from loadtests.catalog.contract import HEALTHY, Request
from tests.apps.drivers import Answered, call_wsgi, environ_of
from wsgi_app import app, main


def get(target: str, method: str = "GET") -> Answered:
    return call_wsgi(app, environ_of(Request(method, target)))


def ignore(*_: Any) -> Any:
    return lambda data: None


def statuses_of(environ: dict[str, Any]) -> list[str]:
    """What is said by the time that the app returns, before anybody iterates."""
    statuses = []

    def start_response(status: str, headers: object, exc_info: object = None, /) -> Any:
        statuses.append(status)

    app(environ, start_response)
    return statuses


def pieces_of(target: str) -> Generator[bytes, None, None]:
    body = app(environ_of(Request("GET", target)), cast(StartResponse, ignore))
    assert isinstance(body, Generator)
    return body


def test_handler_is_an_application_of_its_own() -> None:
    call_wsgi(main.hello, environ_of(HEALTHY.request)).assert_matches(HEALTHY)


def test_app_starts_the_response_once_and_gives_a_reason() -> None:
    environ = environ_of(Request("GET", "/nowhere"))
    assert statuses_of(environ) == ["404 Not Found"]


def test_app_is_mounted_by_script_name() -> None:
    environ = environ_of(HEALTHY.request) | {"SCRIPT_NAME": "/mounted"}
    call_wsgi(app, environ).assert_matches(HEALTHY)


@pytest.mark.parametrize("variable", ["QUERY_STRING", "CONTENT_LENGTH", "SCRIPT_NAME"])
def test_app_does_without_an_optional_variable(variable: str) -> None:
    environ = environ_of(HEALTHY.request)
    environ.pop(variable, None)
    call_wsgi(app, environ).assert_matches(HEALTHY)


def test_app_without_path_info_is_not_found() -> None:
    environ = environ_of(HEALTHY.request)
    del environ["PATH_INFO"]
    assert call_wsgi(app, environ).status == 404


def test_headers_leaves_out_empty_content_variables() -> None:
    environ = environ_of(Request("GET", "/headers"))
    environ |= {"CONTENT_TYPE": "", "CONTENT_LENGTH": "", "HTTP_X_ONE": ""}
    assert call_wsgi(app, environ).body == (
        b'{"headers": {"connection": "close", "host": "localhost", "x-one": ""}, '
        b'"content_length": null}'
    )


def test_stream_checks_its_numbers_before_it_is_iterated() -> None:
    environ = environ_of(Request("GET", "/stream?chunks=x"))
    assert statuses_of(environ) == ["400 Bad Request"]


def test_stream_pauses_between_pieces_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    body = pieces_of("/stream?chunks=3&size=1&interval_ms=1500")
    made = [(next(body), list(pauses)) for _ in range(3)]
    assert made == [(b"\n", []), (b"\n", [1.5]), (b"\n", [1.5, 1.5])]
    assert list(body) == []
    assert pauses == [1.5, 1.5]


def test_stream_makes_a_piece_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    next(pieces_of("/stream?chunks=999999999&interval_ms=60000"))
    assert pauses == []


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_stream_ends_when_closed(taken: int) -> None:
    body = pieces_of("/stream?chunks=999999999&interval_ms=1")
    for _ in range(taken):
        next(body)
    body.close()
    assert inspect.getgeneratorstate(body) == inspect.GEN_CLOSED
    assert list(body) == []


def test_stream_does_not_grow() -> None:
    tracemalloc.start()
    try:
        length = sum(map(len, pieces_of("/stream?chunks=3200&size=65536")))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length == 200 * 1024 * 1024
    assert peak < 1_000_000


class Body:
    """An iterable that holds something."""

    def __init__(self) -> None:
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("a piece was asked for")

    def close(self) -> None:
        self.closed += 1


def test_head_closes_the_body_and_asks_for_no_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = Body()

    def holder(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return held

    monkeypatch.setitem(main.ROUTES, "/held", (holder, ("GET", "HEAD")))
    assert get("/held", "HEAD").body == b""
    assert held.closed == 1


def test_head_gives_the_server_no_length_to_guess() -> None:
    environ = environ_of(Request("HEAD", "/stream?chunks=1"))
    body = app(environ, cast(StartResponse, ignore))
    assert not hasattr(body, "__len__")


def test_head_of_stream_does_not_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", pytest.fail)
    assert get("/stream?chunks=3&interval_ms=60000", "HEAD").body == b""


def test_wait_and_block_sleep_that_long(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert get("/wait?ms=60000").body == b"waited 60000 ms"
    assert get("/block?ms=60000").body == b"blocked 60000 ms"
    assert pauses == [60.0, 60.0]
