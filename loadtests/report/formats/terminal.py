"""What the terminal shows: one line for each finished cell, a table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rich.console import Group, RenderableType
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
from loadtests.report.formats.fitting import Fitting
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


def _table(block: blocks.Table) -> list[RenderableType]:
    rows = [{key: _value(value) for key, value in row.items()} for row in block.rows]
    return [Fitting(visible(block.title), block.columns, rows), ""]


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
