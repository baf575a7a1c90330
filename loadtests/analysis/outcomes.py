"""What each stack did under each scenario: the cells of a run, taken over repeats.

Nothing is measured or decided anew here. Valid repeats are pooled (requests, fates) or
their middle value is taken (capacity, times); of two middle values the less flattering
one counts, and null ("never within this staircase") is larger than any number.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from functools import cached_property

from loadtests.analysis.over_repeats import NEVER, Reached, middle
from loadtests.analysis.steps import pooled
from loadtests.records.facts import TIMES
from loadtests.records.run import Capacity, Cell, Fates, Run, Step
from loadtests.report.words import NOTHING, count, plain

CONFIRMED = "confirmed"
REFUTED = "refuted"
BEYOND = "not tested"
DOUBT = "response times are doubtful"  # as loadtests/analysis/health.py warns


@dataclass(frozen=True)
class Outcome:
    """One stack under one scenario; `cells` are its valid repeats, at least one."""

    stack: str
    scenario: str
    cells: tuple[Cell, ...]

    @property
    def predicted(self) -> int | None:
        return self.cells[0].capacity.predicted_out_at

    @property
    def predicted_by(self) -> int | None:
        """The end of a predicted range; of one number, that number."""
        return _latest(self.cells[0].capacity)

    @property
    def prediction(self) -> str:
        return prediction(self.cells[0].capacity)

    @cached_property
    def out_at(self) -> Reached:
        return self._reached(lambda capacity: capacity.out_at)

    @cached_property
    def degrades_at(self) -> Reached:
        return self._reached(lambda capacity: capacity.degrades_at)

    @cached_property
    def held(self) -> Reached:
        return self._reached(lambda capacity: capacity.held)

    def _reached(self, part: Callable[[Capacity], int | None]) -> Reached:
        return Reached(tuple(part(cell.capacity) for cell in self.cells))

    @cached_property
    def steps(self) -> list[Step]:
        """The staircase, its repeats pooled step by step."""
        found: dict[int, list[Step]] = {}
        for cell in self.cells:
            for step in cell.steps:
                found.setdefault(step.slow_clients, []).append(step)
        return [pooled(found[level]) for level in sorted(found)]

    @property
    def levels(self) -> list[int]:
        """The steps that were climbed."""
        return sorted({step.slow_clients for cell in self.cells for step in cell.steps})

    @property
    def baseline(self) -> Step | None:
        first = self.steps[0]
        return first if first.slow_clients == 0 else None

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def worst(self) -> Step:
        """The step with the smallest share of healthy requests answered."""
        tried = [step for step in self.steps if step.attempted] or self.steps
        return min(tried, key=lambda step: share(step) or 0.0)

    @property
    def out(self) -> bool:
        return self.out_at.middle is not None

    @property
    def unharmed(self) -> bool:
        """No repeat degraded at any step."""
        return not self.degrades_at.steps

    @property
    def degraded(self) -> bool:
        return not self.out and not self.unharmed

    @cached_property
    def fates(self) -> Fates:
        return Fates(
            *(
                sum(getattr(cell.fates, fate.name) for cell in self.cells)
                for fate in fields(Fates)
            )
        )

    @property
    def visits(self) -> int:
        """How many visits of slow clients have a fate."""
        return sum(astuple(self.fates))

    @property
    def doubtful(self) -> bool:
        """Whether the response times of a repeat are not to be relied on."""
        return any(doubt.kind == TIMES for c in self.cells for doubt in c.doubts)

    @property
    def verdicts(self) -> list[str]:
        return [verdict(cell) for cell in self.cells]

    @property
    def verdict(self) -> str:
        """`confirmed`, `refuted`, `not tested`, or `confirmed in 2 of 3 repeats`."""
        if len(set(self.verdicts)) == 1:
            return self.verdicts[0]
        confirmed = self.verdicts.count(CONFIRMED)
        return f"{CONFIRMED} in {confirmed} of {len(self.cells)} repeats"

    @property
    def recovery_s(self) -> float | None:
        """The middle over the repeats that degraded; None: not while it was watched."""
        hurt = [c for c in self.cells if c.capacity.degrades_at is not None]
        return middle([c.recovery_s for c in hurt], statistics.median_high)

    @property
    def kb_per_slow_client(self) -> float | None:
        return self.typical(lambda cell: cell.server.kb_per_slow_client)

    def typical(self, part: Callable[[Cell], float | None]) -> float | None:
        """The middle of one figure over the repeats that have it."""
        known = self.known(part)
        return statistics.median_high(known) if known else None

    def known(self, part: Callable[[Cell], float | None]) -> list[float]:
        """One figure of the repeats that have it."""
        return [value for cell in self.cells if (value := part(cell)) is not None]


def share(step: Step) -> float | None:
    """The share of healthy requests answered within the deadline, 0 to 1."""
    return step.answered / step.attempted if step.attempted else None


def verdict(cell: Cell) -> str:
    """Whether the stack degraded, and was out, where that was predicted.

    A staircase knows only its own steps: a prediction is confirmed by the first step at
    or above it, one of a range also by those within the range. One above the last step
    was not tried, unless the stack was harmed before.
    """
    said = cell.capacity
    verdicts = {_judged(cell, said.predicted_out_at, _latest(said), said.out_at)}
    if said.predicted_because:  # else nothing was said of the first harm
        low, high = said.predicted_degrades_at, said.predicted_degrades_by
        verdicts.add(_judged(cell, low, high, said.degrades_at))
    return next(v for v in (REFUTED, BEYOND, CONFIRMED) if v in verdicts)


def _judged(cell: Cell, low: int | None, high: int | None, at: int | None) -> str:
    if low is None or high is None:
        return CONFIRMED if at is None else REFUTED
    last = _first_step_from(high, cell)
    if at is None:
        return BEYOND if last is None else REFUTED
    return CONFIRMED if low <= at <= (last or high) else REFUTED


def prediction(capacity: Capacity) -> str:
    """Where it was predicted to be out: `2`, `16 to 32` or `not reached`."""
    return _range(capacity.predicted_out_at, _latest(capacity))


def degrade_prediction(capacity: Capacity) -> str:
    """The same of the first harm; a dash where none was made."""
    if not capacity.predicted_because:
        return NOTHING
    return _range(capacity.predicted_degrades_at, capacity.predicted_degrades_by)


def _range(low: int | None, high: int | None) -> str:
    if low is None or high is None:
        return NEVER
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def _latest(capacity: Capacity) -> int | None:
    return capacity.predicted_out_by or capacity.predicted_out_at


def _first_step_from(level: int, cell: Cell) -> int | None:
    above = [s.slow_clients for s in cell.steps if s.slow_clients >= level]
    return min(above, default=None)


def counts(cell: Cell) -> bool:
    """Whether the cell may enter an aggregate: void ones and empty ones may not."""
    return cell.valid and bool(cell.steps)


def void_cells(run: Run) -> list[Cell]:
    return [cell for cell in run.cells if not counts(cell)]


def by_family(stack: str) -> tuple[int, str]:
    """The order of stacks everywhere: WSGI, ASGI, others; by name within each."""
    return (("wsgi", "asgi", "").index(family(stack)), stack)


def family(stack: str) -> str:
    """`wsgi`, `asgi`, or nothing for a stack that is called otherwise."""
    start = stack.partition("-")[0]
    return start if start in ("wsgi", "asgi") else ""


def key_of(cell: Cell) -> tuple[str, str]:
    """Stack and scenario, as they are shown."""
    return plain(cell.stack), plain(cell.scenario)


def outcomes(run: Run) -> list[Outcome]:
    """An outcome for each stack and scenario that has a cell which counts."""
    # A report asks some thirty times, and runs are not changed: steps are pooled once.
    if not _asked_last or _asked_last[0][0] is not run:
        _asked_last[:] = [(run, _outcomes(run))]
    return list(_asked_last[0][1])


_asked_last: list[tuple[Run, list[Outcome]]] = []


def _outcomes(run: Run) -> list[Outcome]:
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in filter(counts, run.cells):
        found.setdefault(key_of(cell), []).append(cell)
    keys = sorted(found, key=lambda key: (by_family(key[0]), key[1]))
    return [Outcome(*key, tuple(found[key])) for key in keys]
