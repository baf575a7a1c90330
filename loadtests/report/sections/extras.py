"""What a run measured beside its cells: own timeouts, and what a request costs."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence

from loadtests.analysis.outcomes import by_family
from loadtests.records.run import Cost, Fates, Run, SelfRecovery
from loadtests.report.blocks import Doubt, Strong, Table
from loadtests.report.facts import sentence, sentences
from loadtests.report.words import NOTHING, count, figure, listed, percent, plain

RAW = "raw"


def freeings(run: Run) -> Table:
    """How long each stack took to get rid of slow clients that do not leave."""
    counting = [one for one in run.self_recoveries if one.valid]
    watched_s = max((one.watched_s for one in counting), default=0.0)
    rows = [
        [
            plain(one.scenario),
            plain(one.stack),
            count(one.slow_clients),
            freed(one),
            percent(one.answered, one.attempted),
            count(one.kills_logged) if one.kills_logged else NOTHING,
            fates_said(one.fates),
        ]
        for one in sorted(counting, key=lambda o: (o.scenario, by_family(o.stack)))
    ]
    figures = ["slow clients", "freed after", "answered", "workers killed"]
    return Table(
        "How it gets well by itself",
        ["scenario", "stack", *figures, "their fate"],
        rows,
        "Held at its predicted capacity, of a range the end, by slow clients that "
        "do not leave, and do not come back once they are dropped; watched for "
        f"{watched_s:g} s, longer than every default timeout of these servers. *freed "
        "after*: from their coming until all healthy requests are answered, seen for "
        "3 s or more. *answered*: of the healthy requests meanwhile. *workers killed*: "
        "as the server's log says. Slow clients may still be held when all is well "
        "again: readers still read what a killed worker had sent; and a gthread worker "
        "without a free thread accepts until it has 1,000 connections "
        "(--worker-connections), then leaves what comes to the others. Stacks that no "
        "number of slow clients here takes out are left out.",
    )


def freed(one: SelfRecovery) -> str:
    if one.freed_s is None:
        return Strong(f"never within {one.watched_s:g} s")
    return f"{one.freed_s:.1f} s" if one.freed_s else "not harmed"


def freeing_said(one: SelfRecovery) -> str:
    """One of them in a line of the terminal."""
    if not one.valid:
        return f"void: {sentences(one.faults)}"
    kills = f", {one.kills_logged} killed" if one.kills_logged else ""
    if one.freed_s is None:
        told = f"not freed within {one.watched_s:g} s"
    else:
        told = f"freed in {freed(one)}" if one.freed_s else freed(one)
    return f"held by {count(one.slow_clients)}: {told}{kills}"


def fates_said(fates: Fates) -> str:
    """`2 reset and 14 held`."""
    some = [
        f"{count(number)} {name}"
        for name, number in dataclasses.asdict(fates).items()
        if number
    ]
    return listed(some) or NOTHING


def doubted(run: Run) -> list[Doubt]:
    """What could not be measured of these, and what is to be doubted."""
    told = [
        Doubt(f"{plain(one.stack)}, {plain(one.scenario)}, at capacity", said)
        for one in run.self_recoveries
        if (said := sentences([*one.faults, *one.doubts]))
    ]
    failed = [Doubt(plain(one.task.name), sentence(one.reason)) for one in run.failures]
    whole = [Doubt("the run", sentence(doubt)) for doubt in run.doubts]
    return [*told, *failed, *whole]


def prices(run: Run) -> Table:
    """CPU time a request of each stack, with the raw app and with each framework's."""
    requests = list(dict.fromkeys(cost.request for cost in _in_order(run.costs)))
    pairs = dict.fromkeys((cost.stack, cost.app) for cost in _in_order(run.costs))
    rows = []
    for stack, app in pairs:
        mine = [c for c in run.costs if (c.stack, c.app) == (stack, app)]
        figures = [_cpu(run, mine, request) for request in requests]
        memory = statistics.median(cost.rss_idle_mb for cost in mine)
        rows.append([plain(stack), plain(app), *figures, figure(memory)])
    starts = max((cost.repeat for cost in run.costs), default=0)
    return Table(
        "What a request costs the server",
        ["stack", "app", *(f"{_short(r)}, µs" for r in requests), "idle, MB"],
        rows,
        "CPU time of all processes of the server for one request on a new connection, "
        "at a fixed rate that saturates nothing, as the scheduler counts it in "
        "nanoseconds, less what it uses while nobody asks: "
        f"the middle of {starts} starts of the server, in brackets the lowest and the "
        "highest. *x*: how many times that of the raw app, which is this project's, "
        "without a framework. Idle memory: resident, of all processes, pages that they "
        "share counted in each.",
    )


def _in_order(costs: Sequence[Cost]) -> list[Cost]:
    order = {request: n for n, request in enumerate(_known(costs))}
    return sorted(
        costs,
        key=lambda c: (by_family(c.stack), c.app != RAW, c.app, order[c.request]),
    )


def _known(costs: Sequence[Cost]) -> list[str]:
    """The requests, those with which all apps were asked first."""
    found = list(dict.fromkeys(cost.request for cost in costs))
    apps = {r: len({c.app for c in costs if c.request == r}) for r in found}
    return sorted(found, key=lambda request: (-apps[request], request))


def _cpu(run: Run, mine: Sequence[Cost], request: str) -> str:
    values = [c.cpu_us_per_request for c in mine if c.request == request]
    if not values:
        return NOTHING
    middle, raw = statistics.median(values), _raw(run, mine[0], request)
    times = f", x {middle / raw:.1f}" if raw and mine[0].app != RAW else ""
    return f"{figure(middle)} ({figure(min(values))} to {figure(max(values))}){times}"


def _raw(run: Run, cost: Cost, request: str) -> float | None:
    """The same request to the same stack with the raw app."""
    values = [
        c.cpu_us_per_request
        for c in run.costs
        if (c.stack, c.app, c.request) == (cost.stack, RAW, request)
    ]
    return statistics.median(values) if values else None


def costs_said(costs: Sequence[Cost]) -> str:
    """The costs of one start of a server in a line of the terminal."""
    named = [(_short(c.request).removesuffix(" stream"), c) for c in costs]
    each = [f"{name} {figure(c.cpu_us_per_request)}" for name, c in named]
    return f"{', '.join(each)} µs"


def _short(request: str) -> str:
    """`/hello` of `GET /hello`; the stream by its size."""
    target = plain(request).partition(" ")[2]
    return "1 MB stream" if target.startswith("/stream") else target
