"""One visit to a traced application, served for real: the records of its one call."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.catalog import stacks
from loadtests.catalog.stacks import Stack
from loadtests.experiments.trace.visit import Deed, TraceError, Visit, pay
from loadtests.servers.processes import Guard, wait_until
from loadtests.servers.server import Server, running

DEFAULT_STACKS = {"wsgi": "wsgi-gunicorn-gthread", "asgi": "asgi-uvicorn"}
CALL_LIMIT_S = 30.0
QUIET_S = 1.0

Record = dict[str, Any]
BACK = ("returned", "raised")


@dataclass(frozen=True)
class Watched:
    """One call of an application: what crossed the interface, what the client did."""

    stack: str
    visit: Visit
    records: Sequence[Record]
    deeds: Sequence[Deed]

    @property
    def began_s(self) -> float:
        """When the application was called, on the machine's monotonic clock."""
        first = self.records[0]
        began_s: float = first["clock_s"] - first["at_ms"] / 1000
        return began_s


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


def watch(stack: Stack, visit: Visit, guard: Guard, log: Path) -> Watched:
    """Serve the traced app with one worker, visit it once, and take down its call."""
    with running(traced(stack).with_counts(1, None), guard, log) as server:
        return observe(server, visit, log)


def observe(server: Server, visit: Visit, log: Path) -> Watched:
    """The same on a server that runs already, and that nobody else asks meanwhile."""
    earlier = len(records(log))
    deeds = list(pay(visit, server.address))
    found = _await_call(server, log, earlier)
    if not found:
        words = server.group.last_words()
        raise TraceError(f"{server.stack.id} did not call the app; {words}")
    return Watched(server.stack.id, visit, found, deeds)


def _await_call(server: Server, log: Path, earlier: int) -> list[Record]:
    """The first call that began after the earlier records, when it has ended."""
    found: list[Record] = []
    news_s = time.monotonic()

    def ended() -> bool:
        nonlocal found, news_s
        call = first_call(records(log)[earlier:])
        if len(call) > len(found):
            found, news_s = call, time.monotonic()
        quiet = not is_open(call) and time.monotonic() - news_s > QUIET_S
        return has_ended(call) or quiet or server.group.exited

    wait_until(ended, CALL_LIMIT_S)
    return found


def records(log: Path) -> list[Record]:
    """The records among the lines of a server's log."""
    lines = log.read_text(errors="replace").splitlines(keepends=True)
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
