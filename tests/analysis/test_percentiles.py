"""Percentiles of response times, and their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.analysis import intervals
from loadtests.analysis.cell import analyse_step
from loadtests.analysis.response_times import percentile
from loadtests.records.samples import StepTaken
from tests.analysis.recordings import METHOD, cell, fail, healthy


@pytest.mark.parametrize(
    ("unanswered", "p50_ms", "p90_ms"),
    [(0, 2.0, 2.0), (15, 2.0, 2.0), (16, 2.0, None), (75, 2.0, None), (76, None, None)],
)
def test_unanswered_request_is_slower_than_every_answered_one(
    unanswered: int, p50_ms: float | None, p90_ms: float | None
) -> None:
    recording = fail(healthy(0, 4), 0.5, 0.5 + unanswered / METHOD.rate_per_s - 0.005)
    step = cell(recording).steps[0]
    assert (step.attempted, step.answered) == (150, 150 - unanswered)
    assert (step.p50_ms, step.p90_ms) == (p50_ms, p90_ms)
    assert (step.p50_low_ms, step.p90_low_ms) == (p50_ms, p90_ms)


def test_interval_of_a_percentile_may_reach_beyond_the_deadline() -> None:
    step = cell(fail(healthy(0, 4), 0.5, 0.645)).steps[0]
    assert (step.answered, step.p90_ms, step.p90_low_ms) == (135, 2.0, 2.0)
    assert step.p90_high_ms is None


def test_share_has_an_interval_unless_nothing_was_asked() -> None:
    step = cell(fail(healthy(0, 4), 0.5, 0.645)).steps[0]
    # Wilson's, worked out by hand: (135 + z^2/2 ± z sqrt(13.5 + z^2/4)) / (150 + z^2)
    assert (step.answered_low_percent, step.answered_high_percent) == (84.16, 93.85)
    nothing = analyse_step([StepTaken(0, 50.0, 50.0, 51.0, 0, 1)], healthy(0, 4))
    assert (nothing.answered_low_percent, nothing.answered_high_percent) == (None, None)


def brute_force(values: Sequence[float], percent: int) -> float | None:
    """The definition, word by word."""
    for value in sorted(set(values)):
        at_or_below = sum(other <= value for other in values)
        if Fraction(at_or_below, len(values)) >= Fraction(percent, 100):
            rank = math.ceil(Fraction(percent, 100) * len(values))
            return value if len(values) - rank >= intervals.BEYOND else None
    return None


@pytest.mark.parametrize("percent", [50, 90, 99])
@given(st.lists(st.integers(0, 99), max_size=60), st.integers(1, 30))
def test_percentile_is_the_nearest_rank(
    percent: int, few: list[int], times: int
) -> None:
    values = sorted(few * times)
    found = percentile(values, percent / 100)
    assert found == brute_force(values, percent)


@pytest.mark.parametrize(
    ("share", "count", "expected"),
    [
        (0.5, 19, None),
        (0.5, 20, 10.0),
        (0.5, 21, 11.0),
        (0.9, 99, None),
        (0.9, 100, 90.0),
        (0.99, 999, None),
        (0.99, 1000, 990.0),
        (0.99, 1001, 991.0),
        (0.5, 0, None),
    ],
)
def test_percentile_needs_ten_values_beyond(
    share: float, count: int, expected: float | None
) -> None:
    assert percentile(range(1, count + 1), share) == expected


def test_percentile_is_rounded_to_microseconds() -> None:
    assert percentile([1.23456789] * 20, 0.5) == 1.235
