"""The profiles: what they measure, and for how long."""

from __future__ import annotations

import pytest

from loadtests.catalog import stacks
from loadtests.catalog.profiles import DOCTOR, PROFILES, Profile, paced
from loadtests.catalog.scenarios import SCENARIOS, slow_clients, usual
from loadtests.catalog.stacks import HTTP1, HTTP2

ALL_PROFILES = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


def test_profiles_hold_no_stack_that_cannot_be_measured() -> None:
    assert not {name for p in PROFILES.values() for name in p.stacks} & HTTP2.keys()
    assert PROFILES["full"].stacks == tuple(HTTP1)


@ALL_PROFILES
def test_profile_measures_what_exists(profile: Profile) -> None:
    assert all(map(stacks.find, profile.stacks))
    assert set(profile.scenarios) <= SCENARIOS.keys()
    assert profile.repeats >= 1


def test_profiles_that_name_no_scenarios_have_the_usual_ones() -> None:
    full = PROFILES["full"].scenarios
    assert full == usual() == tuple(s.id for s in SCENARIOS.values() if s.usual)
    assert set(slow_clients()) < set(full)
    named_only = {"slow-link", "sse", "ws-idle", "ws-slow-read"}
    assert named_only == SCENARIOS.keys() - set(full)
    chosen = {name for p in (*PROFILES.values(), DOCTOR) for name in p.scenarios}
    assert not named_only & chosen


@ALL_PROFILES
def test_profile_holds_each_step_for_a_figure(profile: Profile) -> None:
    """Enough for a p90 with ten samples beyond it; the long ones for a p99 too, but for
    the shortest profile."""
    assert profile.hold_s * profile.rate_per_s >= 100
    assert profile.long_hold_s >= profile.hold_s
    if profile.id != "smoke":
        assert profile.long_hold_s * profile.rate_per_s >= 1000


def test_ten_thousand_are_tried_where_they_are_predicted_to_be_held() -> None:
    """But for daphne, which keeps an upload in a file as well."""
    large = PROFILES["c10k"]
    least = {
        (stack_id, scenario): found.predicted_degrades_at(scenario) or large.need + 1
        for stack_id in large.stacks
        for found in [stacks.find(stack_id).with_counts(None, None, large.nofile)]
        for scenario in large.scenarios
    }
    few = [key for key, number in least.items() if number <= large.need]
    assert few == [("asgi-daphne", "slow-body")]
    assert large.most == large.need == 10_000


def test_fifty_thousand_are_tried_where_they_may_be_held() -> None:
    """Common machines give a process 20,000 descriptors, a generator's too. So the
    first worker may be full before 50,000 are there, if it gets 40 % of them."""
    huge = PROFILES["c50k"]
    assert huge.most == huge.need == 50_000
    assert huge.nofile < 20_000
    for stack_id in huge.stacks:
        stack = stacks.find(stack_id).with_counts(huge.workers, None, huge.nofile)
        for scenario in huge.scenarios:
            assert (stack.predicted_degrades_at(scenario) or 0) > 0.75 * huge.need
            assert (stack.predicted_degrades_by(scenario) or 0) > 3 * huge.need
    assert [PROFILES[name].processes for name in ("quick", "c10k", "c50k")] == [1, 2, 4]


@ALL_PROFILES
def test_profile_watches_longer_than_a_request_may_take(profile: Profile) -> None:
    assert profile.release_s > profile.deadline_s


@pytest.mark.parametrize(
    ("healthy_s", "rate_per_s", "hold_s"),
    [(0.0, 300.0, 0.7), (0.0008, 300.0, 0.7), (0.002, 75.0, 0.7), (0.1, 2.34375, 17.1)],
)
def test_slow_app_gets_fewer_healthy_requests_and_longer_looks(
    healthy_s: float, rate_per_s: float, hold_s: float
) -> None:
    quick = paced(PROFILES["quick"], healthy_s)
    assert (quick.rate_per_s, quick.hold_s) == (rate_per_s, hold_s)
    assert quick.long_hold_s >= 2 * hold_s
