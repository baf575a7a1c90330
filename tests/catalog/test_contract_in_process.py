"""Both applications against the contract, without a server, under every lint there is.

No single lint is enough: wsgiref.validate, wsgiref's own server and werkzeug's
LintMiddleware each see what the others miss; for ASGI there is asgi_checker.py.
"""

import json
import re
import warnings
from collections.abc import Callable
from urllib.parse import quote, quote_from_bytes
from wsgiref.types import WSGIApplication
from wsgiref.validate import WSGIWarning, validator

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.lint import WSGIWarning as LintWarning

from asgi_app import app as asgi_app
from loadtests.catalog.contract import (
    EXCHANGES,
    HEALTHY,
    Exchange,
    Request,
    exchanges,
    mismatches,
)
from loadtests.catalog.contract.table import MALFORMED_LENGTH, RAW_BYTES
from tests.apps.drivers import (
    Answered,
    call_asgi,
    call_wsgi,
    environ_of,
    parse,
    serve_wsgi,
)
from wsgi_app import app as wsgi_app

# PEP 3333 leaves other methods open; the validator only warns that it knows no more.
VALIDATOR_KNOWS = "GET HEAD POST OPTIONS PATCH PUT DELETE TRACE".split()
SMALL = 4096


def validated(request: Request, step: int | None = None) -> Answered:
    with warnings.catch_warnings():
        if request.method not in VALIDATOR_KNOWS:
            warnings.filterwarnings("ignore", "Unknown REQUEST_METHOD", WSGIWarning)
        return call_wsgi(validator(wsgi_app), environ_of(request, step))


def served(request: Request, step: int | None = None) -> Answered:
    return serve_wsgi(wsgi_app, environ_of(request, step))


def linted(request: Request, step: int | None = None) -> Answered:
    with warnings.catch_warnings():
        if request.method == "HEAD":
            # RFC 9110, 8.6: under HEAD the Content-Length is that of the GET.
            message = "Content-Length and the number of bytes sent"
            warnings.filterwarnings("ignore", message, LintWarning)
        app: WSGIApplication = LintMiddleware(wsgi_app)
        return call_wsgi(app, environ_of(request, step))


def asgi(request: Request, step: int | None = None) -> Answered:
    return call_asgi(asgi_app, request, step)


Driver = Callable[..., Answered]
DRIVERS: tuple[Driver, ...] = (validated, served, linted, asgi)


def cases() -> list[object]:
    return [
        pytest.param(driver, exchange, id=f"{driver.__name__}-{exchange.id}")
        for driver in DRIVERS
        for exchange in exchanges("asgi" if driver is asgi else "wsgi")
        # The validator takes the length for a number, without asking.
        if not (driver is validated and is_malformed(exchange))
    ]


def is_malformed(exchange: Exchange) -> bool:
    return exchange.id.removeprefix("head-") in {e.id for e in MALFORMED_LENGTH}


def small_bodies() -> list[object]:
    return [
        pytest.param(driver, exchange, id=f"{driver.__name__}-{exchange.id}")
        for exchange in EXCHANGES
        if 0 < len(exchange.request.body) <= SMALL
        for driver in DRIVERS
    ]


@pytest.mark.parametrize(("driver", "exchange"), cases())
def test_app_answers_as_the_contract_says(driver: Driver, exchange: Exchange) -> None:
    driver(exchange.request).assert_matches(exchange)


@pytest.mark.parametrize(("driver", "exchange"), small_bodies())
def test_app_answers_the_same_byte_by_byte(driver: Driver, exchange: Exchange) -> None:
    driver(exchange.request, step=1).assert_matches(exchange)


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_contract_has_unique_ids(interface: str) -> None:
    ids = [exchange.id for exchange in exchanges(interface)]
    assert len(set(ids)) == len(ids) >= 80


def test_contract_says_why_raw_bytes_stay_in_process() -> None:
    for exchange in EXCHANGES:
        raw = not exchange.request.target.isascii()
        assert raw == (exchange.in_process_only == RAW_BYTES), exchange.id


def test_request_to_bytes_is_http() -> None:
    request = Request("POST", "/upload?a=\xe9", (("X-A", "\xe9"),), b"abc")
    assert request.to_bytes() == (
        b"POST /upload?a=\xe9 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"X-A: \xe9\r\nContent-Length: 3\r\n\r\nabc"
    )


