"""Whether two runs say something about each other: the reasons for which they do not.

Figures of different machines, methods or versions differ for reasons that are not those
of whoever compares two runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from loadtests.analysis.outcomes import Outcome, counts, key_of
from loadtests.records.run import Method, Run
from loadtests.report.words import plain

MACHINE = ("python", "kernel", "cpu", "cpus", "nofile_limit")
# A stack depends on the packages whose names are words of its id, on those of its words
# that are named here, and on what measures it.
WITH_WORDS = {
    "uvicorn-worker": {"gunicorn", "uvicorn"},
    "a2wsgi": {"wsgi", "uvicorn"},
    "httptools": {"uvicorn"},
    "uvloop": {"uvicorn"},
    "locust": set[str](),
}


def absence(base: Run, new: Run, key: tuple[str, str]) -> tuple[str, ...]:
    """Why one of the runs has no figures of a stack under a scenario."""
    said = []
    for which, run in (("BASE", base), ("NEW", new)):
        cells = [cell for cell in run.cells if key_of(cell) == key]
        if not any(map(counts, cells)):
            said.append(f"void in {which}" if cells else f"not in {which}")
    return tuple(said)


def different_runs(base: Run, new: Run) -> tuple[str, ...]:
    """The machine and the method, which are those of every cell."""
    method = [field.name for field in dataclasses.fields(Method)]
    return (
        *_unequal(base.environment, new.environment, MACHINE),
        *_unequal(base.method, new.method, method),
    )


def different_parts(base: Run, new: Run, old: Outcome, now: Outcome) -> tuple[str, ...]:
    """What else two outcomes of one cell must have in common."""
    packages = _packages(base, old.stack), _packages(new, old.stack)
    names = sorted({*packages[0], *packages[1]})
    versions = [[found.get(name, "none") for name in names] for found in packages]
    return (
        *_unequal_pairs(zip(names, *versions, strict=True)),
        *different_shapes(old, now),
    )


def _packages(run: Run, stack: str) -> dict[str, str]:
    """The versions of what that stack is made of, or measured with."""
    words = set(stack.split("-"))
    return {
        name: version
        for name, version in run.environment.packages.items()
        if name in words or WITH_WORDS.get(name, {name}) <= words
    }


def different_shapes(old: Outcome, now: Outcome) -> tuple[str, ...]:
    """The counts of workers and threads, and the steps that were climbed."""
    return _unequal_pairs(
        (part, shape(old), shape(now))
        for part, shape in (
            ("workers", lambda o: sorted({c.workers for c in o.cells})),
            ("threads", lambda o: sorted({c.threads or 0 for c in o.cells})),
            ("staircase", lambda o: o.levels),
        )
    )


def _unequal(old: object, now: object, names: Iterable[str]) -> tuple[str, ...]:
    return _unequal_pairs((n, getattr(old, n), getattr(now, n)) for n in names)


def _unequal_pairs(
    parts: Iterable[tuple[str, object, object]],
) -> tuple[str, ...]:
    return tuple(
        plain(f"{part}: {_said(old)} and {_said(now)}")
        for part, old, now in parts
        if old != now
    )


def _said(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
