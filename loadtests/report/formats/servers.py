"""docs/servers.md: what each stack does with slow clients, as the catalog has it.

Predictions are from the source of each server. Beside them stands what `make phases`
measured, where that is known.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from loadtests.analysis.predictions import Prediction
from loadtests.catalog.scenarios import usual
from loadtests.catalog.stacks import HTTP1, Stack
from loadtests.records.phase_map import PhaseMap
from loadtests.report import phase_map
from loadtests.report.formats import markdown
from loadtests.report.formats.syntax import fenced, table, text
from loadtests.report.said import prediction, supply
from loadtests.report.words import NOTHING, listed

PORT = 8000
LEAD = """\
# Servers

What each stack does with slow clients, and which options change that. `make readme`
writes this page from `loadtests/catalog/stacks/`. These are predictions from the source
of each server, for the counts in the command and 1,024 descriptors for each process.
How unevenly event loops fill is fitted to earlier runs. `make load STACKS=<id>` tests
the predictions. `make stacks STACK=<id>` shows the versions that are installed here.
The commands are for the folder of the repository, after `. .venv/bin/activate`.

*Degrades at*: the fewest slow clients with under 99 % of healthy requests answered in
time. *Out at*: the fewest with under 1 %. A range means that the number depends on how
clients spread over workers, or on whether clients come together. Where coming together
matters, the low end is for clients that all come at once.
"""
HEADINGS = ["scenario", "degrades at", "out at", "limit", "why"]
DEVIATES = ["exchange of the contract", "answer", "why"]


def page(found: PhaseMap | None) -> str:
    """The whole page, as Markdown; with a phase map, what was measured for it."""
    parts = [part for stack in HTTP1.values() for part in _stack(stack)]
    waits = [*_waits(found)] if found else []
    return "\n\n".join([LEAD.rstrip(), *waits, *parts]) + "\n"


def _waits(found: PhaseMap) -> Iterator[str]:
    yield f"## {phase_map.TITLE}"
    yield text(phase_map.LEGEND)
    yield from markdown.rendered([phase_map.table(found, options=True)])
    yield f"{text(phase_map.summary(found))} `make phases` measures it here."


def _stack(stack: Stack) -> Iterator[str]:
    yield f"## {stack.id}"
    yield from _commands(stack)
    yield text(stack.deploy)
    yield table(HEADINGS, list(_rows(stack)), names=len(HEADINGS))
    if stack.deviations:
        yield table(DEVIATES, list(_deviations(stack)), names=len(DEVIATES))


def _commands(stack: Stack) -> Iterator[str]:
    if stack.front is None:
        yield fenced(shlex.join(stack.command(PORT)))
        return
    yield fenced(shlex.join(stack.command(PORT + 1)))
    yield f"{text(stack.front.program)} listens in front, configured as:"
    yield fenced(stack.front_config(PORT, PORT + 1).rstrip(), "nginx")


def _rows(stack: Stack) -> Iterator[list[str]]:
    """A row for each group of scenarios of which all is the same."""
    same: dict[tuple[str, ...], list[str]] = {}
    for name in usual():
        row: tuple[str, ...] = (
            _number(
                stack.predicted_degrades_at(name), stack.predicted_degrades_by(name)
            ),
            _number(stack.predicted_out_at(name), stack.predicted_out_by(name)),
            supply(stack.id, stack.predicted_ran_out(name)) or NOTHING,
            stack.predicted_because(name),
        )
        same.setdefault(row, []).append(name)
    for row, names in same.items():
        yield [text(listed(names)), *map(text, row)]


def _number(low: int | None, high: int | None) -> str:
    made = Prediction(low, high)
    return "no number" if made.never else prediction(made)


def _deviations(stack: Stack) -> Iterator[list[str]]:
    for known in stack.deviations:
        status = NOTHING if known.status is None else str(known.status)
        yield [text(listed(list(known.exchanges))), status, text(known.because)]
