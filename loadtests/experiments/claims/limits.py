"""Claims about the limits that servers have, and those that they are said to have.

Slow clients are held up to a limit and beyond it, and meanwhile 20 healthy requests
arrive, as in `serving`.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from loadtests.catalog.contract import Request
from loadtests.catalog.phases import Phase
from loadtests.clients.conversations import ask
from loadtests.clients.wire import Address
from loadtests.experiments.claims.interface import FIELD
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
from loadtests.experiments.claims.serving import SENT, answered
from loadtests.experiments.claims.visits import healthy, late_head, of_claims, slow

LIMIT = 10
# Longer than hypercorn's --keep-alive, 5 s; shorter than granian's 30 s for a head.
HEADERS_S = 7.0
# Under and over outbuf_high_watermark, 16 MB.
SMALL, LARGE = ("/stream?chunks=128&size=65536", "/stream?chunks=1024&size=65536")


@claim(FIELD)
def limit_concurrency_counts_requests(lab: Lab) -> Finding:
    """uvicorn's --limit-concurrency limits requests, not idle connections"""
    server = lab.serve("asgi-uvicorn", "--limit-concurrency", str(LIMIT))
    need(_statuses(server.address) == {200: SENT}, "not all answered without others")
    with slow(server.address, "idle", LIMIT):
        beside = _statuses(server.address)
    evidence = (
        f"with --limit-concurrency {LIMIT}, beside {LIMIT} connections that say "
        f"nothing: {_said(beside)}"
    )
    return refuted(evidence) if beside[503] == SENT else holds(evidence)


@claim(FIELD)
def backpressure_counts_requests(lab: Lab) -> Finding:
    """granian's --backpressure limits requests, not idle connections"""
    server = lab.serve("asgi-granian", "--backpressure", str(LIMIT))
    few, many = LIMIT // 2, 2 * LIMIT
    got = {n: answered(server.address, "idle", n) for n in (few, many)}
    evidence = f"with --backpressure {LIMIT}, " + "; ".join(
        f"beside {n} connections that say nothing {of} of {SENT} were answered"
        for n, of in got.items()
    )
    need(got[few] == SENT, evidence)
    return refuted(evidence) if got[many] < SENT else holds(evidence)


@claim(FIELD)
def worker_connections_cap_every_worker(lab: Lab) -> Finding:
    """gunicorn's --worker-connections caps its gevent and its ASGI worker"""
    option = ("--worker-connections", str(LIMIT))
    got = {
        stack_id: answered(lab.serve(stack_id, *option).address, "slow-body", 2 * LIMIT)
        for stack_id in ("wsgi-gunicorn-gevent", "asgi-gunicorn")
    }
    evidence = (
        f"with --worker-connections {LIMIT}, beside {2 * LIMIT} slow bodies: "
        + ", ".join(
            f"{stack_id} answered {of} of {SENT}" for stack_id, of in got.items()
        )
    )
    need(got["wsgi-gunicorn-gevent"] == 0, evidence)
    if got["asgi-gunicorn"] == 0:
        return holds(evidence)
    return holds_only_with("its gevent worker, not its ASGI worker", evidence)


@claim(FIELD)
def waitress_buffers_responses(lab: Lab) -> Finding:
    """waitress buffers responses, so that slow readers hold no thread"""
    server = lab.serve("wsgi-waitress")
    readers = 2 * (server.stack.threads or 1)
    got = {}
    for target in (SMALL, LARGE):
        stream = {Phase.RESPONSE: Request("GET", target)}
        with slow(server.address, "slow-read", readers, of_claims(stream)):
            got[target] = len(healthy(server.address, SENT))
    evidence = (
        f"{server.stack.threads} threads, beside {readers} slow readers of 8 MB each "
        f"{got[SMALL]} of {SENT} were answered, of 64 MB each {got[LARGE]}"
    )
    if got[SMALL] < SENT:
        return refuted(evidence)
    if got[LARGE] == SENT:
        return holds(evidence)
    return holds_only_with("responses under outbuf_high_watermark, 16 MB", evidence)


@claim(FIELD)
def asgi_servers_wait_for_headers(lab: Lab) -> Finding:
    """ASGI servers wait for a client's headers as long as these take"""
    stacks = ("asgi-uvicorn", "asgi-gunicorn", "asgi-hypercorn", "asgi-granian")
    addresses = [lab.serve(stack_id).address for stack_id in stacks]
    with ThreadPoolExecutor(len(stacks)) as pool:
        late = pool.map(late_head, addresses, [HEADERS_S] * len(stacks))
        fates = dict(zip(stacks, late, strict=True))
    evidence = f"of a client whose headers took {HEADERS_S:g} s: " + ", ".join(
        f"{stack_id} {fate}" for stack_id, fate in fates.items()
    )
    waited = [stack_id for stack_id, fate in fates.items() if fate == "served"]
    if len(waited) == len(stacks):
        return holds(evidence)
    need(bool(waited), evidence)
    servers = [stack_id.removeprefix("asgi-") for stack_id in waited]
    return holds_only_with(either(servers), evidence)


def _statuses(address: Address) -> Counter[int | None]:
    """The statuses of as many requests, one after the other."""
    return Counter(ask(address, "/hello").status for _ in range(SENT))


def _said(statuses: Counter[int | None]) -> str:
    return ", ".join(
        f"{count} of {SENT} got {code}" for code, count in statuses.items()
    )
