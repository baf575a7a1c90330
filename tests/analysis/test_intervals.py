"""Intervals: against published figures, and for what must hold of any."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.analysis import intervals
from loadtests.analysis.intervals import Interval

# "Student" (1908): hours of sleep gained by ten patients with each of two drugs.
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
FINITE = st.floats(-1e6, 1e6)
SHARES = st.sampled_from([0.5, 0.9, 0.99])


def found(interval: Interval | None) -> Interval:
    assert interval is not None
    return interval


def close(interval: Interval | None, low: float, high: float, places: int) -> None:
    within = found(interval)
    assert (round(within.low, places), round(within.high, places)) == (low, high)


# Shares


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_share_has_the_interval_that_newcombe_published(
    part: int, whole: int, low: float, high: float
) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3."""
    close(intervals.of_share(part, whole), low, high, 4)


@given(st.integers(1, 5000), st.data())
def test_interval_of_a_share_contains_it(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    within = found(intervals.of_share(part, whole))
    assert 0 <= within.low <= part / whole + 1e-12
    assert part / whole - 1e-12 <= within.high <= 1
    assert within.low < within.high


@given(st.integers(1, 500), st.integers(2, 9), st.data())
def test_interval_of_a_share_narrows_with_more_requests(
    whole: int, times: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(0, whole))
    few = found(intervals.of_share(part, whole))
    many = found(intervals.of_share(part * times, whole * times))
    assert many.high - many.low < few.high - few.low


@given(st.integers(1, 500), st.data())
def test_interval_of_a_share_is_that_of_the_rest_turned_over(
    whole: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(0, whole))
    within = found(intervals.of_share(part, whole))
    rest = found(intervals.of_share(whole - part, whole))
    assert within.low == pytest.approx(1 - rest.high, abs=1e-9)


def test_share_of_nothing_has_no_interval() -> None:
    assert intervals.of_share(0, 0) is None


# Percentiles


@pytest.mark.parametrize(
    ("count", "first", "last"), [(20, 6, 15), (50, 18, 33), (100, 40, 61)]
)
def test_median_lies_between_the_order_statistics_of_the_tables(
    count: int, first: int, last: int
) -> None:
    """As the tables for the sign test have it."""
    within = intervals.of_percentile(range(1, count + 1), 0.5)
    assert within == Interval(first, last)


@pytest.mark.parametrize(
    ("share", "count", "given"),
    [
        *((0.5, 0, False), (0.5, 19, False), (0.5, 20, True)),
        *((0.9, 99, False), (0.9, 100, True)),
        *((0.99, 999, False), (0.99, 1000, True)),
    ],
)
def test_percentile_needs_ten_values_beyond(
    share: float, count: int, given: bool
) -> None:
    assert intervals.enough(count, share) is given
    assert (intervals.of_percentile(range(count), share) is not None) is given


@settings(max_examples=40)
@given(st.lists(FINITE, min_size=20, max_size=30), SHARES)
def test_interval_of_a_percentile_contains_it(
    values: list[float], share: float
) -> None:
    ordered = sorted(values * 50)
    within = found(intervals.of_percentile(ordered, share))
    at = ordered[math.ceil(share * len(ordered)) - 1]
    assert ordered[0] <= within.low <= at <= within.high <= ordered[-1]


@settings(max_examples=40)
@given(st.integers(1000, 1500), SHARES, st.integers(2, 6))
def test_interval_of_a_percentile_narrows_with_more_samples(
    count: int, share: float, times: int
) -> None:
    few = found(intervals.of_percentile(range(count), share))
    many = found(intervals.of_percentile(range(count * times), share))
    assert (many.high - many.low) / times < few.high - few.low


@settings(max_examples=40)
@given(st.lists(FINITE, min_size=20, max_size=60))
def test_interval_of_a_percentile_does_not_ask_for_order(values: list[float]) -> None:
    shuffled = random.Random(7).sample(values, len(values))
    ordered = intervals.of_percentile(sorted(values), 0.5)
    assert intervals.of_percentile(shuffled, 0.5) == ordered


def test_interval_of_a_percentile_may_reach_what_has_no_end() -> None:
    times = [1.0] * 135 + [math.inf] * 15
    assert intervals.of_percentile(times, 0.9) == Interval(1.0, math.inf)
    assert intervals.of_percentile(times, 0.5) == Interval(1.0, 1.0)


# Repeats


def test_mean_over_repeats_has_the_interval_of_students_sleep() -> None:
    """As `t.test` of R prints it for its data set `sleep`, paired."""
    gained = [a - b for a, b in zip(SLEEP_1, SLEEP_2, strict=True)]
    close(intervals.over_repeats(gained), -2.4598858, -0.7001142, 7)


def test_difference_of_means_has_the_interval_of_students_sleep() -> None:
    """As `t.test(extra ~ group, data = sleep)` of R prints it (Welch)."""
    within = intervals.of_difference_of_means(SLEEP_2, SLEEP_1)
    close(within, -3.3654832, 0.2054832, 7)


@given(st.lists(FINITE, min_size=3, max_size=9))
def test_interval_over_repeats_contains_their_mean(values: list[float]) -> None:
    within = found(intervals.over_repeats(values))
    mean = math.fsum(values) / len(values)
    slack = 1e-9 * max(map(abs, values))
    assert within.low - slack <= mean <= within.high + slack


@given(st.lists(FINITE, min_size=3, max_size=9), st.lists(FINITE, min_size=3))
def test_interval_of_a_difference_turns_over_with_its_sides(
    base: list[float], new: list[float]
) -> None:
    there = found(intervals.of_difference_of_means(base, new))
    back = found(intervals.of_difference_of_means(new, base))
    assert there.low == pytest.approx(-back.high, abs=1e-6)
    assert there.high == pytest.approx(-back.low, abs=1e-6)


def test_repeats_that_are_equal_leave_no_doubt() -> None:
    assert intervals.over_repeats([3.0, 3.0, 3.0]) == Interval(3.0, 3.0)
    same, more = [2.0] * 3, [5.0] * 4
    assert intervals.of_difference_of_means(same, more) == Interval(3.0, 3.0)
    assert intervals.of_difference_of_means(same, same) == Interval(0.0, 0.0)


def test_two_repeats_are_too_few() -> None:
    assert intervals.over_repeats([1.0, 2.0]) is None
    three, two = [1.0, 2.0, 3.0], [1.0, 2.0]
    assert intervals.of_difference_of_means(three, two) is None
    assert intervals.of_difference_of_means(two, three) is None


# Differences of figures that each have an interval


@pytest.mark.parametrize(
    ("new", "base", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_difference_has_the_interval_that_newcombe_published(
    new: tuple[int, int], base: tuple[int, int], low: float, high: float
) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998) 873, table II, method 10."""
    (p, n), (q, m) = new, base
    within = intervals.of_difference(
        q / m, found(intervals.of_share(q, m)), p / n, found(intervals.of_share(p, n))
    )
    close(within, low, high, 4)


@given(FINITE, FINITE, *(st.floats(0, 1e6) for _ in range(4)))
def test_interval_of_a_difference_contains_it(
    base: float, new: float, a: float, b: float, c: float, d: float
) -> None:
    within = intervals.of_difference(
        base, Interval(base - a, base + b), new, Interval(new - c, new + d)
    )
    assert within.low <= new - base <= within.high
    widest = Interval(new - c - (base + b), new + d - (base - a))
    assert widest.low - 1e-6 <= within.low
    assert within.high <= widest.high + 1e-6


def test_difference_of_what_may_be_over_the_deadline_has_no_end() -> None:
    late, known = Interval(1.0, math.inf), Interval(1.0, 2.0)
    assert intervals.of_difference(1.5, known, 1.5, late).high == math.inf
    assert intervals.of_difference(1.5, late, 1.5, known).low == -math.inf


def test_covering_interval_contains_all() -> None:
    some = [Interval(1, 3), Interval(0, 2), Interval(2, 2)]
    for order in itertools.permutations(some):
        assert intervals.covering(order) == Interval(0, 3)
