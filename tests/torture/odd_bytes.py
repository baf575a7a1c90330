"""Bytes that no client should send: as requests, and as frames, of a WebSocket and of
HTTP/2."""

from __future__ import annotations

from hypothesis import strategies as st

_TOKENS = st.sampled_from(
    ["GET", "POST", "HEAD", "OPTIONS", "get", "G T", "", "É", "*"]
)
_TARGETS = st.one_of(
    st.sampled_from(
        [
            "/hello",
            "/upload",
            "/stream?chunks=64&size=65536",
            "*",
            "http://x/hello",
            "//",
        ]
    ),
    st.text(max_size=40).map(lambda text: f"/hello?name={text}"),
    st.binary(max_size=40).map(lambda raw: "/" + raw.decode("latin-1")),
)
_VERSIONS = st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", "", "http"])
_FIELDS = st.one_of(
    st.sampled_from(
        [
            "Host: x",
            "Content-Length: 5",
            "Content-Length: -1",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip",
            "Expect: 100-continue",
            "Connection: Upgrade\r\nUpgrade: websocket",
            "Connection: keep-alive",
            " folded",
            "no colon",
        ]
    ),
    st.text(max_size=30),
)
_BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"-1\r\n"]),
)


def _request(
    method: str, target: str, version: str, fields: list[str], body: bytes, share: float
) -> bytes:
    """A request in which anything may be wrong, cut off somewhere."""
    head = "\r\n".join([f"{method} {target} {version}", *fields, "", ""])
    whole = head.encode("utf-8", "surrogatepass") + body
    return whole[: max(1, round(share * len(whole)))]


REQUESTS = st.one_of(
    st.binary(min_size=1, max_size=300),
    st.builds(
        _request,
        _TOKENS,
        _TARGETS,
        _VERSIONS,
        st.lists(_FIELDS, max_size=6),
        _BODIES,
        st.sampled_from([1.0, 1.0, 0.9, 0.5, 0.1]),
    ),
)


def _frame(first: int, masked: bool, payload: bytes, declared: int | None) -> bytes:
    """A frame of that first byte, of the declared length, if it is another one."""
    length = len(payload) if declared is None else declared
    mask, bit = (b"\1\2\3\4", 0x80) if masked else (b"", 0)
    if length < 126:
        size = bytes([bit | length])
    elif length < 1 << 16:
        size = bytes([bit | 126]) + length.to_bytes(2)
    else:
        size = bytes([bit | 127]) + length.to_bytes(8)
    sent = (
        bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if mask else payload
    )
    return bytes([first]) + size + mask + sent


def _cut(frames: list[bytes], share: float) -> bytes:
    whole = b"".join(frames)
    return whole[: max(1, round(share * len(whole)))]


_KNOWN = (0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8A)
_PAYLOADS = st.one_of(
    st.text(max_size=40).map(str.encode),
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x03", b"\x03\xed", b"\x0f\xa1bye", b"\x03\xe8\xff\xff"]),
)
_LENGTHS = st.sampled_from([None, None, None, 0, 126, 1 << 16, 1 << 31, (1 << 64) - 1])
_FRAMES = st.builds(
    _frame,
    st.one_of(st.sampled_from(_KNOWN), st.integers(0, 255)),
    st.sampled_from([True, True, True, False]),
    _PAYLOADS,
    _LENGTHS,
)
FRAMES = st.one_of(
    st.binary(min_size=1, max_size=300),
    st.builds(
        _cut,
        st.lists(_FRAMES, min_size=1, max_size=4),
        st.sampled_from([1.0, 1.0, 0.6]),
    ),
)


# What begins a connection with prior knowledge: the preface, and empty SETTINGS (RFC
# 9113, 3.4).
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS = b"\0\0\0\4\0\0\0\0\0"


