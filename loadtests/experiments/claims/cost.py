"""Claims about speed, as CPU time for a request at a fixed, modest rate.

Nothing is saturated, so the load generator cannot be what is measured. All answer the
same GET /hello, each request on a new connection, with one worker.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from typing import Any

import asgi_app
import wsgi_app
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

RAW = (
    *("wsgi-gunicorn-sync", "wsgi-gunicorn-gthread", "wsgi-uvicorn"),
    *("asgi-uvicorn", "asgi-uvicorn-h11", "asgi-gunicorn"),
)
FRAMEWORKS = {
    "flask": ("wsgi-gunicorn-gthread", "loadtests.servers.apps.on_flask:app"),
    "starlette": ("asgi-uvicorn", "loadtests.servers.apps.on_starlette:app"),
}


def costs_us(lab: Lab) -> Mapping[str, float]:
    """CPU time a request, of each stack with the raw app, and of the frameworks."""
    raw = {stack: (stack, "") for stack in RAW}
    installed = {k: v for k, v in FRAMEWORKS.items() if importlib.util.find_spec(k)}
    return lab.cpu_us(raw | installed)


@claim(FIELD)
def asgi_n_times_faster(lab: Lab) -> Finding:
    """ASGI is N times faster than WSGI"""
    raw = {stack: us for stack, us in costs_us(lab).items() if stack in RAW}
    wsgi = {stack: us for stack, us in raw.items() if stack.startswith("wsgi")}
    asgi = {stack: us for stack, us in raw.items() if stack.startswith("asgi")}
    calls = f"{calls_us(wsgi_call):.1f} and {calls_us(asgi_call):.1f}"
    shown = ", ".join(f"{stack} {us:.0f}" for stack, us in raw.items())
    least, most = (
        min(wsgi.values()) / max(asgi.values()),
        max(wsgi.values()) / min(asgi.values()),
    )
    evidence = (
        f"N is {least:.1f} to {most:.1f}; CPU us a request, each on a new connection: "
        f"{shown}; the call of the raw app alone: {calls}"
    )
    need(min(raw.values()) > 0, evidence)
    if max(asgi.values()) < min(wsgi.values()):
        return holds(evidence)
    if min(asgi.values()) < min(wsgi.values()):
        return holds_only_with(
            "a fast parser and loop, which are the server's", evidence
        )
    return refuted(evidence)


@claim(FIELD)
def frameworks_cost_more(lab: Lab) -> Finding:
    """Frameworks cost more than the interface"""
    costs = costs_us(lab)
    if "starlette" not in costs:
        return not_testable("Starlette is not installed: make install")
    added_us = [costs[k] - costs[stack] for k, (stack, _) in FRAMEWORKS.items()]
    interface_us = [calls_us(wsgi_call), calls_us(asgi_call)]
    evidence = (
        f"CPU us a request: Flask adds {added_us[0]:.0f} to gthread, Starlette "
        f"{added_us[1]:.0f} to uvicorn; the whole call of the raw app takes "
        f"{interface_us[0]:.1f} and {interface_us[1]:.1f}"
    )
    need(min(added_us) > 0, evidence)
    dearer = [a > call for a, call in zip(added_us, interface_us, strict=True)]
    if all(dearer):
        return holds(evidence)
    return (
        holds_only_with("one of the two", evidence)
        if any(dearer)
        else refuted(evidence)
    )


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
