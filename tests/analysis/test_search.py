"""The search for where a stack degrades and is out, against simulated stacks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.analysis.predictions import Prediction
from loadtests.analysis.search import (
    Ask,
    Harm,
    Search,
    Tried,
    harm_of,
    held_below,
    memory_for,
    next_step,
    resolution,
)
from tests.analysis.searches import (
    COUNTS,
    MOST,
    NEVER,
    Simulated,
    alone,
    asked,
    degrades_at,
    exactly,
    least,
    looking_for,
    ranges,
    searched,
    stacks,
)


@given(COUNTS, st.booleans())
def test_right_prediction_takes_four_or_five_steps(number: int, frees: bool) -> None:
    tried = searched(alone(number, frees), Simulated(number, number))
    assert degrades_at(tried) == least(tried, Harm.OUT) == number
    assert len(tried) <= 5
    assert len(tried) >= 4 or number <= 3
    if number > 3:
        before = number // 2 if frees else number - 1 - resolution(number)
        assert asked(tried)[:4] == [0, before, number - 1, number]


@given(stacks(), COUNTS, st.integers(1, 16))
def test_search_ends_and_is_as_exact_as_it_says(
    stack: Simulated, predicted: int, ratio: int
) -> None:
    """Whatever was predicted: right, too low or too high."""
    search = looking_for(exactly(max(1, predicted // ratio)), exactly(predicted))
    assert_exact(search, stack)


@given(stacks(), ranges())
def test_search_in_a_range_is_as_exact_as_a_rise_in_it(
    stack: Simulated, predicted: Prediction
) -> None:
    low, high = predicted.low or 0, predicted.high or 0
    rise = max(resolution(low), math.ceil((high - low) / 3) + 1)
    assert_exact(looking_for(predicted, predicted), stack, rise)


@given(stacks(most=64), st.integers(1, 64))
def test_search_is_exact_to_one_client_up_to_64(
    stack: Simulated, predicted: int
) -> None:
    tried = searched(alone(predicted), stack)
    assert degrades_at(tried) == within_top(stack.degrades_at, tried)
    if stack.out_at is not None:
        assert least(tried, Harm.OUT) == within_top(stack.out_at, tried)


def within_top(number: int | None, tried: list[Tried]) -> int | None:
    """A number that no step reached was not seen; the top was reached."""
    return number if number is not None and number <= max(asked(tried)) else None


def assert_exact(search: Search, stack: Simulated, rise: int = 1) -> None:
    tried = searched(search, stack)
    for harms, real in (
        ((Harm.DEGRADED, Harm.OUT), stack.degrades_at),
        ((Harm.OUT,), stack.out_at),
    ):
        found = least(tried, *harms)
        if real is None:
            assert found is None
        elif found is None:
            assert max(asked(tried)) == search.top < real, tried
        else:
            assert 0 <= found - real < max(resolution(real), rise), tried


@given(stacks(), COUNTS)
def test_search_looks_long_at_the_baseline_and_at_the_most_that_is_held(
    stack: Simulated, predicted: int
) -> None:
    tried = searched(alone(predicted), stack)
    assert tried[0].ask == Ask(0, long=True)
    first = degrades_at(tried)
    if first is not None:
        held = max(n for n in asked(tried) if n < first)
        assert Ask(held, long=True) in [one.ask for one in tried]


@given(stacks(), ranges())
def test_search_ends_where_it_is_worst(stack: Simulated, predicted: Prediction) -> None:
    """What follows is the leaving, and what the stack recovers from."""
    tried = searched(looking_for(predicted, predicted), stack)
    if degrades_at(tried) is not None:
        assert tried[-1].harm is not Harm.NONE


@given(stacks(), COUNTS)
def test_search_only_climbs_where_leaving_frees_nothing(
    stack: Simulated, predicted: int
) -> None:
    tried = searched(alone(predicted, frees=False), stack)
    assert asked(tried) == sorted(set(asked(tried)))


@given(st.integers(1, MOST), st.floats(0.0, 3.0))
def test_search_that_only_climbs_confirms_no_number_that_is_wrong(
    predicted: int, ratio: float
) -> None:
    """What it finds is within the tolerance just where the stack's number is."""
    real = max(1, round(ratio * predicted))
    tried = searched(alone(predicted, frees=False), Simulated(real, real))
    found = degrades_at(tried)
    assert exactly(predicted).side(found) == exactly(predicted).side(real)


