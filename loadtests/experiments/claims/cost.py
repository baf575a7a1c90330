"""Claims about speed, as CPU time that a request costs a busy server.

The method is that of a run's costs (loadtests/experiments/costs.py). All answer the
same GET /hello, with one worker.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from typing import Any

import asgi_app
import wsgi_app
from loadtests.catalog.stacks import find
from loadtests.experiments.claims.interface import FIELD
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import (
    Finding,
    claim,
    holds,
    holds_only_with,
    need,
    not_testable,
    refuted,
)
from loadtests.experiments.costs import TWINS

RAW = (
    *("wsgi-gunicorn-sync", "wsgi-gunicorn-gthread", "wsgi-uvicorn"),
    *("asgi-uvicorn", "asgi-uvicorn-h11", "asgi-gunicorn"),
)
FRAMEWORKS = {
    "flask": "wsgi-gunicorn-gthread",
    "starlette": "asgi-uvicorn",
    "fastapi": "asgi-uvicorn",
}


@claim(FIELD)
def asgi_n_times_faster(lab: Lab) -> Finding:
    """ASGI is N times faster than WSGI"""
    raw = {stack: (stack, "") for stack in RAW}
    alive, anew = (lab.cpu_us(raw, kept_alive=kept) for kept in (True, False))
    calls = f"{calls_us(wsgi_call):.1f} and {calls_us(asgi_call):.1f}"
    evidence = (
        f"{_multiples('kept alive', alive)}. {_multiples('new connections', anew)}. "
        f"The call of the raw app alone takes {calls} us"
    )
    need(min(*alive.values(), *anew.values()) > 0, evidence)
    if all(map(_every_asgi_is_cheaper, (alive, anew))):
        return holds(evidence)
    wsgi, asgi = _by_interface(alive)
    if min(asgi) < min(wsgi):
        return holds_only_with(
            "a fast parser and loop, which are the server's", evidence
        )
    return refuted(evidence)


def _by_interface(costs_us: Mapping[str, float]) -> tuple[list[float], list[float]]:
    """The costs of the WSGI stacks, and those of the ASGI stacks."""
    interfaces = ("wsgi", "asgi")
    wsgi, asgi = (
        [us for stack, us in costs_us.items() if find(stack).interface == interface]
        for interface in interfaces
    )
    return wsgi, asgi


def _every_asgi_is_cheaper(costs_us: Mapping[str, float]) -> bool:
    wsgi, asgi = _by_interface(costs_us)
    return max(asgi) < min(wsgi)


def _multiples(how: str, costs_us: Mapping[str, float]) -> str:
    wsgi, asgi = _by_interface(costs_us)
    least, most = min(wsgi) / max(asgi), max(wsgi) / min(asgi)
    shown = ", ".join(f"{stack} {us:.0f}" for stack, us in costs_us.items())
    return f"On {how}, N is {least:.1f} to {most:.1f}; CPU us a request: {shown}"


@claim(FIELD)
def frameworks_cost_more(lab: Lab) -> Finding:
    """Frameworks cost more than the interface"""
    missing = [name for name in FRAMEWORKS if not importlib.util.find_spec(name)]
    if missing:
        return not_testable(f"not installed: {', '.join(missing)}; make install")
    served = {stack: (stack, "") for stack in dict.fromkeys(FRAMEWORKS.values())} | {
        name: (stack, TWINS[find(stack).interface][name])
        for name, stack in FRAMEWORKS.items()
    }
    costs_us = lab.cpu_us(served, kept_alive=True)
    added_us = {n: costs_us[n] - costs_us[stack] for n, stack in FRAMEWORKS.items()}
    calls = {"wsgi": calls_us(wsgi_call), "asgi": calls_us(asgi_call)}
    shown = ", ".join(
        f"{name} adds {added_us[name]:.0f} to {stack}'s {costs_us[stack]:.0f} "
        f"(x {costs_us[name] / costs_us[stack]:.1f})"
        for name, stack in FRAMEWORKS.items()
    )
    evidence = (
        f"CPU us a request, kept alive: {shown}; the whole call of the raw app takes "
        f"{calls['wsgi']:.1f} and {calls['asgi']:.1f}"
    )
    need(min(added_us.values()) > 0, evidence)
    cheaper = [
        name
        for name, stack in FRAMEWORKS.items()
        if added_us[name] <= calls[find(stack).interface]
    ]
    if not cheaper:
        return holds(evidence)
    if len(cheaper) == len(FRAMEWORKS):
        return refuted(evidence)
    return holds_only_with(f"another framework than {', '.join(cheaper)}", evidence)


def calls_us(call: Callable[[], None], times: int = 2000, rounds: int = 5) -> float:
    """CPU time of one call of an app, without a server."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            call()
        found.append((time.process_time() - began) / times * 1e6)
    return min(found)


ENVIRON = {"REQUEST_METHOD": "GET", "PATH_INFO": "/hello", "QUERY_STRING": ""}
SCOPE = {"type": "http", "method": "GET", "path": "/hello", "query_string": b""}


def wsgi_call() -> None:
    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        return None

    for _ in wsgi_app.app(ENVIRON, start_response):
        pass


def asgi_call() -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError("GET /hello has no body to receive")

    async def send(event: dict[str, Any]) -> None:
        return None

    # Driven by hand: nothing here waits, so the first step is also the last.
    try:
        asgi_app.app(SCOPE, receive, send).send(None)
    except StopIteration:
        return
    raise AssertionError("GET /hello awaited something")
