"""The exchanges of the contract, by route."""

from dataclasses import replace

from loadtests.catalog.contract.exchange import Exchange, Expected, Request

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


def _answer(status: int, content_type: str, body: bytes, allow: str | None) -> Expected:
    length = str(len(body))
    headers = {"content-type": content_type, "content-length": length, "allow": allow}
    return Expected(status, headers, body)


def _text(text: str) -> Expected:
    return _answer(200, TEXT, text.encode(), None)


def _json(text: str) -> Expected:
    return _answer(200, JSON, text.encode("ascii"), None)


def _streamed(body: bytes) -> Expected:
    # Without a Content-Length: the length of a stream is not known when it starts.
    return Expected(200, {"content-type": TEXT, "content-length": None}, body)


def _error(status: int, message: str, allow: str | None = None) -> Expected:
    return _answer(status, TEXT, f"{message}\n".encode(), allow)


def _get(id: str, target: str, answer: Expected, only: str = "") -> Exchange:
    return Exchange(id, Request("GET", target), answer, only)


def _head(exchange: Exchange) -> Exchange:
    return replace(
        exchange,
        id=f"head-{exchange.id}",
        request=replace(exchange.request, method="HEAD"),
        expected=replace(exchange.expected, body=b""),
    )


# Why some exchanges do not go through a real server as they stand.
RAW_BYTES = "raw bytes beyond ASCII in the target: some parsers refuse, a2wsgi breaks"
LONG_LINE = "gunicorn refuses a request line of more than 4,094 bytes"
NO_SUCH_METHOD = "httptools refuses methods that it does not know"
CONNECT = "the target of CONNECT is host:port (RFC 9112, 3.2.3); servers refuse others"
BAD_LENGTH = "servers refuse a malformed Content-Length themselves (RFC 9112, 6.3)"
LOST_LENGTH = "servers refuse or drop an empty Content-Length, each in its way"

HEALTHY = _get("hello", "/hello", _text("Hello, world!"))

HELLO = (
    HEALTHY,
    _get("hello-name", "/hello?name=Ada", _text("Hello, Ada!")),
    _get("hello-name-blank", "/hello?name=", _text("Hello, world!")),
    _get("hello-name-bare", "/hello?name", _text("Hello, world!")),
    _get("hello-name-repeated", "/hello?name=Ada&name=Bob", _text("Hello, Ada!")),
    _get("hello-name-blank-first", "/hello?name=&name=Bob", _text("Hello, world!")),
    _get("hello-name-plus", "/hello?name=Ada+Lovelace", _text("Hello, Ada Lovelace!")),
    _get("hello-name-utf8", "/hello?name=%C3%89mile", _text("Hello, Émile!")),
    _get("hello-name-emoji", "/hello?name=%F0%9F%90%8D", _text("Hello, 🐍!")),
    _get(
        "hello-name-bad-utf8",
        "/hello?name=%FF",
        _text("Hello, \N{REPLACEMENT CHARACTER}!"),
    ),
    _get("hello-name-nul", "/hello?name=%00", _text("Hello, \0!")),
    _get(
        "hello-name-crlf",
        "/hello?name=%0D%0AX-Evil:%201",
        _text("Hello, \r\nX-Evil: 1!"),
    ),
    _get("hello-name-case", "/hello?NAME=Ada", _text("Hello, world!")),
    _get("hello-name-escaped", "/hello?%6e%61me=Ada", _text("Hello, Ada!")),
    _get("hello-query-empty", "/hello?", _text("Hello, world!")),
    _get("hello-path-escaped", "/%68%65llo?name=Ada", _text("Hello, Ada!")),
    _get("hello-100-fields", "/hello?" + "a&" * 99 + "name=Ada", _text("Hello, Ada!")),
)

_DOCUMENT = (
    r'{"text": "Gr\u00fc\u00dfe", "number": 1.5, "true": true, "null": null, '
    r'"list": [1, 2]}'
)
DOCUMENT = (
    _get("json", "/json", _json(_DOCUMENT)),
    _get("json-query-ignored", "/json?name=Ada", _json(_DOCUMENT)),
)

