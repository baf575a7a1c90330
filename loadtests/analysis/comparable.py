"""Why two runs cannot be compared.

Figures of different machines, methods or versions differ for reasons of their own,
whatever the servers do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from loadtests.analysis.outcomes import Outcome, counts, key_of
from loadtests.catalog.stacks import STACKS
from loadtests.records.run import Method, Run

# The kinds of reason: a run lacks the cell, its cells are void, or a part differs.
MISSING, VOID, DIFFERENT = "missing", "void", "different"
MACHINE = ("python", "kernel", "cpu", "cpus", "nofile_limit")
MEASURING = ("locust",)  # the packages that belong to every stack


@dataclass(frozen=True)
class Reason:
    """Why a cell cannot be compared.

    MISSING and VOID say in which run. DIFFERENT says which part, and what each run has.
    """

    kind: str
    which: Literal["", "BASE", "NEW"] = ""
    part: str = ""
    base: object = None
    new: object = None


def absence(base: Run, new: Run, key: tuple[str, str]) -> list[Reason]:
    """Why one of the runs has no figures of a stack under a scenario."""
    found = []
    sides: list[tuple[Literal["BASE", "NEW"], Run]] = [("BASE", base), ("NEW", new)]
    for which, run in sides:
        cells = [cell for cell in run.cells if key_of(cell) == key]
        if not any(map(counts, cells)):
            found.append(Reason(VOID if cells else MISSING, which))
    return found


def different_runs(base: Run, new: Run) -> list[Reason]:
    """The machine and the method, which are those of every cell."""
    method = [field.name for field in dataclasses.fields(Method)]
    return [
        *_unequal(base.environment, new.environment, MACHINE),
        *_unequal(base.method, new.method, method),
    ]


def different_parts(base: Run, new: Run, old: Outcome, now: Outcome) -> list[Reason]:
    """What else two outcomes of one cell must have in common."""
    packages = _packages(base, old.stack), _packages(new, old.stack)
    names = sorted({*packages[0], *packages[1]})
    versions = [[found.get(name) for name in names] for found in packages]
    return [
        *_unequal_pairs(zip(names, *versions, strict=True)),
        *different_shapes(old, now),
    ]


def _packages(run: Run, stack: str) -> dict[str, str]:
    """The versions of what that stack is made of, or measured with.

    Of a stack that is not in the catalog any more, every package may be a part.
    """
    versions = run.environment.packages
    if stack not in STACKS:
        return versions
    parts = {*STACKS[stack].packages, *MEASURING}
    return {name: version for name, version in versions.items() if name in parts}


def different_shapes(old: Outcome, now: Outcome) -> list[Reason]:
    """The counts of workers and threads, and the steps that were climbed."""
    return _unequal_pairs(
        (part, shape(old), shape(now))
        for part, shape in (
            ("workers", lambda o: sorted({c.workers for c in o.cells})),
            ("threads", lambda o: sorted({c.threads or 0 for c in o.cells})),
            ("staircase", lambda o: o.levels),
        )
    )


def _unequal(old: object, now: object, names: Iterable[str]) -> list[Reason]:
    return _unequal_pairs((n, getattr(old, n), getattr(now, n)) for n in names)


def _unequal_pairs(parts: Iterable[tuple[str, object, object]]) -> list[Reason]:
    return [
        Reason(DIFFERENT, part=part, base=old, new=now)
        for part, old, now in parts
        if old != now
    ]
