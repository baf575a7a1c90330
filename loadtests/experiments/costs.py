"""What a request costs a busy server: CPU time, from the scheduler.

A closed loop drives the server on cores of its own (loadtests/clients/driver.py), over
connections that are kept alive, and again with a new connection for each request. Every
figure of this kind in the project comes from `cost_of_request`: the costs of a run, and
the claims. Frameworks answer the same under the same servers, so that a reader sees
what they add.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asgi_app.main import DOCUMENT
from loadtests.catalog.stacks import Stack
from loadtests.catalog.target import RAW as TARGET
from loadtests.clients.driver import Loop
from loadtests.clients.wire import WireError
from loadtests.experiments.task import (
    Context,
    State,
    has_failed,
    with_failure,
    without_failure,
)
from loadtests.records.beside_cells import Cost
from loadtests.records.facts import Fact
from loadtests.records.run import Run
from loadtests.records.tasks import COST, TaskKey
from loadtests.servers.cores import core_shares
from loadtests.servers.processes import Guard
from loadtests.servers.programs import ProcessError
from loadtests.servers.reached import Served
from loadtests.servers.server import Server, running
from loadtests.servers.usage import usage

METHOD = "GET"
RAW = "raw"
TWINS = {
    "wsgi": {"flask": "loadtests.servers.apps.on_flask:app"},
    "asgi": {
        "starlette": "loadtests.servers.apps.on_starlette:app",
        "fastapi": "loadtests.servers.apps.on_fastapi:app",
    },
}
_WARM_UP_S = 0.2  # the first requests load what is loaded only once


@dataclass(frozen=True)
class Question:
    """What is asked, and what the answer's body must be."""

    target: str
    right: Callable[[bytes], bool]

    @property
    def name(self) -> str:
        return f"{METHOD} {self.target}"


def _is_document(body: bytes) -> bool:
    with contextlib.suppress(ValueError):
        return bool(json.loads(body) == DOCUMENT)
    return False


HELLO = Question(TARGET.healthy.target, lambda body: body == TARGET.body)
JSON = Question("/json", _is_document)
QUESTIONS = (HELLO, JSON)
KEPT_ALIVE = (True, False)


@dataclass(frozen=True)
class Price:
    """What one request cost the server, and how busy it was meanwhile.

    `busy_percent` is CPU time over wall time: 100 is one core.
    """

    requests: int
    rate_per_s: float
    cpu_us: float
    busy_percent: float


def cost_of_request(
    server: Server, question: Question, *, kept_alive: bool, lasts_s: float
) -> Price:
    """Drive the server for so long. Raises ProcessError where it answers wrongly."""
    loop = Loop(server.address, question.target, kept_alive, question.right)
    try:
        loop.drive(_WARM_UP_S)
        before_s = usage(server).cpu_s
        driven = loop.drive(lasts_s)
        used_s = usage(server).cpu_s - before_s
    except WireError as error:
        raise ProcessError(f"it does not answer {question.name}: {error}") from None
    if not driven.answered:
        raise ProcessError(f"it answered no {question.name} in {lasts_s:g} s")
    return Price(
        requests=driven.answered,
        rate_per_s=round(driven.answered / driven.lasted_s, 1),
        cpu_us=round(used_s / driven.answered * 1e6, 1),
        busy_percent=round(100 * used_s / driven.lasted_s, 1),
    )


@contextlib.contextmanager
def apart(*servers: Served) -> Iterator[None]:
    """Servers and client on cores of their own, where there are two."""
    before = os.sched_getaffinity(0)
    ours, theirs = core_shares()
    for server in servers:
        server.pin(theirs)
    os.sched_setaffinity(0, ours)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True)
class CostTask:
    """One start of a server: a stack, the app behind it, which repeat; `each_s` is for
    how long the server is driven with each request."""

    stack: Stack
    app: str
    repeat: int
    each_s: float

    @property
    def key(self) -> TaskKey:
        return TaskKey(COST, self.stack.id, self.app, self.repeat)

    @property
    def lasts_s(self) -> float:
        return (self.each_s + _WARM_UP_S) * len(QUESTIONS) * len(KEPT_ALIVE)

    def state(self, run: Run, folder: Path) -> State:
        if any(cost.task == self.key for cost in run.costs):
            return State.DONE
        return State.VOID if has_failed(run, self.key) else State.MISSING

    def measured(self, run: Run, context: Context) -> Run:
        context.tell(self, 0.0)
        found = measure_costs(self, context.guard, context.log(self, "server"))
        run = without_failure(run, self.key)
        return dataclasses.replace(run, costs=[*run.costs, *found])

    def failed(self, run: Run, context: Context, reason: Fact) -> Run:
        return with_failure(run, self.key, reason)


def cost_tasks(
    stacks: Sequence[Stack], repeats: int, each_s: float, seed: int
) -> list[CostTask]:
    """Every stack with the raw app and with that of each framework which is installed,
    in shuffled order."""
    found = [
        CostTask(stack, app, repeat, each_s)
        for repeat in range(1, repeats + 1)
        for stack in stacks
        for app in (RAW, *filter(importlib.util.find_spec, TWINS[stack.interface]))
    ]
    random.Random(seed).shuffle(found)
    return found


def measure_costs(task: CostTask, guard: Guard, log: Path) -> list[Cost]:
    """The costs of each request, kept alive and on new connections.

    Raises ProcessError where the server does not start or does not answer right.
    """
    app = TWINS[task.stack.interface].get(task.app, task.stack.app)
    stack = dataclasses.replace(task.stack, app=app)
    with running(stack, guard, log) as server, apart(server):
        rss_mb = usage(server).rss_mb
        return [
            _cost(task, question, server, kept_alive, rss_mb)
            for question in QUESTIONS
            for kept_alive in KEPT_ALIVE
        ]


def _cost(
    task: CostTask, question: Question, server: Server, kept_alive: bool, rss_mb: float
) -> Cost:
    price = cost_of_request(
        server, question, kept_alive=kept_alive, lasts_s=task.each_s
    )
    return Cost(
        stack=task.stack.id,
        app=task.app,
        method=METHOD,
        target=question.target,
        repeat=task.repeat,
        requests=price.requests,
        rate_per_s=price.rate_per_s,
        cpu_us_per_request=price.cpu_us,
        rss_idle_mb=round(rss_mb, 1),
        kept_alive=kept_alive,
        busy_percent=price.busy_percent,
    )