# The first ones are the cases of the URL standard's own test suite (web-platform-tests,
# url/resources/urlencoded-parser-data.json), raw characters sent as UTF-8 bytes.
_QUERIES = (
    ("test", r'[["test", ""]]'),
    ("\xef\xbb\xbftest=\xef\xbb\xbf", r'[["\ufefftest", "\ufeff"]]'),
    ("%EF%BB%BFtest=%EF%BB%BF", r'[["\ufefftest", "\ufeff"]]'),
    ("%EF%BF%BF=%EF%BF%BF", r'[["\uffff", "\uffff"]]'),
    ("%FE%FF", r'[["\ufffd\ufffd", ""]]'),
    ("%FF%FE", r'[["\ufffd\ufffd", ""]]'),
    ("\xe2\x80\xa0&\xe2\x80\xa0=x", r'[["\u2020", ""], ["\u2020", "x"]]'),
    ("%C2", r'[["\ufffd", ""]]'),
    ("%C2x", r'[["\ufffdx", ""]]'),
    (
        "_charset_=windows-1252&test=%C2x",
        r'[["_charset_", "windows-1252"], ["test", "\ufffdx"]]',
    ),
    ("", "[]"),
    ("a", '[["a", ""]]'),
    ("a=b", '[["a", "b"]]'),
    ("a=", '[["a", ""]]'),
    ("=b", '[["", "b"]]'),
    ("&", "[]"),
    ("&a", '[["a", ""]]'),
    ("a&", '[["a", ""]]'),
    ("a&a", '[["a", ""], ["a", ""]]'),
    ("a&b&c", '[["a", ""], ["b", ""], ["c", ""]]'),
    ("a=b&c=d", '[["a", "b"], ["c", "d"]]'),
    ("a=b&c=d&", '[["a", "b"], ["c", "d"]]'),
    ("&&&a=b&&&&c=d&", '[["a", "b"], ["c", "d"]]'),
    ("a=a&a=b&a=c", '[["a", "a"], ["a", "b"], ["a", "c"]]'),
    ("a==a", '[["a", "=a"]]'),
    ("a=a+b+c+d", '[["a", "a b c d"]]'),
    ("%=a", '[["%", "a"]]'),
    ("%a=a", '[["%a", "a"]]'),
    ("%a_=a", '[["%a_", "a"]]'),
    ("%61=a", '[["a", "a"]]'),
    ("%61+%4d%4D=", '[["a MM", ""]]'),
    ("id=0&value=%", '[["id", "0"], ["value", "%"]]'),
    ("b=%2sf%2a", '[["b", "%2sf*"]]'),
    ("b=%2%2af%2a", '[["b", "%2*f*"]]'),
    ("b=%%2a", '[["b", "%*"]]'),
    # And some that the suite does not have.
    ("=", '[["", ""]]'),
    ("a;b=c;d", '[["a;b", "c;d"]]'),
    ("a=1;b=2", '[["a", "1;b=2"]]'),
    ("a?b=c?d", '[["a?b", "c?d"]]'),
    ("b=2&a=1&b=1", '[["b", "2"], ["a", "1"], ["b", "1"]]'),
    ("a%26b=c%3Dd%2Be", '[["a&b", "c=d+e"]]'),
    ("a=%00%0A%7F", r'[["a", "\u0000\n\u007f"]]'),
    ("a=%22%5C%2F", r'[["a", "\"\\/"]]'),
    ("a=%F0%9F%90%8D", r'[["a", "\ud83d\udc0d"]]'),
    ("a=%ED%A0%80", r'[["a", "\ufffd\ufffd\ufffd"]]'),
    ("a=%C0%AF", r'[["a", "\ufffd\ufffd"]]'),
    ("a=%E2%82", r'[["a", "\ufffd"]]'),
    ("a=%2525", '[["a", "%25"]]'),
    ("\xc3\xa9=\xc3%A9", r'[["\u00e9", "\u00e9"]]'),
    ("\xe9%C3=1", r'[["\ufffd\ufffd", "1"]]'),
    ("%C3\xa9&\xff", r'[["\u00e9", ""], ["\ufffd", ""]]'),
)
_100_FIELDS = ", ".join(['["a", ""]'] * 100)
QUERY = (
    *(
        _get(
            f"query-{number}",
            f"/query?{query}" if query else "/query",
            _json(f'{{"query": {expected}}}'),
            only="" if query.isascii() else RAW_BYTES,
        )
        for number, (query, expected) in enumerate(_QUERIES)
    ),
    _get(
        "query-100-fields",
        "/query?" + "&".join(["a"] * 100),
        _json(f'{{"query": [{_100_FIELDS}]}}'),
    ),
)

