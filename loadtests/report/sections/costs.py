"""What a request costs the server, and what a slow client costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loadtests.analysis import intervals
from loadtests.analysis.outcomes import Outcome
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
from loadtests.report.prose import prose
from loadtests.report.sections import request_costs
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.values import Count, Figure, Name, Value

TITLE = "What a request costs, what a slow client costs"
CELLS = "What a slow client costs the server"
NOTE = (
    "Memory is the resident memory of all processes "
    "of the server; pages that they share count in each. Memory of a slow client is "
    "the slope over the staircase. The kernel's memory for its socket is not in it. "
    "There is no figure where the stack was out, because slow clients may wait "
    "unaccepted there. Of repeats, the table gives the middle one."
)
COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("idle", "idle, MB"),
    Column("peak", "peak, MB"),
    Column("slow_client", "a slow client, kB"),
    Column("replaced", "workers replaced"),
)


def blocks(source: Source) -> Sequence[Block]:
    requests, cells = request_costs.table(source.run), table(source.run)
    found: list[Block] = []
    if requests.rows:
        note = Text(request_costs.note(source.run), "note")
        found += [Heading(request_costs.TITLE), requests, note]
    if cells.rows:
        shown = {"Memory of a slow client, kB": "slow_client"}
        found.append(Glance(cells, shown, "All costs", prose(NOTE)))
    return found


def table(run: Run) -> Table:
    rows = [_row(o) for o in by_scenario(run)]
    return Table(CELLS, COLUMNS, [row for row in rows if _told(row)])


def _told(row: dict[str, Value]) -> bool:
    figures = [v.value for v in row.values() if isinstance(v, Figure)]
    return row["replaced"] != Count(0) or any(value is not None for value in figures)


def _row(o: Outcome) -> dict[str, Value]:
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


SECTION = Section("costs", TITLE, blocks, short="Costs")
