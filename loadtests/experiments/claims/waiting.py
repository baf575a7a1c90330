"""Claims about how long servers wait for a client that is slow, or pauses.

Each takes as long as the options say, 40 s for most. So each has a `Wait`, begun before
the first claim of the ledger, and asked for what came of it when its turn comes.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gunicorn.config import Keepalive, Timeout  # type: ignore[import-untyped]

from loadtests.catalog.target import RAW
from loadtests.clients import wire
from loadtests.clients.conversations import Heard, pieces, request
from loadtests.clients.visits import Visit, idle, slow_headers
from loadtests.clients.wire import Address
from loadtests.experiments.claims.interface import APPS_ASGI, FIELD
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import (
    Finding,
    claim,
    either,
    holds,
    holds_only_with,
    need,
    refuted,
)
from loadtests.experiments.claims.visits import at_once, late_head, timed

# gunicorn's --timeout as it is by default, and how long clients pause: longer.
TIMEOUT_S, STAYS_S = Timeout.default, 40
# gunicorn's --keep-alive, its default and a longer one; headers that come between.
KEEP_ALIVES_S = (Keepalive.default, 10)
HEADERS_S = 5.0
_ANSWERED_WITHIN_S = 10.0


def _beside_unfinished(lab: Lab) -> Callable[[], dict[str, tuple[float, str]]]:
    options = ("--threads", "1", "--timeout", str(TIMEOUT_S))
    given = {
        words: (lab.own("wsgi-gunicorn-gthread", *options).address, said)
        for words, said in (("nothing", b""), ("one byte", b"G"))
    }
    return lambda: at_once(_unfinished, given)


def _unfinished(given: tuple[Address, bytes]) -> tuple[float, str]:
    """How long a healthy request waits beside a client that has said so much, and what
    becomes of that client when it says the rest."""
    address, said = given
    rest = request("/hello")[len(said) :]
    with wire.connect(address) as sock, ThreadPoolExecutor(1) as pool:
        sock.sendall(said)
        healthy = pool.submit(timed, address, STAYS_S + _ANSWERED_WITHIN_S)
        fate = wire.drip(sock, b"", iter([rest]), STAYS_S).fate
        return healthy.result(), fate


@claim(FIELD, _beside_unfinished)
def gthread_takes_its_thread_back(lab: Lab) -> Finding:
    """gunicorn's gthread worker takes its thread back from a client that pauses"""
    # gunicorn/workers/gthread.py: handle waits DEFAULT_WORKER_DATA_TIMEOUT, 5 s, for
    # the first byte; then TConn.init makes the socket block, and nothing limits it.
    found = lab.waited(_beside_unfinished)
    evidence = f"one thread, --timeout {TIMEOUT_S}; a healthy request waited " + (
        " and ".join(
            f"{waited_s:.1f} s beside a client that said {said}, then paused for "
            f"{STAYS_S} s ({fate})"
            for said, (waited_s, fate) in found.items()
        )
    )
    back = [said for said, (waited_s, _) in found.items() if waited_s < STAYS_S - 1]
    if len(back) == len(found):
        return holds(evidence)
    if not back:
        return refuted(evidence)
    condition = f"a client that has said {either(back)} yet, after 5 s"
    return holds_only_with(condition, evidence)


def _kept_alive(lab: Lab) -> Callable[[], dict[int, tuple[str, float, float]]]:
    addresses = {
        keep_alive_s: lab.own(
            "wsgi-gunicorn-gevent", "--keep-alive", str(keep_alive_s)
        ).address
        for keep_alive_s in KEEP_ALIVES_S
    }
    return lambda: at_once(_late_and_endless, addresses)


def _late_and_endless(address: Address) -> tuple[str, float, float]:
    """What becomes of honest headers, and how long others hold their connection."""
    with ThreadPoolExecutor(3) as pool:
        honest = pool.submit(late_head, address, HEADERS_S)
        others = [pool.submit(_held_s, address, way) for way in (idle, slow_headers)]
        return honest.result(), others[0].result(), others[1].result()


def _held_s(address: Address, behave: Visit) -> float:
    with wire.connect(address) as sock:
        began_s = time.monotonic()
        behave(sock, RAW, 0.5)
        return time.monotonic() - began_s


@claim(FIELD, _kept_alive)
def keep_alive_is_between_requests(lab: Lab) -> Finding:
    """gunicorn's --keep-alive is only about the time between two requests"""
    # gunicorn/workers/base_async.py, handle: timeout_ctx is around the first request
    # too, and gevent's (ggevent.py) is --keep-alive, to the end of the headers.
    found = lab.waited(_kept_alive)
    evidence = "; ".join(
        f"gevent, --keep-alive {keep_alive_s}: headers that took {HEADERS_S:g} s were "
        f"{fate}, a silent client held its connection {silent_s:.1f} s, one with "
        f"endless headers {endless_s:.1f} s"
        for keep_alive_s, (fate, silent_s, endless_s) in found.items()
    )
    (short, *_), (longer, *_) = found.values()
    need(longer == "served", evidence)
    return holds(evidence) if short == "served" else refuted(evidence)