_HEADERS = '{"headers": {"connection": "close", %s}, "content_length": %s}'
HEADERS = (
    _get("headers", "/headers", _json(_HEADERS % ('"host": "localhost"', "null"))),
    Exchange(
        "headers-sorted",
        Request("GET", "/headers", (("X-B", "2"), ("Accept", "*/*"), ("x-a", "1"))),
        _json(
            '{"headers": {"accept": "*/*", "connection": "close", "host": "localhost", '
            '"x-a": "1", "x-b": "2"}, "content_length": null}'
        ),
    ),
    Exchange(
        "headers-repeated",
        Request("GET", "/headers", (("X-A", "1"), ("X-B", "2"), ("X-A", "3"))),
        _json(_HEADERS % ('"host": "localhost", "x-a": "1,3", "x-b": "2"', "null")),
    ),
    Exchange(
        "headers-content",
        Request(
            "GET", "/headers", (("Content-Length", "0"), ("Content-Type", "text/csv"))
        ),
        _json(
            '{"headers": {"connection": "close", "content-length": "0", '
            '"content-type": "text/csv", "host": "localhost"}, "content_length": 0}'
        ),
    ),
    Exchange(
        "headers-latin-1",
        Request("GET", "/headers", (("X-Name", "\xc9mile"),)),
        _json(_HEADERS % (r'"host": "localhost", "x-name": "\u00c9mile"', "null")),
    ),
    Exchange(
        "headers-quoted",
        Request("GET", "/headers", (("X-Quoted", '"a\\b"'),)),
        _json(_HEADERS % (r'"host": "localhost", "x-quoted": "\"a\\b\""', "null")),
    ),
)

STREAM = (
    _get("stream", "/stream?chunks=3&size=4", _streamed(b"...\n...\n...\n")),
    _get("stream-default-size", "/stream?chunks=1", _streamed(b"." * 1023 + b"\n")),
    _get("stream-smallest", "/stream?chunks=2&size=1", _streamed(b"\n\n")),
    _get(
        "stream-largest",
        "/stream?chunks=1&size=1048576",
        _streamed(b"." * 1048575 + b"\n"),
    ),
    _get(
        "stream-interval", "/stream?chunks=2&size=2&interval_ms=1", _streamed(b".\n.\n")
    ),
    _get(
        "stream-no-pause-before-the-first",
        "/stream?chunks=1&size=2&interval_ms=60000",
        _streamed(b".\n"),
    ),
    _get(
        "stream-of-nothing",
        "/stream?chunks=0",
        # A server that sees no piece at all may well say Content-Length: 0.
        Expected(200, {"content-type": TEXT, "allow": None}, b""),
    ),
)
STREAM_ENDLESS = _head(
    _get("stream-longest", "/stream?chunks=999999999&size=1048576", _streamed(b""))
)

_CHUNKS = _error(400, "chunks must be a whole number from 0 to 999999999.")
_SIZE = _error(400, "size must be a whole number from 1 to 1048576.")
_INTERVAL = _error(400, "interval_ms must be a whole number from 0 to 60000.")
_MS = _error(400, "ms must be a whole number from 0 to 60000.")
_FIELDS = _error(400, "More than 100 query fields.")
BAD_STREAM = (
    _get("chunks-missing", "/stream", _CHUNKS),
    _get("chunks-blank", "/stream?chunks=", _CHUNKS),
    _get("chunks-too-many", "/stream?chunks=1000000000", _CHUNKS),
    _get("chunks-negative", "/stream?chunks=-1", _CHUNKS),
    _get("chunks-first-counts", "/stream?chunks=x&chunks=1", _CHUNKS),
    _get("size-blank", "/stream?chunks=1&size=", _SIZE),
    _get("size-zero", "/stream?chunks=1&size=0", _SIZE),
    _get("size-too-large", "/stream?chunks=1&size=1048577", _SIZE),
    _get("interval-blank", "/stream?chunks=1&interval_ms", _INTERVAL),
    _get("interval-too-long", "/stream?chunks=1&interval_ms=60001", _INTERVAL),
    _get("interval-float", "/stream?chunks=1&interval_ms=1.5", _INTERVAL),
)

