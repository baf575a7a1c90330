"""One request to a traced application, served for real: the records of its one call."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path

from loadtests.analysis.spans import BACK, Record, Watched
from loadtests.catalog import stacks
from loadtests.catalog.stacks import Stack
from loadtests.experiments.trace.client import Did, TracedClient, TraceError, talk
from loadtests.records.traces import Action
from loadtests.servers.processes import Guard, wait_until
from loadtests.servers.server import Server, running

DEFAULT_STACKS = {"wsgi": "wsgi-gunicorn-gthread", "asgi": "asgi-uvicorn"}
CALL_LIMIT_S = 30.0
QUIET_S = 1.0


def traced(stack: Stack) -> Stack:
    """The same stack; what it serves is the traced application."""
    return dataclasses.replace(stack, app=f"{stack.interface}_app.trace:app")


def choose(names: Sequence[str]) -> list[Stack]:
    """A WSGI and an ASGI stack, those named and otherwise the default."""
    chosen: dict[str, Stack] = {}
    for stack in map(stacks.find, names):
        if stack.interface in chosen:
            raise TraceError(
                f"STACKS: {chosen[stack.interface].id} and {stack.id} are both "
                f"{stack.interface.upper()}; name one for each side"
            )
        chosen[stack.interface] = stack
    return [
        chosen.get(interface) or stacks.find(name)
        for interface, name in DEFAULT_STACKS.items()
    ]


def watch(stack: Stack, client: TracedClient, guard: Guard, log: Path) -> Watched:
    """Serve the traced app with one worker, ask it once, and take down its call."""
    with running(traced(stack).with_counts(1, None), guard, log) as server:
        return observe(server, client)


def observe(server: Server, client: TracedClient) -> Watched:
    """The same on a server that runs already, and that nobody else asks meanwhile."""
    earlier = len(records(server))
    did = list(talk(client, server.address))
    found = _await_call(server, earlier)
    if not found:
        words = server.group.last_words()
        raise TraceError(f"{server.stack.id} did not call the app; {words}")
    return Watched(server.stack.id, str(client), found, _actions(did, found[0]))


def _actions(did: Sequence[Did], first: Record) -> list[Action]:
    """The same, in milliseconds since the application was called."""
    began_s = first["clock_s"] - first["at_ms"] / 1000
    return [Action(round((d.clock_s - began_s) * 1000, 3), d.what) for d in did]


def _await_call(server: Server, earlier: int) -> list[Record]:
    """The first call that began after the earlier records, when it has ended."""
    found: list[Record] = []
    news_s = time.monotonic()

    def ended() -> bool:
        nonlocal found, news_s
        call = first_call(records(server)[earlier:])
        if len(call) > len(found):
            found, news_s = call, time.monotonic()
        quiet = not is_open(call) and time.monotonic() - news_s > QUIET_S
        return has_ended(call) or quiet or server.group.exited

    wait_until(ended, CALL_LIMIT_S)
    return found


def records(server: Server) -> list[Record]:
    """The records among the lines of a server's log."""
    lines = server.group.said().splitlines(keepends=True)
    start = '{"interface": '
    return [json.loads(x) for x in lines if x.startswith(start) and x.endswith("}\n")]


def first_call(found: Sequence[Record]) -> list[Record]:
    """The records of the first call that begins among these."""
    for record in found:
        if record["name"] == "app" and record["step"] == "called":
            key = (record["process"], record["call"])
            return [r for r in found if (r["process"], r["call"]) == key]
    return []


def is_open(call: Sequence[Record]) -> bool:
    """Whether something that was called has not come back yet."""
    opened = {record["crossing"] for record in call if record["step"] == "called"}
    return opened != {record["crossing"] for record in call if record["step"] in BACK}


def has_ended(call: Sequence[Record]) -> bool:
    """Whether nothing more can come: for WSGI the body is closed, where it can be."""
    back = {(r["name"], r["step"]): r.get("got") for r in call}
    if ("app", "raised") in back or ("body.close", "returned") in back:
        return True
    if call and call[0]["interface"] == "asgi":
        return ("app", "returned") in back
    a_list = isinstance(back.get(("app", "returned")), list)  # has no close()
    return a_list and ("next(body)", "raised") in back
