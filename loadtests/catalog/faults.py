"""Faults of servers: how to see each, and what to do about it.

The one rule: a fault stands here as long as a test finds it in the server that is
installed. When a server is mended, that test fails and says what to strike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.catalog.behaviours import ROWS, Clause, Group, How, Must, Row
from loadtests.catalog.behaviours.row import post, request
from loadtests.catalog.behaviours.websockets import HANDSHAKE


@dataclass(frozen=True)
class Paper:
    """A specification that is no RFC."""

    name: str
    url: str


@dataclass(frozen=True)
class Shows:
    """What tells that a fault is there, in the words of the record of behaviours."""

    kind: str = "answered"
    statuses: tuple[int, ...] = ()
    saw: str = ""
    after: str = ""


@dataclass(frozen=True)
class Asked:
    """A row of the behaviour grid, or one like it, and what each of its stacks does."""

    row: Row
    shows: Mapping[str, Shows]

    @property
    def stacks(self) -> tuple[str, ...]:
        return tuple(self.shows)

    @property
    def clause(self) -> Clause | Paper:
        return self.row.clause

    @property
    def says(self) -> str:
        return self.row.says


@dataclass(frozen=True)
class Deviates:
    """A deviation that these stacks have, by its name, and a command that shows it."""

    stacks: tuple[str, ...]
    name: str
    command: str
    clause: Clause | Paper
    says: str
    served: str = ""  # words before the server's, and its app, unless it is the stack's
    app: str = ""


@dataclass(frozen=True)
class Fault:
    """A fault, the versions that it was seen in, and what a user should do.

    `versions` are those of the packages at fault. `seen` says what the command shows.
    """

    id: str
    title: str
    versions: Mapping[str, str]
    found: Asked | Deviates
    seen: str
    instead: str


def _by(shows: Shows, *stacks: str) -> dict[str, Shows]:
    return dict.fromkeys(stacks, shows)


def _answered(saw: str = "", after: str = "") -> Shows:
    return Shows("answered", (200,), saw, after)


_CLOSED = Shows("closed")
# The versions that faults were seen in.
_A2WSGI = {"a2wsgi": "1.10.10"}
_AUTOBAHN = {"autobahn": "26.10.2"}
_DAPHNE = {"daphne": "4.2.3"}
_GRANIAN = {"granian": "2.8.9"}
_GUNICORN = {"gunicorn": "27.0.1"}
_H11 = {"h11": "0.16.0"}
_HYPERCORN = {"hypercorn": "0.18.0"}
_TWISTED = {"twisted": "26.10.0"}
_UVICORN = {"uvicorn": "0.54.0"}
_UWSGI = {"pyuwsgi": "2.0.30.post1"}
_WAITRESS = {"waitress": "3.0.2"}

_ASGI = "https://asgi.readthedocs.io/en/latest/specs/www.html"
_CURL = "curl --http2-prior-knowledge --max-time 3"
_PROXY = "Put a proxy in front that refuses such requests: nginx answers 400."

_TRUNCATED = Row(
    "leaves-in-chunks",
    Group.LEAVING,
    "Client that leaves in the middle of a chunked body",
    Clause(9112, "8"),
    "Without its last chunk the message is incomplete. An app that hears `whole` has "
    "been misled.",
    (
        request(
            "Transfer-Encoding: chunked",
            line="POST /echo?note=NAME HTTP/1.1",
            body=b"3\r\nabc\r\n",
        ),
    ),
    how=How.LEAVING,
)
_CHUNKED = Row(
    "chunk-plain",
    Group.CHUNKS,
    "Chunked body",
    Clause(9112, "7.1"),
    "A recipient MUST be able to parse and decode the chunked transfer coding.",
    (post("Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n"),),
    Must(saw=("abc",), refused=(), silent=False, waits=False),
    asks=("got",),
)
_DIGITS = Row(
    "length-digits",
    Group.LENGTH,
    "Content-Length of 5,000 digits",
    Clause(9110, "8.6"),
    "A recipient MUST anticipate large numerals, and prevent errors of conversion. RFC "
    "9112, 6.3, has 400 for a length that is of no use.",
    (post(f"Content-Length: {'1' * 5_000}", body=b"abc"),),
    Must(refused=range(400, 500), silent=False),
)
_ONE_WORD = Row(
    "line-one-word",
    Group.LINES,
    "Request line of one word",
    Clause(9112, "3"),
    "A request line has a method, a target and a version. A server SHOULD answer 400 "
    "to one that is invalid. PEP 3333 always has REQUEST_METHOD.",
    (b"GET\r\n\r\n",),
)
_SUBPROTOCOL = Row(
    "websocket-subprotocol",
    Group.WEBSOCKET,
    "Subprotocol that is not ASCII",
    Clause(6455, "4.2.1"),
    "A handshake that violates the grammar MUST be answered with an HTTP error such as "
    "400.",
    (
        HANDSHAKE.removesuffix(b"\r\n")
        + "Sec-WebSocket-Protocol: \xe9\r\n\r\n".encode("latin-1"),
    ),
    Must(saw=(), refused=range(400, 500), silent=False, waits=False),
    interface="asgi",
)
_EMPTY = Row(
    "websocket-empty",
    Group.WEBSOCKET,
    "Empty message",
    Clause(6455, "5.2"),
    "A message may have no bytes at all. The app echoes each message.",
    (b"\x81\x80" + bytes(4),),
    how=How.FRAME,
    interface="asgi",
)
_CLOSE = Row(
    "websocket-close",
    Group.WEBSOCKET,
    "Close with the code 4001",
    Clause(6455, "5.5.1"),
    "An endpoint that answers a Close typically echoes the code that it received.",
    (b"\x88\x82" + bytes(4) + (4001).to_bytes(2),),
    how=How.FRAME,
    interface="asgi",
)

_ALL = (
    Fault(
        "length-and-chunked",
        "Content-Length and Transfer-Encoding in one request",
        _H11 | _UVICORN | _HYPERCORN | _WAITRESS,
        Asked(
            ROWS["length-and-chunked"],
            _by(
                _answered("abc", "kept"),
                *("asgi-uvicorn-h11", "asgi-hypercorn", "wsgi-waitress"),
            ),
        ),
        "The server goes by Transfer-Encoding, and answers the next request on the "
        "same connection too. Behind a proxy that goes by Content-Length, a client can "
        "smuggle a request to the app.",
        f"{_PROXY} With `--http httptools` uvicorn itself answers 400.",
    ),
    Fault(
        "uwsgi-length-and-chunked",
        "uWSGI goes by Content-Length beside Transfer-Encoding",
        _UWSGI,
        Asked(
            ROWS["length-and-chunked"],
            _by(_answered("3\r\nabc\r\n0\r\n\r\n", "closed"), "wsgi-uwsgi"),
        ),
        "The app reads the chunks with their sizes as its body.",
        _PROXY,
    ),
    Fault(
        "uwsgi-length",
        "uWSGI does not check Content-Length",
        _UWSGI,
        Asked(
            ROWS["length-twice"], _by(_answered("no length", "closed"), "wsgi-uwsgi")
        ),
        "The app gets `3, 5` for CONTENT_LENGTH. The same happens to lengths such as "
        "`+3`, `-3`, `1_0` and `0x3`.",
        f"{_PROXY} An app that takes digits only is safe.",
    ),
    Fault(
        "length-digits",
        "Content-Length of thousands of digits",
        _GUNICORN | _TWISTED | _WAITRESS,
        Asked(_DIGITS, _by(_CLOSED, "asgi-gunicorn", "asgi-daphne", "wsgi-waitress")),
        "The server closes the connection without an answer. Python converts no more "
        "than 4,300 digits, and nothing catches its ValueError. gunicorn and waitress "
        "log it.",
        "Nothing. Ignore the message in the log. Only that one connection ends.",
    ),
    Fault(
        "coding-in-1.0",
        "Chunked body in a request of HTTP 1.0",
        _WAITRESS,
        Asked(ROWS["coding-in-1.0"], _by(_answered("", "wrong"), "wsgi-waitress")),
        "waitress takes the body for the next request on that connection. A client can "
        "smuggle a request through a proxy that passes the body on.",
        _PROXY,
    ),
    Fault(
        "head-body",
        "Body in an answer to HEAD",
        _UWSGI | _WAITRESS,
        Asked(
            ROWS["head-body"],
            _by(_answered("", "wrong"), "wsgi-uwsgi", "wsgi-waitress"),
        ),
        "The server sends the body that the app gives. A client or proxy takes it for "
        "the next answer on that connection.",
        "Give no body to HEAD in the app, as both apps of this project do.",
    ),
    Fault(
        "chunk-trailers",
        "Trailer that becomes a header",
        {"httptools": "0.9.0"} | _UVICORN,
        Asked(
            ROWS["chunk-trailers"],
            _by(
                _answered("1,2"),
                *("asgi-uvicorn", "asgi-gunicorn-uvicorn", "wsgi-uvicorn"),
            ),
        ),
        "A trailer after a chunked body joins the headers of the request. So a client "
        "can add a header behind a proxy that checks headers only.",
        "Use `--http h11`, which drops trailers. nginx in front drops them too.",
    ),
    Fault(
        "uwsgi-chunked",
        "uWSGI gives the app no chunked body",
        _UWSGI,
        Asked(_CHUNKED, _by(_answered("no end"), "wsgi-uwsgi")),
        "The app cannot read the body by PEP 3333. There is neither CONTENT_LENGTH nor "
        "wsgi.input_terminated.",
        "Put a proxy in front that buffers: nginx sends the body with its length. Or "
        "call `uwsgi.chunked_read()`, which is uWSGI's own.",
    ),
    Fault(
        "granian-chunks",
        "Malformed chunked body that looks whole",
        _GRANIAN,
        Asked(ROWS["chunk-plus"], _by(_answered(), "wsgi-granian")),
        "The app reads an empty body, and its end. Nothing tells it that the chunk was "
        "malformed.",
        f"{_PROXY} Or have the client send a digest of the body.",
    ),
    Fault(
        "leaves-in-chunks",
        "Chunked body that breaks off and looks whole",
        _A2WSGI | _GRANIAN,
        Asked(
            _TRUNCATED, _by(Shows("left", saw="whole"), "wsgi-uvicorn", "wsgi-granian")
        ),
        "The app reads the bytes that came, and then the end of its body. The file "
        "says `whole`.",
        "Put a proxy in front that buffers: nginx does not ask for a body that is not "
        "whole. Or have the client send a digest of the body.",
    ),
    Fault(
        "a2wsgi-leaves",
        "Client that leaves, and a2wsgi",
        _A2WSGI,
        Asked(
            ROWS["leaves-stream"], _by(Shows("left", saw="sent all"), "wsgi-uvicorn")
        ),
        "The app streams on to nobody, to its end. An endless stream never stops, and "
        "keeps its thread.",
        "End each stream in the app after a while. Or serve such an app with gunicorn "
        "or granian, which call `close()`.",
    ),
    Fault(
        "half-closed",
        "Client that shuts down its sending side",
        _UVICORN | _GRANIAN | _GUNICORN | _DAPHNE,
        Asked(
            ROWS["half-closed"],
            _by(
                _CLOSED,
                *("wsgi-uvicorn", "wsgi-granian", "asgi-uvicorn", "asgi-gunicorn"),
                *("asgi-gunicorn-uvicorn", "asgi-uvicorn-h11", "asgi-daphne"),
                "asgi-granian",
            ),
        ),
        "The server closes the connection, and the client gets no answer. nginx does "
        "the same.",
        "The client must keep its side open until the answer has come. `nc -N` and "
        "some health checks close it.",
    ),
    Fault(
        "target-absolute",
        "Target in absolute form",
        _UWSGI | _GUNICORN | _UVICORN | _DAPHNE | _HYPERCORN,
        Asked(
            ROWS["target-absolute"],
            _by(
                _answered("http://localhost/echo"),
                *("wsgi-uwsgi", "asgi-gunicorn", "asgi-uvicorn-h11"),
                *("asgi-daphne", "asgi-hypercorn"),
            ),
        ),
        "The app gets the whole URI for a path. Its routes do not match, and it "
        "answers 404.",
        "Put nginx in front, which sends the path alone.",
    ),
    Fault(
        "field-underscore",
        "X_A that passes for X-A",
        _GRANIAN | _A2WSGI | _UWSGI,
        Asked(
            ROWS["field-underscore"],
            {
                "wsgi-granian": _answered("2"),
                "wsgi-uvicorn": _answered("1,2"),
                "wsgi-uwsgi": _answered("1, 2"),
            },
        ),
        "Under granian the field with an underscore replaces the one with a hyphen. "
        "a2wsgi and uWSGI join the two. So a client can forge what a proxy sets.",
        "Have the proxy drop names with an underscore, as nginx does by default. "
        "gunicorn and waitress drop them.",
    ),
    Fault(
        "granian-latin-1",
        "Header value beyond ASCII, and granian",
        _GRANIAN,
        Asked(ROWS["field-beyond-ascii"], _by(_answered(), "wsgi-granian")),
        "The app gets an empty value. PEP 3333 has the bytes as Latin-1.",
        "Have clients send ASCII only, such as percent-encoded UTF-8.",
    ),
    Fault(
        "uwsgi-fields",
        "uWSGI does not check header fields",
        _UWSGI,
        Asked(ROWS["field-nul"], _by(_answered("a\0b"), "wsgi-uwsgi")),
        "The app gets a value with NUL in it. Folded lines and a space before the "
        "colon are accepted too.",
        _PROXY,
    ),
    Fault(
        "uwsgi-method",
        "uWSGI calls the app without a method",
        _UWSGI,
        Asked(_ONE_WORD, _by(_CLOSED, "wsgi-uwsgi")),
        "`environ` lacks REQUEST_METHOD, and the app raises KeyError. The log has its "
        "traceback.",
        f"{_PROXY} Only that one request fails.",
    ),
    Fault(
        "uwsgi-version",
        "uWSGI repeats the version of a request, whatever it is",
        _UWSGI,
        Asked(ROWS["target-space"], _by(Shows("malformed"), "wsgi-uwsgi")),
        "The answer begins with what stands behind the target: `a HTTP/1.1 200 OK`. "
        "No client can read that.",
        _PROXY,
    ),
    Fault(
        "uwsgi-expect",
        "uWSGI ignores Expect 100-continue",
        _UWSGI,
        Asked(ROWS["expect-read"], _by(Shows("waits"), "wsgi-uwsgi")),
        "Nothing comes until the client sends its body unasked. A client that waits "
        "for 100 waits until one of the two gives up.",
        "Put nginx in front, which answers 100 itself. Or turn it off in the client: "
        "`curl -H 'Expect:'`.",
    ),
    Fault(
        "websocket-subprotocol",
        "WebSocket subprotocol that is not ASCII",
        {"wsproto": "1.3.2"} | _UVICORN | _HYPERCORN | _DAPHNE,
        Asked(
            _SUBPROTOCOL,
            _by(
                _CLOSED,
                *("asgi-uvicorn", "asgi-uvicorn-h11"),
                *("asgi-gunicorn-uvicorn", "asgi-hypercorn"),
            )
            | _by(Shows("answered", (500,)), "asgi-daphne"),
        ),
        "wsproto decodes the field as ASCII (`split_comma_header`). Nothing catches "
        "its UnicodeDecodeError. The server logs a traceback and closes without an "
        "answer. The same happens to Connection and Sec-WebSocket-Extensions. daphne "
        "logs a traceback of its own, and answers 500.",
        "Nothing. Ignore the traceback. Only that one connection ends.",
    ),
    Fault(
        "websocket-empty",
        "daphne sends no empty WebSocket message",
        _DAPHNE,
        Asked(_EMPTY, _by(Shows("waits", (101,)), "asgi-daphne")),
        "The app sends an empty message, and nothing arrives at the client.",
        "Do not send empty messages from the app.",
    ),
    Fault(
        "websocket-close",
        "daphne answers every WebSocket Close with 1000",
        _AUTOBAHN,
        Asked(_CLOSE, _by(Shows("closed", (101,), "1000"), "asgi-daphne")),
        "The client's code comes back as 1000, whatever it was.",
        "Clients must not rely on the code of the server's Close.",
    ),
    Fault(
        "websocket-code-seen",
        "Code of a WebSocket Close that the app does not see",
        _DAPHNE | _HYPERCORN,
        Deviates(
            ("asgi-daphne", "asgi-hypercorn"),
            "websocket-code-seen",
            'python -c "from websocket import ABNF, create_connection\n'
            "client = create_connection('ws://127.0.0.1:8000/ws')\n"
            "client.send(b'', ABNF.OPCODE_CLOSE)\"\n"
            "sleep 1; cat /tmp/code",
            Paper("ASGI, websocket.disconnect", f"{_ASGI}#disconnect-receive-event-ws"),
            "`code` is the code of the client's Close. Where that has none, it should "
            "be 1005.",
            served="env WITNESS=/tmp/code",
            app="tests.apps.witness:websocket",
        ),
        "daphne gives the app None for a Close without a code. hypercorn gives it 1000 "
        "or 1006, even if the client's code is 4001.",
        "Do not rely in the app on the code. Send what matters as a message.",
    ),
    Fault(
        "websocket-send-when-gone",
        "daphne blames the app for a WebSocket that is gone",
        _DAPHNE | _AUTOBAHN,
        Deviates(
            ("asgi-daphne",),
            "websocket-send-when-gone",
            'python -c "from websocket import create_connection\n'
            "client = create_connection('ws://127.0.0.1:8000/ws')\n"
            r"client.sock.sendall(b'\x81\x82\0\0\0\0hi\x83\x80\0\0\0\0')"
            '"',
            Paper("ASGI, HTTP and WebSocket, 2.4", _ASGI),
            "Once the client has gone, `send()` should raise a subclass of OSError.",
        ),
        "The client breaks the protocol behind a message. `send()` of the app then "
        "raises `Disconnected`, which is no OSError. daphne logs `Exception inside "
        "application` with a traceback.",
        "Nothing. Ignore the traceback. Only that one connection ends.",
    ),
    Fault(
        "http2-path",
        "Path over HTTP/2 that is not decoded",
        _GUNICORN,
        Deviates(
            ("asgi-gunicorn-h2",),
            "hello-path-escaped",
            f"{_CURL} 'http://127.0.0.1:8000/%68%65llo?name=Ada'",
            Paper("ASGI, HTTP connection scope", f"{_ASGI}#http-connection-scope"),
            "`path` has percent-encoded sequences decoded.",
        ),
        "The app gets `/%68%65llo` for a path, and answers 404. Over HTTP/1.1 it gets "
        "`/hello`.",
        "Leave HTTP/2 to a proxy in front, and have it speak HTTP/1.1 to gunicorn.",
    ),
    Fault(
        "http2-version",
        "Header over HTTP/2 that nobody sent",
        _GUNICORN,
        Deviates(
            ("wsgi-gunicorn-gthread-h2",),
            "headers*",
            f"{_CURL} http://127.0.0.1:8000/headers",
            Paper(
                "PEP 3333, environ variables",
                "https://peps.python.org/pep-3333/#environ-variables",
            ),
            "`HTTP_` variables correspond to the headers that the client sent.",
        ),
        "`environ` has HTTP_VERSION, so the app sees a header `version: 2`.",
        "Do not read a header of the name `Version` in the app.",
    ),
    Fault(
        "http2-latin-1",
        "Header value over HTTP/2 that is not UTF-8",
        _GUNICORN,
        Deviates(
            ("wsgi-gunicorn-gthread-h2", "asgi-gunicorn-h2"),
            "headers-latin-1",
            f"{_CURL} -H \"$(printf 'X-Name: \\351')\" http://127.0.0.1:8000/headers",
            Clause(9110, "5.5"),
            "A recipient SHOULD treat bytes beyond ASCII as opaque data.",
        ),
        "The whole connection ends, and with it all its requests.",
        "Have clients send ASCII only, or leave HTTP/2 to a proxy in front.",
    ),
    Fault(
        "http2-no-body",
        "POST over HTTP/2 without a body",
        _UVICORN | {"zttp": "0.0.35"},
        Deviates(
            ("asgi-uvicorn-h2",),
            "http2-no-body",
            f"{_CURL} -X POST http://127.0.0.1:8000/upload",
            Clause(9113, "8.1"),
            "END_STREAM on the headers ends the request: its body is empty.",
        ),
        "`receive()` never tells the app that the body has ended. The app waits for "
        "ever, and curl gives up after 3 s.",
        "Have clients send `Content-Length: 0`, or leave HTTP/2 to a proxy in front.",
    ),
)
# By id, in the order of the page.
FAULTS: dict[str, Fault] = {fault.id: fault for fault in _ALL}
