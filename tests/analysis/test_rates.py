"""Rates: which is tried next, and what those that were tried say."""

from __future__ import annotations

import dataclasses
import math

import pytest

from loadtests.analysis import rates
from loadtests.analysis.predictions import BEYOND, CONFIRMED, REFUTED, UNPREDICTED
from loadtests.catalog import stacks
from loadtests.catalog.rates import RATE_SCENARIOS
from loadtests.records.rate import Conditions, Overload, Rate, RateStep

TOP = 1000.0
RATE = Rate(
    stack="a",
    scenario="backend-wait",
    wait_ms=100,
    places=16,
    limited_by="threads",
    predicted_per_s=160.0,
    cpu_us_per_request=200.0,
    sustained_per_s=144.0,
    failed_per_s=176.0,
    steps=[],
    lag_p99_ms=0.3,
    argv=["a"],
    workers=2,
    threads=8,
)


def step(rate: float, answered: int = 100) -> RateStep:
    return RateStep(rate, 6.0, 100, answered, None, None)


def search(predicted: float | None, real: float, top: float = TOP) -> list[float]:
    """The rates that are tried of a stack that sustains `real`."""
    tried: list[RateStep] = []
    while (
        rate := rates.next_rate(rates.first_rates(predicted, 0.1), top, tried)
    ) is not None:
        assert len(tried) < 20
        assert rate not in [one.rate_per_s for one in tried]
        tried.append(step(round(rate, 2), 100 if rate <= real else 0))
    return [one.rate_per_s for one in tried]


def test_prediction_that_is_right_takes_three_steps() -> None:
    assert search(160, 160) == pytest.approx([80, 144.0, 176])


@pytest.mark.parametrize("real", [1.5, 10, 40, 70, 140, 200, 310, 640, 990])
@pytest.mark.parametrize("predicted", [2, 16, 160, 160.0, 333.333, 900])
def test_search_ends_near_whatever_is_sustained(predicted: float, real: float) -> None:
    tried = search(predicted, real)
    most = max((rate for rate in tried if rate <= real), default=None)
    least = min((rate for rate in tried if rate > real), default=None)
    assert most is not None
    assert least is None or least / most <= 1.23
    assert max(tried) <= TOP


def test_stack_that_sustains_all_that_is_sent_is_asked_for_no_more() -> None:
    assert search(20_000, math.inf) == [TOP]
    assert search(160, math.inf)[-1] == TOP


def test_stack_that_sustains_nothing_ends_the_search() -> None:
    assert search(16, 0)[-1] <= 1


@pytest.mark.parametrize(
    ("answered", "holds"), [(100, True), (99, True), (98, False), (0, False)]
)
def test_rate_holds_while_99_percent_are_answered(answered: int, holds: bool) -> None:
    assert rates.held(step(9, answered)) is holds


@pytest.mark.parametrize(
    ("places", "wait_s", "cpu_s", "per_s", "limited_by"),
    [
        (16, 0.1, 0.0002, 160, "threads"),
        (2000, 0.1, 0.0002, 5000, rates.CPU),
        (2, 0.5, 0.0, 4, "threads"),
    ],
)
def test_prediction_is_littles_law_or_the_cpu(
    places: int, wait_s: float, cpu_s: float, per_s: float, limited_by: str
) -> None:
    found, limit = rates.predicted(places, "threads", wait_s, cpu_s, cores=1)
    assert found == pytest.approx(per_s)
    assert limit == limited_by


def test_search_without_a_prediction_begins_with_two_places_and_doubles() -> None:
    assert search(None, 100)[:5] == [20, 40, 80, 160, 113.14]


@pytest.mark.parametrize(
    ("sustained", "failed", "verdict"),
    [
        (144.0, 176.0, CONFIRMED),
        (120.0, 130.0, REFUTED),
        (190.0, 210.0, REFUTED),
        (None, 1.0, REFUTED),
        (170.0, None, BEYOND),
        (1000.0, None, REFUTED),
    ],
)
def test_verdict_is_that_of_ten_percent(
    sustained: float | None, failed: float | None, verdict: str
) -> None:
    found = dataclasses.replace(RATE, sustained_per_s=sustained, failed_per_s=failed)
    assert rates.verdict(found) == verdict


