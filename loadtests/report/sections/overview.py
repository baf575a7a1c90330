"""What a terminal has room for: a table for each scenario, void cells, the finding."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import Outcome, void_cells
from loadtests.analysis.predictions import REFUTED
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Column, Points, Source, Table, Text
from loadtests.report.facts import reason
from loadtests.report.prose import Prose, prose
from loadtests.report.said import ran_out
from loadtests.report.sections import finding
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.values import AnsweredAt, Change, Count, Name, Predicted, Value
from loadtests.report.words import NOTHING, amount

COLUMNS = (
    Column("stack", "", name=True),
    Column("out_at", "out at"),
    Column("predicted", "predicted"),
    Column("degrades_at", "degrades at"),
    Column("answered", "answered"),
    Column("p50", "p50, ms"),
)


# Of runs in which each stack was measured until it was harmed.
TO_THE_END = (
    Column("stack", "", name=True),
    Column("held", "held"),
    Column("degrades_at", "degrades"),
    Column("predicted_first", "predicted"),
    Column("out_at", "out"),
    Column("ran_out", "ran out"),
)


def blocks(source: Source) -> Sequence[Block]:
    """Of no section of a report: this is the whole report of the terminal."""
    return [*tables(source.run), *_void(source.run), Points(_sentences(source.run))]


def tables(run: Run) -> list[Table]:
    found = by_scenario(run)
    return [
        Table(
            scenario, _columns(run), [_row(o) for o in found if o.scenario == scenario]
        )
        for scenario in dict.fromkeys(o.scenario for o in found)
    ]


def _columns(run: Run) -> Sequence[Column]:
    return COLUMNS if run.method.arrive_per_s is None else TO_THE_END


def _row(o: Outcome) -> dict[str, Value]:
    return {
        "stack": Name(o.stack),
        "out_at": Count(o.out_at.middle, strong=True),
        "predicted": Predicted(o.predicted, missed=o.verdict == REFUTED),
        "degrades_at": Count(o.degrades_at.middle),
        "held": Count(o.held.middle),
        "predicted_first": Predicted(
            o.predicted_first or o.predicted, missed=o.verdict == REFUTED
        ),
        "ran_out": Name(ran_out(o) or NOTHING),
        "answered": AnsweredAt(o.last),
        "p50": Change(o.baseline.p50_ms if o.baseline else None, o.last.p50_ms),
    }


def _void(run: Run) -> list[Block]:
    void = void_cells(run)
    if not void:
        return []
    named = [(f"{c.stack} {c.scenario} {c.repeat}", reason(c)) for c in void]
    said = f"Void, and not in the tables: {amount(len(void), 'cell')}."
    return [
        Text(prose(said)),
        Points([prose("{}: {}", who, why) for who, why in named], "indented"),
    ]


def _sentences(run: Run) -> list[Prose]:
    stopped = finding.incomplete(run)
    return [*([prose("{}", stopped)] if stopped else []), *finding.points(run)]
