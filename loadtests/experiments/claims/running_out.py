"""Claims about what runs out: threads, and file descriptors.

As in `serving`, healthy requests arrive meanwhile, each to be answered within a second.
"""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    DEFAULT_WORKER_DATA_TIMEOUT,
)

from loadtests.catalog.contract import Request
from loadtests.catalog.phases import Phase
from loadtests.clients import wire
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
    not_testable,
    refuted,
)
from loadtests.experiments.claims.serving import SENT
from loadtests.experiments.claims.visits import at_once, healthy, of_claims, slow
from loadtests.servers.logs import written_mb
from loadtests.servers.server import Server
from loadtests.servers.usage import usage

# Each thread is held 5 s by a silent client (gunicorn/workers/gthread.py, handle): at a
# steady rate, all are held above this one, and what comes then waits ever longer.
THREADS = 16
PREDICTED_A_SECOND = THREADS / DEFAULT_WORKER_DATA_TIMEOUT
SHARES = (0.75, 2.0)
# From then on as many leave their thread as come, if they can.
STEADY_AFTER_S = DEFAULT_WORKER_DATA_TIMEOUT + 1.0
_EVERY_S = 0.1


def _silent_at_rates(lab: Lab) -> Callable[[], dict[float, tuple[int, int]]]:
    options = ("--threads", str(THREADS))
    given = {
        rate: (lab.own("wsgi-gunicorn-gthread", *options).address, rate)
        for rate in (share * PREDICTED_A_SECOND for share in SHARES)
    }
    return lambda: at_once(_silent_at_rate, given)


def _silent_at_rate(given: tuple[Address, float]) -> tuple[int, int]:
    """How many silent clients came, and how many healthy requests were answered."""
    address, a_second = given
    until_s = time.monotonic() + STEADY_AFTER_S + SENT * _EVERY_S
    with contextlib.ExitStack() as sockets, ThreadPoolExecutor(1) as pool:

        def come() -> int:
            came, due_s = 0, time.monotonic()
            while due_s < until_s:
                time.sleep(max(0.0, due_s - time.monotonic()))
                sockets.enter_context(wire.connect(address))
                came, due_s = came + 1, due_s + 1 / a_second
            return came

        coming = pool.submit(come)
        time.sleep(STEADY_AFTER_S)
        answered = len(healthy(address, SENT, _EVERY_S))
        return coming.result(), answered


@claim(FIELD, _silent_at_rates)
def gthread_outlasts_silent_clients(lab: Lab) -> Finding:
    """gthread's wait of 5 s for the first byte keeps its threads from silent clients"""
    found = lab.waited(_silent_at_rates)
    evidence = (
        f"{THREADS} threads, {DEFAULT_WORKER_DATA_TIMEOUT:g} s each: predicted to be "
        f"out above {PREDICTED_A_SECOND:.1f} silent clients a second; "
        + "; ".join(
            f"at {rate:.1f} a second ({came} came) {got} of {SENT} healthy requests "
            "were answered"
            for rate, (came, got) in found.items()
        )
    )
    (_, below), (_, above) = found.values()
    if below < SENT // 2:
        return refuted(evidence)
    if above == SENT:
        return holds(evidence)
    return holds_only_with("fewer than threads / 5 s of them a second", evidence)


NOFILE, OVER = 64, 10
# asyncio tries to accept as often as uvicorn's backlog is long, 2048. For each failure
# it tries as often again 1 s later (asyncio/selector_events.py, _accept_connection), so
# after a second or two it is never done.
_SPINS_AFTER_S, _WATCHED_S = 2.5, 1.5


