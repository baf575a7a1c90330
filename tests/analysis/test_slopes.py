"""The slope of a line: against certified figures, and for what must hold of any."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from loadtests.analysis import intervals
from loadtests.analysis.intervals import Interval, Slope

# NIST, Statistical Reference Datasets, Norris: its slope and the standard deviation of
# that are certified. 34 degrees of freedom.
NORRIS = [
    *((0.2, 0.1), (337.4, 338.8), (118.2, 118.1), (884.6, 888.0), (10.1, 9.2)),
    *((226.5, 228.1), (666.3, 668.5), (996.3, 998.5), (448.6, 449.1), (777.0, 778.9)),
    *((558.2, 559.2), (0.4, 0.3), (0.6, 0.1), (775.5, 778.1), (666.9, 668.8)),
    *((338.0, 339.3), (447.5, 448.9), (11.6, 10.8), (556.0, 557.7), (228.1, 228.3)),
    *((995.8, 998.0), (887.6, 888.8), (120.2, 119.6), (0.3, 0.3), (0.3, 0.6)),
    *((556.8, 557.6), (339.1, 339.3), (887.2, 888.0), (999.0, 998.5), (779.0, 778.9)),
    *((11.1, 10.2), (118.3, 117.6), (229.2, 228.9), (669.1, 668.4), (448.9, 449.2)),
    (0.5, 0.2),
]


def found(interval: Interval | None) -> Interval:
    assert interval is not None
    return interval


def slope(points: Sequence[tuple[float, float]]) -> Slope:
    line = intervals.of_slope(points)
    assert line is not None
    return line


def test_slope_is_the_one_that_nist_certifies() -> None:
    certified, deviation, students_t = 1.00211681802045, 0.429796848199937e-3, 2.032245
    assert slope(NORRIS).value == pytest.approx(certified, rel=1e-12)
    within = found(slope(NORRIS).interval)
    assert within.low == pytest.approx(certified - students_t * deviation, abs=1e-9)
    assert within.high == pytest.approx(certified + students_t * deviation, abs=1e-9)


@pytest.mark.parametrize("points", [[], [(8, 1.0)], [(8, 1.0), (8, 2.0)]])
def test_slope_needs_two_steps(points: list[tuple[float, float]]) -> None:
    assert intervals.of_slope(points) is None


def test_slope_over_two_steps_has_no_interval_however_many_points() -> None:
    assert slope([(0, 1.0), (8, 17.0)]) == Slope(2.0, None)
    assert slope([(0, 1.0), (0, 1.0), (8, 17.0), (8, 17.0)]) == Slope(2.0, None)


def test_slope_over_three_steps_is_doubted_as_one_degree_of_freedom_deserves() -> None:
    """By hand: the slope is 1, its standard error sqrt(1/12)."""
    within = found(slope([(0, 0.0), (1, 0.5), (2, 2.0)]).interval)
    assert within.high - 1 == pytest.approx(12.706 / math.sqrt(12), rel=1e-4)
    assert 1 - within.low == pytest.approx(12.706 / math.sqrt(12), rel=1e-4)


def test_slope_of_points_on_a_line_is_beyond_doubt() -> None:
    exact = slope([(0, 60.0), (32, 68.0), (64, 76.0)])
    assert exact.value == pytest.approx(0.25)
    within = found(exact.interval)
    assert within.high - within.low < 1e-6


def test_slope_of_points_of_one_height_is_nothing_without_doubt() -> None:
    level = slope([(0, 60.0), (32, 60.0), (64, 60.0)])
    assert level == Slope(0.0, Interval(0.0, 0.0))


def test_interval_of_a_slope_contains_the_true_one_in_19_of_20_cells() -> None:
    chance = random.Random(5)
    hits = 0
    for _ in range(500):
        levels = (0, 32, 64, 128, 256)
        points = [(n, 60 + 0.18 * n + chance.gauss(0, 2)) for n in levels]
        within = found(slope(points).interval)
        hits += within.low <= 0.18 <= within.high
    assert 0.92 < hits / 500 < 0.98