WAIT = (
    _get("wait", "/wait?ms=0", _text("waited 0 ms")),
    _get("wait-a-little", "/wait?ms=5", _text("waited 5 ms")),
    _get("wait-leading-zeros", "/wait?ms=007", _text("waited 7 ms")),
    _get("wait-nine-digits", "/wait?ms=000000001", _text("waited 1 ms")),
    _get("wait-first-counts", "/wait?ms=1&ms=60000", _text("waited 1 ms")),
    _get("wait-escaped", "/wait?m%73=%31", _text("waited 1 ms")),
    _get("block", "/block?ms=0", _text("blocked 0 ms")),
    _get("block-a-little", "/block?ms=5", _text("blocked 5 ms")),
)
# What int() and float() would take, and more that is not a number of this interface.
_EVIL_NUMBERS = {
    "missing": "",
    "blank": "ms=",
    "bare": "ms",
    "word": "ms=soon",
    "underscore": "ms=1_000",
    "arabic": "ms=%D9%A3",
    "fullwidth": "ms=%EF%BC%91",
    "superscript": "ms=%C2%B2",
    "plus": "ms=%2B5",
    "plus-is-space": "ms=+5",
    "space": "ms=%205",
    "space-after": "ms=5%20",
    "newline-after": "ms=5%0A",
    "nul": "ms=5%00",
    "minus": "ms=-1",
    "minus-zero": "ms=-0",
    "nan": "ms=nan",
    "inf": "ms=inf",
    "hex": "ms=0x10",
    "exponent": "ms=1e3",
    "point": "ms=1.0",
    "comma": "ms=1,000",
    "limit-and-one": "ms=60001",
    "ten-digits": "ms=0000000001",
    "ten-digits-large": "ms=9999999999",
    "3000-digits": "ms=" + "9" * 3000,
    "bad-utf8": "ms=%FF",
    "blank-first": "ms=&ms=1",
    "case": "MS=1",
}
EVIL_NUMBERS = (
    *(_get(f"wait-{k}", f"/wait?{v}", _MS) for k, v in _EVIL_NUMBERS.items()),
    _get("wait-5000-digits", "/wait?ms=" + "1" * 5000, _MS, only=LONG_LINE),
    _get("block-missing", "/block", _MS),
    _get("block-limit-and-one", "/block?ms=60001", _MS),
)

_101_FIELDS = "&".join(["ms=1"] * 101)
TOO_MANY_FIELDS = tuple(
    _get(f"{path}-101-fields", f"/{path}?{_101_FIELDS}", _FIELDS)
    for path in ("hello", "query", "stream", "wait", "block")
)

_NO_PATH = _error(
    404,
    "No such path. There are: /hello, /json, /query, /headers, /stream, /upload, "
    "/wait, /block, /ws, /state, /background",
)
NO_PATH = (
    _get("path-root", "/", _NO_PATH),
    _get("path-unknown", "/nowhere", _NO_PATH),
    _get("path-slash-after", "/hello/", _NO_PATH),
    _get("path-escaped-slash-after", "/hello%2F", _NO_PATH),
    _get("path-two-slashes", "//hello", _NO_PATH),
    _get("path-dots", "/x/../hello", _NO_PATH),
    _get("path-case", "/Hello", _NO_PATH),
    _get("path-longer", "/hellohello", _NO_PATH),
    _get("path-escaped-twice", "/%2568ello", _NO_PATH),
    _get("path-utf8", "/h%C3%A9llo", _NO_PATH),
    _get("path-bad-utf8", "/hello%FF", _NO_PATH),
    _get("path-raw-bytes", "/hello\xff", _NO_PATH, only=RAW_BYTES),
    _get("path-escaped-query", "/hello%3Fname=Ada", _NO_PATH),
    _get("path-crlf", "/%0D%0AX-Evil:%201", _NO_PATH),
    Exchange("path-unknown-post", Request("POST", "/nowhere"), _NO_PATH),
)

