"""What the terminal shows: one line for each finished cell, a table at the end."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from loadtests.analysis.outcomes import Outcome, counts, void_cells
from loadtests.analysis.predictions import (
    CONFIRMED,
    REFUTED,
    predicted_out,
    verdict,
)
from loadtests.records.run import Cell, Run, Step, TaskKey
from loadtests.report.facts import reason, sentence
from loadtests.report.said import NEVER, prediction
from loadtests.report.sections import request_costs, self_recovery
from loadtests.report.sections.finding import incomplete, sentences
from loadtests.report.sections.matrix import by_scenario
from loadtests.report.words import NOTHING, amount, count, figure, percent, plain

STACK_WIDTH = 22
SCENARIO_WIDTH = 12


def cell_line(cell: Cell) -> Text:
    """What was found of one cell, as soon as it is finished."""
    line = Text(_label(plain(cell.stack), plain(cell.scenario)))
    line.append(_found(cell), style="" if counts(cell) else "yellow")
    return line


def _label(stack: str, what: str) -> str:
    return f"{stack:{STACK_WIDTH}} {what:{SCENARIO_WIDTH}}  "


def _found(cell: Cell) -> str:
    if not counts(cell):
        return f"void: {reason(cell)}"
    capacity = cell.capacity
    predicted = predicted_out(capacity)
    expected = f"(predicted {prediction(predicted)})"
    if predicted.never:
        right = verdict(cell) == CONFIRMED
        expected = "(as predicted)" if right else f"(predicted: {NEVER})"
    if capacity.out_at is not None:
        return f"out at {amount(capacity.out_at, 'slow client')} {expected}"
    top = amount(cell.steps[-1].slow_clients, "slow client")
    if capacity.degrades_at is not None:
        return f"degraded at {count(capacity.degrades_at)}, not out at {top} {expected}"
    return f"unharmed up to {count(cell.steps[-1].slow_clients)} {expected}"


def task_line(run: Run, task: TaskKey) -> Text:
    """What was found of a task, as soon as it is finished."""
    for cell in run.cells:
        if cell.task == task:
            return cell_line(cell)
    label = _label(plain(task.stack), plain(task.what))
    for failure in run.failures:
        if failure.task == task:
            why = sentence(failure.reason)
            return Text(f"{label}not measured: {why}", style="yellow")
    for one in run.self_recoveries:
        if one.task == task:
            return Text(label + self_recovery.line(one))
    paid = [cost for cost in run.costs if cost.task == task]
    return Text(label + request_costs.line(paid) if paid else f"{label}done")


def table(run: Run) -> RenderableType:
    """Capacity and response time of each stack under each scenario; the finding."""
    parts: list[RenderableType] = []
    for scenario in dict.fromkeys(o.scenario for o in by_scenario(run)):
        parts.append(_scenario_table(run, scenario))
        parts.append("")
    void = void_cells(run)
    if void:
        parts.append(Text(f"Void, and not in the tables: {amount(len(void), 'cell')}."))
        parts += [Text(f"  {_named(cell)}: {reason(cell)}") for cell in void]
        parts.append("")
    said = [s for s in (incomplete(run), *sentences(run)) if s]
    parts += [Text(plain(sentence)) for sentence in said]
    return Group(*parts)


def _named(cell: Cell) -> str:
    return f"{plain(cell.stack)} {plain(cell.scenario)} {cell.repeat}"


def _scenario_table(run: Run, scenario: str) -> Table:
    table = Table(
        box=None,
        pad_edge=False,
        title=Text(plain(scenario), style="bold"),
        title_justify="left",
        header_style="dim",
        padding=(0, 1, 0, 0),
    )
    table.add_column("", min_width=STACK_WIDTH, no_wrap=True)
    for heading in ("out at", "predicted", "degrades at", "answered", "p50, ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    for outcome in by_scenario(run):
        if outcome.scenario == scenario:
            table.add_row(*_row(outcome))
    return table


def _row(outcome: Outcome) -> list[Text]:
    last = outcome.last
    missed = outcome.verdict == REFUTED
    return [
        Text(plain(outcome.stack)),
        Text(_short(outcome.out_at.middle), style="bold"),
        Text(
            prediction(outcome.predicted) + (" !" if missed else ""),
            "yellow" if missed else "",
        ),
        Text(_short(outcome.degrades_at.middle)),
        Text(f"{percent(last.answered, last.attempted)} at {count(last.slow_clients)}"),
        Text(f"{_p50(outcome.baseline)} -> {_p50(last)}"),
    ]


def _short(level: int | None) -> str:
    return NOTHING if level is None else count(level)


def _p50(step: Step | None) -> str:
    return figure(step.p50_ms if step else None)
