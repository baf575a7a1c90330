"""CPU time per request, measured by itself, with each app: a part of Costs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis.intervals import Interval
from loadtests.analysis.outcomes import by_family
from loadtests.catalog.target import RAW as TARGET
from loadtests.records.beside_cells import Cost
from loadtests.records.run import Run
from loadtests.report.blocks import Column, Table
from loadtests.report.prose import Prose, joined, prose
from loadtests.report.values import Figure, Name, Value
from loadtests.report.words import figure

RAW = "raw"
# Targets that have a shorter name than themselves.
CALLED = {"/stream?chunks=16&size=65536": "1 MB stream"}
CONNECTIONS = {True: "kept alive", False: "new connection"}
TITLE = "What a request costs the server"
NOTE = (
    "CPU time of all processes of the server per request. The figure is the middle of "
    "{} starts of the server, with the lowest and the highest in brackets. *x*: how "
    "many times the cost of the raw app, which has no framework. Idle memory: "
    "resident, of all processes; pages that they share count in each."
)
BUSY = (
    "The server was kept busy, at {} of one core: each client sent its next request as "
    "soon as the last one was answered. *Kept alive*: the connections stayed open. "
    "*New connection*: each request opened its own. The multiple of the raw app, and "
    "requests per second and core, are those of kept-alive connections."
)
PACED = (
    "This run measured at about {} requests a second, each on a *new connection*. The "
    "server was mostly idle, so the cost of waking up and of cold caches is included. "
    "Use these figures to compare stacks, not to size a machine."
)


@dataclass(frozen=True)
class Way:
    """A request, and over which connections it was sent: a column of the table."""

    target: str
    kept_alive: bool

    @property
    def key(self) -> str:
        return f"{self.target} {CONNECTIONS[self.kept_alive]}"

    @property
    def heading(self) -> str:
        return f"{_called(self.target)}, {CONNECTIONS[self.kept_alive]}, µs"

    def us(self, costs: Sequence[Cost]) -> list[float]:
        return [
            cost.cpu_us_per_request
            for cost in costs
            if Way(cost.target, cost.kept_alive) == self
        ]


def of_hello(costs: Sequence[Cost]) -> dict[str, list[float]]:
    """By stack, what a healthy request to the raw app cost in each start of it."""
    way, found = Way(TARGET.healthy.target, kept_alive=True), dict[str, list[float]]()
    for cost in costs:
        if cost.app == RAW and (us := way.us([cost])):
            found.setdefault(cost.stack, []).extend(us)
    return found


def table(run: Run) -> Table:
    """A row for each stack with each app, a column for each request and connection."""
    ways, busy = _ways(run.costs), _busy_targets(run.costs)
    pairs = dict.fromkeys((cost.stack, cost.app) for cost in _in_order(run.costs))
    rows = [_row(run, stack, app, ways, busy) for stack, app in pairs]
    columns = (
        Column("stack", "stack", name=True),
        Column("app", "app", name=True),
        *(Column(way.key, way.heading) for way in ways),
        *(Column(_per_core(t), f"{_called(t)} per second and core") for t in busy),
        Column("idle", "idle, MB"),
    )
    return Table(TITLE, columns, rows)


def _row(
    run: Run, stack: str, app: str, ways: Sequence[Way], busy: Sequence[str]
) -> dict[str, Value]:
    mine = [c for c in run.costs if (c.stack, c.app) == (stack, app)]
    raw = [c for c in run.costs if (c.stack, c.app) == (stack, RAW)]
    row: dict[str, Value] = {"stack": Name(stack), "app": Name(app)}
    for way in ways:
        compared = way.kept_alive or Way(way.target, kept_alive=True) not in ways
        row[way.key] = _cpu(way, mine, raw if compared and app != RAW else [])
    for target in busy:
        row[_per_core(target)] = _requests(Way(target, kept_alive=True).us(mine))
    memory = statistics.median(cost.rss_idle_mb for cost in mine)
    return row | {"idle": Figure(memory)}


def _cpu(way: Way, mine: Sequence[Cost], raw: Sequence[Cost]) -> Figure:
    """The middle of the starts; how many times that of the raw app, if it is given."""
    values, base = way.us(mine), way.us(raw)
    if not values:
        return Figure(None)
    middle = statistics.median(values)
    times = middle / statistics.median(base) if base and all(base) else None
    return Figure(middle, Interval(min(values), max(values)), times)


def _requests(values_us: Sequence[float]) -> Figure:
    """How many requests a core answers in a second, if each costs that."""
    middle = statistics.median(values_us) if values_us else 0.0
    return Figure(1e6 / middle if middle else None)


def _per_core(target: str) -> str:
    return f"{target} per core"


def note(run: Run) -> Prose:
    """How it was measured, by each of the two methods that the run used."""
    starts = max((cost.repeat for cost in run.costs), default=0)
    said = [prose(NOTE, str(starts))]
    busy = [c.busy_percent for c in run.costs if c.busy_percent is not None]
    if busy:
        low, high = (f"{bound:.0f}" for bound in (min(busy), max(busy)))
        said.append(prose(BUSY, f"{low} %" if low == high else f"{low} to {high} %"))
    paced = [c.rate_per_s for c in run.costs if c.busy_percent is None]
    if paced:
        said.append(prose(PACED, f"{round(statistics.median(paced), -1):.0f}"))
    return joined(said)


def _in_order(costs: Sequence[Cost]) -> list[Cost]:
    return sorted(costs, key=lambda c: (by_family(c.stack), c.app != RAW, c.app))


def _ways(costs: Sequence[Cost]) -> list[Way]:
    """Those that the run has: requests that all apps were asked first, kept alive
    before new connections."""
    found = dict.fromkeys(Way(cost.target, cost.kept_alive) for cost in costs)
    apps = {way: len({c.app for c in costs if c.target == way.target}) for way in found}
    return sorted(found, key=lambda w: (-apps[w], w.target, not w.kept_alive))


def _busy_targets(costs: Sequence[Cost]) -> list[str]:
    """The requests that were measured on a busy server, over kept-alive connections."""
    found = {c.target for c in costs if c.kept_alive and c.busy_percent is not None}
    return sorted(found)


def line(costs: Sequence[Cost]) -> str:
    """The costs of one start of a server in a line of the terminal."""
    targets = dict.fromkeys(cost.target for cost in costs)
    return f"{', '.join(_said(target, costs) for target in targets)} µs"


def _said(target: str, costs: Sequence[Cost]) -> str:
    """`/hello 31 (new connection 60)`, or the one figure that there is."""
    kept, new = (
        [figure(us) for us in Way(target, kept_alive).us(costs)]
        for kept_alive in CONNECTIONS
    )
    first, *more = [*kept, *new]
    beside = f" ({CONNECTIONS[False]} {more[0]})" if more else ""
    return f"{_called(target)} {first}{beside}"


def _called(target: str) -> str:
    return CALLED.get(target, target)
