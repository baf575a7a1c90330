"""One figure in two runs that searched: counts, times, memory."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.analysis import compare, differences, health
from loadtests.analysis.changes import (
    BETTER,
    DEGRADES_AT,
    KERNEL,
    OUT_AT,
    SAME,
    SLOW_CLIENT,
    TIME,
    WORSE,
)
from loadtests.analysis.compare import Comparison
from loadtests.analysis.intervals import Interval
from loadtests.records.cell import Cell
from loadtests.records.facts import NEIGHBOURS, fact
from tests.analysis.pairs import figure, found, new_run

RANGE: dict[str, Any] = {
    "predicted_out_at": 216,
    "predicted_out_by": 227,
    "predicted_degrades_at": 151,
    "predicted_degrades_by": 215,
    "predicted_because": "a client holds a descriptor",
}
EVEN = RANGE | {"predicted_degrades_at": 215, "predicted_out_by": 216}


def searches(base: Cell | list[Cell], new: Cell | list[Cell]) -> Comparison:
    """The comparison of two runs that have one cell, in repeats."""
    sides = [cells if isinstance(cells, list) else [cells] for cells in (base, new)]
    old, now = map(new_run, sides)
    (compared,) = compare.compare(old, now)
    return compared


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (8, 8, SAME),
        (8, 9, SAME),
        (8, 10, BETTER),
        (10, 8, WORSE),
        (64, 63, SAME),
        (64, 62, WORSE),
        (200, 210, SAME),
        (200, 211, BETTER),
        (1000, 951, SAME),
        (1000, 949, WORSE),
        (1000, None, BETTER),
        (None, 1000, WORSE),
        (None, None, SAME),
    ],
)
def test_count_differs_beyond_what_a_search_can_tell_apart(
    base: int | None, new: int | None, verdict: str
) -> None:
    one, other = (found(4, n or 2000, degrades=n, out=n) for n in (base, new))
    compared = searches(one, other)
    assert figure(compared, DEGRADES_AT).verdict == verdict
    assert figure(compared, OUT_AT).verdict == verdict


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (151, 215, SAME),
        (215, 151, SAME),
        (144, 225, SAME),  # the ends have the tolerance too
        (198, 240, BETTER),
        (198, 120, WORSE),
        (120, 240, BETTER),
        (240, 300, SAME),  # as unlike what was predicted as each other
        (198, None, BETTER),
        (240, None, SAME),
    ],
)
def test_count_in_a_predicted_range_is_chance(
    base: int, new: int | None, verdict: str
) -> None:
    one, other = (found(75, n or 900, degrades=n, **RANGE) for n in (base, new))
    assert figure(searches(one, other), DEGRADES_AT).verdict == verdict


def test_count_of_stacks_that_are_predicted_apart_differs_beyond_both_ranges() -> None:
    further = RANGE | {"predicted_degrades_at": 215, "predicted_degrades_by": 280}
    base = found(75, 160, degrades=160, **RANGE)
    inside = found(75, 270, degrades=270, **further)
    beyond = found(75, 300, degrades=300, **further)
    assert figure(searches(base, inside), DEGRADES_AT).verdict == SAME
    assert figure(searches(base, beyond), DEGRADES_AT).verdict == BETTER


def test_count_where_one_number_is_predicted_is_no_chance() -> None:
    base, new = (found(75, n, degrades=n, **EVEN) for n in (215, 190))
    assert figure(searches(base, new), DEGRADES_AT).verdict == WORSE


def test_count_lies_between_the_steps_of_each_repeat() -> None:
    base = [found(7, 8, degrades=8), found(4, 9, degrades=9)]
    new = [found(11, 12, degrades=12)] * 2
    one = figure(searches(base, new), DEGRADES_AT)
    assert (one.base, one.new) == (8, 12)
    assert one.interval == Interval(11 - 9, 12 - 4)


def with_times(cell: Cell, p90_ms: float) -> Cell:
    steps = [
        dataclasses.replace(
            s, p90_ms=p90_ms, p90_low_ms=p90_ms - 0.01, p90_high_ms=p90_ms + 0.01
        )
        for s in cell.steps
    ]
    return dataclasses.replace(cell, steps=steps)


def times_at(compared: Comparison) -> list[int]:
    figures = [d.figure for d in compared.differences]
    return [f.slow_clients for f in figures if f.kind == TIME]


@pytest.mark.parametrize(
    ("base", "new", "at"),
    [
        ((4, 7, 8), (4, 7, 8), [0, 7]),
        ((75, 150, 182, 200), (75, 150, 166, 200), [0, 150]),
        ((75, 150, 160, 200), (75, 150, 166, 200), [0, 166]),
        ((100, 200), (20, 200), [0]),
        ((1, 200), (200,), [0]),
    ],
)
def test_times_are_compared_at_the_largest_step_that_both_held_alike(
    base: tuple[int, ...], new: tuple[int, ...], at: list[int]
) -> None:
    one, other = (found(*s, degrades=8 if s[-1] == 8 else 200) for s in (base, new))
    assert times_at(searches(one, other)) == at


def test_times_are_compared_where_every_repeat_held() -> None:
    base = [found(7, 60, 80, degrades=80), found(7, 60, 80, degrades=60)]
    assert times_at(searches(base, base[:1])) == [0, 7]
    harmed = found(degrades=0)
    assert times_at(searches(found(7, degrades=None), harmed)) == []


def test_times_differ_beyond_the_lateness_from_which_they_are_doubtful() -> None:
    assert differences.RESOLVED_MS == health.TIMES_LAG_MS
    cell = found(7, 8, degrades=8)
    base, near, far = (with_times(cell, ms) for ms in (1.0, 1.49, 1.6))
    assert searches(base, near).verdict == SAME
    assert searches(base, far).verdict == WORSE


def test_times_beside_a_neighbour_are_not_compared_and_that_is_said() -> None:
    cell = found(7, 8, degrades=8)
    doubt = [fact(NEIGHBOURS, "make 90 %", foreign_cpu_percent=90.0)]
    spoiled = with_times(dataclasses.replace(cell, doubts=doubt), 9.0)
    compared = searches(cell, spoiled)
    assert (compared.verdict, compared.times_doubtful) == (SAME, True)
    assert times_at(compared) == []
    assert not searches(cell, cell).times_doubtful


def taking(kb: float, off: float | None = 2.0, *, kernel: bool = False) -> Cell:
    """A cell with that much memory for each slow client, give or take."""
    cell = found(4, 7, 8, degrades=8)
    low, high = (None, None) if off is None else (kb - off, kb + off)
    given: dict[str, Any] = {
        "kernel_kb_per_slow_client" if kernel else "kb_per_slow_client": kb,
        "kernel_kb_low" if kernel else "kb_low": low,
        "kernel_kb_high" if kernel else "kb_high": high,
    }
    return dataclasses.replace(cell, server=dataclasses.replace(cell.server, **given))


@pytest.mark.parametrize(
    ("kind", "kernel"), [(SLOW_CLIENT, False), (KERNEL, True)], ids=["server", "kernel"]
)
def test_memory_of_a_slow_client_differs_beyond_its_bounds(
    kind: str, kernel: bool
) -> None:
    def verdict(base: Cell | list[Cell], new: Cell | list[Cell]) -> str:
        return figure(searches(base, new), kind).verdict

    base = taking(100, kernel=kernel)
    assert verdict(base, taking(150, kernel=kernel)) == WORSE
    assert verdict(base, taking(120, kernel=kernel)) == SAME
    assert verdict(base, taking(150, off=60, kernel=kernel)) == SAME
    scattered = [taking(mb, kernel=kernel) for mb in (80, 220)]
    assert verdict([base, base], scattered) == SAME


def test_slope_through_two_steps_is_not_compared() -> None:
    kinds = [
        d.figure.kind for d in searches(taking(100, None), taking(900)).differences
    ]
    assert SLOW_CLIENT not in kinds
    assert KERNEL in kinds