@given(stacks(), ranges(), st.booleans())
def test_search_asks_for_nothing_above_its_top(
    stack: Simulated, predicted: Prediction, frees: bool
) -> None:
    search = Search(predicted, predicted, MOST, frees)
    assert max(asked(searched(search, stack))) <= MOST


@pytest.mark.parametrize("harm", [Harm.DEGRADED, Harm.OUT])
def test_harmed_baseline_ends_the_search(harm: Harm) -> None:
    assert next_step(alone(8), [Tried(Ask(0, long=True), harm)]) is None


def test_range_is_climbed_in_a_few_steps() -> None:
    spread = Prediction(100, 180)
    tried = searched(Search(spread, exactly(200), 800), Simulated(141, 200))
    assert asked(tried) == [0, 50, 99, 126, 153, 200, 176, 188, 194]
    assert [one.ask for one in tried if one.ask.long] == [
        Ask(0, long=True),
        Ask(99, long=True),
    ]


def test_prediction_that_is_too_low_is_doubled_then_halved() -> None:
    tried = searched(alone(8), Simulated(23, 23))
    assert asked(tried)[:6] == [0, 4, 7, 8, 16, 32]
    assert tried[-2].ask == Ask(22, long=True)
    assert tried[-1] == Tried(Ask(23), Harm.OUT)


def test_stack_that_was_never_predicted_out_is_seen_a_little_above_its_first_harm() -> (
    None
):
    tried = searched(Search(exactly(100), NEVER, 400), Simulated(100, None))
    assert asked(tried) == [0, 50, 99, 100, 110]


def test_stack_of_which_no_harm_is_predicted_is_looked_at_up_to_the_top() -> None:
    tried = searched(Search(NEVER, NEVER, 64), Simulated(None, None))
    assert asked(tried) == [0, 32, 64]


def test_harm_where_none_is_predicted_is_found_exactly() -> None:
    tried = searched(Search(NEVER, NEVER, 64), Simulated(20, 30))
    first = min(one.ask.slow_clients for one in tried if one.harm is not Harm.NONE)
    assert first == 20


@pytest.mark.parametrize(
    ("share", "harm"),
    [
        (1.0, Harm.NONE),
        (0.99, Harm.NONE),
        (0.989, Harm.DEGRADED),
        (0.01, Harm.DEGRADED),
        (0.009, Harm.OUT),
        (0.0, Harm.OUT),
    ],
)
def test_harm_is_what_the_share_says(share: float, harm: Harm) -> None:
    assert harm_of(share) is harm


@pytest.mark.parametrize(
    ("number", "exact"), [(1, 1), (64, 1), (65, 3), (100, 5), (2000, 100)]
)
def test_resolution_is_one_client_or_five_percent(number: int, exact: int) -> None:
    assert resolution(number) == exact


def test_smaller_step_is_taken_from_the_largest_that_was_held() -> None:
    tried = [Tried(Ask(0), Harm.NONE), Tried(Ask(4), Harm.NONE)]
    tried.append(Tried(Ask(16), Harm.DEGRADED))
    assert held_below(8, tried) == 4
    assert held_below(4, tried) == 0


@pytest.mark.parametrize(
    ("taken_mb", "wanted_mb"),
    [
        ([], 0),
        ([(0, 40)], 0),
        ([(0, 40), (10, 100)], 6 * 90),
        ([(0, 40), (10, 30)], 0),
        ([(0, 40), (10, 100), (50, 240)], 4 * 50),
        ([(0, 40), (10, 100), (0, 90)], 0),
    ],
)
def test_memory_for_more_is_what_each_took_so_far(
    taken_mb: list[tuple[int, float]], wanted_mb: float
) -> None:
    assert memory_for(100, taken_mb) == wanted_mb


def test_search_without_a_prediction_doubles_and_then_bisects() -> None:
    tried = searched(Search(None, None, 4096), Simulated(21, 24))
    assert asked(tried)[:7] == [0, 1, 2, 4, 8, 16, 32]
    assert degrades_at(tried) == 21
    assert least(tried, Harm.OUT) == 24
    assert [one.ask.slow_clients for one in tried if one.ask.long] == [0, 20]


def test_search_without_a_prediction_that_only_climbs_doubles() -> None:
    tried = searched(Search(None, None, 4096, frees=False), Simulated(21, 40))
    assert asked(tried) == [0, 1, 2, 4, 8, 16, 32, 64]


@given(stacks(), st.booleans())
def test_search_without_a_prediction_ends(stack: Simulated, frees: bool) -> None:
    tried = searched(Search(None, None, 4096, frees), stack)
    assert max(asked(tried)) <= 4096
