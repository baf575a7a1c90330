"""One figure in two runs, of which one thing is changed at a time."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis import compare, differences
from loadtests.analysis.changes import (
    BETTER,
    DEGRADES_AT,
    IDLE_MEMORY,
    OUT_AT,
    SAME,
    SLOW_CLIENT,
    TIME,
    WORSE,
    Figure,
    Repeats,
    difference,
)
from loadtests.analysis.intervals import Interval
from loadtests.records import format_1
from loadtests.records.cell import Cell, Step
from loadtests.records.facts import TIMES, fact
from tests.analysis.pairs import climb, costing, figure, one, timed


def test_figures_are_compared_at_the_baseline_and_the_largest_step_both_held() -> None:
    found = one(climb(16), climb(32))
    assert [difference.figure for difference in found.differences] == [
        *(
            Figure(DEGRADES_AT),
            Figure(OUT_AT),
            Figure(TIME, 90, 0),
            Figure(TIME, 90, 8),
        ),
        *(Figure(IDLE_MEMORY), Figure(SLOW_CLIENT)),
    ]


def test_percentile_is_the_highest_that_every_repeat_has() -> None:
    def with_p99(step: Step) -> Step:
        return dataclasses.replace(step, p99_ms=9.0)

    cell = climb()
    known = dataclasses.replace(cell, steps=[with_p99(s) for s in cell.steps])
    for repeats, new, percent in (
        (3, [known] * 3, 99),
        (3, [known, known, cell], 90),
        (2, [known] * 2, 90),  # too few to know how a p99 varies
    ):
        figures = [d.figure for d in one([known] * repeats, new).differences]
        assert Figure(TIME, percent, 0) in figures
    no_p90 = [dataclasses.replace(s, p90_ms=None) for s in cell.steps]
    less = dataclasses.replace(cell, steps=no_p90)
    assert Figure(TIME, 50, 0) in [d.figure for d in one(known, less).differences]


def test_figure_that_one_of_the_runs_lacks_is_left_out() -> None:
    nothing = climb(0)
    kinds = [d.figure.kind for d in one(nothing, costing(None)).differences]
    assert kinds == [DEGRADES_AT, OUT_AT, SLOW_CLIENT]


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (16, 16, SAME),
        (16, 32, SAME),
        (32, 16, SAME),
        (16, 64, BETTER),
        (64, 16, WORSE),
        (64, None, BETTER),
        (32, None, BETTER),
        (None, 32, WORSE),
        (None, None, SAME),
    ],
)
def test_capacity_differs_by_more_than_one_step(
    base: int | None, new: int | None, verdict: str
) -> None:
    found = one(climb(base), climb(new))
    assert figure(found, OUT_AT).verdict == verdict
    assert found.verdict == verdict
    assert compare.status([found]) == (verdict == WORSE)


@pytest.mark.parametrize(
    ("base", "new", "low", "high"),
    [(16, 16, -8, 8), (64, 16, -56, -16), (None, 64, -float("inf"), 0)],
)
def test_capacity_lies_between_two_steps_and_so_does_its_difference(
    base: int | None, new: int | None, low: float, high: float
) -> None:
    assert figure(one(climb(base), climb(new)), OUT_AT).interval == Interval(low, high)


def test_capacity_of_repeats_is_the_middle_one_within_all() -> None:
    found = figure(one([climb(16)] * 3, [climb(8), climb(64), climb(64)]), OUT_AT)
    assert (found.base, found.new, found.verdict) == (16, 64, BETTER)
    assert found.interval == Interval(4 - 16, 64 - 8)
    never = figure(one([climb()] * 3, [climb()] * 3), OUT_AT)
    assert (never.base, never.new, never.interval) == (None, None, None)


def test_capacity_between_the_steps_is_no_crash() -> None:
    """A file may say anything."""
    odd = dataclasses.replace(climb().capacity, out_at=7, degrades_at=700)
    assert one(climb(8), climb(capacity=odd)).verdict == BETTER


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (200.0, 250.0, SAME),
        (200.0, 250.1, WORSE),
        (250.0, 200.0, SAME),
        (250.1, 200.0, BETTER),
    ],
)
def test_cost_differs_beyond_the_threshold(
    base: float, new: float, verdict: str
) -> None:
    assert one([costing(base)] * 3, [costing(new)] * 3).verdict == verdict


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (costing(idle_mb=2.0), costing(idle_mb=3.0), SAME),
        (costing(idle_mb=2.0), costing(idle_mb=3.1), WORSE),
        (costing(kb=0.0), costing(kb=4.0), SAME),
        (costing(kb=0.0), costing(kb=4.1), WORSE),
        (costing(kb=2.0), costing(kb=-2.1), BETTER),
        (costing(kb=-9.0), costing(kb=-8.0), SAME),
        (timed(1.0), timed(6.0), SAME),
        (timed(1.0), timed(6.1), WORSE),
        (timed(8.1), timed(3.0), BETTER),
    ],
)
def test_difference_that_a_reading_cannot_resolve_is_none(
    base: Cell, new: Cell, verdict: str
) -> None:
    assert one(base, new).verdict == verdict


def test_times_are_resolved_as_far_as_requests_left_in_time_in_old_runs() -> None:
    assert differences.RESOLVED_MS_IN_FORMAT_1 == format_1.LAG_LIMIT_MS


def test_times_that_are_doubtful_are_not_compared() -> None:
    doubt = [fact(TIMES, stolen_percent=9, lag_p99_ms=6)]
    base, new = timed(20, 18, 22), timed(28, 26, 30)
    doubted = dataclasses.replace(new, doubts=doubt)
    assert any(d.figure.kind == TIME for d in one(base, new).differences)
    for pair in ((base, doubted), (doubted, base)):
        assert not any(d.figure.kind == TIME for d in one(*pair).differences)


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (timed(20, 18, 22), timed(28, 26, 30), WORSE),
        (timed(20, 10, 30), timed(28, 18, 38), SAME),
        (timed(20, 18, 22), timed(28, 18, None), SAME),
        (timed(28, 26, 30), timed(20, 18, 22), BETTER),
    ],
)
def test_time_differs_beyond_the_interval_of_its_own_samples(
    base: Cell, new: Cell, verdict: str
) -> None:
    assert one(base, new).verdict == verdict


def test_repeats_that_scatter_do_not_differ() -> None:
    base = [costing(mb) for mb in (100, 200, 300)]
    new = [costing(mb) for mb in (200, 300, 400)]
    found = figure(one(base, new), IDLE_MEMORY)
    assert (found.base, found.new, found.verdict) == (200, 300, SAME)
    assert found.interval is not None
    assert found.interval.low < 0 < 100 < found.interval.high
    two = figure(one(base[:2], new[:2]), IDLE_MEMORY)
    assert (two.interval, two.verdict) == (None, WORSE)


def test_repeats_that_agree_differ() -> None:
    base = [costing(mb) for mb in (198, 200, 202)]
    new = [costing(mb) for mb in (298, 300, 302)]
    found = one(base, new)
    assert found.verdict == WORSE
    assert one(new, base).verdict == BETTER
    assert {d.verdict for d in found.differences if d.figure.kind != IDLE_MEMORY} == {
        SAME
    }


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_figure_that_is_no_number_is_not_compared(odd: float) -> None:
    kinds = [d.figure.kind for d in one(costing(odd), costing()).differences]
    assert IDLE_MEMORY not in kinds


@pytest.mark.parametrize(("low", "verdict"), [(1.0, SAME), (1.1, WORSE)])
def test_interval_that_touches_0_is_no_difference(low: float, verdict: str) -> None:
    """From 0 to 4 more, or from 0.1."""
    base = Repeats([1.0], [Interval(1.0, 1.0)])
    new = Repeats([5.0], [Interval(low, 5.0)])
    found = difference(Figure(TIME), base, new, threshold=0.25, resolved=0.1)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((low - 1.0, 4.0))
    assert found.verdict == verdict
