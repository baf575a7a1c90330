"""The profiles: how much is measured, and how."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from loadtests.catalog.names import unknown
from loadtests.catalog.scenarios import SCENARIOS, ScenarioError
from loadtests.catalog.stacks import HTTP1, Stack


@dataclass(frozen=True)
class Extras:
    """What a run measures beside its cells.

    How a stack that is held at its predicted capacity frees itself, watched for
    `watch_s`: longer than every default timeout of these servers, of which gunicorn's
    --timeout, 30 s, is the longest. And what a request costs, in `cost_repeats` starts
    of each server, `cost_s` for each request.
    """

    watch_s: int
    cost_repeats: int
    cost_s: float


@dataclass(frozen=True)
class Profile:
    """How much is measured, and how. Times in seconds, rates per second.

    With no `chosen_stacks`, or no `chosen_scenarios`, all that there are.

    `levels` are the steps that every stack climbs; those around its own predicted
    capacity are added. Without any, it is held at that capacity alone, at the upper end
    of a range: there it is out for certain. Each step lasts
    `hold_s`; the first `settle_s`, in which its slow clients arrive, do not count.
    After the last one the slow clients leave and `release_s` is watched. With
    `second_tries`, void cells are measured once more. With `traces`, the calls of two
    visits are traced at the end.
    """

    id: str
    repeats: int
    levels: tuple[int, ...]
    hold_s: int
    release_s: int
    chosen_stacks: tuple[str, ...] = ()
    chosen_scenarios: tuple[str, ...] = ()
    settle_s: float = 1.0
    rate_per_s: float = 120.0
    deadline_s: float = 1.0
    second_tries: bool = True
    comes_back: bool = True
    extras: Extras | None = None
    traces: bool = True

    @property
    def stacks(self) -> tuple[str, ...]:
        """The ids of what is measured."""
        return self.chosen_stacks or tuple(HTTP1)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The ids of the scenarios under which it is measured."""
        return self.chosen_scenarios or tuple(SCENARIOS)

    def staircase(self, stack: Stack, scenario: str) -> list[int]:
        """The steps for this stack: the common ones, and just below and at capacity."""
        if not self.levels:
            return [stack.predicted_out_by(scenario) or 0]
        top = self.levels[-1]
        predicted = stack.predicted_out_at(scenario)
        latest = stack.predicted_out_by(scenario) or 0
        near = {predicted - 1, predicted, 2 * predicted, latest} if predicted else set()
        return sorted({*self.levels, *(n for n in near if 0 < n <= top)})

    def cell_s(self, stack: Stack, scenario: str) -> int:
        """How long the measured window of one cell is."""
        climb_s = len(self.staircase(stack, scenario)) * self.hold_s
        return climb_s + self.top_extra_s + self.release_s

    def freeing(self, watch_s: int) -> Profile:
        """The same, with each stack held at its predicted capacity for that long by
        slow clients that do not come back."""
        return replace(self, levels=(), hold_s=watch_s, release_s=1, comes_back=False)

    @property
    def top_extra_s(self) -> int:
        """How much longer the last step is: what is asked within a deadline of the slow
        clients' leaving could be answered only because they left, and does not count.
        """
        return math.ceil(self.deadline_s)


PROFILES: dict[str, Profile] = {
    profile.id: profile
    for profile in (
        Profile(
            id="smoke",
            chosen_stacks=("wsgi-gunicorn-sync", "asgi-uvicorn"),
            chosen_scenarios=("slow-body",),
            repeats=1,
            levels=(0, 64),
            hold_s=2,
            release_s=2,
            second_tries=False,
            traces=False,
        ),
        Profile(
            id="quick",
            chosen_stacks=(
                *("wsgi-gunicorn-sync", "wsgi-gunicorn-gthread"),
                *("asgi-gunicorn", "asgi-uvicorn"),
            ),
            chosen_scenarios=("slow-headers", "slow-body", "slow-read"),
            repeats=1,
            levels=(0, 4, 32, 128, 512),
            hold_s=2,
            release_s=3,
        ),
        Profile(
            id="full",
            repeats=3,
            levels=(0, 4, 8, 32, 128, 512),
            hold_s=2,
            release_s=3,
            extras=Extras(watch_s=40, cost_repeats=3, cost_s=1.2),
        ),
    )
}


def profile(profile_id: str) -> Profile:
    """The profile of that id; ScenarioError names the nearest."""
    try:
        return PROFILES[profile_id]
    except KeyError:
        raise ScenarioError(unknown("profile", profile_id, PROFILES)) from None
