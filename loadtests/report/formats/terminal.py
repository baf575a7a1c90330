"""What the terminal shows: one line for each finished cell, a table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from loadtests.analysis.outcomes import counts
from loadtests.catalog.stacks import HTTP1
from loadtests.records.cell import Cell
from loadtests.records.run import Run
from loadtests.records.tasks import TaskKey
from loadtests.report import blocks
from loadtests.report.blocks import Block, Source
from loadtests.report.charts.style import looks
from loadtests.report.facts import reason, sentence
from loadtests.report.prose import text
from loadtests.report.said import found
from loadtests.report.sections import (
    overview,
    rates,
    request_costs,
    self_recovery,
)
from loadtests.report.values import Value, without_note
from loadtests.report.words import visible

STACK_WIDTH = 22
SCENARIO_WIDTH = 12
BLACK = "#000000"
_WIDEST = 1000  # more than any table needs


def cell_line(cell: Cell) -> Text:
    """What was found of one cell, as soon as it is finished."""
    line = _text(_label(cell.stack, cell.scenario))
    line.append(visible(_found(cell)), style="" if counts(cell) else "yellow")
    return line


def _label(stack: str, what: str) -> str:
    return f"{stack:{STACK_WIDTH}} {what:{SCENARIO_WIDTH}}  "


def _found(cell: Cell) -> str:
    if not counts(cell):
        return f"void: {reason(cell)}"
    return found(cell)


def task_line(run: Run, task: TaskKey) -> Text:
    """What was found of a task, as soon as it is finished."""
    for cell in run.cells:
        if cell.task == task:
            return cell_line(cell)
    label = _label(task.stack, task.what)
    for failure in run.failures:
        if failure.task == task:
            why = sentence(failure.reason)
            return _text(f"{label}not measured: {why}", "yellow")
    for one in run.self_recoveries:
        if one.task == task:
            return _text(label + self_recovery.line(one))
    for rate in run.rates:
        if rate.task == task:
            return _text(label + rates.line(rate), "" if rate.valid else "yellow")
    paid = [cost for cost in run.costs if cost.task == task]
    return _text(label + request_costs.line(paid) if paid else f"{label}done")


def table(run: Run) -> RenderableType:
    """Capacity and response time of each stack under each scenario; the finding."""
    return Group(*rendered(overview.blocks(Source(run))))


def rendered(some: Iterable[Block]) -> Iterator[RenderableType]:
    """The lines and tables of some blocks."""
    for block in some:
        yield from RENDERERS[type(block)](block)


@dataclass(frozen=True)
class _Fitting:
    """A table without the columns that its terminal has no room for."""

    block: blocks.Table

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        columns = list(self.block.columns)
        shown = _drawn(self.block, columns)
        wide = options.update(max_width=_WIDEST)
        while Measurement.get(console, wide, shown).maximum > options.max_width:
            last = max(columns, key=lambda column: column.rank)
            if not last.rank:
                break
            columns.remove(last)
            shown = _drawn(self.block, columns)
        yield shown


def _table(block: blocks.Table) -> list[RenderableType]:
    return [_Fitting(block), ""]


def _drawn(block: blocks.Table, columns: Sequence[blocks.Column]) -> Table:
    shown = Table(
        box=None,
        pad_edge=False,
        title=_text(block.title, "bold"),
        title_justify="left",
        header_style="dim",
        padding=(0, 2, 0, 0),
    )
    for column in columns:
        justify: JustifyMethod = "left" if column.name else "right"
        # A long name takes two lines, so that all figures are whole.
        shown.add_column(
            column.brief, justify=justify, no_wrap=not column.name, overflow="fold"
        )
    for row in block.rows:
        shown.add_row(*(_value(row[column.key]) for column in columns))
    return shown


def _value(value: Value) -> Text:
    words = without_note(value)
    return _text(words, "bold" if value.strong else _colour(words))


def _colour(words: str) -> str:
    """A stack's own, as in the charts; black could not be seen on black."""
    look = looks(HTTP1).get(words)
    return look.colour if look and look.colour != BLACK else ""


def _points(block: blocks.Points) -> list[RenderableType]:
    if block.look == "indented":
        return [*(_text(f"  {text(item)}") for item in block.items), ""]
    return [_text(text(item)) for item in block.items]


def _text(words: str, style: str = "") -> Text:
    """Words as themselves: neither the terminal nor rich takes them for commands."""
    return Text(visible(words), style=style)


RENDERERS: dict[type[Block], Callable[[Any], list[RenderableType]]] = {
    blocks.Table: _table,
    blocks.Text: lambda block: [_text(text(block.said))],
    blocks.Points: _points,
    blocks.Heading: lambda block: [_text(block.title, "bold")],
}
