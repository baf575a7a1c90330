"""What only WSGI can get wrong about a request's body: how far it is read."""

import io

import pytest

from loadtests.catalog.contract import Request
from tests.apps.drivers import Answered, Input, call_wsgi, environ_of
from wsgi_app import app
from wsgi_app.rules import MAX_UPLOAD


def upload(length: int | None, source: object, terminated: bool = False) -> Answered:
    environ = environ_of(Request("POST", "/upload"))
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    environ |= {"wsgi.input": source, "wsgi.input_terminated": terminated}
    return call_wsgi(app, environ)


@pytest.mark.parametrize("terminated", [False, True])
@pytest.mark.parametrize("sent", [0, 3, 9])
def test_upload_broken_off_is_an_error(sent: int, terminated: bool) -> None:
    answer = upload(10, io.BytesIO(b"x" * sent), terminated)
    assert answer.status == 400
    assert answer.body == b"The body broke off after %d of 10 bytes.\n" % sent


class Broken(Input):
    """An input whose connection breaks where its body ends."""

    def read(self, size: int) -> bytes:
        piece = super().read(size)
        if size and not piece:
            raise ConnectionResetError
        return piece


def test_upload_broken_by_the_connection_is_an_error() -> None:
    answer = upload(10, Broken(b"abc", 1, terminated=True))
    assert answer.status == 400
    assert answer.body == b"The body broke off after 3 of 10 bytes.\n"


def test_upload_chunked_broken_by_the_connection_is_an_error() -> None:
    answer = upload(None, Broken(b"abc", None, terminated=True), terminated=True)
    assert answer.status == 400
    assert answer.body == b"The body broke off after 3 bytes.\n"


def test_upload_reads_no_byte_past_its_length() -> None:
    source = io.BytesIO(b"abcGET /next HTTP/1.1\r\n")
    assert upload(3, source).body.startswith(b'{"bytes": 3,')
    assert source.tell() == 3


@pytest.mark.parametrize("length", [None, 0])
def test_upload_without_a_body_reads_nothing(length: int | None) -> None:
    source = Input(b"", None, terminated=False)
    assert upload(length, source).body.startswith(b'{"bytes": 0,')
    assert source.reads == []


def test_upload_chunked_is_refused_where_its_end_is_not_known() -> None:
    environ = environ_of(Request("POST", "/upload", body=b"abc", chunked=True))
    del environ["wsgi.input_terminated"]
    answer = call_wsgi(app, environ)
    assert answer.status == 411
    assert answer.body == b"A body needs a Content-Length on this server.\n"
    assert environ["wsgi.input"].reads == []


def test_upload_chunked_overrides_its_length() -> None:
    """RFC 9112, 6.3, where a server lets both headers through."""
    environ = environ_of(Request("POST", "/upload", body=b"abcde", chunked=True))
    answer = call_wsgi(app, environ | {"CONTENT_LENGTH": "4"})
    assert answer.body.startswith(b'{"bytes": 5,')


def test_headers_shows_no_length_that_is_overridden() -> None:
    environ = environ_of(Request("GET", "/headers", chunked=True))
    answer = call_wsgi(app, environ | {"CONTENT_LENGTH": "4"})
    assert b'"content_length": null' in answer.body


def test_upload_declared_too_large_is_not_read() -> None:
    source = Input(b"", None, terminated=False)
    assert upload(MAX_UPLOAD + 1, source).status == 413
    assert source.reads == []


def test_upload_chunked_is_read_to_one_byte_past_the_limit() -> None:
    source = Input(b"x" * (MAX_UPLOAD + 100_000), None, terminated=True)
    assert upload(None, source, terminated=True).status == 413
    assert sum(source.reads) == MAX_UPLOAD + 1
    assert max(source.reads) == 64 * 1024
