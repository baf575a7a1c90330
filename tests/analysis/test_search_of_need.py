"""The search where it is known how many are needed, or not what a handler does."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.analysis.search import Harm, Search
from tests.analysis.searches import (
    Simulated,
    asked,
    degrades_at,
    exactly,
    least,
    searched,
)

NEED, TOP = 100, 400
# A handler that awaits, as the server's prediction has it; no step can go back.
UNSURE = Search(exactly(1004), exactly(2008), TOP, frees=False, unsure=True, need=NEED)


@given(st.integers(1, 400))
def test_handler_that_does_otherwise_is_found_to_a_factor_of_two(number: int) -> None:
    tried = searched(UNSURE, Simulated(number, number))
    steps = asked(tried)
    assert steps == sorted(steps), "it only climbs"
    found = degrades_at(tried)
    assert found is not None
    assert number <= found <= 2 * number
    assert found == least(tried, Harm.OUT)


def test_number_that_is_needed_is_a_step_of_its_own() -> None:
    tried = searched(UNSURE, Simulated(120, 120))
    assert asked(tried) == [0, 1, 2, 4, 8, 16, 32, 64, 100, 128]
    assert degrades_at(tried) == 128


@pytest.mark.parametrize("unsure", [True, False])
def test_handler_that_does_as_predicted_is_not_tried_above_the_top(
    unsure: bool,
) -> None:
    search = dataclasses.replace(UNSURE, unsure=unsure)
    tried = searched(search, Simulated(1004, 2008))
    assert asked(tried)[-1] == TOP
    assert degrades_at(tried) is None


def test_client_that_is_predicted_to_be_held_is_tried_at_the_top_at_once() -> None:
    sure = dataclasses.replace(UNSURE, frees=True, unsure=False)
    assert asked(searched(sure, Simulated(1004, 2008))) == [0, TOP]
    tried = searched(sure, Simulated(37, 50))
    assert asked(tried)[1] == TOP
    assert degrades_at(tried) == 37
    assert least(tried, Harm.OUT) == 50


@given(st.integers(1, 400), st.integers(1, 4))
def test_handler_that_does_otherwise_is_out_within_a_factor_of_two_as_well(
    number: int, times: int
) -> None:
    """The prediction was of another handler: it says nothing of where that one ends."""
    far = dataclasses.replace(UNSURE, top=10_000, need=0)
    tried = searched(far, Simulated(number, times * number))
    out = least(tried, Harm.OUT)
    assert out is not None
    assert out <= 2 * times * number
