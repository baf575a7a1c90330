"""How a step, a share and a time are written."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.report.said import found, repeated, share_within, supply, time
from tests import runs
from tests.steps import but


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
    assert repeated([198.0, 200.0, 202.0]) == "(195 to 205)"
    assert repeated([198.0, 200.0]) == ""


def test_share_of_nothing_is_a_dash() -> None:
    assert share_within(but(attempted=0, answered=0)) == "–"


def test_what_ran_out_has_the_name_that_the_server_gives_it() -> None:
    cell = runs.cell("wsgi-waitress", answered={0: 150, 97: 150, 98: 0}, predicted=98)
    gone = dataclasses.replace(cell.capacity, ran_out="worker_connections")
    said = found(dataclasses.replace(cell, capacity=gone))
    assert said == "holds 97, out at 98 (predicted 98): connection_limit ran out"
    assert supply("of-nobody", "threads") == "threads"
    assert supply("asgi-granian", None) == ""
