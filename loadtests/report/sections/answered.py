"""At a glance: the share of healthy requests answered, by number of slow clients."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.report.blocks import Block, Section, Source, Text
from loadtests.report.charts import drawing
from loadtests.report.prose import prose
from loadtests.report.sections import smalls
from loadtests.report.special_blocks import Smalls

LEAD = (
    "The share of healthy requests answered within {} s, by the number of slow clients "
    "that were connected. The axis is logarithmic."
)
KEY = (
    "Triangles mark where a stack was predicted to be out; two joined triangles mark a "
    "range. Squares and dashes are WSGI. Circles and solid lines are ASGI. Lines are "
    "drawn slightly apart, so that equal ones can be told apart."
)


def blocks(source: Source) -> Sequence[Block]:
    plots = smalls.answered(source.run)
    if not plots:
        return []
    charts = drawing.answered(source.run)
    return [
        Text(prose(LEAD, f"{source.run.method.deadline_s:g}")),
        Text(prose(KEY), "note"),
        Smalls(plots, [charts[small.scenario] for small in plots]),
    ]


SECTION = Section(
    "answered",
    "Healthy requests answered beside slow clients",
    blocks,
    short="At a glance",
)
