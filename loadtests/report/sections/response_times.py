"""Response times of healthy requests: the baseline, what was held, the last step."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.analysis.steps import PERCENTILES
from loadtests.records.cell import Step
from loadtests.records.run import Run
from loadtests.report.blocks import (
    Block,
    Chart,
    Column,
    Folded,
    Section,
    Source,
    Table,
    Text,
)
from loadtests.report.charts import drawing
from loadtests.report.prose import prose
from loadtests.report.sections import changed_times
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.values import Answered, Count, Name, Percentile, Value

TITLE = "Response times of healthy requests"
NOTE = (
    "Rows are the baseline, the largest step that was held, and the last step. An "
    "unanswered request counts as slower than every answered one. A dash: under 10 "
    "requests lie beyond that percentile. In brackets: 95 % intervals. A question "
    "mark: the times of a repeat are doubtful, for the reason given below."
)
COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("slow_clients", "slow clients"),
    Column("answered", "answered"),
    *(Column(f"p{p}", f"p{p}, ms") for p in PERCENTILES),
)
MOST_OPEN = 16  # rows; a longer table is folded away


def blocks(source: Source) -> Sequence[Block]:
    shown = table(source.run)
    if not shown.rows:
        return []
    said = changed_times.response_time(outcomes(source.run))
    found: list[Block] = [Text(said)] if said else []
    if picture := drawing.distributions(source.run):
        found.append(Chart(picture, "Distributions of response times, chart"))
    few = len(shown.rows) <= MOST_OPEN
    note = Text(prose(NOTE), "note")
    return [*found, Folded("All response times", [shown, note], open=few)]


def table(run: Run) -> Table:
    rows = [
        _row(outcome, step, run.method.deadline_s)
        for outcome in by_scenario(run)
        for step in _telling_steps(outcome)
    ]
    return Table(TITLE, COLUMNS, rows)


def _row(outcome: Outcome, step: Step, deadline_s: float) -> dict[str, Value]:
    return {
        "scenario": Name(outcome.scenario),
        "stack": Name(outcome.stack, outcome.doubtful),
        "slow_clients": Count(step.slow_clients),
        "answered": Answered(step),
        **{f"p{p}": Percentile(step, p, deadline_s) for p in PERCENTILES},
    }


def _telling_steps(outcome: Outcome) -> list[Step]:
    wanted = (
        *(outcome.baseline, outcome.largest_timed),
        *(outcome.largest_held, outcome.last),
    )
    by_number = {step.slow_clients: step for step in wanted if step}
    return [by_number[number] for number in sorted(by_number)]


SECTION = Section("response-times", TITLE, blocks, short="Response times")
