"""What healthy requests meet when a stack is out: a queue, a refusal, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.records.cell import Step
from loadtests.records.run import Run
from loadtests.report.blocks import (
    Block,
    Column,
    Folded,
    Points,
    Section,
    Source,
    Table,
    Text,
)
from loadtests.report.prose import prose
from loadtests.report.sections.groups import by_words
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.values import Count, Name, Share, Value

TITLE = "What healthy requests meet when a stack is out"
NOTE = (
    "At the fewest slow clients with which the stack was out. *queued*: the connection "
    "stands, and no answer comes within the deadline. *dropped*: the connection is "
    "refused, reset, or closed without an answer. *refused*: the answer is an error, "
    "most often 503. Few servers add Retry-After, which tells a client when to come "
    "again."
)


@dataclass(frozen=True)
class Way:
    """A way to be lost, by the ways that a record tells apart (LOST)."""

    key: str
    said: str
    of: tuple[str, ...]

    def number(self, step: Step) -> int:
        return sum(step.lost.get(how, 0) for how in self.of)


WAYS = (
    Way("queued", "requests wait in vain", ("late",)),
    Way("dropped", "connections are dropped", ("reset", "closed", "refused")),
    Way("refused", "requests are answered with an error", ("rejected",)),
    Way(
        "for_now",
        "requests are answered with an error and Retry-After",
        ("rejected-for-now",),
    ),
    Way("wrong", "requests are answered wrong", ("malformed", "wrong")),
)
_HEADINGS = {"for_now": "with Retry-After"}


def blocks(source: Source) -> Sequence[Block]:
    out = [o for o in by_scenario(source.run) if o.when_out]
    if not out:
        return []
    groups = by_words(out, out, _mostly)
    points = [
        prose(
            "{}: {}{}.", group.what[0].upper() + group.what[1:], group.who, group.where
        )
        for group in groups
    ]
    note = Text(prose(NOTE), "note")
    return [Points(points), Folded("All figures", [table(source.run), note])]


def _mostly(outcome: Outcome) -> tuple[int, str]:
    step = outcome.when_out
    numbers = [way.number(step) if step else 0 for way in WAYS]
    first = numbers.index(max(numbers))
    return first, WAYS[first].said


def table(run: Run) -> Table:
    rows = [_row(o, step) for o in by_scenario(run) if (step := o.when_out)]
    met = [way for way in WAYS if any(_is_met(row, way) for row in rows)]
    columns = [
        Column("scenario", "scenario", name=True),
        Column("stack", "stack", name=True),
        Column("slow_clients", "slow clients"),
        *(Column(way.key, _HEADINGS.get(way.key, way.key)) for way in met),
    ]
    return Table(TITLE, columns, rows)


def _is_met(row: Mapping[str, Value], way: Way) -> bool:
    share = row[way.key]
    return isinstance(share, Share) and share.part > 0


def _row(outcome: Outcome, step: Step) -> dict[str, Value]:
    return {
        "scenario": Name(outcome.scenario),
        "stack": Name(outcome.stack),
        "slow_clients": Count(step.slow_clients),
        **{way.key: Share(way.number(step), step.attempted) for way in WAYS},
    }


SECTION = Section("overload", TITLE, blocks, short="When it is out")
