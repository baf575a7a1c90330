"""A page as large as that of a full run, and its colours."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

from loadtests.records.cell import Cell
from loadtests.records.run import Run
from tests import recorded, runs

BLOCKED = {0: 150, 1: 150, 2: 0, 512: 0}


def whole() -> Run:
    """As large as a full run: 8 stacks, 6 scenarios, 3 repeats, and two doubts."""
    cells = itertools.chain(_most(), _rest())
    return runs.run(map(_with_history, cells), profile="full")


def _with_history(cell: Cell) -> Cell:
    """With a history and distributions, where that is the first of a stack."""
    if (cell.scenario, cell.repeat) != ("slow-body", 1):
        return cell
    first, *rest = recorded.timed(cell.stack, 1.0, 3.0).steps[:2]
    steps = [first, *rest, *cell.steps[1:]]
    return dataclasses.replace(cell, history=recorded.HISTORY, steps=steps)


def _most() -> Iterator[Cell]:
    for number, cell in enumerate(runs.full().cells):
        if number in (3, 4):
            busy = runs.facts(f"busy {number}")
            yield dataclasses.replace(cell, valid=number > 3, faults=busy)
        else:
            yield cell


def _rest() -> Iterator[Cell]:
    for cell in runs.full().cells:
        if cell.scenario == "idle":
            yield dataclasses.replace(cell, scenario="handler-wait")
            stack, repeat = cell.stack, cell.repeat
            yield runs.cell(
                stack, "loop-block", repeat=repeat, answered=BLOCKED, predicted=2
            )


def contrast(one: str, other: str) -> float:
    """After WCAG 2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
