"""What it does to a server that slow clients come: each step before it was held."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import Outcome
from loadtests.records.cell import Arrival, Cell, Step
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Column, Section, Source, Table, Text
from loadtests.report.prose import prose
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.values import Count, Figure, Name, Share, Value
from loadtests.report.words import NOTHING, count, figure, percent

TITLE = "What it costs that slow clients arrive"
LEAD = (
    "Slow clients came at {} a second. These rows show how healthy requests fared "
    "meanwhile, before any slow client was held."
)
NOTE = (
    "Each row is the largest group that arrived at one time without harm to follow. "
    "*lasted*: until all were there and the server's CPU had come to rest. *worst*: "
    "the longest response time of a healthy request meanwhile. *CPU for each*: CPU "
    "time of the server divided by the slow clients that came; the healthy requests "
    "of that time are in it. The figure is left out for fewer than {} clients. *worst "
    "arrival*: the step of any size with the smallest share of healthy requests "
    "answered meanwhile."
)
FEWEST = 32  # clients, over which the CPU time of the healthy requests is shared out
COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("came", "came"),
    Column("lasted", "lasted, s"),
    Column("answered", "answered"),
    Column("worst", "worst, ms"),
    Column("cpu", "CPU for each, ms"),
    Column("worst_arrival", "worst arrival"),
)


def blocks(source: Source) -> Sequence[Block]:
    shown, rate = table(source.run), source.run.method.arrive_per_s
    if not shown.rows or rate is None:
        return []
    lead, note = prose(LEAD, f"{rate:g}"), prose(NOTE, str(FEWEST))
    return [Text(lead), shown, Text(note, "note")]


def table(run: Run) -> Table:
    limit_s = run.method.settle_s
    rows = [row for o in by_scenario(run) if (row := _row(o, limit_s))]
    running = run.target.running if run.target else None
    unseen = running is not None and running.pid is None
    columns = [column for column in COLUMNS if column.key != "cpu" or not unseen]
    return Table(TITLE, columns, rows)


def _row(outcome: Outcome, limit_s: float) -> dict[str, Value] | None:
    """None where no slow clients came to a server that held them."""
    came = [
        (step, step.arrival)
        for cell in outcome.cells
        for step in cell.steps
        if step.arrival and (step.arrival.came or 0) > 0 and _held(cell, step)
    ]
    if not came:
        return None
    _, largest = max(came, key=lambda pair: pair[1].came or 0)
    row: dict[str, Value] = {
        "scenario": Name(outcome.scenario),
        "stack": Name(outcome.stack),
        "came": Count(largest.came),
        "lasted": Name(_lasted(largest, limit_s)),
        "answered": Share(largest.answered, largest.attempted),
        "worst": Figure(largest.worst_ms),
        "cpu": Figure(_cpu_ms(largest)),
        "worst_arrival": Name(_worst(outcome)),
    }
    return row


def _held(cell: Cell, step: Step) -> bool:
    return cell.capacity.held is not None and step.slow_clients <= cell.capacity.held


def _lasted(arrival: Arrival, limit_s: float) -> str:
    if arrival.settled:
        return figure(arrival.lasted_s)
    return f"did not come to rest within {limit_s:g} s"


def _cpu_ms(arrival: Arrival) -> float | None:
    came, cpu_s = arrival.came or 0, arrival.server_cpu_s
    return None if cpu_s is None or came < FEWEST else 1000 * cpu_s / came


def _worst(outcome: Outcome) -> str:
    """`57.3 % at 2,007`, of any step; a dash where every arrival was answered whole."""
    arrivals = [
        (one.answered / one.attempted, step.slow_clients, one)
        for cell in outcome.cells
        for step in cell.steps
        if (one := step.arrival) and one.attempted and (one.came or 0) > 0
    ]
    share, slow_clients, one = min(arrivals, key=lambda found: found[:2])
    if share == 1:
        return NOTHING
    return f"{percent(one.answered, one.attempted)} at {count(slow_clients)}"


SECTION = Section("arrivals", TITLE, blocks, short="Arrivals")
