"""Figures at a glance: a row for each stack, a column for each scenario."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from loadtests.analysis.outcomes import (
    Outcome,
    by_family,
    key_of,
    outcomes,
    void_cells,
)
from loadtests.analysis.over_repeats import Reached
from loadtests.analysis.predictions import BEYOND, CONFIRMED, REFUTED
from loadtests.records.run import Run
from loadtests.report.blocks import Table
from loadtests.report.said import note, number, prediction
from loadtests.report.words import NOTHING, count

WHAT = {  # as in loadtests/catalog/scenarios.py, and in that order
    "idle": "connects and says nothing",
    "slow-headers": "sends a header line each second",
    "slow-body": "sends 8 bytes of its body each second",
    "slow-read": "reads 512 bytes of a 64 MB stream a second",
    "handler-wait": "asks for GET /wait?ms=20000",
    "loop-block": "asks for GET /block?ms=20000",
}


@dataclass(frozen=True)
class Entry:
    """What was found of one stack under one scenario: `out at`, `2`, `predicted 2`.

    `state` is one of out, degraded, unharmed, void and absent. `spread` are the other
    steps that repeats found, `part` in how many of them it happened at all.
    """

    state: str
    verb: str = ""
    number: str = NOTHING
    spread: str = ""
    part: str = ""
    predicted: str = ""
    missed: bool = False

    @property
    def said(self) -> str:
        return f"{self.verb} {self.number} {self.part}".strip()


@dataclass(frozen=True)
class Matrix:
    """`rows` are in the order of `scenarios`."""

    scenarios: list[str]
    rows: dict[str, list[Entry]]


def in_order(scenarios: Iterable[str]) -> list[str]:
    """Those that this project knows in its own order, then others by name."""
    known = list(WHAT)
    return sorted(
        set(scenarios), key=lambda s: (known.index(s) if s in WHAT else len(known), s)
    )


def matrix(run: Run) -> Matrix:
    """Capacities of all that was measured; void cells are there as void."""
    found = {(o.stack, o.scenario): entry(o) for o in outcomes(run)}
    void = dict.fromkeys(map(key_of, void_cells(run)), Entry("void", "void", ""))
    return _matrix(void | found)


def pivoted(table: Table, column: int) -> Matrix:
    """One column of a table; of a figure with its interval, the figure."""
    return _matrix(
        {
            (row[1], row[0]): Entry("figure", number=row[column].partition(" (")[0])
            for row in table.rows
        }
    )


def _matrix(known: dict[tuple[str, str], Entry]) -> Matrix:
    scenarios = in_order(scenario for _, scenario in known)
    stacks = sorted({stack for stack, _ in known}, key=by_family)
    rows = {
        stack: [known.get((stack, s), Entry("absent")) for s in scenarios]
        for stack in stacks
    }
    return Matrix(scenarios, rows)


def entry(outcome: Outcome) -> Entry:
    """What was found, and what was predicted."""
    predicted, missed = _predicted(outcome), outcome.verdict == REFUTED
    if outcome.unharmed:
        top = count(outcome.last.slow_clients)
        return Entry("unharmed", "held", top, predicted=predicted, missed=missed)
    state, verb = ("out", "out at") if outcome.out else ("degraded", "degrades at")
    reached = outcome.out_at if outcome.out else outcome.degrades_at
    some = len(reached.steps) < len(reached.repeats)
    part = note(reached) if some else ""
    spread = "" if some else _spread(reached)
    return Entry(state, verb, number(reached), spread, part, predicted, missed)


def _spread(reached: Reached) -> str:
    first, last = reached.steps[0], reached.steps[-1]
    return "" if reached.agreed else f"({count(first)} to {count(last)})"


def _predicted(outcome: Outcome) -> str:
    made = outcome.predicted
    said = "predicted not out" if made.never else f"predicted {prediction(made)}"
    if outcome.verdict == BEYOND:
        return f"{said}, {BEYOND}"
    if outcome.verdict in (CONFIRMED, REFUTED):
        return said
    right = outcome.verdicts.count(CONFIRMED)
    return f"{said}, right in {right} of {len(outcome.cells)}"
