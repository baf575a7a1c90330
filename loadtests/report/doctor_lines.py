"""What `make doctor` says in the terminal, as it goes and at last."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text as Line

from loadtests.analysis.diagnosis import Examined, Trial, is_sound
from loadtests.catalog.remedies import Remedy
from loadtests.records.cell import Cell
from loadtests.report.causes import MENDED_IN_THE_APP, because, held
from loadtests.report.doctor import headline
from loadtests.report.prose import prose, text
from loadtests.report.words import count, visible


def told(found: Examined) -> RenderableType:
    """For the terminal, as soon as the server was measured: a line a scenario."""
    stack = found.cells[0].stack if found.cells else ""
    width = max((len(cell.scenario) for cell in found.cells), default=0)
    short = {one.scenario for one in found.findings}
    lines = [Line("Diagnosis", "bold")]
    for cell in found.cells:
        words = f"  {cell.scenario:{width}}  {found_of(cell)}"
        lines.append(Line(visible(words), "yellow" if cell.scenario in short else ""))
    said = dict.fromkeys(text(because(one, stack)) for one in found.findings)
    return Group(*lines, *(Line(visible(words)) for words in said))


def found_of(cell: Cell) -> str:
    """`holds 15, stops at 16`, or that it is not known."""
    if not cell.valid:
        return "not known, because the cell is void"
    at = cell.capacity
    stops = f", stops at {count(at.out_at)}" if at.out_at is not None else ""
    return f"holds {held(cell)}{stops}"


def change(remedy: Remedy) -> str:
    """What is added: `--threads=64`, or a limit of descriptors."""
    if remedy.nofile:
        return f"ulimit -n {remedy.nofile}"
    return " ".join(f"--{option.name}={option.value}" for option in remedy.options)


def told_of(trial: Trial, need: int) -> RenderableType:
    """For the terminal: what a change did."""
    lines = [
        Line(
            f"  {one.before.scenario}: {found_of(one.after)}, and "
            f"{held(one.before)} before",
            "" if is_sound(one.after, need) else "yellow",
        )
        for one in trial.mended
    ]
    return Group(*lines)


def told_at_last(found: Examined) -> RenderableType:
    """For the terminal: the result, and where all of it is."""
    lines = [Line(f"\n{text(headline(found))}", "bold")]
    for cause in dict.fromkeys(one.cause for one in found.findings):
        if cause in MENDED_IN_THE_APP:
            words, values = MENDED_IN_THE_APP[cause]
            lines.append(Line(text(prose(words, *values))))
    lines += [Line(why) for why in found.untried]
    return Group(*lines, Line("\nPage:"))
