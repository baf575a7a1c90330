"""What a terminal has room for: the table of all stacks, void cells, the finding."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import void_cells
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Points, Source, Text
from loadtests.report.facts import reason
from loadtests.report.prose import Prose, prose
from loadtests.report.sections import finding, summary
from loadtests.report.words import amount


def blocks(source: Source) -> Sequence[Block]:
    """Of no section of a report: this is the whole report of the terminal."""
    run, shown = source.run, summary.table(source.run)
    held: list[Block] = []
    if shown.rows:
        held = [shown, *summary.brief(run, shown), Text(())]
    return [*held, *_void(run), Points(_sentences(run))]


def _void(run: Run) -> list[Block]:
    void = void_cells(run)
    if not void:
        return []
    named = [(f"{c.stack} {c.scenario} {c.repeat}", reason(c)) for c in void]
    said = f"Void, and not in the table: {amount(len(void), 'cell')}."
    return [
        Text(prose(said)),
        Points([prose("{}: {}", who, why) for who, why in named], "indented"),
    ]


def _sentences(run: Run) -> list[Prose]:
    stopped = finding.incomplete(run)
    return [*([prose("{}", stopped)] if stopped else []), *finding.points(run)]
