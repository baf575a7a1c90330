"""Intervals against those of `scipy.stats`, which is slow to import elsewhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loadtests.analysis import intervals
from tests.analysis.test_intervals import FINITE, SHARES, found


@given(part=st.integers(0, 400), more=st.integers(0, 400))
def test_share_has_the_interval_of_scipy(part: int, more: int) -> None:
    if whole := part + more:
        within = found(intervals.of_share(part, whole))
        its = stats.binomtest(part, whole).proportion_ci(0.95, method="wilson")
        assert (within.low, within.high) == pytest.approx((its.low, its.high))


@given(values=st.lists(FINITE, min_size=20, max_size=400), share=SHARES)
def test_percentile_has_the_interval_of_scipy(
    values: list[float], share: float
) -> None:
    if within := intervals.of_percentile(sorted(values), share):
        its = stats.quantile_test(values, p=share).confidence_interval(0.95)
        assert (within.low, within.high) == (its.low, its.high)


SCATTERED = st.lists(st.integers(0, 1000), min_size=3, max_size=9).filter(
    lambda values: len(set(values)) > 1
)


@given(base=SCATTERED, new=SCATTERED)
def test_repeats_have_the_intervals_of_scipy(base: list[int], new: list[int]) -> None:
    within = found(intervals.over_repeats(base))
    its = stats.ttest_1samp(base, popmean=0.0).confidence_interval(0.95)
    assert (within.low, within.high) == pytest.approx((its.low, its.high))
    within = found(intervals.of_difference_of_means(base, new))
    its = stats.ttest_ind(new, base, equal_var=False).confidence_interval(0.95)
    assert (within.low, within.high) == pytest.approx((its.low, its.high))


VALUES = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))


@given(points=st.lists(st.tuples(st.integers(0, 999), VALUES), min_size=4, max_size=9))
def test_slope_is_the_one_of_scipy(points: list[tuple[float, float]]) -> None:
    if len({x for x, _ in points}) < 3:
        return
    slope = intervals.of_slope(points)
    assert slope is not None
    line = stats.linregress(*zip(*points, strict=True))
    assert slope.value == pytest.approx(line.slope, abs=1e-6)
    # Of points on one height SciPy knows no error.
    off = 0.0 if math.isnan(line.stderr) else line.stderr
    off *= stats.t.ppf(0.975, len(points) - 2)
    within = found(slope.interval)
    # It takes the root of a difference, which loses half of the digits.
    assert within.high - slope.value == pytest.approx(off, rel=1e-3, abs=1e-3)
