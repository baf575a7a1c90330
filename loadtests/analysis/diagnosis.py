"""What stops a server, from evidence: its cells, and where its threads were.

The one rule: what was seen comes before what was predicted. Threads that are in the
app's own code say which line holds them; sockets and descriptors say what ran out; the
prediction is named only where it came true and nothing was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.analysis.threads import Place, blocks_a_loop, places
from loadtests.catalog.stacks import Supply
from loadtests.records.cell import Cell
from loadtests.records.threads import Look, ThreadSeen

# Causes that no count of a server names.
BLOCKED_LOOP = "blocked event loop"
POOL = "pool"
HANDLER_THREADS = "handler threads"
UNKNOWN = "unknown"
SEEN, PREDICTED = "seen", "predicted"
_FEW = 3  # threads in a handler, of as many as there are places


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
    """Whether fewer are held than are needed. What nothing harmed is not short."""
    at = cell.capacity
    return at.degrades_at is not None and (at.held or 0) < need


def _finding(cell: Cell, looks: Sequence[Look]) -> Finding:
    at = cell.capacity
    harmed = _at_harm(looks, at.degrades_at or 1)
    seen = tuple(places(harmed[-1].threads, _at_rest(looks))) if harmed else ()
    cause, number, known_by = _cause(cell, harmed, seen)
    return Finding(
        cell.scenario,
        at.held or 0,
        at.degrades_at,
        at.out_at,
        cause,
        known_by,
        number,
        seen,
        harmed[-1].failed if harmed else "",
    )


def _at_harm(looks: Sequence[Look], degrades_at: int) -> list[Look]:
    """The looks at the most slow clients that did harm: there, what runs out has."""
    harmed = [look for look in looks if look.slow_clients >= degrades_at]
    most = max((look.slow_clients for look in harmed), default=0)
    return [look for look in harmed if look.slow_clients == most]


def _at_rest(looks: Sequence[Look]) -> list[ThreadSeen]:
    """What threads do without slow clients: some wait for work all the time."""
    return [
        thread for look in looks if not look.slow_clients for thread in look.threads
    ]


def _cause(
    cell: Cell, looks: Sequence[Look], seen: Sequence[Place]
) -> tuple[str, int, str]:
    """What it is, how many of it there were, and how that is known."""
    at = cell.capacity
    if looks and all(any(map(blocks_a_loop, look.threads)) for look in looks):
        return BLOCKED_LOOP, cell.workers, SEEN
    holding = max((place.each for place in seen if not place.waits_in), default=0)
    if holding and any(place.waits_in for place in seen):
        return POOL, holding, SEEN
    if at.ran_out and at.ran_out != Supply.EVENT_LOOPS:
        return at.ran_out, _number(cell, at.ran_out), SEEN
    most = max((place.each for place in seen), default=0)
    if most >= _FEW:
        return HANDLER_THREADS, most, SEEN
    if at.predicted_ran_out and _came_true(cell):
        return at.predicted_ran_out, _number(cell, at.predicted_ran_out), PREDICTED
    return UNKNOWN, 0, ""


def _came_true(cell: Cell) -> bool:
    at = cell.capacity
    if at.predicted_out_at is None or at.out_at is None:
        return False
    by = at.predicted_out_by or at.predicted_out_at
    return at.predicted_out_at - 1 <= at.out_at <= by + 1


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
        return bool(cells) and all(c.valid and not is_short(c, need) for c in cells)


@dataclass(frozen=True)
class Examined:
    """What a doctor found of one server: all its cells, the findings among them, and
    the changes that were tried."""

    need: int
    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...]
    trials: tuple[Trial, ...] = ()
    untried: str = ""  # why no change could be tried