PAUSED_ON = ("asgi-uvicorn", "asgi-hypercorn", "asgi-gunicorn")


def _paused(lab: Lab) -> Callable[[], dict[str, list[dict[str, Any]]]]:
    options = {"asgi-gunicorn": ("--timeout", str(TIMEOUT_S))}
    addresses = {
        stack: lab.own(stack, *options.get(stack, ()), app=APPS_ASGI).address
        for stack in PAUSED_ON
    }
    return lambda: at_once(_pause, addresses)


def _pause(address: Address) -> list[dict[str, Any]]:
    """The events that an app receives, of a client that pauses in its body and stays.

    The client sends the rest after its pause, unless it is answered before.
    """
    head = request("/events", "Content-Length: 10", method="POST")
    with wire.connect(address) as sock:
        sock.sendall(head + b"first")
        sock.settimeout(STAYS_S)
        try:
            sock.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            sock.sendall(b"later")
        sock.settimeout(_ANSWERED_WITHIN_S)
        events: list[dict[str, Any]] = Heard(list(pieces(sock))).json()
        return events


@claim(FIELD, _paused)
def disconnect_means_gone(lab: Lab) -> Finding:
    """An http.disconnect event says that the client has gone"""
    # gunicorn/asgi/protocol.py: BodyReceiver._wait_for_data waits --timeout for more of
    # a body, and receive() then gives http.disconnect; "the transport itself may still
    # be alive". uvicorn and hypercorn give it when a connection is lost.
    found = lab.waited(_paused)
    evidence = (
        f"the client paused in its body for {STAYS_S} s and stayed; the app received "
        f"(on gunicorn with --timeout {TIMEOUT_S}): "
        + "; ".join(f"{stack} {_told(events)}" for stack, events in found.items())
    )
    right = [
        stack
        for stack, events in found.items()
        if all(event["type"] == "http.request" for event in events)
    ]
    if len(right) == len(found):
        return holds(evidence)
    return holds_only_with(either(right), evidence) if right else refuted(evidence)


def _told(events: list[dict[str, Any]]) -> str:
    """Each event, and how long after the first it came."""
    began_s = events[0]["at_s"]
    return ", ".join(f"{e['type']} at {e['at_s'] - began_s:.1f} s" for e in events)


# hypercorn's --read-timeout, to compare; and a handler that takes longer.
READ_TIMEOUT_S, HANDLER_MS = 5, 8000
_SOME_MB = request("/stream?chunks=64&size=65536")


def _on_hypercorn(lab: Lab) -> Callable[[], dict[tuple[str, str], str]]:
    servers = {
        "by default": lab.own("asgi-hypercorn"),
        f"with --read-timeout {READ_TIMEOUT_S}": lab.own(
            "asgi-hypercorn", "--read-timeout", str(READ_TIMEOUT_S)
        ),
    }
    visits: dict[str, Callable[[Address], str]] = {
        "a pause in the body": _pauses_in_body,
        "a pause in reading": partial(_pauses_in_reading, lab),
        f"a handler of {HANDLER_MS / 1000:g} s": _waits_for_handler,
    }
    given = {
        (how, what): partial(visit, server.address)
        for how, server in servers.items()
        for what, visit in visits.items()
    }
    return lambda: at_once(lambda visit: visit(), given)


def _pauses_in_body(address: Address) -> str:
    head = request("/upload", "Content-Length: 10", method="POST")
    with wire.connect(address) as sock:
        return wire.drip(sock, head + b"first", iter([b"later"]), STAYS_S).fate


def _pauses_in_reading(lab: Lab, address: Address) -> str:
    with wire.connect(address, receive_buffer=wire.SMALL_RECEIVE_BUFFER) as sock:
        sock.sendall(_SOME_MB)
        lab.over.wait(STAYS_S)
        return wire.sip(sock, b"", 65536, gap_s=0.0).fate


def _waits_for_handler(address: Address) -> str:
    with wire.connect(address) as sock:
        return wire.drip(sock, request(f"/wait?ms={HANDLER_MS}"), iter(()), 0.0).fate


@claim(FIELD, _on_hypercorn)
def hypercorn_waits_without_limit(lab: Lab) -> Finding:
    """hypercorn sets no limit of its own to a client that stops sending or reading"""
    # hypercorn/config.py: read_timeout = None; asyncio/tcp_server.py: _read_data gives
    # it to each read, also while a handler runs; protocol_send drains without a limit.
    found = lab.waited(_on_hypercorn)
    fates: dict[str, list[str]] = {}
    for (how, what), fate in found.items():
        fates.setdefault(how, []).append(f"{what}: {fate}")
    evidence = f"pauses of {STAYS_S} s; " + "; ".join(
        f"{how}, {', '.join(each)}" for how, each in fates.items()
    )
    default = [fate for (how, _), fate in found.items() if how == "by default"]
    ended = [fate for (how, _), fate in found.items() if how != "by default"]
    need("served" not in ended, evidence)
    return holds(evidence) if set(default) == {"served"} else refuted(evidence)