_GET_ONLY = _error(405, "No such method here. There are: GET, HEAD", "GET, HEAD")
_NO_PUT = _error(
    405, "No such method here. There are: GET, HEAD, POST", "GET, HEAD, POST"
)
_POST_ONLY = _error(405, "No such method here. There are: POST, PUT", "POST, PUT")
NO_METHOD = (
    *(
        Exchange(f"{method.lower()}-{path}", Request(method, f"/{path}"), _GET_ONLY)
        for method, path in (
            ("POST", "hello"),
            ("PUT", "json"),
            ("DELETE", "query"),
            ("PATCH", "headers"),
            ("OPTIONS", "stream"),
            ("TRACE", "wait"),
            ("PROPFIND", "block"),
            ("POST", "wait"),
            ("POST", "ws"),
            ("DELETE", "state"),
        )
    ),
    Exchange("put-background", Request("PUT", "/background?ms=0"), _NO_PUT),
    _get("get-upload", "/upload", _POST_ONLY),
    Exchange("delete-upload", Request("DELETE", "/upload"), _POST_ONLY),
    Exchange("options-upload", Request("OPTIONS", "/upload"), _POST_ONLY),
    Exchange("brew-hello", Request("BREW", "/hello"), _GET_ONLY, NO_SUCH_METHOD),
    Exchange("connect-hello", Request("CONNECT", "/hello"), _GET_ONLY, CONNECT),
)

_MIB = 1024 * 1024
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
_EVERY_BYTE = "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880"
_CHUNK_LIKE = "c99efee3f449386f2636c1b7999cd3ba3a8627bfd4836df541460cd24e08fb50"
_4096_V = "0c6340d0ceddb2aa6757efab90aea89460950e169c900908d058d53560b4df28"
_65536_Y = "0cf123b0126165f0de1c42fa66f11e82ff6f6d37d6bcfcbeb0f9cf7c7ad8733c"
_65537_Y = "8a4e5586e59d582e6bf723bfabc46c874a7b49a5cf067f7d3ecae754b3395806"
_MIB_X = "8f990ba0b577b51cf009ea049368c16bbda1b21e1b93be07a824758bb253c39b"
_10_MIB_Z = "e8546ce7d71e154cf4a6e00994b3e9b8639b0f3fb171455ae5135ea67fd83904"
_BODIES = {
    "empty": (b"", _EMPTY),
    "small": (b"abc", _ABC),
    "every-byte": (bytes(range(256)), _EVERY_BYTE),
    "like-chunks": (b"\r\n0\r\n\r\n", _CHUNK_LIKE),
    "4096": (b"v" * 4096, _4096_V),
    "one-piece": (b"y" * 65536, _65536_Y),
    "one-piece-and-a-byte": (b"y" * 65537, _65537_Y),
    "mib": (b"x" * _MIB, _MIB_X),
    "largest": (b"z" * (10 * _MIB), _10_MIB_Z),
}


def _upload(id: str, body: bytes, digest: str, chunked: bool) -> Exchange:
    answer = _json(f'{{"bytes": {len(body)}, "sha256": "{digest}"}}')
    length = () if chunked else (("Content-Length", str(len(body))),)
    return Exchange(id, Request("POST", "/upload", length, body, chunked), answer)


_TOO_LARGE = _error(413, "The body is larger than 10485760 bytes.")
UPLOAD = (
    *(_upload(f"upload-{k}", *v, chunked=False) for k, v in _BODIES.items()),
    *(_upload(f"upload-{k}-chunked", *v, chunked=True) for k, v in _BODIES.items()),
    Exchange(
        "upload-put",
        Request("PUT", "/upload", body=b"abc"),
        _json(f'{{"bytes": 3, "sha256": "{_ABC}"}}'),
    ),
    Exchange(
        "upload-without-length",
        Request("POST", "/upload"),
        _json(f'{{"bytes": 0, "sha256": "{_EMPTY}"}}'),
    ),
    Exchange(
        "upload-type-ignored",
        Request("POST", "/upload?a=b", (("Content-Type", "application/json"),), b"abc"),
        _json(f'{{"bytes": 3, "sha256": "{_ABC}"}}'),
    ),
)
# Refused by what is declared: the bodies are not sent, and must not be waited for.
TOO_LARGE = (
    *(
        Exchange(
            f"upload-declares-{length}",
            Request("POST", "/upload", (("Content-Length", length),)),
            _TOO_LARGE,
        )
        for length in ("10485761", "999999999999")
    ),
    # Exactly one byte too many, so that next to nothing is left unread at the end.
    Exchange(
        "upload-too-large-chunked",
        Request("POST", "/upload", body=b"z" * (10 * _MIB + 1), chunked=True),
        _TOO_LARGE,
    ),
)

