"""What a terminal has room for: all stacks in one table, what to deploy, the rest."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import void_cells
from loadtests.analysis.summary import ENOUGH
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Heading, Points, Source, Text
from loadtests.report.facts import reason
from loadtests.report.prose import Prose, prose, stack, stacks
from loadtests.report.sections import advice, finding, rates, summary
from loadtests.report.special_blocks import Advised
from loadtests.report.words import amount, count

FIRST = "First: the cheapest of those that hold at least half of the best."


def blocks(source: Source) -> Sequence[Block]:
    """Of no section of a report: this is the whole report of the terminal."""
    run, shown = source.run, summary.table(source.run)
    held: list[Block] = []
    if shown.rows:
        held = [shown, *summary.brief(run, shown), Text(())]
    if run.rates:
        held += [rates.table(run), Text(())]
    return [*held, *_what_to_deploy(run), *_void(run), Points(_sentences(run))]


def _what_to_deploy(run: Run) -> list[Block]:
    chosen = [_chosen(one) for one in advice.advice(run)]
    if not chosen:
        return []
    return [Heading(advice.TITLE), Text(prose(FIRST)), Points(chosen), Text(())]


def _chosen(one: Advised) -> Prose:
    """A situation, and the stacks to choose in it."""
    if one.supported is None:
        return prose("{}: none of these held {} or more.", one.name, count(ENOUGH))
    figure, (first, *others) = one.supported.figure, one.supported.stacks
    if not others or one.start is None:
        some = stacks([first, *others])
        return prose("{}: {} ({}).", one.name, some, figure)
    also = stacks(others)
    return prose("{}: {}, also {} ({}).", one.name, stack(one.start.said), also, figure)


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
