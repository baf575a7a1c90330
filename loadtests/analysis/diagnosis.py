"""What stops a server, from evidence: its cells, and where its threads were.

The one rule: what was seen comes before what was predicted. Threads that are in the
app's own code say which line holds them; sockets and descriptors say what ran out; the
prediction is named only where it came true and nothing was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.analysis.predictions import CONFIRMED, verdict
from loadtests.analysis.threads import (
    Place,
    Standing,
    blocked_loops,
    most_in_a_process,
    places,
    standing,
)
from loadtests.catalog.stacks import Supply
from loadtests.records.cell import Cell
from loadtests.records.threads import Look

# Causes that no count of a server names.
BLOCKED_LOOP = "blocked event loop"
POOL = "pool"
HANDLER_THREADS = "handler threads"
UNKNOWN = "unknown"
SEEN, PREDICTED = "seen", "predicted"
_FEW = 3  # threads at one place are none by chance
_OF_LOOPS = (Supply.DESCRIPTORS, Supply.EVENT_LOOPS)
# What no option of a server mends.
IN_THE_APP = (BLOCKED_LOOP, POOL, Supply.EVENT_LOOPS)


@dataclass(frozen=True)
class Finding:
    """A scenario under which fewer slow clients are held than are needed.

    `cause` is a supply or one of the causes above, of which there were `number`, 0
    where that was not counted. `known_by` is how: SEEN or PREDICTED.
    """

    scenario: str
    held: int
    degrades_at: int | None
    out_at: int | None
    cause: str
    known_by: str
    number: int = 0
    places: tuple[Place, ...] = ()
    unseen: str = ""  # why no thread was seen


def findings(
    cells: Sequence[Cell], looks: Mapping[str, Sequence[Look]], need: int
) -> list[Finding]:
    """One for each valid cell that holds fewer than `need`, the worst first. `looks`
    are those at the threads, by the name of the cell's task."""
    found = [
        _finding(cell, looks.get(cell.task.name, ()))
        for cell in cells
        if cell.valid and is_short(cell, need)
    ]
    return sorted(found, key=lambda one: one.held)


def examined(
    cells: Sequence[Cell], looks: Mapping[str, Sequence[Look]], need: int
) -> Examined:
    """All cells with the findings among them, before any change."""
    return Examined(need, tuple(cells), tuple(findings(cells, looks, need)))


def is_short(cell: Cell, need: int) -> bool:
    """Whether harm was done with fewer than are needed, or before so many were held."""
    at = cell.capacity
    return at.degrades_at is not None and (at.held or 0) < need


def is_sound(cell: Cell, need: int) -> bool:
    """Whether as many as are needed were held. One that is neither was not tried so
    far: the search ended early, for want of memory, say."""
    return cell.valid and (cell.capacity.held or 0) >= need


def _finding(cell: Cell, looks: Sequence[Look]) -> Finding:
    at = cell.capacity
    harmed = _at_harm(looks, at.degrades_at or 1)
    threads = [look.threads for look in harmed]
    at_rest = [t for look in looks if not look.slow_clients for t in look.threads]
    seen, blocked = standing(threads, at_rest), blocked_loops(threads, at_rest)
    cause, number, known_by = _cause(cell, seen, blocked)
    return Finding(
        cell.scenario,
        at.held or 0,
        at.degrades_at,
        at.out_at,
        cause,
        known_by,
        number,
        tuple(places(blocked if cause == BLOCKED_LOOP else seen)),
        next((look.failed for look in harmed if look.failed), ""),
    )


def _at_harm(looks: Sequence[Look], degrades_at: int) -> list[Look]:
    """The looks at the most slow clients that did harm: there, what runs out has."""
    harmed = [look for look in looks if look.slow_clients >= degrades_at]
    most = max((look.slow_clients for look in harmed), default=0)
    return [look for look in harmed if look.slow_clients == most]


def _cause(cell: Cell, seen: Standing, blocked: Standing) -> tuple[str, int, str]:
    """What it is, how many of it a worker had, and how that is known."""
    at = cell.capacity
    if blocked:
        return BLOCKED_LOOP, 0, SEEN
    holding, waiting = (most_in_a_process(seen, waiting=w) for w in (False, True))
    if holding and waiting >= _FEW:
        return POOL, holding, SEEN
    if supply := _supply(cell):
        return supply, _number(cell, supply), SEEN
    if holding + waiting >= _FEW:
        return HANDLER_THREADS, holding + waiting, SEEN
    if at.predicted_ran_out and verdict(cell) == CONFIRMED:
        return at.predicted_ran_out, _number(cell, at.predicted_ran_out), PREDICTED
    return UNKNOWN, 0, ""


def _supply(cell: Cell) -> str | None:
    """What was seen to run out. A worker that is held as a whole is an event loop, if
    that is what it was predicted to be; which call holds it, only threads say."""
    at = cell.capacity
    if at.ran_out == Supply.WORKERS and at.predicted_ran_out in _OF_LOOPS:
        return Supply.EVENT_LOOPS
    return None if at.ran_out == Supply.EVENT_LOOPS else at.ran_out


def _number(cell: Cell, supply: str) -> int:
    """How many of it each worker has."""
    counts = {
        Supply.WORKERS: 1,
        Supply.THREADS: cell.threads,
        Supply.WORKER_CONNECTIONS: cell.worker_connections,
        Supply.DESCRIPTORS: cell.nofile,
    }
    return counts.get(Supply(supply)) or 0


@dataclass(frozen=True)
class Mended:
    """The cells of a scenario before a change and after it."""

    before: Cell
    after: Cell


@dataclass(frozen=True)
class Trial:
    """A change that was tried: `change` is what was added, `command` the whole."""

    change: str
    command: str
    mended: tuple[Mended, ...]

    def helps(self, need: int) -> bool:
        """Whether all that was short holds enough with it."""
        cells = [one.after for one in self.mended]
        return bool(cells) and all(is_sound(cell, need) for cell in cells)

    @property
    def counts(self) -> bool:
        """Whether all of it could be measured."""
        return all(one.after.valid for one in self.mended)


@dataclass(frozen=True)
class Examined:
    """What a doctor found of one server: all its cells, the findings among them, and
    the changes that were tried. `untried`: why others were not, a sentence each."""

    need: int
    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...]
    trials: tuple[Trial, ...] = ()
    untried: tuple[str, ...] = ()

    @property
    def unclear(self) -> list[Cell]:
        """The cells that show neither harm nor that enough are held."""
        short = {one.scenario for one in self.findings}
        some = (cell for cell in self.cells if cell.scenario not in short)
        return [cell for cell in some if not is_sound(cell, self.need)]
