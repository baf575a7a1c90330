"""How long each server waits for a client that is slow: the phase map beside a run."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.report import phase_map
from loadtests.report.blocks import Block, Folded, Section, Source, Text
from loadtests.report.prose import prose


def blocks(source: Source) -> Sequence[Block]:
    found = source.beside.phases
    if found is None or not found.ended:
        return []
    table = phase_map.table(found, options=True)
    return [
        Text(prose("{}", phase_map.summary(found))),
        Folded(phase_map.TITLE, [table, Text(prose("{}", phase_map.LEGEND), "note")]),
    ]


SECTION = Section("waits", phase_map.TITLE, blocks, short="Who waits how long")
