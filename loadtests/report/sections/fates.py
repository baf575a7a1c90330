"""What became of the slow clients themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from loadtests.records.cell import Fates
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
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.sections.response_times import MOST_OPEN
from loadtests.report.values import Count, Name, Value
from loadtests.report.words import NOTHING, count, listed

TITLE = "What became of the slow clients"
NOTE = (
    "The table counts visits. A slow client that is dropped comes back for another "
    "visit. *held*: the client was still connected when it left by itself, whether or "
    "not a worker had accepted it."
)
OTHERS_HELD = "All other stacks held every slow client until it left."
ALL_HELD = "Every stack held every slow client until it left."


def blocks(source: Source) -> Sequence[Block]:
    shown = table(source.run)
    if not shown.rows:
        return []
    picture = drawing.fates(source.run)
    found: list[Block] = [Text(prose(ALL_HELD))]
    if picture:
        chart = Chart(picture, "Fates, chart", "fates")
        found = [chart, Text(prose(OTHERS_HELD), "note")]
    few = len(shown.rows) <= MOST_OPEN
    note = Text(prose(NOTE), "note")
    return [*found, Folded("All fates", [shown, note], open=few)]


def table(run: Run) -> Table:
    names = [field.name for field in dataclasses.fields(Fates)]
    first = [Column(name, name, name=True) for name in ("scenario", "stack")]
    rows: list[dict[str, Value]] = [
        {
            "scenario": Name(o.scenario),
            "stack": Name(o.stack),
            **{name: Count(getattr(o.fates, name) or None) for name in names},
        }
        for o in by_scenario(run)
        if o.visits
    ]
    return Table(TITLE, [*first, *(Column(name, name) for name in names)], rows)


def listed_fates(fates: Fates) -> str:
    """`2 reset and 14 held`."""
    some = [
        f"{count(number)} {name}"
        for name, number in dataclasses.asdict(fates).items()
        if number
    ]
    return listed(some) or NOTHING


SECTION = Section("fates", TITLE, blocks, short="Fates")
