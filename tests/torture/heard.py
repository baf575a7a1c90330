"""All that a server answers to odd bytes, and the statuses in it."""

from __future__ import annotations

import contextlib
import re
import socket

import hpack

from loadtests.servers.server import Server

READS_FOR_S = 0.03
_READS_BYTES = 8_000_000  # an answer to a whole /stream has half of it
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})\b")  # no noise has that in it
_FRAME_HEAD, _HEADERS = 9, 1  # RFC 9113, 4.1 and 6.2


def heard(server: Server, noise: bytes, for_s: float = READS_FOR_S) -> bytes:
    """All that is answered until the end, or until nothing comes for that time."""
    answers = b""
    with socket.create_connection(server.address, timeout=5.0) as client:
        client.settimeout(for_s)
        with contextlib.suppress(OSError):
            client.sendall(noise)
            while len(answers) < _READS_BYTES and (piece := client.recv(65536)):
                answers += piece
    return answers


def statuses(answers: bytes) -> list[int]:
    """Of all answers of HTTP/1, one after another."""
    return [int(status) for status in _STATUS.findall(answers)]


def statuses_of_http2(answers: bytes) -> list[int]:
    """Of the blocks of fields in it, as far as they can be decoded: the noise may have
    told the server of other SETTINGS."""
    found, decoder = [], hpack.Decoder()
    with contextlib.suppress(hpack.HPACKError):
        while len(answers) >= _FRAME_HEAD:
            end = _FRAME_HEAD + int.from_bytes(answers[:3])
            if answers[3] == _HEADERS:
                fields = dict(decoder.decode(answers[_FRAME_HEAD:end], raw=True))
                found.append(int(fields.get(b":status", 0)))
            answers = answers[end:]
    return found
