"""CPU time a request, measured by itself, with each app: a part of Costs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from loadtests.analysis.intervals import Interval
from loadtests.analysis.outcomes import by_family
from loadtests.records.beside_cells import Cost
from loadtests.records.run import Run
from loadtests.report.blocks import Column, Table
from loadtests.report.prose import Prose, prose
from loadtests.report.values import Figure, Name, Value
from loadtests.report.words import figure

RAW = "raw"
STREAM, BRIEF = "1 MB stream", "1 MB"
TITLE = "What a request costs the server"
NOTE = (
    "CPU time of all processes of the server for one request on a new connection. The "
    "rate is fixed and saturates nothing. The scheduler counts the time in "
    "nanoseconds; what the server uses while nobody asks is subtracted. The figure is "
    "the middle of {} starts of the server, with the lowest and the highest in "
    "brackets. *x*: how many times the cost of the raw app, which has no framework. "
    "Idle memory: resident, of all processes; pages that they share count in each."
)


def table(run: Run) -> Table:
    """A row for each stack with each app, a column for each request."""
    requests = _requests(run.costs)
    pairs = dict.fromkeys((cost.stack, cost.app) for cost in _in_order(run.costs))
    rows = []
    for stack, app in pairs:
        mine = [c for c in run.costs if (c.stack, c.app) == (stack, app)]
        memory = statistics.median(cost.rss_idle_mb for cost in mine)
        row: dict[str, Value] = {"stack": Name(stack), "app": Name(app)}
        row |= {request: _cpu(run, mine, request) for request in requests}
        rows.append(row | {"idle": Figure(memory)})
    names = [Column("stack", "stack", name=True), Column("app", "app", name=True)]
    figures = [
        Column(request, f"{_short(request, STREAM)}, µs") for request in requests
    ]
    return Table(TITLE, [*names, *figures, Column("idle", "idle, MB")], rows)


def note(run: Run) -> Prose:
    starts = max((cost.repeat for cost in run.costs), default=0)
    return prose(NOTE, str(starts))


def _in_order(costs: Sequence[Cost]) -> list[Cost]:
    return sorted(costs, key=lambda c: (by_family(c.stack), c.app != RAW, c.app))


def _requests(costs: Sequence[Cost]) -> list[str]:
    """The requests, those with which all apps were asked first."""
    found = list(dict.fromkeys(cost.request for cost in costs))
    apps = {r: len({c.app for c in costs if c.request == r}) for r in found}
    return sorted(found, key=lambda request: (-apps[request], request))


def _cpu(run: Run, mine: Sequence[Cost], request: str) -> Figure:
    values = [c.cpu_us_per_request for c in mine if c.request == request]
    if not values:
        return Figure(None)
    middle, raw = statistics.median(values), _raw(run, mine[0], request)
    times = middle / raw if raw and mine[0].app != RAW else None
    return Figure(middle, Interval(min(values), max(values)), times)


def _raw(run: Run, cost: Cost, request: str) -> float | None:
    """The same request to the same stack with the raw app."""
    values = [
        c.cpu_us_per_request
        for c in run.costs
        if (c.stack, c.app, c.request) == (cost.stack, RAW, request)
    ]
    return statistics.median(values) if values else None


def line(costs: Sequence[Cost]) -> str:
    """The costs of one start of a server in a line of the terminal."""
    each = [f"{_short(c.request, BRIEF)} {figure(c.cpu_us_per_request)}" for c in costs]
    return f"{', '.join(each)} µs"


def _short(request: str, stream: str) -> str:
    """`/hello` of `GET /hello`; the stream by its size."""
    target = request.partition(" ")[2]
    return stream if target.startswith("/stream") else target
