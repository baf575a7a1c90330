"""Bytes that no client should send: as requests, and as frames of a WebSocket."""

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
