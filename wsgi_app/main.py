"""A raw WSGI application (PEP 3333).

The one rule: for each request the server CALLS `app(environ, start_response)`. The app
calls `start_response` once, with the status and the headers, and returns an iterable of
bytes. The server pulls the body out of it, piece by piece, and closes it at the end.

The server reads HTTP, fills `environ`, frames and sends the answer, and picks the
thread. The app decides what to answer, and holds that thread until it has answered.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from json import dumps
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from wsgi_app import beyond
from wsgi_app.interface import JSON, TEXT, respond
from wsgi_app.rules import (
    MAX_UPLOAD,
    Fields,
    HTTPError,
    broken_off,
    check_complete,
    check_size,
    first,
    number,
    parse_length,
    parse_query,
)

PIECE = 64 * 1024
DOCUMENT = {"text": "Grüße", "number": 1.5, "true": True, "null": None, "list": [1, 2]}


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    name = first(query_fields(environ), "name") or "world"
    body = f"Hello, {name}!".encode()
    headers = [("Content-Type", TEXT), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]


def json(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return respond(start_response, 200, JSON, dumps(DOCUMENT))


def query(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    answer = {"query": query_fields(environ)}
    return respond(start_response, 200, JSON, dumps(answer))


def headers(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    fields = dict(sorted(header_fields(environ).items()))
    answer = {"headers": fields, "content_length": content_length(environ)}
    return respond(start_response, 200, JSON, dumps(answer))


def stream(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    fields = query_fields(environ)
    chunks = number(fields, "chunks")
    size = number(fields, "size", default="1024")
    interval_s = number(fields, "interval_ms", default="0") / 1000
    # Not itself the generator: a generator function runs nothing before its first
    # piece is asked for, and then it is too late to answer a bad number with a 400.
    start_response("200 OK", [("Content-Type", TEXT)])
    return pieces(chunks, size, interval_s)


def pieces(chunks: int, size: int, interval_s: float) -> Iterator[bytes]:
    # Pull: the server asks for the next piece when it has sent this one, and that is
    # the backpressure. A client that has gone shows only in the server's writing; it
    # then calls close() (PEP 3333), which ends this generator at the yield.
    piece = b"." * (size - 1) + b"\n"
    for index in range(chunks):
        if index:
            time.sleep(interval_s)
        yield piece


def upload(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    count, digest = 0, hashlib.sha256()
    for piece in read_body(environ):
        count += len(piece)
        digest.update(piece)
    answer = {"bytes": count, "sha256": digest.hexdigest()}
    return respond(start_response, 200, JSON, dumps(answer))


def wait(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    ms = number(query_fields(environ), "ms")
    # Holds this thread to the end: WSGI has no way to ask if the client is still there.
    time.sleep(ms / 1000)
    return respond(start_response, 200, TEXT, f"waited {ms} ms")


def block(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    ms = number(query_fields(environ), "ms")
    # The very call of wait(). Under WSGI to wait is to block, and what is blocked is
    # this one thread: the others go on.
    time.sleep(ms / 1000)
    return respond(start_response, 200, TEXT, f"blocked {ms} ms")


GET_HEAD = ("GET", "HEAD")
POST_PUT = ("POST", "PUT")
ROUTES: dict[str, tuple[WSGIApplication, tuple[str, ...]]] = {
    "/hello": (hello, GET_HEAD),
    "/json": (json, GET_HEAD),
    "/query": (query, GET_HEAD),
    "/headers": (headers, GET_HEAD),
    "/stream": (stream, GET_HEAD),
    "/upload": (upload, POST_PUT),
    "/wait": (wait, GET_HEAD),
    "/block": (block, GET_HEAD),
    "/ws": (beyond.ws, GET_HEAD),
    "/state": (beyond.state, GET_HEAD),
    "/background": (beyond.background, (*GET_HEAD, "POST")),
}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    try:
        handler = route(environ)
        body = handler(environ, start_response)
    except HTTPError as error:
        # A handler checks first and starts its answer then, so none is started here.
        message = f"{error.message}\n"
        body = respond(start_response, error.status, TEXT, message, error.allow)
    if environ["REQUEST_METHOD"] == "HEAD":
        body = without_body(body)
    return body


def route(environ: WSGIEnvironment) -> WSGIApplication:
    # PATH_INFO begins after SCRIPT_NAME, where the app is mounted. It is latin-1: one
    # character for each decoded byte. The routes are ASCII and compare as they are.
    path = environ.get("PATH_INFO", "")
    if path not in ROUTES:
        raise HTTPError(404, f"No such path. There are: {', '.join(ROUTES)}")
    handler, methods = ROUTES[path]
    if environ["REQUEST_METHOD"] not in methods:
        # RFC 9110, 15.5.6: a 405 says in Allow which methods there are.
        allow = ", ".join(methods)
        raise HTTPError(405, f"No such method here. There are: {allow}", allow)
    return handler


def without_body(body: Iterable[bytes]) -> Iterable[bytes]:
    # RFC 9110, 9.3.2: HEAD is GET without the content. Its pieces are never asked for.
    # The server closes what it is handed, so this body is ours to close.
    if hasattr(body, "close"):
        body.close()
    # Not a list: from len() == 1 a server may work out a Content-Length (PEP 3333), and
    # would announce a /stream of 0 bytes.
    return iter([b""])


def query_fields(environ: WSGIEnvironment) -> Fields:
    return parse_query(environ.get("QUERY_STRING", "").encode("latin-1"))


def header_fields(environ: WSGIEnvironment) -> dict[str, str]:
    # X-One and X_One are both HTTP_X_ONE: WSGI cannot tell "_" from "-". The server has
    # joined repeated headers with ",". The text is latin-1.
    fields = {key[5:]: value for key, value in environ.items() if key[:5] == "HTTP_"}
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        # These two come without HTTP_, and may be there but empty for "not sent".
        if environ.get(key):
            fields[key] = environ[key]
    return {key.lower().replace("_", "-"): value for key, value in fields.items()}


def content_length(environ: WSGIEnvironment) -> int | None:
    # RFC 9112, 6.3: Transfer-Encoding overrides Content-Length. Servers that do not
    # refuse the two together leave both in the environ.
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    return parse_length(environ.get("CONTENT_LENGTH", ""))


def read_body(environ: WSGIEnvironment) -> Iterator[bytes]:
    length, received = content_length(environ), 0
    check_size(length or 0)
    # PEP 3333: not a byte past Content-Length, the read might never return. Without it
    # there is a body only if it is chunked, and that can be read only where the server
    # says that its input ends.
    terminated = environ.get("wsgi.input_terminated", False)
    if length is None and not terminated and "HTTP_TRANSFER_ENCODING" in environ:
        raise HTTPError(411, "A body needs a Content-Length on this server.")
    end = (MAX_UPLOAD + 1 if terminated else 0) if length is None else length
    while received < end:
        try:
            piece = environ["wsgi.input"].read(min(PIECE, end - received))
        except OSError as error:
            raise broken_off(received, length) from error
        if not piece:
            break
        received += len(piece)
        check_size(received)
        yield piece
    # A client that goes in the middle is no error here, only an early end.
    check_complete(received, length)
