"""What a request costs the server, and what a slow client costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loadtests.analysis import intervals
from loadtests.analysis.intervals import Interval
from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.analysis.server_figures import FEWEST
from loadtests.records.cell import Cell
from loadtests.records.run import Run
from loadtests.report.blocks import (
    Block,
    Column,
    Glance,
    Heading,
    Section,
    Source,
    Table,
    Text,
)
from loadtests.report.prose import Prose, joined, prose, stack
from loadtests.report.sections import request_costs
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.values import Count, Figure, Name, Value
from loadtests.report.words import count, figure

TITLE = "What a request costs, what a slow client costs"
CELLS = "What a slow client costs the server"
SHOWN = "Memory of a slow client, kB"
NOTE_1 = (
    "Memory is the resident memory of all processes "
    "of the server; pages that they share count in each. Memory of a slow client is "
    "the slope over the staircase. The kernel's memory for its socket is not in it. "
    "There is no figure where the stack was out, because slow clients may wait "
    "unaccepted there. Of repeats, the table gives the middle one."
)
NOTE = (
    "Memory is that of all processes of the server (PSS). Pages that processes share "
    "count once. What a slow client takes is the slope over the steps that did no "
    "harm, with its 95 % interval in brackets. *kernel*: what the kernel holds for "
    "the server's side of the connection. Each figure is left out if fewer than {} "
    "slow clients did no harm. Of repeats, the table gives the middle one."
)
NOTE_DISK = (
    "*disk*: what stands in front stores of the answer. That grows with the answer, of "
    "which the method names the length."
)
MANY = 2000  # slow clients of the projection
MEMORY = (
    "A slow client cost between {} ({} under {}) and {} ({} under {}) of memory. "
    "Stacks that were out do not count here, because they may not have accepted it."
)
LEAST = (
    "A slow client cost least on {} under {}: {} of memory of the server and {} of the "
    "kernel."
)
MOST = "A slow client cost most on {} under {}: {} and {}."
COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("idle", "idle, MB"),
    Column("peak", "peak, MB"),
    Column("slow_client", "server, kB each"),
    Column("kernel", "kernel, kB each"),
    Column("sum", "sum, kB each"),
    Column("many", f"{count(MANY)} clients, MB"),
    Column("disk", "disk, kB each"),
    Column("replaced", "workers replaced"),
)
OF_KERNEL = ("kernel", "sum", "many")  # not known of runs of format 1


def blocks(source: Source) -> Sequence[Block]:
    requests, cells = request_costs.table(source.run), table(source.run)
    found: list[Block] = []
    if requests.rows:
        note = Text(request_costs.note(source.run), "note")
        found += [Heading(request_costs.TITLE), requests, note]
    if cells.rows:
        known = _kernel_is_known(source.run)
        key = "sum" if known else "slow_client"
        about = prose(NOTE, str(FEWEST)) if known else prose(NOTE_1)
        if any(_stores(row) for row in cells.rows):
            about = joined([about, prose(NOTE_DISK)])
        if said := memory(outcomes(source.run)):
            found.append(Text(said))
        found.append(Glance(cells, {SHOWN: key}, "All costs", about))
    return found


def _kernel_is_known(run: Run) -> bool:
    return run.method.arrive_per_s is not None


def table(run: Run) -> Table:
    make = _row if _kernel_is_known(run) else _row_1
    rows = [make(o) for o in by_scenario(run)]
    kept = [row for row in rows if _told(row)]
    known = _kernel_is_known(run)
    unknown = {*(() if known else OF_KERNEL), *({"disk"} - _disk_of(kept))}
    columns = [column for column in COLUMNS if column.key not in unknown]
    return Table(CELLS, columns, kept)


def _disk_of(rows: Sequence[Mapping[str, Value]]) -> set[str]:
    return {"disk"} if any(map(_stores, rows)) else set()


def _stores(row: Mapping[str, Value]) -> bool:
    disk = row.get("disk")
    return isinstance(disk, Figure) and bool(disk.value)


def _told(row: dict[str, Value]) -> bool:
    figures = [v.value for v in row.values() if isinstance(v, Figure)]
    return row["replaced"] != Count(0) or any(value is not None for value in figures)


def _row(o: Outcome) -> dict[str, Value]:
    typical = slow_client(o)
    total = typical.sum_kb if typical else None
    return _row_1(o) | {
        "slow_client": typical.server if typical else Figure(None),
        "kernel": typical.kernel if typical else Figure(None),
        "sum": Figure(total),
        "many": Figure(None if total is None else total * MANY / 1024),
        "disk": Figure(o.typical(lambda c: c.server.disk_kb_per_slow_client)),
    }


@dataclass(frozen=True)
class SlowClient:
    """What a slow client takes of the server and of the kernel, in kB."""

    server: Figure
    kernel: Figure

    @property
    def sum_kb(self) -> float | None:
        known = [f.value for f in (self.server, self.kernel) if f.value is not None]
        return max(0.0, sum(known)) if len(known) == 2 else None


def slow_client(o: Outcome) -> SlowClient | None:
    """That of the middle repeat; None where too few did no harm, or it is not known."""
    known = [
        c.server
        for c in o.cells
        if (c.capacity.held or 0) >= FEWEST and c.server.kb_per_slow_client is not None
    ]
    if not known:
        return None
    known.sort(key=lambda server: server.kb_per_slow_client or 0.0)
    of = known[len(known) // 2]
    return SlowClient(
        _within(of.kb_per_slow_client, of.kb_low, of.kb_high),
        _within(of.kernel_kb_per_slow_client, of.kernel_kb_low, of.kernel_kb_high),
    )


def _within(value: float | None, low: float | None, high: float | None) -> Figure:
    bounds = None if low is None or high is None else Interval(low, high)
    return Figure(value, bounds)


def _row_1(o: Outcome) -> dict[str, Value]:
    per_client = _repeated(o, lambda c: c.server.kb_per_slow_client)
    return {
        "scenario": Name(o.scenario),
        "stack": Name(o.stack),
        "idle": Figure(o.typical(lambda c: c.server.rss_idle_mb)),
        "peak": Figure(o.typical(lambda c: c.server.rss_peak_mb)),
        "slow_client": Figure(None) if o.out else per_client,
        "replaced": Count(max(cell.server.restarts for cell in o.cells)),
    }


def _repeated(outcome: Outcome, part: Callable[[Cell], float | None]) -> Figure:
    """The middle of the repeats, and where their mean lies if there are enough."""
    within = intervals.over_repeats(outcome.known(part))
    return Figure(outcome.typical(part), within)


def memory(found: Sequence[Outcome]) -> Prose:
    """What a slow client took of the server and of the kernel, least and most."""
    known = [
        (of.sum_kb, of, o)
        for o in found
        if (of := slow_client(o)) and of.sum_kb is not None
    ]
    if not known:
        return _memory_alone(found)
    said = [
        prose(
            template,
            *(stack(o.stack), o.scenario),
            *(figure(_not_less(part.value), "kB") for part in (of.server, of.kernel)),
        )
        for template, (_, of, o) in (
            (LEAST, min(known, key=lambda item: item[0])),
            (MOST, max(known, key=lambda item: item[0])),
        )
    ]
    return joined(said if len(known) > 1 else said[:1])


def _not_less(value: float | None) -> float | None:
    """A slope may fall by chance; nobody costs less than nothing."""
    return None if value is None else max(0.0, value)


def _memory_alone(found: Sequence[Outcome]) -> Prose:
    """As format 1 knows it, over all steps: where a stack was out, slow clients may
    have waited in the backlog, where they cost it nothing."""
    known = [(kb, o) for o in found if (kb := o.kb_per_slow_client) and not o.out]
    least, cheap = min(known, key=lambda item: item[0], default=(0.0, found[0]))
    most, dear = max(known, key=lambda item: item[0], default=(0.0, found[0]))
    if figure(least) == figure(most):
        return ()
    return prose(
        MEMORY,
        *(figure(least, "kB"), stack(cheap.stack), cheap.scenario),
        *(figure(most, "kB"), stack(dear.stack), dear.scenario),
    )


SECTION = Section("costs", TITLE, blocks, short="Costs")
