"""Claims about the two interfaces: how server and application call each other."""

from __future__ import annotations

import importlib.util

from loadtests.clients.conversations import ask, converse, request
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
from loadtests.experiments.claims.visits import together
from loadtests.servers.apps import claims

INTRODUCTION = "an introduction to ASGI"
FIELD = "the field"
WSGI = (
    *("wsgi-gunicorn-sync", "wsgi-gunicorn-gthread"),
    *("wsgi-gunicorn-gevent", "wsgi-uvicorn"),
)
ASGI = ("asgi-uvicorn", "asgi-uvicorn-h11", "asgi-gunicorn")
APPS_ASGI, APPS_WSGI = f"{claims.__name__}:asgi", f"{claims.__name__}:wsgi"
WAIT_MS, CALLS = 300, 4


@claim(INTRODUCTION)
def wsgi_is_blocking(lab: Lab) -> Finding:
    """WSGI is synchronous and blocking"""
    took_s = {
        name: together(
            lab.serve(f"wsgi-gunicorn-{name}").address, f"/wait?ms={WAIT_MS}", CALLS
        )
        for name in ("sync", "gthread", "gevent")
    }
    one_by_one = {
        name for name, s in took_s.items() if s > 0.8 * CALLS * WAIT_MS / 1000
    }
    times = ", ".join(f"{name} {s:.2f} s" for name, s in took_s.items())
    evidence = f"{CALLS} calls that wait {WAIT_MS} ms, at once, to one worker: {times}"
    if one_by_one == set(took_s):
        return holds(evidence)
    if not one_by_one:
        return refuted(evidence)
    return holds_only_with("a worker that has one thread, and no greenlets", evidence)


@claim(INTRODUCTION)
def asgi_is_non_blocking(lab: Lab) -> Finding:
    """ASGI is asynchronous and non-blocking"""
    address = lab.serve("asgi-uvicorn").address
    waits_s = together(address, f"/wait?ms={WAIT_MS}", CALLS)
    blocks_s = together(address, f"/block?ms={WAIT_MS}", CALLS)
    evidence = (
        f"{CALLS} calls of {WAIT_MS} ms, at once, to one worker: {waits_s:.2f} s with "
        f"await asyncio.sleep, {blocks_s:.2f} s with time.sleep"
    )
    need(waits_s < blocks_s / 2, evidence)
    if blocks_s < 0.8 * CALLS * WAIT_MS / 1000:
        return holds(evidence)
    return holds_only_with("an app that awaits where it waits", evidence)


@claim(INTRODUCTION)
def wsgi_one_call_one_response(lab: Lab) -> Finding:
    """WSGI means one call, one response"""
    counts = {}
    for stack, app in (
        ("wsgi-gunicorn-sync", APPS_WSGI),
        ("wsgi-uvicorn", APPS_WSGI),
        ("asgi-uvicorn", APPS_ASGI),
        ("asgi-gunicorn", APPS_ASGI),
    ):
        answer = ask(lab.serve(stack, app=app).address, "/twice")
        counts[stack] = (answer.head + answer.body).count(b"HTTP/1.1 ")
    seen = ", ".join(f"{stack} {count}" for stack, count in counts.items())
    evidence = f"responses sent for an app that starts two of them in a call: {seen}"
    need(min(counts.values()) > 0, evidence)
    if max(n for stack, n in counts.items() if stack.startswith("wsgi")) > 1:
        return refuted(evidence)
    return holds(evidence)


@claim(INTRODUCTION)
def asgi_is_event_driven(lab: Lab) -> Finding:
    """ASGI is event-driven"""
    pieces = [b"4\r\nfour\r\n", b"5\r\nfive!\r\n", b"0\r\n\r\n"]
    head = request("/events", "Transfer-Encoding: chunked", method="POST")
    transcripts = {}
    for stack in ASGI:
        address = lab.serve(stack, app=APPS_ASGI).address
        events = converse(address, [head, *pieces], gap_s=0.1).json()
        need({e["type"] for e in events} == {"http.request"}, str(events))
        apart_ms = (events[-1]["at_s"] - events[0]["at_s"]) * 1000
        sizes = "+".join(str(e["bytes"]) for e in events)
        transcripts[stack] = (len(events), f"{sizes} bytes over {apart_ms:.0f} ms")
    seen = "; ".join(f"{stack} {text}" for stack, (_, text) in transcripts.items())
    evidence = f"a body sent in pieces, 100 ms apart, is http.request events: {seen}"
    if min(count for count, _ in transcripts.values()) < 2:
        return refuted(evidence)
    return holds(evidence)


@claim(INTRODUCTION)
def any_raw_app(lab: Lab) -> Finding:
    """A server can run any raw ASGI app"""
    shapes = {
        "http_only": "function",
        "instance": "object",
        "DoubleCallable": "ASGI 2 class",
    }
    runs: dict[str, list[str]] = {}
    for stack in ("asgi-uvicorn", "asgi-gunicorn"):
        for name, shape in shapes.items():
            app = f"{claims.__name__}:{name}"
            server = lab.serve(stack, app=app, answering=False)
            ran = ask(server.address, "/hello").status == 200
            runs.setdefault(shape, []).extend([stack] * ran)
    shown = (f"{s} on {' and '.join(on) or 'none'}" for s, on in runs.items())
    evidence = f"answered 200: {'; '.join(shown)}"
    need(len(runs["function"]) == 2, evidence)
    if all(len(on) == 2 for on in runs.values()):
        return holds(evidence)
    return holds_only_with("an app that is one callable, as ASGI 3 has it", evidence)


@claim(INTRODUCTION)
def scope_is_the_request(lab: Lab) -> Finding:
    """The scope holds exactly what a framework's Request is built from"""
    if importlib.util.find_spec("starlette") is None:
        return not_testable("Starlette is not installed: make install")
    server = lab.serve("asgi-uvicorn", app=APPS_ASGI)
    body = b"not in the scope"
    fields = (f"Content-Length: {len(body)}", "Cookie: a=b")
    sent = request("/framework-request?q=1", *fields, method="POST") + body
    found = converse(server.address, [sent]).json()
    need(found["body"] == body.decode() and bool(found["read"]), str(found))
    evidence = (
        f"Starlette's Request read {len(found['read'])} keys and left "
        f"{', '.join(found['unread']) or 'none'}; its body came from receive()"
    )
    if found["body_in_scope"] and not found["unread"]:
        return holds(evidence)
    return holds_only_with("receive() beside it, and keys to spare", evidence)


@claim(INTRODUCTION)
def scope_is_immutable(lab: Lab) -> Finding:
    """The scope is immutable"""
    found = {
        stack: ask(lab.serve(stack, app=APPS_ASGI).address, "/change?q=1").json()
        for stack in ASGI
    }
    changed = [stack for stack, held in found.items() if held["changed"]]
    types = {held["type"] for held in found.values()}
    evidence = (
        f"a {', '.join(types)}; the app changed its path and headers and deleted a key "
        f"under {len(changed)} of {len(found)} servers (the ASGI specification asks "
        "middleware to copy the scope first, lest the change leak out)"
    )
    return refuted(evidence) if changed else holds(evidence)
