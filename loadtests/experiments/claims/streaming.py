"""Claims about streaming: answers in pieces, and clients that do not stay for them."""

from __future__ import annotations

import time
from typing import Any

from loadtests.clients import wire
from loadtests.clients.conversations import ask, request
from loadtests.clients.wire import Address
from loadtests.experiments.claims.interface import APPS_ASGI, ASGI, INTRODUCTION, WSGI
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import (
    Finding,
    claim,
    holds,
    holds_only_with,
    need,
    refuted,
)
from loadtests.servers.apps.claims import TALK
from loadtests.servers.processes import wait_until

PIECES, INTERVAL_MS = 4, 100


def _spread_ms(address: Address) -> tuple[float, float]:
    """When the first and the last piece of a stream's body arrived."""
    answer = ask(address, f"/stream?chunks={PIECES}&interval_ms={INTERVAL_MS}")
    head, times_ms = b"", []
    for at_s, data in answer.pieces:
        head += data
        if head.partition(b"\r\n\r\n")[2]:
            times_ms.append(at_s * 1000)
    need(answer.status == 200 and bool(times_ms), f"answered {answer.head[:60]!r}")
    return times_ms[0], times_ms[-1]


def _streaming(lab: Lab, stacks: tuple[str, ...]) -> tuple[list[str], str]:
    """The stacks that stream, and what shows it."""
    spreads = {stack: _spread_ms(lab.serve(stack).address) for stack in stacks}
    whole_ms = (PIECES - 1) * INTERVAL_MS
    does = [stack for stack, (a, b) in spreads.items() if b - a > 0.7 * whole_ms]
    shown = ", ".join(f"{s} {a:.0f} and {b:.0f} ms" for s, (a, b) in spreads.items())
    return does, f"{PIECES} pieces made in {whole_ms} ms; first and last came: {shown}"


@claim(INTRODUCTION)
def wsgi_cannot_stream(lab: Lab) -> Finding:
    """WSGI cannot stream"""
    does, evidence = _streaming(lab, WSGI)
    if len(does) == len(WSGI):
        return refuted(evidence)
    others = " and ".join(stack for stack in WSGI if stack not in does)
    return holds_only_with(others, evidence) if does else holds(evidence)


@claim(INTRODUCTION)
def asgi_streams(lab: Lab) -> Finding:
    """ASGI streams"""
    does, evidence = _streaming(lab, ASGI)
    if len(does) == len(ASGI):
        return holds(evidence)
    return holds_only_with(" and ".join(does), evidence) if does else refuted(evidence)


@claim(INTRODUCTION)
def chunked_is_more_body(lab: Lab) -> Finding:
    """A chunked response is several body events with more_body"""
    shown = {}
    for stack in ASGI:
        address = lab.serve(stack, app=APPS_ASGI).address
        plain = ask(address, "/three-events")
        known = ask(address, "/three-events?length")
        old = ask(address, "/three-events", http="1.0")
        need({plain.status, known.status, old.status} == {200}, stack)
        shown[stack] = [len(a.chunks()) for a in (plain, known, old)]
    counts = "; ".join(f"{s} {a}, {b} and {c}" for s, (a, b, c) in shown.items())
    evidence = (
        "chunks on the wire for 3 body events: plain, with Content-Length, to an "
        f"HTTP/1.0 client: {counts}"
    )
    if all(found == [3, 3, 3] for found in shown.values()):
        return holds(evidence)
    if all(found[0] == 3 for found in shown.values()):
        return holds_only_with("an app that gives no Content-Length", evidence)
    return refuted(evidence)


@claim(INTRODUCTION)
def disconnect_is_an_event(lab: Lab) -> Finding:
    """A client that goes away is an http.disconnect event"""
    heard, talked = {}, {}
    for stack in ASGI:
        address = lab.serve(stack, app=APPS_ASGI).address
        gone_s = _leave(address, "/listen", "listening")
        listened = seen(address, "listened") or {}
        heard[stack] = (listened.get("at_s", float("inf")) - gone_s) * 1000
        _leave(address, "/talk", "talked")
        comes_to(address, "talked", TALK)
        talked[stack] = seen(address, "talked")
    evidence = (
        f"an app that awaits receive() heard within {max(heard.values()):.1f} ms; "
        f"one that only sends, sent all the same, of {TALK} pieces: "
        + ", ".join(f"{stack} {count}" for stack, count in talked.items())
    )
    if max(heard.values()) > 1000:
        return refuted(evidence)
    if all(count < TALK for count in talked.values()):
        return holds(evidence)
    return holds_only_with("an app that awaits receive()", evidence)


def _leave(address: Address, target: str, begun: str) -> float:
    """Ask, leave as soon as the app says that it has begun; when that was."""
    with wire.connect(address) as sock:
        sock.sendall(request(target))
        shown = wait_until(lambda: seen(address, begun) is not None, 2.0)
    need(shown, f"{target} was not begun")
    return time.monotonic()


def seen(address: Address, name: str) -> Any:
    return ask(address, "/seen").json().get(name)


def comes_to(address: Address, name: str, value: Any) -> bool:
    """Whether what the app noted under that name comes to that value, within 2 s."""
    return wait_until(lambda: seen(address, name) == value, 2.0)
