"""What a request costs the server: CPU time, at a fixed and modest rate.

Nothing is saturated, so that no load generator can be what is measured: requests come
one by one, each on a new connection, and the server's process group says how much CPU
time it used for them. What it uses while nobody asks is taken off. Frameworks answer
the same under the same servers, so that a reader sees what they add.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asgi_app.main import DOCUMENT
from loadtests.catalog.stacks import Stack
from loadtests.clients.wire import Address
from loadtests.records.run import Cost
from loadtests.servers.cores import core_shares
from loadtests.servers.processes import Guard, ProcessError
from loadtests.servers.server import Server, running
from loadtests.servers.usage import usage

RAW = "raw"
TWINS = {
    "wsgi": {"flask": "loadtests.servers.apps.on_flask:app"},
    "asgi": {
        "starlette": "loadtests.servers.apps.on_starlette:app",
        "fastapi": "loadtests.servers.apps.on_fastapi:app",
    },
}
_MEGABYTE = 2**20
_IDLE_S = 1.0  # gunicorn's master and workers look about themselves once a second
_DEADLINE_S = 5.0
_LATE, _LATE_S = 1.05, 0.1  # slower than that is another rate
_WARM_UP = 10  # requests of each kind: the first ones load what is loaded only once


@dataclass(frozen=True)
class Workload:
    """What is asked, how often a second, and what the answer's body must be."""

    target: str
    rate_per_s: float
    right: Callable[[bytes], bool]

    @property
    def name(self) -> str:
        return f"GET {self.target}"


def _is_document(body: bytes) -> bool:
    with contextlib.suppress(ValueError):
        return bool(json.loads(body) == DOCUMENT)
    return False


HELLO = Workload("/hello", 200.0, lambda body: body == b"Hello, world!")
JSON = Workload("/json", 200.0, _is_document)
STREAM = Workload(
    "/stream?chunks=16&size=65536", 50.0, lambda body: len(body) == _MEGABYTE
)


@dataclass(frozen=True)
class CostPlan:
    """One start of a server: a stack, the app behind it, which repeat; `each_s` is for
    how long each request is asked."""

    stack: Stack
    app: str
    repeat: int
    each_s: float

    @property
    def name(self) -> str:
        return f"{self.stack.id}.{self.app}.{self.repeat}"

    @property
    def requests(self) -> tuple[Workload, ...]:
        return (HELLO, JSON, STREAM) if self.app == RAW else (HELLO, JSON)

    @property
    def lasts_s(self) -> float:
        return _IDLE_S + self.each_s * len(self.requests)


def plans(
    stacks: Sequence[Stack], repeats: int, each_s: float, seed: int
) -> list[CostPlan]:
    """Every stack with the raw app and with each framework's, in shuffled order."""
    found = [
        CostPlan(stack, app, repeat, each_s)
        for repeat in range(1, repeats + 1)
        for stack in stacks
        for app in (RAW, *TWINS[stack.interface])
    ]
    random.Random(seed).shuffle(found)
    return found


def measure_costs(plan: CostPlan, folder: Path, guard: Guard) -> list[Cost]:
    """The costs of each request; the server's log goes to `folder/logs/`.

    Raises ProcessError where the server does not start or does not answer right.
    """
    app = TWINS[plan.stack.interface].get(plan.app, plan.stack.app)
    stack = dataclasses.replace(plan.stack, app=app)
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{plan.name}.server.log"
    with running(stack, guard, log) as server, _apart(server):
        for request in plan.requests * _WARM_UP:
            _ask(plan, request, server.address)
        rss_mb = usage(server.group).rss_mb
        idle = _idle_share(server)
        return [_cost(plan, request, server, idle, rss_mb) for request in plan.requests]


@contextlib.contextmanager
def _apart(server: Server) -> Iterator[None]:
    """Server and client on cores of their own, where there are two."""
    before = os.sched_getaffinity(0)
    ours, servers = core_shares()
    server.group.pin(servers)
    os.sched_setaffinity(0, ours)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _idle_share(server: Server) -> float:
    """CPU seconds a second while nobody asks."""
    before, began_s = usage(server.group).cpu_s, time.monotonic()
    time.sleep(_IDLE_S)
    return (usage(server.group).cpu_s - before) / (time.monotonic() - began_s)


def _cost(
    plan: CostPlan, request: Workload, server: Server, idle: float, rss_mb: float
) -> Cost:
    count = round(plan.each_s * request.rate_per_s)
    before, began_s = usage(server.group).cpu_s, time.monotonic()
    for number in range(count):
        due_s = began_s + number / request.rate_per_s
        time.sleep(max(0.0, due_s - time.monotonic()))
        _ask(plan, request, server.address)
    took_s = time.monotonic() - began_s
    if took_s > _LATE * count / request.rate_per_s + _LATE_S:
        raise ProcessError(f"{plan.name} did not keep up with {request.name}")
    used_s = usage(server.group).cpu_s - before - idle * took_s
    return Cost(
        stack=plan.stack.id,
        app=plan.app,
        request=request.name,
        repeat=plan.repeat,
        requests=count,
        rate_per_s=round(count / took_s, 1),
        cpu_us_per_request=round(used_s / count * 1e6, 1),
        rss_idle_mb=round(rss_mb, 1),
    )


def _ask(plan: CostPlan, request: Workload, address: Address) -> None:
    """One request on a connection of its own, its answer checked."""
    connection = http.client.HTTPConnection(*address, timeout=_DEADLINE_S)
    try:
        connection.request("GET", request.target, headers={"Connection": "close"})
        answer = connection.getresponse()
        status, body = answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ProcessError(f"{plan.name}: {request.name}: {error!r}") from None
    finally:
        connection.close()
    if status != 200 or not request.right(body):
        said = f"status {status}, {len(body)} bytes"
        raise ProcessError(f"{plan.name} answered {request.name} wrongly: {said}")
