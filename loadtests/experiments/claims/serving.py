"""Claims about servers and worker classes: who is stopped by whom.

N slow clients are held, and meanwhile 20 healthy requests arrive, 25 ms apart, each of
which is to be answered within a second.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from gunicorn.config import (  # type: ignore[import-untyped]
    Keepalive,
    Timeout,
    WorkerConnections,
)

from loadtests.clients.conversations import ask
from loadtests.clients.wire import Address
from loadtests.experiments.claims.interface import FIELD
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import (
    Finding,
    claim,
    holds,
    holds_only_with,
    need,
    refuted,
)
from loadtests.experiments.claims.visits import healthy, late_head, slow, timed

SENT = 20
WAYS = ("slow-headers", "slow-body", "slow-read")
SHORT_TIMEOUT_S = 3


def answered(address: Address, scenario: str, count: int) -> int:
    """How many of the healthy requests are answered while slow clients are held."""
    with slow(address, scenario, count):
        return len(healthy(address, SENT))


@claim(FIELD)
def silent_client_stops_sync(lab: Lab) -> Finding:
    """One silent client stops a sync worker for up to 30 s"""
    timeout = ("--timeout", str(SHORT_TIMEOUT_S))
    address = lab.serve("wsgi-gunicorn-sync", *timeout).address
    quick_s = timed(address)
    with slow(address, "idle", 1) as crowd:
        began_s = time.monotonic()
        timed(address, deadline_s=4.0 * SHORT_TIMEOUT_S)
        waited_s = time.monotonic() - began_s
        fates = ", ".join(crowd.words())
    evidence = (
        f"with --timeout {SHORT_TIMEOUT_S} a healthy request waited {waited_s:.1f} s "
        f"({quick_s * 1000:.0f} ms before), until the worker was killed (the silent "
        f"client: {fates}); gunicorn's default is {Timeout.default} s"
    )
    if waited_s > 0.5 * SHORT_TIMEOUT_S and Timeout.default == 30:
        return holds(evidence)
    return refuted(evidence)


@claim(FIELD)
def threads_handle_slow_clients(lab: Lab) -> Finding:
    """Thread workers handle slow clients"""
    server = lab.serve("wsgi-gunicorn-gthread")
    threads = server.stack.threads or 1
    few, many = threads // 2, 2 * threads
    shown = {n: answered(server.address, "slow-body", n) for n in (few, many)}
    evidence = f"one worker, {threads} threads: " + "; ".join(
        f"{n} slow bodies, {got} of {SENT} healthy requests answered"
        for n, got in shown.items()
    )
    if shown[few] < SENT // 2:
        return refuted(evidence)
    if shown[many] == SENT:
        return holds(evidence)
    return holds_only_with("fewer slow clients than threads", evidence)


@claim(FIELD)
def gevent_as_resilient(lab: Lab) -> Finding:
    """gevent makes WSGI as resilient as ASGI"""
    limit = ("--worker-connections", "10")
    limited = lab.serve("wsgi-gunicorn-gevent", *limit).address
    both = [lab.serve(s).address for s in ("wsgi-gunicorn-gevent", "asgi-uvicorn")]
    with ThreadPoolExecutor(2) as pool:
        got = {way: [*pool.map(answered, both, [way] * 2, [60] * 2)] for way in WAYS}
        late = list(pool.map(_served_late, both))
    full = answered(limited, "slow-body", 20)
    evidence = (
        f"answered of {SENT} beside 60 slow clients, gevent and uvicorn: "
        + ", ".join(f"{way} {a} and {b}" for way, (a, b) in got.items())
        + f"; of 10 clients whose headers took 3 s, served: {late[0]} and {late[1]}; "
        f"gevent with --worker-connections 10 (default {WorkerConnections.default}) "
        f"answered {full} beside 20 slow-body"
    )
    need(late[1] == 10 and min(b for _, b in got.values()) > 0, evidence)
    if min(a for a, _ in got.values()) < SENT // 2:
        return refuted(evidence)
    if late[0] == 10 and full == SENT:
        return holds(evidence)
    within = f"headers that come within {Keepalive.default} s" if late[0] < 10 else ""
    spare = "connections to spare (worker_connections)" if full < SENT else ""
    return holds_only_with(" and ".join(filter(None, (within, spare))), evidence)


def _served_late(address: Address, count: int = 10) -> int:
    """How many clients are served that finish their headers only after 3 s."""
    with ThreadPoolExecutor(count) as pool:
        fates = pool.map(late_head, [address] * count, [3.0] * count)
        return list(fates).count("served")


@claim(FIELD)
def blocking_call_stalls_all(lab: Lab) -> Finding:
    """One blocking call in an async handler stalls every client of that worker"""
    stalled, shown = [], []
    for stack in ("asgi-uvicorn", "asgi-gunicorn", "wsgi-gunicorn-gthread"):
        address = lab.serve(stack).address
        quickest_ms = _quickest_beside(address, "/block?ms=700") * 1000
        awaiting_ms = _quickest_beside(address, "/wait?ms=700") * 1000
        stalled += [stack] * (quickest_ms > 150)
        shown.append(f"{stack} {quickest_ms:.0f} and {awaiting_ms:.0f} ms")
    evidence = (
        "the quickest of 10 requests that came while a handler was in time.sleep(0.7), "
        f"and beside one that waits as its interface invites: {', '.join(shown)}"
    )
    need("wsgi-gunicorn-gthread" not in stalled, evidence)
    if {"asgi-uvicorn", "asgi-gunicorn"} <= set(stalled):
        return holds(evidence)
    return refuted(evidence)


def _quickest_beside(address: Address, target: str) -> float:
    """The shortest time of ten requests that arrive while that one is being served."""
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(ask, address, target)
        time.sleep(0.2)
        times_s = healthy(address, count=10, every_s=0.02)
        need(call.result().status == 200 and bool(times_s), f"{target} not answered")
    return min(times_s)