def _frame_of_http2(
    kind: int, flags: int, stream: int, payload: bytes, declared: int | None
) -> bytes:
    """A frame (RFC 9113, 4.1) of the declared length, if it is another one."""
    length = len(payload) if declared is None else declared
    return length.to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _block(fields: list[tuple[str, str]]) -> bytes:
    """Fields as literals that nothing remembers (RFC 7541, 6.2.2)."""
    texts = [text.encode()[:120] for field in fields for text in field]
    said = [bytes([len(text)]) + text for text in texts]
    return b"".join(b"\0" + said[at] + said[at + 1] for at in range(0, len(said), 2))


def _asking(method: str, target: str, more: list[tuple[str, str]]) -> bytes:
    first = [(":method", method), (":scheme", "http"), (":path", target)]
    return _block([*first, (":authority", "x"), *more])


_FIELDS_OF_HTTP2 = st.lists(
    st.one_of(
        st.sampled_from(
            [
                ("content-length", "5"),
                ("content-length", "-1"),
                ("connection", "keep-alive"),
                ("transfer-encoding", "chunked"),
                ("te", "gzip"),
                ("Host", "y"),
                (":path", "/hello"),
                (":status", "200"),
                (":protocol", "websocket"),
                ("", ""),
            ]
        ),
        st.tuples(st.text(max_size=20), st.text(max_size=20)),
    ),
    max_size=4,
)
_HEADERS = st.one_of(
    st.builds(_asking, _TOKENS, _TARGETS, _FIELDS_OF_HTTP2),
    _FIELDS_OF_HTTP2.map(_block),
    st.binary(max_size=60),
)
_STREAMS = st.one_of(st.sampled_from([0, 1, 1, 1, 3]), st.integers(0, (1 << 32) - 1))
_ODD_FLAGS = st.one_of(st.sampled_from([0, 1, 4, 5]), st.integers(0, 255))
_DECLARED = st.sampled_from([None, None, None, None, 0, 16_385, (1 << 24) - 1])
_PAYLOADS_OF_HTTP2 = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"",
            bytes(4),  # RST_STREAM, or a WINDOW_UPDATE of nothing
            b"\x7f\xff\xff\xff",  # the largest one
            bytes(8),  # PING, or GOAWAY
            b"\0\4\0\0\0\0",  # SETTINGS: a window of nothing
            b"\0\4\xff\xff\xff\xff",  # one that is too large
            b"\0\1\0\0\0\0",  # no table of fields
        ]
    ),
)
HTTP2_HELLO = (
    _PREFACE + _SETTINGS + _frame_of_http2(1, 5, 1, _asking("GET", "/hello", []), None)
)
# Right ones, so that an app is called; what comes after it is odd.
_REQUESTS_OF_HTTP2 = st.builds(
    _frame_of_http2,
    st.just(1),
    st.sampled_from([4, 5]),  # END_HEADERS, and the end of the body too
    st.just(1),
    st.builds(
        _asking,
        st.sampled_from(["GET", "POST", "HEAD"]),
        st.sampled_from(["/hello", "/upload", "/stream?chunks=64&size=65536"]),
        st.sampled_from([[], [("content-length", "5")], [("te", "gzip")]]),
    ),
    st.none(),
)
_FRAMES_OF_HTTP2 = st.one_of(
    st.builds(_frame_of_http2, st.just(1), _ODD_FLAGS, _STREAMS, _HEADERS, _DECLARED),
    st.builds(
        _frame_of_http2,
        st.one_of(st.integers(0, 9), st.integers(0, 9), st.integers(0, 255)),
        _ODD_FLAGS,
        _STREAMS,
        _PAYLOADS_OF_HTTP2,
        _DECLARED,
    ),
)
_BEGUN = _REQUESTS_OF_HTTP2.map(lambda request: _PREFACE + _SETTINGS + request)
HTTP2_BYTES = st.one_of(
    st.builds(
        lambda begun, frames, share: _cut([begun, *frames], share),
        st.one_of(_BEGUN, _BEGUN, st.just(_PREFACE + _SETTINGS)),
        st.lists(_FRAMES_OF_HTTP2, max_size=6),
        st.sampled_from([1.0, 1.0, 1.0, 0.8]),
    ),
    st.binary(max_size=300).map(_PREFACE.__add__),
)
