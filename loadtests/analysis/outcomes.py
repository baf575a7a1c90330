"""What each stack did under each scenario: the cells of a run, taken over repeats.

Nothing is measured or decided anew here. Valid repeats are pooled (requests, fates) or
their middle value is taken (capacity, times). Of two middle values the less flattering
one counts. Null ("never at any step taken") is larger than any number.

Each repeat searches for itself, so only the baseline is a step of all of them for sure.
What is said of the largest step that was held comes from what each repeat held.
"""

from __future__ import annotations

import dataclasses
import math
import re
import statistics
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from functools import cached_property

from loadtests.analysis import predictions
from loadtests.analysis.over_repeats import Reached, middle
from loadtests.analysis.predictions import PARTLY, Prediction, near
from loadtests.analysis.steps import pooled
from loadtests.catalog.stacks import STACKS
from loadtests.records.cell import Capacity, Cell, Fates, Step
from loadtests.records.facts import NEIGHBOURS, TIMES
from loadtests.records.run import Run


@dataclass(frozen=True)
class Outcome:
    """One stack under one scenario; `cells` are its valid repeats, at least one."""

    stack: str
    scenario: str
    cells: tuple[Cell, ...]

    @property
    def predicted(self) -> Prediction | None:
        """Where it was predicted to be out; None: nobody predicted that."""
        return predictions.predicted_out(self.cells[0].capacity)

    @property
    def predicted_first(self) -> Prediction | None:
        """Where it was predicted to degrade; None: nobody predicted that."""
        return predictions.predicted_to_degrade(self.cells[0].capacity)

    @cached_property
    def out_at(self) -> Reached:
        return self._reached(lambda capacity: capacity.out_at)

    @cached_property
    def degrades_at(self) -> Reached:
        return self._reached(lambda capacity: capacity.degrades_at)

    @cached_property
    def held(self) -> Reached:
        """The most that was held; None: not even the baseline was."""
        return Reached(tuple(c.capacity.held for c in self.cells), none_is_least=True)

    @property
    def held_by_all(self) -> int:
        """How many slow clients every repeat held."""
        return min(held or 0 for held in self.held.repeats)

    def _reached(self, part: Callable[[Capacity], int | None]) -> Reached:
        return Reached(tuple(part(cell.capacity) for cell in self.cells))

    @cached_property
    def steps(self) -> list[Step]:
        """Every number of slow clients that was tried, from the least to the most. Each
        is pooled over the repeats that tried it, which may be one of them."""
        found: dict[int, list[Step]] = {}
        for cell in self.cells:
            for step in cell.steps:
                found.setdefault(step.slow_clients, []).append(step)
        return [pooled(found[level]) for level in sorted(found)]

    @property
    def baseline(self) -> Step | None:
        first = self.steps[0]
        return first if first.slow_clients == 0 else None

    @cached_property
    def largest_held(self) -> Step | None:
        """The step at the middle of what the repeats held, pooled over those that held
        about as much. None where not even the baseline was held."""
        middle_one = self.held.middle
        if middle_one is None:
            return None
        steps = [s for c in self.cells for s in c.steps if _is_held(s, c, middle_one)]
        if not steps:  # a file may say anything
            return None
        return dataclasses.replace(pooled(steps), slow_clients=middle_one)

    @property
    def largest_timed(self) -> Step | None:
        """The largest unharmed step with slow clients of which the p99 is known: it was
        held for long, which not every step is that a search takes."""
        known = [s for s in self.steps if s.slow_clients and s.p99_ms is not None]
        below = min(self.degrades_at.steps, default=math.inf)
        return max(
            (step for step in known if step.slow_clients < below),
            key=lambda step: step.slow_clients,
            default=None,
        )

    @property
    def last(self) -> Step:
        """The largest step that was taken: after a search, one that did harm."""
        return self.steps[-1]

    @property
    def when_out(self) -> Step | None:
        """The fewest slow clients with which it was out; None where it was not, and
        where the run did not record how requests were lost."""
        number = self.out_at.middle
        found = (step for step in self.steps if step.slow_clients == number)
        return next((step for step in found if step.lost), None)

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
        return any(
            doubt.kind in (TIMES, NEIGHBOURS) for c in self.cells for doubt in c.doubts
        )

    @property
    def verdicts(self) -> list[str]:
        return [predictions.verdict(cell) for cell in self.cells]

    @property
    def verdict(self) -> str:
        """What all repeats say of the prediction; PARTLY where they disagree."""
        found = set(self.verdicts)
        return found.pop() if len(found) == 1 else PARTLY

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


def _is_held(step: Step, cell: Cell, about: int) -> bool:
    """Whether it is the largest step that the cell held, and that is about so many."""
    held = step.slow_clients
    if held != cell.capacity.held:
        return False
    return held == about or (0 not in (held, about) and near(held, about))


def counts(cell: Cell) -> bool:
    """Whether the cell may enter an aggregate: void ones and empty ones may not."""
    return cell.valid and bool(cell.steps)


def void_cells(run: Run) -> list[Cell]:
    return [cell for cell in run.cells if not counts(cell)]


def by_family(stack: str) -> tuple[int, str]:
    """The order of stacks everywhere: WSGI, ASGI, others; by name within each, and by
    number within a name."""
    in_order = re.sub(r"[0-9]{1,8}", lambda number: number[0].zfill(8), stack)
    return (("wsgi", "asgi", "").index(family(stack)), in_order)


def family(stack: str) -> str:
    """`wsgi`, `asgi`, or nothing for a stack of neither.

    The id of a stack that the catalog does not have begins with its interface.
    """
    if known := STACKS.get(stack):
        return known.interface
    return next((f for f in ("wsgi", "asgi") if f"{stack}-".startswith(f"{f}-")), "")


def key_of(cell: Cell) -> tuple[str, str]:
    """Stack and scenario, as the record has them."""
    return cell.stack, cell.scenario


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
