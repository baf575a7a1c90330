"""How many slow clients it takes: predicted and measured, for each stack."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.predictions import REFUTED
from loadtests.records.run import Run
from loadtests.report.blocks import (
    Block,
    Chart,
    Column,
    Folded,
    Reasons,
    Section,
    Source,
    Table,
    Text,
)
from loadtests.report.charts import drawing
from loadtests.report.prose import prose
from loadtests.report.sections.matrix import by_scenario, matrix
from loadtests.report.values import At, Judged, Name, Predicted, Value
from loadtests.report.words import listed

TITLE = "How many slow clients it takes"
LEAD = (
    "The predictions come from each stack's counts and from the source of its server, "
    "not from this run. A cell marked ≠ was measured otherwise."
)
NOTE = (
    "*degrades at*: the first step at which under 99 % of healthy requests were "
    "answered within the deadline. *out at*: the first step with under 1 %. *held*: "
    "the largest step up to which every step stayed at 99 % or more. The first step at "
    "or above a prediction confirms it."
)
COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("predicted_first", "predicted to degrade at"),
    Column("degrades_at", "degrades at"),
    Column("predicted", "predicted out at"),
    Column("out_at", "out at"),
    Column("held", "held"),
    Column("verdict", "prediction"),
)


def blocks(source: Source) -> Sequence[Block]:
    shown, run = matrix(source.run), source.run
    if not shown.rows:
        return []
    found: list[Block] = [Text(prose(LEAD)), shown, Text(prose(NOTE), "note")]
    picture, figures = drawing.capacity(run), table(run)
    if picture and figures.rows:
        chart = Chart(picture, "Capacities, chart")
        found.append(Folded("The same as a chart, and all figures", [chart, figures]))
    if given := reasons(run):
        found.append(Reasons("Why each was predicted", given))
    return found


def table(run: Run) -> Table:
    return Table(TITLE, COLUMNS, [_row(o) for o in by_scenario(run)])


def _row(o: Outcome) -> dict[str, Value]:
    return {
        "scenario": Name(o.scenario),
        "stack": Name(o.stack),
        "predicted_first": Predicted(o.predicted_first),
        "degrades_at": At(o.degrades_at),
        "predicted": Predicted(o.predicted),
        "out_at": At(o.out_at, strong=o.out),
        "held": At(o.held),
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
