"""Void and doubtful cells: what does not count, what counts with a warning, and why."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import counts, void_cells
from loadtests.catalog.scenarios import in_order
from loadtests.records.cell import Cell
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Heading, Points, Section, Source, Text
from loadtests.report.facts import doubts, reason, sentence, sentences
from loadtests.report.prose import Mark, Prose, prose

TITLE = "Void and doubtful cells"
WHO = "who"
Doubt = tuple[str, str]  # of what, and why


def blocks(source: Source) -> Sequence[Block]:
    found: list[Block] = []
    if left_out := void(source.run):
        said = prose("These cells are left out of everything above.")
        found += [Heading("Void"), Text(said), _points(left_out)]
    if warned := [*warnings(source.run), *beside_the_cells(source.run)]:
        found += [Heading("Counted, with a warning"), _points(warned)]
    return found


def _points(found: list[Doubt]) -> Points:
    return Points([_point(who, why) for who, why in found])


def _point(who: str, why: str) -> Prose:
    return (Mark(WHO, who), ": ", why)


def void(run: Run) -> list[Doubt]:
    return [(_name(cell), reason(cell)) for cell in void_cells(run)]


def warnings(run: Run) -> list[Doubt]:
    """Of each stack, and of all its cells with the same warning, one line."""
    same: dict[tuple[str, str], list[Cell]] = {}
    for cell in run.cells:
        for said in doubts(cell) if counts(cell) else ():
            same.setdefault((cell.stack, said), []).append(cell)
    return [(_names(cells), said) for (_, said), cells in sorted(same.items())]


def beside_the_cells(run: Run) -> list[Doubt]:
    """What else could not be measured or is to be doubted."""
    held = [
        (f"{one.stack}, {one.scenario}, at capacity", said)
        for one in run.self_recoveries
        if (said := sentences([*one.faults, *one.doubts]))
    ]
    failed = [(one.task.name, sentence(one.reason)) for one in run.failures]
    whole = [("the run", sentence(doubt)) for doubt in run.doubts]
    return [*held, *failed, *whole]


def _name(cell: Cell) -> str:
    return f"{cell.stack}, {cell.scenario}, repeat {cell.repeat}"


def _names(cells: list[Cell]) -> str:
    if len(cells) == 1:
        return _name(cells[0])
    under = in_order(cell.scenario for cell in cells)
    return f"{cells[0].stack}, {len(cells)} cells ({', '.join(under)})"


SECTION = Section("doubts", TITLE, blocks)
