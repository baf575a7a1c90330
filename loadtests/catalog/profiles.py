"""The profiles: how much is measured, and how."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from loadtests.catalog.names import unknown
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import (
    ScenarioError,
    in_phases,
    slow_clients,
    usual,
)
from loadtests.catalog.stacks import HTTP1

# Each has a socket: a process may open 20,000 files on common machines.
OF_ONE_PROCESS = 12_500


@dataclass(frozen=True)
class Extras:
    """What a run measures beside its cells.

    How a stack frees itself that is held at its predicted capacity, where that is no
    more than `up_to` slow clients. It is watched for `watch_s`: longer than the default
    timeouts of these servers, but for 60 s of Twisted and 120 s of waitress. And what a
    request costs, in `cost_repeats` starts of each server, `cost_s` for each request.
    """

    watch_s: int
    cost_repeats: int
    cost_s: float
    up_to: int = 512


@dataclass(frozen=True)
class Profile:
    """How much is measured, and at what pace. Times in seconds, rates per second.

    With no `chosen_stacks`, all that there are; with no `chosen_scenarios`, the usual.

    Slow clients come at `arrive_per_s`, and the server gets up to `settle_s` to come to
    rest. A step is then held for `hold_s`: enough to decide, because a second look
    confirms each harm. The baseline and the largest step that is held last
    `long_hold_s`. After the last step the slow clients leave, and `release_s` is
    watched. Servers run with `nofile` descriptors, as most deployments do: an event
    loop runs out of those. With `second_tries`, void cells are measured once more. With
    `traces`, the calls of two visits are traced at the end. With `sees_threads`, it is
    seen what the server's threads do at each step that does harm. Where `need` is not
    0, so many slow clients are tried, and no more than `most`, if that is not 0. One
    that is slow sends or reads a little every `gap_s`. One process has `of_one_process`
    at the most. Stacks have `workers`, unless that is 0: then each has its own count.
    """

    id: str
    repeats: int
    chosen_stacks: tuple[str, ...] = ()
    chosen_scenarios: tuple[str, ...] = ()
    rate_per_s: float = 300.0
    deadline_s: float = 1.0
    arrive_per_s: float = 500.0
    settle_s: float = 10.0
    hold_s: float = 0.7
    long_hold_s: float = 4.0
    release_s: float = 2.0
    second_tries: bool = True
    extras: Extras | None = None
    traces: bool = True
    nofile: int = 1024
    sees_threads: bool = False
    need: int = 0
    most: int = 0
    gap_s: float = 1.0
    workers: int = 0
    of_one_process: int = OF_ONE_PROCESS

    @property
    def processes(self) -> int:
        """From how many processes the slow clients come."""
        return max(1, math.ceil(self.most / self.of_one_process))

    @property
    def stacks(self) -> tuple[str, ...]:
        """The ids of what is measured."""
        return self.chosen_stacks or tuple(HTTP1)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The ids of the scenarios under which it is measured."""
        return self.chosen_scenarios or usual()


# Of one core: what healthy requests may take where an app is slower than ours.
_SHARE_OF_A_CORE = 0.25
_LEAST_IN_A_LOOK = 40


def paced(profile: Profile, healthy_s: float) -> Profile:
    """The profile for an app whose healthy request takes so long on an idle server.

    Fewer healthy requests, and longer looks at them: else they alone would fill it. The
    rate is halved and halved again, so that two runs of an app have the same.
    """
    rate_per_s = profile.rate_per_s
    while rate_per_s * healthy_s > _SHARE_OF_A_CORE:
        rate_per_s /= 2
    least_s = round(_LEAST_IN_A_LOOK / rate_per_s, 1)
    return replace(
        profile,
        rate_per_s=rate_per_s,
        hold_s=max(profile.hold_s, least_s),
        long_hold_s=max(profile.long_hold_s, 2 * least_s),
    )


# A worker has so many descriptors: it holds 10,000 slow clients even if it gets most.
_OF_C10K = 12_000
# Those that can hold 10,000 slow clients, if they may open as many files.
LARGE = (
    f"wsgi-gunicorn-gevent@worker-connections={_OF_C10K - 100}",
    *("asgi-uvicorn", "asgi-gunicorn", "asgi-gunicorn-uvicorn", "asgi-uvicorn-h11"),
    *("asgi-daphne", f"asgi-granian@backpressure={_OF_C10K - 100}", "asgi-hypercorn"),
)

PROFILES: dict[str, Profile] = {
    profile.id: profile
    for profile in (
        Profile(
            id="smoke",
            chosen_stacks=("wsgi-gunicorn-sync", "asgi-uvicorn"),
            chosen_scenarios=("slow-body",),
            nofile=128,
            repeats=1,
            long_hold_s=1.0,
            release_s=2.0,
            second_tries=False,
            traces=False,
        ),
        Profile(
            id="quick",
            # One that runs out of workers, one of threads, one of descriptors.
            chosen_stacks=(
                "wsgi-gunicorn-sync",
                "wsgi-gunicorn-gthread",
                "asgi-uvicorn",
            ),
            chosen_scenarios=("slow-headers", "slow-body", "slow-read"),
            repeats=1,
        ),
        Profile(
            id="full",
            repeats=2,
            extras=Extras(watch_s=40, cost_repeats=3, cost_s=1.0),
        ),
        Profile(
            id="c10k",
            chosen_stacks=LARGE,
            chosen_scenarios=slow_clients(),
            repeats=1,
            nofile=_OF_C10K,
            need=10_000,
            most=10_000,
            # Where a server closes them, all come back: 4,000 connections a second fill
            # three quarters of a core.
            of_one_process=5_000,
            # With a step a second, 10,000 of them would fill a core.
            gap_s=10.0,
            # The step is not predicted to do harm, and is looked at once.
            hold_s=4.0,
            traces=False,
        ),
        Profile(
            id="c50k",
            chosen_stacks=("asgi-uvicorn",),
            # A slow reader costs 210 kB, and the kernel 610 while it has them: 50,000
            # take more memory than most machines have.
            chosen_scenarios=("idle", "slow-headers", "slow-body"),
            repeats=1,
            # The first of them gets 31 to 39 % of the clients, and must not run out of
            # descriptors. Many machines let no process open more than 20,000 files.
            workers=10,
            nofile=19_900,
            need=50_000,
            most=50_000,
            arrive_per_s=1500.0,
            gap_s=60.0,
            hold_s=4.0,
            traces=False,
        ),
    )
}


# What `make doctor` measures. Not loop-block: the slow handler of an app shows if it is
# one that blocks.
DOCTOR = Profile(
    id="doctor",
    chosen_scenarios=(*slow_clients(), *in_phases(Phase.HANDLER_WAITS)),
    repeats=1,
    traces=False,
    sees_threads=True,
)


def profile(profile_id: str) -> Profile:
    """The profile of that id; ScenarioError names the nearest that can be chosen."""
    try:
        return {**PROFILES, DOCTOR.id: DOCTOR}[profile_id]
    except KeyError:
        raise ScenarioError(unknown("profile", profile_id, PROFILES)) from None
