"""How many slow clients it takes: predicted and measured, for each stack."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.predictions import REFUTED
from loadtests.catalog.scenarios import SCENARIOS, in_order
from loadtests.records.run import Run
from loadtests.report import said
from loadtests.report.blocks import (
    Block,
    Chart,
    Column,
    Folded,
    Heading,
    Reasons,
    Section,
    Source,
    Table,
    Text,
)
from loadtests.report.charts import drawing
from loadtests.report.prose import prose
from loadtests.report.sections import application, finding
from loadtests.report.sections.matrix import by_scenario, matrix
from loadtests.report.values import At, Count, Judged, Name, Predicted, Value
from loadtests.report.words import NOTHING, count, listed

TITLE = "How many slow clients it takes"
LEAD = (
    "The predictions come from each stack's counts and from the source of its server, "
    "not from this run. A cell marked ≠ was measured otherwise."
)
UNKNOWN = (
    "The search began with one slow client, doubled their number, and then bisected."
)
NOTE = (
    "*degrades at*: the fewest slow clients with which under 99 % of healthy requests "
    "were answered within the deadline. *out at*: the fewest with under 1 %. *held*: "
    "the most up to which every step stayed at 99 % or more. A range is predicted "
    "where slow clients fall unevenly among the workers."
)
EVIDENCE = (
    "*ran out*: what a worker had none left of when the stack degraded. The evidence "
    "is what each process held at that moment: connections, descriptors, and those "
    "that waited to be accepted."
)
DOES = "What a slow client does under each scenario"
UNEVEN = "How slow clients fell among the workers"
UNEVEN_NOTE = (
    "Connections of each worker at the largest step that was held, shown where one "
    "worker had at least a quarter more than an even share. The first worker that is "
    "full is where harm begins."
)
UNEVEN_FROM = 1.25
FEWEST = 8  # connections; of fewer, one more is a large part
COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("held", "held"),
    Column("degrades_at", "degrades at"),
    Column("predicted_first", "predicted"),
    Column("out_at", "out at"),
    Column("predicted", "predicted"),
    Column("ran_out", "ran out"),
    Column("predicted_ran_out", "predicted"),
    Column("verdict", "prediction"),
)
SUPPLIES = ("ran_out", "predicted_ran_out")  # not known of runs of format 1
PREDICTIONS = ("predicted_first", "predicted", "predicted_ran_out")


def blocks(source: Source) -> Sequence[Block]:
    shown, run = matrix(source.run), source.run
    if not shown.rows:
        return []
    said_first = finding.predictions(run)
    found: list[Block] = [Text(said_first)] if said_first else []
    if picture := drawing.capacity(run):
        found.append(Chart(picture, "How many slow clients it takes, chart"))
    lead = LEAD if _predicted(run) else UNKNOWN
    found += [Text(prose(lead)), shown, Text(prose(NOTE), "note")]
    figures, spread = table(run), uneven(run)
    if any(column.key in SUPPLIES for column in figures.columns):
        found.append(Text(prose(EVIDENCE), "note"))
    if spread.rows:
        found += [Heading(UNEVEN), spread, Text(prose(UNEVEN_NOTE), "note")]
    if figures.rows:
        found.append(Folded("All figures", [figures]))
    if described := scenarios(run):
        found.append(Reasons(DOES, described))
    if given := reasons(run):
        found.append(Reasons("Why each was predicted", given))
    return found


def _predicted(run: Run) -> bool:
    """Whether anything was."""
    return any(outcome.predicted for outcome in by_scenario(run))


def scenarios(run: Run) -> dict[str, str]:
    """What a slow client does under each scenario that the catalog has."""
    found = in_order({o.scenario for o in by_scenario(run)})
    return {s: application.does(run, s) for s in found if s in SCENARIOS}


def table(run: Run) -> Table:
    found = by_scenario(run)
    known = any(said.ran_out(o) or said.predicted_ran_out(o) for o in found)
    left_out = {
        *(() if known else SUPPLIES),
        *(() if _predicted(run) else PREDICTIONS),
    }
    columns = [c for c in COLUMNS if c.key not in left_out]
    return Table(TITLE, columns, [_row(o) for o in found])


def uneven(run: Run) -> Table:
    """The connections of each worker, where one had many more than another."""
    columns = (
        Column("scenario", "scenario", name=True),
        Column("stack", "stack", name=True),
        Column("slow_clients", "slow clients"),
        Column("by_worker", "connections of each worker"),
    )
    rows: list[dict[str, Value]] = [
        {
            "scenario": Name(o.scenario),
            "stack": Name(o.stack),
            "slow_clients": Count(step.slow_clients),
            "by_worker": Name(" + ".join(map(count, step.by_worker))),
        }
        for o in by_scenario(run)
        for step in o.steps
        if step.slow_clients == o.held.middle and _uneven(step.by_worker)
    ]
    return Table(UNEVEN, columns, rows)


def _uneven(by_worker: Sequence[int]) -> bool:
    even = sum(by_worker) / max(1, len(by_worker))
    return sum(by_worker) >= FEWEST and max(by_worker) >= UNEVEN_FROM * even


def _row(o: Outcome) -> dict[str, Value]:
    return {
        "scenario": Name(o.scenario),
        "stack": Name(o.stack),
        "predicted_first": Predicted(o.predicted_first),
        "degrades_at": At(o.degrades_at),
        "predicted": Predicted(o.predicted),
        "out_at": At(o.out_at, strong=o.out),
        "held": At(o.held),
        "ran_out": Name(said.ran_out(o) or NOTHING),
        "predicted_ran_out": Name(said.predicted_ran_out(o) or NOTHING),
        "verdict": Judged(o, strong=o.verdict == REFUTED),
    }


def reasons(run: Run) -> dict[str, str]:
    """Why each prediction was made, by the stacks for which it was made."""
    found: dict[str, dict[str, list[str]]] = {}
    for o in by_scenario(run):
        if because := o.cells[0].capacity.predicted_because:
            found.setdefault(because, {}).setdefault(o.stack, []).append(o.scenario)
    every = {o.scenario for o in by_scenario(run)}
    return {
        "; ".join(_given(stack, where, every) for stack, where in stacks.items()): why
        for why, stacks in found.items()
    }


def _given(stack: str, scenarios: list[str], every: set[str]) -> str:
    return stack if set(scenarios) == every else f"{stack} ({listed(scenarios)})"


SECTION = Section("capacity", TITLE, blocks, short="How many it takes")
