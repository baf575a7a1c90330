"""Rows that are an exchange: send, hear the answers, try the connection once more."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Sequence
from typing import Any

from loadtests.catalog.behaviours.row import Growing, Row, Then, request
from loadtests.clients import wire
from loadtests.clients.hearing import Answer, Hearing, Silence
from loadtests.clients.wire import Address
from loadtests.records.behaviours import (
    ANSWERED,
    CLOSED,
    DEAF,
    KEPT,
    WRONG,
    Behaviour,
)

# No answer for so long means that a server waits. It is shorter than every timeout of a
# server here (gevent's --keep-alive is 2 s), and longer than any exchange by far.
QUIET_S = 1.5
# So long a server has to read all of a head but its end. What comes in one piece, some
# parsers take at any length.
_PAUSE_S = 0.2
_END = 4  # bytes
_NEXT = request("Connection: close", line="GET /next HTTP/1.1")
_AFTER = {Silence.CLOSED: CLOSED, Silence.WAITS: DEAF}

Heard = Sequence[Answer | Silence]


def exchanged(address: Address, stack: str, row: Row) -> Behaviour:
    """One try of a row."""
    with wire.connect(address) as sock:
        hearing = Hearing(sock)
        heard = _heard(sock, hearing, row)
        finals = _finals(heard)
        saw = [_saw(answer, row.asks) for answer in finals]
        return Behaviour(
            stack,
            row.id,
            ANSWERED if finals else str(heard[-1]),
            [one.status for one in heard if isinstance(one, Answer)],
            " ".join(filter(None, saw)),
            _after(sock, hearing, row, heard) if finals else "",
        )


def _heard(sock: socket.socket, hearing: Hearing, row: Row) -> Heard:
    """All answers, as many as there may be, and why there are no more."""
    heard: list[Answer | Silence] = []
    for part in row.sent:
        if _is_over(heard, row):
            break
        if part is Then.HEARS:
            heard.append(hearing.answer(QUIET_S))
        elif part is Then.SHUTS:
            with contextlib.suppress(OSError):  # the server may have gone first
                sock.shutdown(socket.SHUT_WR)
        else:
            send(sock, part)
    while not _is_over(heard, row):
        heard.append(hearing.answer(QUIET_S, to_head=row.to_head))
    return heard


def _is_over(heard: Heard, row: Row) -> bool:
    silent = any(isinstance(one, Silence) for one in heard)
    return silent or len(_finals(heard)) >= row.answers


def _finals(heard: Heard) -> list[Answer]:
    return [one for one in heard if isinstance(one, Answer) and one.is_final]


def send(sock: socket.socket, data: bytes) -> None:
    """A server may refuse, and close, before all is sent: its answer is there still."""
    sock.settimeout(10 * QUIET_S)
    with contextlib.suppress(OSError):
        sock.sendall(data)


def _saw(answer: Answer, asks: Sequence[str]) -> str:
    """What the app says that it saw; nothing where the server answered."""
    if answer.status != 200 or not asks:
        return ""
    found = _json(answer.body)
    for key in asks:
        found = found.get(key, "")
    return str(found)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {}


def _after(sock: socket.socket, hearing: Hearing, row: Row, heard: Heard) -> str:
    """What becomes of the connection, by the next request on it."""
    last = heard[-1]
    if isinstance(last, Silence):
        return _AFTER.get(last, WRONG)
    if not row.tells_after:
        return ""
    send(sock, _NEXT)
    found = hearing.answer(QUIET_S)
    if isinstance(found, Silence):
        return _AFTER.get(found, WRONG)
    return KEPT if _saw(found, ("path",)) == "/next" else WRONG


def grown(address: Address, stack: str, row: Row, growing: Growing) -> Behaviour:
    """The largest request that is answered with 200, and what becomes of the next."""
    accepted, last = None, Behaviour(stack, row.id, ANSWERED, [200])
    for count in growing.counts:
        found = _one_size(address, row, growing, count)
        if isinstance(found, Answer) and found.status == 200:
            accepted = count
            continue
        answered = isinstance(found, Answer)
        kind = ANSWERED if answered else str(found)
        statuses = [found.status] if isinstance(found, Answer) else []
        last = Behaviour(stack, row.id, kind, statuses)
        break
    return Behaviour(stack, row.id, last.kind, last.statuses, accepted=accepted)


def _one_size(
    address: Address, row: Row, growing: Growing, count: int
) -> Answer | Silence:
    data = growing.before + growing.unit * count + growing.after
    with wire.connect(address) as sock:
        hearing = Hearing(sock)
        send(sock, data[:-_END])
        time.sleep(_PAUSE_S)
        send(sock, data[-_END:])
        return hearing.answer(QUIET_S)
