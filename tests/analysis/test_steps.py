"""A step of several repeats as one, and how its figures are written."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.steps import pooled, repeated, share_within, time
from loadtests.records.run import Step

STEP = Step(
    slow_clients=4,
    attempted=150,
    answered=150,
    p50_ms=2.0,
    p90_ms=4.0,
    p99_ms=None,
    p50_low_ms=1.5,
    p50_high_ms=2.5,
    p90_low_ms=3.0,
    p90_high_ms=5.0,
)


def but(**given: float | None) -> Step:
    return dataclasses.replace(STEP, **given)  # type: ignore[arg-type]


def test_repeats_of_a_step_are_added_up() -> None:
    step = pooled([STEP, but(attempted=140, answered=7), STEP])
    assert (step.slow_clients, step.attempted, step.answered) == (4, 440, 307)


def test_share_of_repeats_that_agree_is_known_better() -> None:
    one, three = pooled([STEP]), pooled([STEP] * 3)
    assert one.answered_low_percent == pytest.approx(97.50, abs=0.01)
    assert three.answered_low_percent == pytest.approx(99.15, abs=0.01)
    assert three.answered_high_percent == 100


def test_share_of_repeats_that_disagree_is_anywhere_between() -> None:
    step = pooled([STEP, STEP, but(answered=0)])
    assert (step.answered_low_percent, step.answered_high_percent) == (0, 100)


def test_share_of_nothing_has_no_interval() -> None:
    step = pooled([but(attempted=0, answered=0)])
    assert (step.answered_low_percent, share_within(step)) == (None, "–")
    assert pooled([STEP, but(attempted=0, answered=0)]).answered_low_percent == (
        pooled([STEP]).answered_low_percent
    )


def test_percentile_of_repeats_is_the_middle_within_all_their_intervals() -> None:
    slow = but(p90_ms=9.0, p90_low_ms=8.0, p90_high_ms=20.0)
    step = pooled([STEP, slow, STEP])
    assert (step.p90_ms, step.p90_low_ms, step.p90_high_ms) == (4.0, 3.0, 20.0)
    assert (step.p99_ms, step.p99_low_ms, step.p99_high_ms) == (None, None, None)


def test_percentile_that_is_over_the_deadline_once_has_no_upper_bound() -> None:
    step = pooled([STEP, but(p90_high_ms=None), STEP])
    assert (step.p90_ms, step.p90_low_ms, step.p90_high_ms) == (4.0, 3.0, None)
    step = pooled([STEP, but(p90_ms=None, p90_low_ms=None, p90_high_ms=None), STEP])
    assert (step.p90_ms, step.p90_low_ms, step.p90_high_ms) == (4.0, None, None)


@pytest.mark.parametrize(
    ("answered", "low", "high", "says"),
    [
        (150, 97.503, 100.0, "100.0 % (97.5 to 100)"),
        (149, 96.32, 99.88, "99.3 % (96.3 to 99.9)"),
        (0, 0.0, 2.497, "0.0 % (0 to 2.5)"),
        (150, None, None, "100.0 %"),
    ],
)
def test_share_is_written_with_its_interval(
    answered: int, low: float | None, high: float | None, says: str
) -> None:
    step = but(answered=answered, answered_low_percent=low, answered_high_percent=high)
    assert share_within(step) == says


@pytest.mark.parametrize(
    ("answered", "p90_ms", "says"),
    [(150, 4.0, "4.0"), (135, None, "–"), (134, None, "> 1,000"), (0, None, "> 1,000")],
)
def test_percentile_over_the_deadline_says_so(
    answered: int, p90_ms: float | None, says: str
) -> None:
    assert time(but(answered=answered, p90_ms=p90_ms), 90, deadline_s=1.0) == says


def test_percentile_of_too_few_is_a_dash_however_late() -> None:
    assert time(but(answered=0), 99, deadline_s=1.0) == "–"
    assert time(but(attempted=19, answered=0, p50_ms=None), 50, 1.0) == "–"


def test_repeats_are_written_with_the_interval_of_their_mean() -> None:
    assert repeated([198.0, 200.0, 202.0]) == " (195 to 205)"
    assert repeated([198.0, 200.0]) == ""
