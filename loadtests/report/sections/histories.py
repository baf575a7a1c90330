"""The history of each cell: arriving, holding and leaving by half seconds."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.report.blocks import Block, Section, Source
from loadtests.report.charts.history import Strip, strip
from loadtests.report.prose import prose
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.special_blocks import Histories

TITLE = "Each cell, second by second"
LEAD = (
    "From the first healthy request to the leaving of the slow clients, by half "
    "seconds. Darker stretches are *arriving*: slow clients come, and the server gets "
    "time to rest. White stretches are *holding*: only there healthy requests count. "
    "A number above a stretch is how many slow clients were held. A red mark is an "
    "event, which its tooltip names. Of repeats, the first is drawn."
)


def blocks(source: Source) -> Sequence[Block]:
    drawn: dict[str, list[Strip]] = {}
    for outcome in by_scenario(source.run):
        if one := strip(outcome, source.run.method.deadline_s):
            drawn.setdefault(outcome.scenario, []).append(one)
    return [Histories(prose(LEAD), drawn)] if drawn else []


SECTION = Section("histories", TITLE, blocks, short="Second by second")
