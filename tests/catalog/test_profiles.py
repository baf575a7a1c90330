"""The profiles: what they measure, in which steps, and how long that takes."""

from __future__ import annotations

import pytest

from loadtests.catalog.phases import Phase
from loadtests.catalog.profiles import PROFILES, Profile
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import (
    HTTP1,
    HTTP2,
    STACKS,
    AtLimit,
    Holds,
    Limit,
    Stack,
    Supply,
)

MEASURED = pytest.mark.parametrize("stack", HTTP1.values(), ids=list(HTTP1))
ALL_PROFILES = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
OVERHEAD_S = 3  # starting and stopping the processes of a cell


def test_profiles_hold_no_stack_that_cannot_be_measured() -> None:
    assert not {name for p in PROFILES.values() for name in p.stacks} & HTTP2.keys()
    assert PROFILES["full"].stacks == tuple(HTTP1)


@ALL_PROFILES
def test_profile_measures_what_exists(profile: Profile) -> None:
    assert set(profile.stacks) <= STACKS.keys()
    assert set(profile.scenarios) <= SCENARIOS.keys()
    assert profile.repeats >= 1


@ALL_PROFILES
def test_profile_leaves_each_step_a_window(profile: Profile) -> None:
    """Enough for a median with ten samples beyond it, on the last step too."""
    longest_cut_s = profile.settle_s + profile.deadline_s - profile.top_extra_s
    assert (profile.hold_s - longest_cut_s) * profile.rate_per_s >= 20
    assert profile.top_extra_s >= profile.deadline_s


@ALL_PROFILES
@MEASURED
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_staircase_climbs_from_zero_over_the_predicted_capacity(
    profile: Profile, stack: Stack, scenario: str
) -> None:
    steps = profile.staircase(stack, scenario)
    assert steps[0] == 0
    assert steps == sorted(set(steps))
    assert set(profile.levels) <= set(steps)
    assert steps[-1] == profile.levels[-1]
    predicted = stack.predicted_out_at(scenario)
    near = {predicted - 1, predicted, 2 * predicted}
    assert {n for n in near if n <= steps[-1]} <= set(steps)


@pytest.mark.parametrize(
    ("supply", "steps"),
    [
        (1, [0, 1, 2, 64]),
        (32, [0, 31, 32, 64]),
        (33, [0, 32, 33, 64]),
        (64, [0, 63, 64]),
        (65, [0, 64]),
        (66, [0, 64]),
    ],
)
def test_staircase_stays_within_its_top(supply: int, steps: list[int]) -> None:
    limit = Limit(Supply.WORKERS, lambda _: supply, AtLimit.BLOCKS, "")
    holds = {Phase.SILENT: Holds("a thing", (limit,), "")}
    stack = Stack("x", "wsgi", "x", "x", (), holds, "x:app", (), workers=1)
    assert PROFILES["smoke"].staircase(stack, "idle") == steps


@ALL_PROFILES
@MEASURED
def test_cell_lasts_as_long_as_its_parts(profile: Profile, stack: Stack) -> None:
    steps = len(profile.staircase(stack, "slow-body"))
    parts_s = [profile.hold_s] * steps + [profile.top_extra_s, profile.release_s]
    assert profile.cell_s(stack, "slow-body") == sum(parts_s)


def cells_s(profile: Profile) -> list[int]:
    """How long each cell of one repeat lasts."""
    return [
        profile.cell_s(STACKS[stack_id], scenario)
        for stack_id in profile.stacks
        for scenario in profile.scenarios
    ]


def test_quick_profile_is_twelve_cells_in_200_s() -> None:
    lengths = cells_s(PROFILES["quick"])
    assert len(lengths) == 12
    assert sum(lengths) <= 200


def test_full_profile_is_everything_three_times_within_an_hour() -> None:
    full = PROFILES["full"]
    lengths = cells_s(full) * full.repeats
    assert len(lengths) == len(HTTP1) * len(SCENARIOS) * 3
    assert sum(length + OVERHEAD_S for length in lengths) < 60 * 60


def test_smoke_profile_is_half_a_minute() -> None:
    assert sum(length + OVERHEAD_S for length in cells_s(PROFILES["smoke"])) <= 30