@pytest.mark.parametrize(
    ("sustained", "failed", "verdict"),
    [
        (150.0, 170.0, CONFIRMED),
        (100.0, 200.0, BEYOND),  # between what was asked
        (100.0, None, BEYOND),
        (None, 200.0, BEYOND),
        (200.0, None, REFUTED),
        (100.0, 120.0, REFUTED),
    ],
)
def test_rates_that_were_named_may_leave_a_prediction_open(
    sustained: float | None, failed: float | None, verdict: str
) -> None:
    named = Conditions(rates_per_s=[100.0, 200.0])
    rate = dataclasses.replace(RATE, conditions=named, failed_per_s=failed)
    found = dataclasses.replace(rate, sustained_per_s=sustained)
    assert rates.verdict(found) == verdict


def test_server_that_is_not_known_has_no_verdict() -> None:
    unknown = dataclasses.replace(RATE, predicted_per_s=None, places=None)
    assert rates.verdict(unknown) == UNPREDICTED


@pytest.mark.parametrize(
    ("stack", "slow", "number", "places"),
    [
        ("wsgi-gunicorn-sync", "slow-body", 1, 1),
        ("wsgi-gunicorn-sync", "slow-body", 9, 0),
        ("wsgi-gunicorn-gthread", "slow-headers", 6, 10),
        ("wsgi-gunicorn-gthread", "idle", 7, 11),  # each holds a thread 5 s of 7.5
        ("wsgi-waitress", "slow-body", 9, 16),  # buffered: no thread
        ("wsgi-gunicorn-sync-nginx", "slow-body", 9, 2),  # kept off by nginx
        ("asgi-uvicorn", "slow-body", 8, 2000),
        ("asgi-uvicorn", "loop-block", 2, 0),  # nothing is answered any more
        ("wsgi-granian", "idle", 2000, 0),
    ],
)
def test_slow_clients_leave_fewer_places(
    stack: str, slow: str, number: int, places: int
) -> None:
    one = RATE_SCENARIOS["backend-wait"]
    assert one.places_beside(stacks.find(stack), slow, number) == places


@pytest.mark.parametrize(
    ("goodput", "cliff"), [([150.0, 140.0], False), ([150.0, 30.0], True), ([], None)]
)
def test_goodput_that_falls_under_overload_is_a_cliff(
    goodput: list[float], cliff: bool | None
) -> None:
    tried = [Overload(1.5, 225.0, per_s, {"late": 9}, 2.0, 80.0) for per_s in goodput]
    assert rates.has_a_cliff(dataclasses.replace(RATE, overloads=tried)) is cliff


@pytest.mark.parametrize(
    ("scenario", "stack", "places"),
    [
        ("backend-wait", "wsgi-gunicorn-sync", 2),
        ("backend-wait", "wsgi-gunicorn-gthread@threads=4", 8),
        ("backend-wait", "asgi-uvicorn", 2008),
        ("backend-block", "asgi-uvicorn", 2),
        ("backend-def", "asgi-uvicorn", 80),
        ("backend-async", "asgi-uvicorn", 2008),
        ("backend-pool", "asgi-daphne", 10),
    ],
)
def test_places_are_what_a_waiting_request_holds(
    scenario: str, stack: str, places: int
) -> None:
    one = RATE_SCENARIOS[scenario]
    assert one.places(stacks.find(stack)) == places
    assert one.limited_by(stacks.find(stack))
    assert one.request(20).target.endswith("ms=20")


def test_apps_of_one_interface_are_not_for_the_other() -> None:
    one = RATE_SCENARIOS["backend-def"]
    assert one.fits(stacks.find("asgi-uvicorn"))
    assert not one.fits(stacks.find("wsgi-waitress"))


def test_rate_has_what_was_found_of_it_and_its_steps_in_order() -> None:
    nothing = dataclasses.replace(RATE, sustained_per_s=None, failed_per_s=None)
    tried = [step(80.0), step(176.0, 50), step(144.0)]
    found = rates.with_steps(nothing, tried)
    assert (found.sustained_per_s, found.failed_per_s) == (144.0, 176.0)
    assert [one.rate_per_s for one in found.steps] == [80.0, 144.0, 176.0]