_LENGTH = _error(400, "Content-Length must be a number of 1 to 18 digits.")
MALFORMED_LENGTH = tuple(
    Exchange(
        f"content-length-{name}-{method.lower()}",
        Request(method, path, (("Content-Length", text),)),
        _LENGTH,
        in_process_only=BAD_LENGTH,
    )
    for name, text in (
        ("word", "abc"),
        ("minus", "-1"),
        ("plus", "+3"),
        ("underscore", "1_0"),
        ("superscript", "\xb2"),
        ("list", "3,3"),
        ("5000-digits", "9" * 5000),
    )
    for method, path in (("POST", "/upload"), ("GET", "/headers"))
)
EMPTY_LENGTH = (
    Exchange(
        "content-length-empty",
        Request("POST", "/upload", (("Content-Length", ""),)),
        _json(f'{{"bytes": 0, "sha256": "{_EMPTY}"}}'),
        in_process_only=LOST_LENGTH,
    ),
)

_GIVEN = (
    *HELLO,
    *DOCUMENT,
    *QUERY,
    *HEADERS,
    *STREAM,
    *BAD_STREAM,
    *WAIT,
    *EVIL_NUMBERS,
    *TOO_MANY_FIELDS,
    *NO_PATH,
    *NO_METHOD,
    *UPLOAD,
    *TOO_LARGE,
    *MALFORMED_LENGTH,
    *EMPTY_LENGTH,
)
# What both applications answer, byte for byte.
EXCHANGES: tuple[Exchange, ...] = (
    *_GIVEN,
    # RFC 9110, 9.3.2: HEAD is GET without the content, so each GET is a HEAD too.
    *(_head(exchange) for exchange in _GIVEN if exchange.request.method == "GET"),
    STREAM_ENDLESS,
)

# What ASGI has beyond WSGI: the two differ by nature, and each has its own answers.
_NO_WEBSOCKET = _error(
    501, "PEP 3333 has no WebSocket: a call reads one request and answers it once."
)
_NO_LIFESPAN = _error(
    501, "PEP 3333 has no lifespan: no call before the first request or at the end."
)
_NO_BACKGROUND = _error(
    501, "PEP 3333 has no work after the response but in close(), on its thread."
)
_WSGI_BEYOND = (
    _get("ws", "/ws", _NO_WEBSOCKET),
    _get("state", "/state", _NO_LIFESPAN),
    _get("background", "/background", _NO_BACKGROUND),
    Exchange("background-post", Request("POST", "/background?ms=0"), _NO_BACKGROUND),
)


def _accepted(text: str) -> Expected:
    return _answer(202, TEXT, text.encode(), None)


_ASGI_BEYOND = (
    _get(
        "ws",
        "/ws",
        _error(400, "This is for WebSockets: ask with Upgrade: websocket."),
    ),
    _get("state", "/state", _text("startups: 1")),
    *(
        Exchange(f"background-{name}", Request("POST", f"/background{query}"), answer)
        for name, query, answer in (
            ("post", "?ms=0", _accepted("will work for 0 ms")),
            ("a-little", "?ms=5", _accepted("will work for 5 ms")),
            ("missing", "", _MS),
            ("minus", "?ms=-1", _MS),
            ("too-long", "?ms=60001", _MS),
        )
    ),
)


def exchanges(interface: str) -> tuple[Exchange, ...]:
    """The whole contract of one side: what both answer, and what only this one does."""
    given = {"wsgi": _WSGI_BEYOND, "asgi": _ASGI_BEYOND}[interface]
    heads = (_head(exchange) for exchange in given if exchange.request.method == "GET")
    return (*EXCHANGES, *given, *heads)