@claim(FIELD)
def out_of_descriptors_clients_wait(lab: Lab) -> Finding:
    """Without file descriptors left, uvicorn lets new clients wait, and no more"""
    # On uvloop, libuv has one in reserve to accept and close whoever waits
    # (src/unix/stream.c, uv__emfile_trick).
    stacks = {"asyncio": "asgi-uvicorn-h11", "uvloop": "asgi-uvicorn"}
    with contextlib.ExitStack() as block:
        servers = {
            loop: block.enter_context(lab.short_of_descriptors(stack_id, NOFILE))
            for loop, stack_id in stacks.items()
        }
        for server in servers.values():
            # One that spins does not heed a SIGTERM for seconds.
            block.callback(server.group.process.kill)
        found = at_once(_without_descriptors, servers)
    evidence = f"{OVER} clients more than there were descriptors: " + "; ".join(
        f"{loop} kept a core {busy:.0%} busy, logged {log_mb:.1f} MB in "
        f"{_WATCHED_S:g} s, and dropped {dropped} clients without a word"
        for loop, (busy, log_mb, dropped) in found.items()
    )
    waits = [
        loop
        for loop, (busy, log_mb, dropped) in found.items()
        if busy < 0.5 and log_mb < 0.1 and not dropped
    ]
    if len(waits) == len(found):
        return holds(evidence)
    return holds_only_with(either(waits), evidence) if waits else refuted(evidence)


def _without_descriptors(server: Server) -> tuple[float, float, int]:
    """How busy the server is then, what it logs in MB, how many clients it drops."""
    with contextlib.ExitStack() as sockets:
        clients = [
            sockets.enter_context(wire.connect(server.address))
            for _ in range(NOFILE - server.stack.idle_descriptors + OVER)
        ]
        time.sleep(_SPINS_AFTER_S)
        logged_mb, before_s = written_mb(server.log), _wanted_s(server)
        began_s = time.monotonic()
        time.sleep(_WATCHED_S)
        wanted_s, took_s = _wanted_s(server) - before_s, time.monotonic() - began_s
        log_mb = written_mb(server.log) - logged_mb
        return wanted_s / took_s, log_mb, sum(map(_is_dropped, clients))


def _wanted_s(server: Server) -> float:
    """CPU time that a server had, or would have had if others had not."""
    return sum(u.cpu_s + u.waited_s for u in usage(server.group).by_pid.values())


def _is_dropped(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False


# anyio/_backends/_asyncio.py, current_default_thread_limiter: CapacityLimiter(40), one
# for each event loop. fastapi/routing.py, run_endpoint_function, takes a `def` there
# (starlette/concurrency.py, run_in_threadpool), and awaits an `async def` on the loop.
LIMITER = 40
_DEFS = "loadtests.servers.apps.defs_on_fastapi"


@claim(FIELD)
def fastapi_def_may_block(lab: Lab) -> Finding:
    """A FastAPI handler that is a plain def may block, as it has a thread of its own"""
    if importlib.util.find_spec("fastapi") is None:
        return not_testable("FastAPI is not installed: make install")
    threaded = lab.serve("asgi-uvicorn", app=f"{_DEFS}:threaded").address
    with _holding(threaded, LIMITER - 1):
        almost = len(healthy(threaded, SENT))
        with _holding(threaded, 1):
            full = len(healthy(threaded, SENT))
    awaiting = lab.serve("asgi-uvicorn", app=f"{_DEFS}:awaiting").address
    with _holding(awaiting, 3 * LIMITER):
        awaited = len(healthy(awaiting, SENT))
    evidence = (
        f"predicted from anyio's limiter of threads: out at {LIMITER}. Of {SENT} "
        f"healthy requests, answered beside slow handlers: def, {almost} beside "
        f"{LIMITER - 1} and {full} beside {LIMITER}; async def, {awaited} beside "
        f"{3 * LIMITER}"
    )
    need(awaited == SENT and full in (0, SENT), evidence)
    if almost < SENT // 2:
        return refuted(evidence)
    if full == SENT:
        return holds(evidence)
    condition = f"fewer than {LIMITER} of them at a time in each worker"
    return holds_only_with(condition, evidence)


def _holding(address: Address, count: int) -> contextlib.AbstractContextManager[object]:
    """So many clients, each with a slow handler."""
    hold = of_claims({Phase.HANDLER_BLOCKS: Request("GET", "/hold")})
    return slow(address, "loop-block", count, hold)
