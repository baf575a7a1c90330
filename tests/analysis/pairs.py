"""Runs made by hand that differ in one thing, for tests of comparing them."""

from __future__ import annotations

import dataclasses
from typing import Any

from loadtests.analysis import compare
from loadtests.analysis.changes import Difference
from loadtests.records.cell import Arrival, Cell, ServerFigures
from loadtests.records.run import Run
from tests import runs

LEVELS = (0, 4, 8, 16, 32, 64)


def climb(out_at: int | None = None, **given: Any) -> Cell:
    """A cell of that staircase, out from `out_at` on."""
    limit = 10**6 if out_at is None else out_at
    answered = {level: 150 if level < limit else 0 for level in LEVELS}
    return runs.cell("wsgi-gunicorn-gthread", answered=answered, **given)


def found(
    *steps: int, degrades: int | None, out: int | None = None, **given: Any
) -> Cell:
    """A cell of a search that took the baseline and these steps: all are answered under
    `degrades`, half from there, none from `out`. `given` may have predictions, which
    are fields of the capacity."""
    answered = {n: _answered(n, degrades, out) for n in (0, *steps)}
    stack = given.pop("stack", "asgi-uvicorn")
    cell = runs.cell(stack, answered=answered, nofile=128)
    arrived = [dataclasses.replace(s, arrival=ARRIVAL) for s in cell.steps[1:]]
    capacity = dataclasses.replace(cell.capacity, **given)
    return dataclasses.replace(
        cell, steps=[cell.steps[0], *arrived], capacity=capacity, server=SERVER
    )


def _answered(slow_clients: int, degrades: int | None, out: int | None) -> int:
    if out is not None and slow_clients >= out:
        return 0
    return 75 if degrades is not None and slow_clients >= degrades else 150


ARRIVAL = Arrival(0.5, True, 100, 100, 3.0, 0.1)
SERVER = ServerFigures(60.0, 90.0, 12.0, 0, 10.0, 14.0, 90.0, 88.0, 92.0, 0.0)
SEARCHED = dataclasses.replace(runs.METHOD, arrive_per_s=500.0, segment_bytes=1460)


def new_run(cells: list[Cell], **given: Any) -> Run:
    """A run that searched; keywords replace its parts."""
    return dataclasses.replace(runs.run(numbered(cells)), method=SEARCHED, **given)


def timed(p90_ms: float, low: float | None = None, high: float | None = None) -> Cell:
    """A cell of which every step has that p90, with an interval."""
    cell = climb()
    steps = [
        dataclasses.replace(s, p90_ms=p90_ms, p90_low_ms=low, p90_high_ms=high)
        for s in cell.steps
    ]
    return dataclasses.replace(cell, steps=steps)


def costing(idle_mb: float | None = 60.0, kb: float = 12.5) -> Cell:
    """A cell of a server with that memory, idle and for each slow client."""
    server = climb().server
    return climb(
        server=dataclasses.replace(server, rss_idle_mb=idle_mb, kb_per_slow_client=kb)
    )


def one(base: Cell | list[Cell], new: Cell | list[Cell], **given: Any) -> Any:
    """The comparison of two runs that have one cell, in repeats."""
    sides = [cells if isinstance(cells, list) else [cells] for cells in (base, new)]
    old, now = (runs.run(numbered(side)) for side in sides)
    (found,) = compare.compare(old, now, **given)
    return found


def numbered(cells: list[Cell]) -> list[Cell]:
    return [dataclasses.replace(c, repeat=n) for n, c in enumerate(cells, 1)]


def figure(found: Any, kind: str) -> Difference:
    (difference,) = (d for d in found.differences if d.figure.kind == kind)
    assert isinstance(difference, Difference)
    return difference
