"""A step of several repeats as one."""

from __future__ import annotations

import pytest

from loadtests.analysis.steps import pooled
from tests.steps import STEP, but


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
    assert (step.answered_low_percent, step.answered_high_percent) == (None, None)
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
