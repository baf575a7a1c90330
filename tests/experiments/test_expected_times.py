"""What a cell looks for, and how long profiles take if all is as predicted."""

from __future__ import annotations

import pytest

from loadtests.analysis.predictions import Prediction
from loadtests.analysis.search import Search, next_step
from loadtests.catalog.profiles import PROFILES, Profile
from loadtests.catalog.scenarios import SCENARIOS, Scenario
from loadtests.catalog.stacks import HTTP1, STACKS, Stack
from loadtests.commands.progress import OVERHEAD_S
from loadtests.experiments.cell import (
    MOST_SLOW_CLIENTS,
    RESTS_WITHIN_S,
    expected_s,
    search_of,
)
from loadtests.experiments.holding import Holding
from loadtests.experiments.order import Order

MEASURED = pytest.mark.parametrize("stack", HTTP1.values(), ids=list(HTTP1))


def order(profile: Profile) -> Order:
    stacks = [
        STACKS[name].with_counts(None, None, profile.nofile) for name in profile.stacks
    ]
    scenarios = [SCENARIOS[name] for name in profile.scenarios]
    return Order(profile, stacks, scenarios, profile.repeats, seed=1)


def lasts_s(profile: Profile) -> float:
    return sum(task.lasts_s + OVERHEAD_S for task in order(profile).tasks())


@MEASURED
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_search_of_a_cell_goes_beyond_what_is_predicted(
    stack: Stack, scenario: Scenario
) -> None:
    search = search_of(Holding(stack, scenario, PROFILES["quick"]))
    assert search.degrades is not None
    assert search.out is not None
    degrades, out = search.degrades.high, search.out.high
    if stack.held_under(scenario.id).makes_room:
        assert (degrades, out) == (None, None)
        assert search.top == 2 * 1222  # twice the most that nginx holds
    else:
        assert degrades is not None
        assert degrades < search.top <= MOST_SLOW_CLIENTS
        assert out is not None
        assert degrades <= out <= search.top
    assert search.frees is not scenario.phase.handler_is_slow
    assert next_step(search, []) is not None


def test_cell_lasts_as_long_as_its_steps() -> None:
    """Of 0, 1 and 2 clients: two long looks, and one that is confirmed."""
    profile = PROFILES["quick"]
    two = Prediction(2, 2)
    looks_s = 2 * profile.long_hold_s + 2 * profile.hold_s
    coming_s = 2 / profile.arrive_per_s
    lasts_s = expected_s(Search(two, two, 64), profile)
    assert lasts_s == looks_s + coming_s + 3 * RESTS_WITHIN_S + profile.release_s


def test_range_lasts_longer_than_a_number() -> None:
    profile, high = PROFILES["quick"], Prediction(60, 60)
    exact, spread = (
        expected_s(Search(degrades, high, 240), profile)
        for degrades in (high, Prediction(20, 60))
    )
    assert exact < spread


def test_stack_of_which_nothing_is_predicted_is_expected_to_hold() -> None:
    never = Prediction(None, None)
    assert expected_s(Search(never, never, 64), PROFILES["quick"]) > 8


@pytest.mark.parametrize(
    ("profile", "cells", "most_s"),
    [("smoke", 2, 60), ("quick", 9, 4.5 * 60), ("full", 216, 125 * 60)],
)
def test_profile_is_so_many_cells_and_takes_no_longer(
    profile: str, cells: int, most_s: float
) -> None:
    assert len(order(PROFILES[profile]).cells()) == cells
    assert lasts_s(PROFILES[profile]) <= most_s
