"""Claims about what ASGI is said to have beyond WSGI."""

from __future__ import annotations

import time

from gunicorn.config import ASGIDisconnectGracePeriod  # type: ignore[import-untyped]

from loadtests.clients import wire
from loadtests.clients.conversations import ask, request
from loadtests.clients.http2 import speaks_http2
from loadtests.clients.websocket import websocket_echo
from loadtests.clients.wire import Address
from loadtests.experiments.claims.interface import (
    APPS_WSGI,
    ASGI,
    FIELD,
    INTRODUCTION,
    WSGI,
)
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import (
    Finding,
    claim,
    holds,
    holds_only_with,
    need,
    refuted,
)
from loadtests.experiments.claims.streaming import comes_to
from loadtests.experiments.claims.visits import timed
from loadtests.servers.apps.claims import WORK_S
from loadtests.servers.processes import wait_until

# Longer than gunicorn's asgi_disconnect_grace_period, 3 s.
LONG_WORK_MS = 3600


@claim(INTRODUCTION)
def asgi_background_tasks(lab: Lab) -> Finding:
    """ASGI gives background tasks"""
    servers = {stack: lab.serve(stack).address for stack in ASGI}
    before = {stack: _finished(address) for stack, address in servers.items()}
    answered_ms = max(map(_ask_for_work_ms, servers.values()))

    def finished() -> list[str]:
        return [s for s, address in servers.items() if _finished(address) > before[s]]

    wait_until(lambda: len(finished()) == len(servers), LONG_WORK_MS / 1000 + 1)
    done = finished()
    evidence = (
        f"the client had its answer after {answered_ms:.0f} ms and left; "
        f"{LONG_WORK_MS / 1000} s of work ended on {', '.join(done) or 'none'}, not on "
        f"{', '.join(s for s in ASGI if s not in done) or 'none'}; gunicorn's "
        f"asgi_disconnect_grace_period is {ASGIDisconnectGracePeriod.default} s"
    )
    if not done or answered_ms > LONG_WORK_MS / 2:
        return refuted(evidence)
    if len(done) == len(servers):
        return holds(evidence)
    return holds_only_with("a server that lets it run to its end", evidence)


def _ask_for_work_ms(address: Address) -> float:
    """Ask, leave with the answer in hand; how long that took."""
    began_s = time.monotonic()
    work = request(f"/background?ms={LONG_WORK_MS}", method="POST")
    answer = wire.exchange(address, work, deadline_s=5.0)
    need(answer.status == 202, f"answered {answer.status}")
    return (time.monotonic() - began_s) * 1000


def _finished(address: Address) -> int:
    return int(ask(address, "/background").body.rpartition(b" ")[2])


@claim(FIELD)
def wsgi_work_after_response(lab: Lab) -> Finding:
    """WSGI cannot work on after the response"""
    shown, early = [], []
    for stack in WSGI:
        address = lab.serve(stack, app=APPS_WSGI).address
        began_s = time.monotonic()
        answer = wire.exchange(address, request("/closing"), deadline_s=2.0)
        answered_ms = (time.monotonic() - began_s) * 1000
        need(answer.status == 202, f"{stack} answered {answer.status}")
        next_ms = timed(address, deadline_s=5.0) * 1000
        need(comes_to(address, "worked", 1), f"{stack} did not do the work")
        early += [stack] * (answered_ms < WORK_S * 500)
        shown.append(f"{stack} {answered_ms:.0f} and {next_ms:.0f} ms")
    evidence = (
        f"{WORK_S * 1000:.0f} ms of work in the body's close() was done; the answer, "
        f"and the next client's, came after: {', '.join(shown)}"
    )
    return refuted(evidence) if early else holds(evidence)


@claim(INTRODUCTION)
def wsgi_no_websockets(lab: Lab) -> Finding:
    """WSGI has no WebSockets"""
    plain = {s: websocket_echo(lab.serve(s).address, "/ws", b"hi") for s in WSGI}
    need(all(b"501" in answer for answer in plain.values()), str(plain))
    past = {
        stack: websocket_echo(
            lab.serve(stack, app=APPS_WSGI).address, "/own-socket", b"hi"
        )
        for stack in WSGI
    }
    echoed = [stack for stack, answer in past.items() if answer == b"hi"]
    others = [stack for stack in WSGI if stack not in echoed]
    evidence = (
        f"501 on all {len(plain)} stacks; past the interface, on environ's "
        f"gunicorn.socket, an app echoed on {', '.join(echoed) or 'none'}"
        f"{'; not on ' + ', '.join(others) if others else ''}"
    )
    if echoed:
        return holds_only_with("PEP 3333 alone", evidence)
    return holds(evidence)


@claim(INTRODUCTION)
def asgi_websockets_and_lifespan(lab: Lab) -> Finding:
    """ASGI has WebSockets and lifespan"""
    both, shown = [], []
    for stack in ASGI:
        address = lab.serve(stack).address
        echo = websocket_echo(address, "/ws", b"hi").decode()
        state = ask(address, "/state").body.decode().strip()
        both += [stack] * (echo == "hi" and state == "startups: 1")
        shown.append(f"{stack} echoed {echo!r}, {state}")
    evidence = "; ".join(shown)
    if len(both) == len(ASGI):
        return holds(evidence)
    return holds_only_with(" and ".join(both), evidence) if both else refuted(evidence)


@claim(INTRODUCTION)
def asgi_gives_http2(lab: Lab) -> Finding:
    """ASGI gives HTTP/2"""
    stacks = (
        *("asgi-uvicorn", "asgi-gunicorn", "asgi-uvicorn-h2", "asgi-gunicorn-h2"),
        *("wsgi-gunicorn-sync", "wsgi-gunicorn-gthread-h2"),
    )
    does = []
    for stack in stacks:
        if speaks_http2(lab.serve(stack).address, "/hello") == b"Hello, world!":
            does.append(stack)
    others = [stack for stack in stacks if stack not in does]
    need(bool(does), "no stack answered over HTTP/2")
    evidence = (
        f"GET /hello over HTTP/2 was answered by {', '.join(does)}; "
        f"not by {', '.join(others) or 'none'}"
    )
    by_asgi = [stack for stack in does if stack.startswith("asgi")]
    if len(by_asgi) < len(does) or len(by_asgi) < 4:
        return refuted(f"{evidence}: the server does, or not, for either")
    return holds(evidence)
