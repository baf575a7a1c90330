"""How many requests a second a stack takes by arithmetic, and what runs out first.

The one rule is Little's law: a request takes its place of a supply for as long as it is
in progress, so that places / time is the rate. docs/sizing.html has the same arithmetic
in JavaScript, and a test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import Stack
from loadtests.catalog.stacks.limits import (
    Limit,
    descriptors,
    one,
    threads,
    two_descriptors,
    worker_connections,
)

# How a limit counts, for the page: by the function that counts in the catalog.
KINDS = {
    one: "one",
    threads: "threads",
    worker_connections: "connections",
    descriptors: "descriptors",
    two_descriptors: "two descriptors",
}
CPU, POOL = "CPU time", "connections of the pool"


@dataclass(frozen=True)
class Demand:
    """What is asked of a stack, and what it is given.

    Requests come at `rate_per_s`. Each waits `wait_ms` and takes `cpu_us` of CPU time.
    Of them, `slow_percent` come from clients that take `slow_s` to send their body. A
    worker has `threads`, a pool of so many connections (0: none), and may open `nofile`
    descriptors.
    """

    rate_per_s: float
    wait_ms: float
    cpu_us: float
    slow_percent: float
    slow_s: float
    workers: int
    threads: int
    pool: int
    nofile: int
    cores: int


@dataclass(frozen=True)
class Size:
    """What a stack takes of that: the rate, what ends it, and how much of that is in
    use at the rate that is asked (1: all)."""

    per_s: float
    first: str
    use: float


@dataclass(frozen=True)
class Supply:
    """A limit of a stack: whether a waiting handler has one, and a slow upload."""

    name: str
    kind: str
    handler: bool
    body: bool


def supplies(stack: Stack) -> list[Supply]:
    """What a request may have to take a place of, each once."""
    handler, body = (
        {_key(limit) for limit in stack.holds[phase].limits}
        for phase in (Phase.HANDLER_WAITS, Phase.BODY)
    )
    found = sorted(handler | body)
    return [Supply(*key, key in handler, key in body) for key in found]


def _key(limit: Limit) -> tuple[str, str]:
    return str(limit.supply), KINDS[limit.each]


def size(stack: Stack, demand: Demand) -> Size:
    per_s, first = min(_bounds(stack, demand))
    return Size(per_s, first, demand.rate_per_s / per_s)


def _bounds(stack: Stack, demand: Demand) -> Iterator[tuple[float, str]]:
    """Each rate that may end it, and by what."""
    workers = 1 if stack.one_process else demand.workers
    wait_s, cpu_s = demand.wait_ms / 1e3, demand.cpu_us / 1e6
    slow_s = demand.slow_percent / 100 * demand.slow_s
    for supply in supplies(stack):
        time_s = (wait_s + cpu_s) * supply.handler + slow_s * supply.body
        places = workers * _each(stack, supply, demand)
        yield places / time_s if time_s else math.inf, supply.name
    yield min(demand.cores, workers) / cpu_s if cpu_s else math.inf, CPU
    if demand.pool and wait_s:
        yield workers * demand.pool / wait_s, POOL


def _each(stack: Stack, supply: Supply, demand: Demand) -> int:
    """How many a worker has."""
    if supply.kind == "one":
        return 1
    if supply.kind == "threads":
        return demand.threads * (demand.workers if stack.one_process else 1)
    if supply.kind == "connections":
        return stack.worker_connections or 1
    siblings = 0 if stack.one_process or demand.workers == 1 else 1
    own = stack.own_descriptors + siblings * stack.siblings_descriptors
    left = max(1, demand.nofile - own)
    return left // 2 if supply.kind == "two descriptors" else left