def test_request_to_bytes_cuts_a_chunked_body_into_several() -> None:
    raw = Request("POST", "/upload", body=b"abcdef", chunked=True).to_bytes()
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.endswith(b"\r\nTransfer-Encoding: chunked")
    assert body == b"2\r\nab\r\n2\r\ncd\r\n2\r\nef\r\n0\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    assert parse(answer, "GET").body == b"abcdef"


def test_request_to_bytes_without_body_ends_with_the_head() -> None:
    assert HEALTHY.request.to_bytes() == (
        b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    empty = Request("POST", "/upload", chunked=True)
    assert empty.to_bytes().endswith(b"\r\n\r\n0\r\n\r\n")


def test_mismatches_says_each_difference() -> None:
    headers = {"Content-Type": "text/html", "Content-Length": "13", "Allow": "GET"}
    assert mismatches(HEALTHY, 500, headers, b"Hello?") == [
        "status: expected 200, got 500",
        "content-type: expected 'text/plain; charset=utf-8', got 'text/html'",
        "allow: expected None, got 'GET'",
        "body: expected b'Hello, world!', got b'Hello?'",
    ]


def test_mismatches_names_a_missing_header_and_shortens_a_long_body() -> None:
    headers = {"CONTENT-TYPE": "text/plain; charset=utf-8"}
    assert mismatches(HEALTHY, 200, headers, b"x" * 500) == [
        "content-length: expected '13', got None",
        f"body: expected b'Hello, world!', got {b'x' * 60!r}... (500 bytes)",
    ]


def urlencoded(raw: bytes) -> list[list[str]]:
    """The parser of the WHATWG URL standard, 5.1, to the letter."""

    def decode(part: bytes) -> str:
        part = part.replace(b"+", b" ")
        hexadecimal = rb"%([0-9A-Fa-f]{2})"
        part = re.sub(hexadecimal, lambda m: bytes([int(m[1], 16)]), part)
        return part.decode("utf-8", "replace")

    fields = [field.partition(b"=") for field in raw.split(b"&") if field]
    return [[decode(name), decode(value)] for name, _, value in fields]


QUERY_BYTES = st.binary() | st.lists(
    st.sampled_from(
        [b"%", b"&", b"=", b"+", b";", b"C3", b"a9", b"\xe9", b"\xc3", b"a"]
    )
).map(b"".join)


@given(raw=QUERY_BYTES)
@example(raw=b"\xe9%C3=1")
@example(raw=b"&" * 100)
@example(raw=b"a&" * 100)
@example(raw=b"a&" * 101)
@settings(deadline=None, database=None)
def test_query_is_equal_on_both_sides_for_any_bytes(raw: bytes) -> None:
    request = Request("GET", f"/query?{raw.decode('latin-1')}")
    one, other = validated(request), asgi(request)
    assert (one.status, one.body) == (other.status, other.body)
    fields = urlencoded(raw)
    if len(fields) <= 100:
        assert json.loads(one.body) == {"query": fields}
    else:
        assert one.status == 400


@given(text=st.text() | st.from_regex(r"[-+]?\d+[.e_]?\d*\s?"))
@example(text="0")
@example(text="000000000")
@example(text="\u0660")
@settings(deadline=None, database=None)
def test_number_is_equal_on_both_sides_for_any_text(text: str) -> None:
    zero = re.fullmatch("0{1,9}", text)
    assume(zero or not re.fullmatch("[0-9]{1,9}", text) or int(text) > 60_000)
    request = Request("GET", f"/wait?ms={quote(text, safe='')}")
    one, other = validated(request), asgi(request)
    assert (one.status, one.body) == (other.status, other.body)
    assert one.status == (200 if zero else 400)


@given(value=st.binary())
@settings(deadline=None, database=None)
def test_hello_is_equal_on_both_sides_for_any_name(value: bytes) -> None:
    request = Request("GET", f"/hello?name={quote_from_bytes(value)}")
    one, other = validated(request), asgi(request)
    assert (one.status, one.body) == (other.status, other.body)
    name = value.decode("utf-8", "replace") or "world"
    assert one.body == f"Hello, {name}!".encode()
