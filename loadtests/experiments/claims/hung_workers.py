"""The claim about workers that hang: who notices, and ends them."""

from __future__ import annotations

import time
from collections.abc import Callable

from gunicorn.config import Timeout  # type: ignore[import-untyped]

from loadtests.clients import wire
from loadtests.clients.conversations import request
from loadtests.clients.wire import Address
from loadtests.experiments.claims.interface import FIELD
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import (
    Finding,
    claim,
    either,
    holds,
    holds_only_with,
    refuted,
)
from loadtests.experiments.claims.visits import at_once, recovered
from loadtests.servers.apps import hanging

# The defaults of gunicorn's --timeout and of uvicorn's --timeout-worker-healthcheck.
TIMEOUT_S, PING_S = Timeout.default, 5
# Longer than both, and than what they take to act.
HANGS_S = 40
GUNICORN = ("gunicorn's ASGI worker", "gunicorn's uvicorn worker")
UVICORN = "uvicorn's --workers"
WITH_GIL = f"{UVICORN} and a hang that keeps the GIL"


def _hung(lab: Lab) -> Callable[[], dict[str, tuple[str, float]]]:
    timeout = ("--timeout", str(TIMEOUT_S))
    # Only with two workers or more does uvicorn have a process that supervises them.
    ping = ("--workers", "2", "--timeout-worker-healthcheck", str(PING_S))
    asked = {
        GUNICORN[0]: ("/sleep", "asgi-gunicorn", *timeout),
        GUNICORN[1]: ("/sleep", "asgi-gunicorn-uvicorn", *timeout),
        UVICORN: ("/sleep", "asgi-uvicorn", *ping),
        WITH_GIL: ("/sleep-with-gil", "asgi-uvicorn", *ping),
    }
    app = f"{hanging.__name__}:app"
    given = {
        who: (lab.own(*stack_and_options, app=app).address, path)
        for who, (path, *stack_and_options) in asked.items()
    }
    return lambda: at_once(_hang, given)


def _hang(given: tuple[Address, str]) -> tuple[str, float]:
    """What becomes of a client whose handler hangs, and after how long; the next one is
    answered."""
    address, path = given
    began_s = time.monotonic()
    with wire.connect(address) as sock:
        fate = wire.drip(sock, request(f"{path}?{HANGS_S}"), iter(()), 0.0).fate
    after_s = time.monotonic() - began_s
    recovered(address)
    return fate, after_s


@claim(FIELD, _hung)
def hung_worker_is_replaced(lab: Lab) -> Finding:
    """A server replaces a worker whose async handler hangs"""
    # gunicorn/arbiter.py, murder_workers: SIGABRT, then SIGKILL, for whoever has not
    # notified it for --timeout; these workers notify it from their event loops.
    # uvicorn/supervisors/multiprocess.py: target answers pings in a thread of its own,
    # always_pong, so only what keeps that thread from running too is found.
    found = lab.waited(_hung)
    evidence = (
        f"an async def hung for {HANGS_S} s (--timeout {TIMEOUT_S}, "
        f"--timeout-worker-healthcheck {PING_S}); its client: "
        + "; ".join(
            f"{who}, {fate} after {after_s:.1f} s"
            for who, (fate, after_s) in found.items()
        )
    )
    ended = [who for who, (fate, _) in found.items() if fate != "served"]
    if len(ended) == len(found):
        return holds(evidence)
    return holds_only_with(either(ended), evidence) if ended else refuted(evidence)
