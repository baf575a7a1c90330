"""The sections of a report, in order. Whoever adds one adds its line here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadtests.report.blocks import Block, Section, Source
from loadtests.report.sections import (
    advice,
    application,
    arrivals,
    calls,
    capacity,
    claims,
    commands,
    costs,
    doubts,
    fates,
    histories,
    machine,
    method,
    overload,
    rate_overload,
    rates,
    recovery,
    response_times,
    summary,
    sweep,
    waits,
)

# What a reader sees before anything is scrolled; the contents come after these.
FIRST_SCREEN = [summary.SECTION, advice.SECTION]
SECTIONS: list[Section] = [
    *FIRST_SCREEN,
    application.SECTION,
    sweep.SECTION,
    capacity.SECTION,
    overload.SECTION,
    rates.SECTION,
    rate_overload.SECTION,
    response_times.SECTION,
    arrivals.SECTION,
    costs.SECTION,
    fates.SECTION,
    recovery.SECTION,
    waits.SECTION,
    histories.SECTION,
    calls.SECTION,
    claims.SECTION,
    doubts.SECTION,
    method.SECTION,
    machine.SECTION,
    commands.SECTION,
]


def filled(source: Source) -> Iterator[tuple[Section, Sequence[Block]]]:
    """The sections for which the source has data, with their blocks."""
    for section in SECTIONS:
        if blocks := section.blocks(source):
            yield section, blocks
