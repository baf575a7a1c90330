"""Recovery: after the slow clients leave, and by a stack's own timeouts."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.records.run import Run
from loadtests.report.blocks import Block, Column, Glance, Section, Source, Table, Text
from loadtests.report.prose import joined, prose
from loadtests.report.sections import self_recovery
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.values import Name, Seconds, Value

TITLE = "Recovery"
LEAD = "How long it takes until all healthy requests are answered again."
NOTE = "Counted from the moment at which the slow clients leave by themselves."
DASH = "A dash: unharmed, or not measured."
COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("recovered", "until all are answered again"),
)


def blocks(source: Source) -> Sequence[Block]:
    shown = table(source.run)
    found: list[Block] = []
    if shown.rows:
        note = joined([prose(NOTE), prose(DASH)])
        found += [Text(prose(LEAD)), Glance(shown, {TITLE: "recovered"}, note=note)]
    return [*found, *self_recovery.blocks(source.run)]


def table(run: Run) -> Table:
    rows: list[dict[str, Value]] = [
        {
            "scenario": Name(o.scenario),
            "stack": Name(o.stack),
            "recovered": Seconds(
                o.recovery_s, run.method.release_s, digits=2, never="not within"
            ),
        }
        for o in by_scenario(run)
        if not o.unharmed
    ]
    return Table(TITLE, COLUMNS, rows)


SECTION = Section("recovery", TITLE, blocks)
