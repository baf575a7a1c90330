"""The record of a rate: how many requests a second a stack sustains while they wait."""

from __future__ import annotations

from dataclasses import dataclass, field

from loadtests.records.facts import Fact
from loadtests.records.tasks import RATE, TaskKey


@dataclass(frozen=True)
class Conditions:
    """Under what a rate is asked, if not for a stack that does nothing else.

    `rates_per_s` are asked in their order, in place of a search. An impatient client
    asks again as often as `retries` when it was not answered in time. `slow_clients`
    of the `scenario` are held meanwhile.
    """

    rates_per_s: list[float] = field(default_factory=list)
    retries: int = 0
    scenario: str = ""
    slow_clients: int = 0


@dataclass(frozen=True)
class RateStep:
    """Requests at one rate. Of those that were due in the last `lasted_s` of the step,
    when whatever queues has had the time to grow: how many there were, how many were
    answered in time, and their response times, null over the deadline or of too few.
    `lost` are the others, by how; `answered_again` of those were answered in time when
    they were asked again."""

    rate_per_s: float
    lasted_s: float
    attempted: int
    answered: int
    p50_ms: float | None
    p99_ms: float | None
    lost: dict[str, int] = field(default_factory=dict)
    answered_again: int = 0


@dataclass(frozen=True)
class Overload:
    """What a stack does at so many times the rate that it sustains.

    `goodput_per_s` are the requests answered in time, at the end; `lost` are the
    others, by how. `recovered_s`: at half of the sustained rate, after so long all
    are answered again; null where that took over `watched_s`. `rss_mb` is the memory of
    the server at the end of the overload, null where its processes are not known.
    """

    times: float
    rate_per_s: float
    goodput_per_s: float
    lost: dict[str, int]
    recovered_s: float | None
    rss_mb: float | None
    watched_s: float = 15.0


@dataclass(frozen=True)
class Rate:
    """One stack under requests that each wait for `wait_ms`.

    `places` of `limited_by` are there for requests that wait, without those that slow
    clients hold, so that `predicted_per_s` is places / wait; or what the CPU time of a
    request, `cpu_us_per_request`, leaves, if that is less. All are null where nothing
    was predicted: of a server that is not known, or of an app of the user's whose
    handler may await or block. The CPU time is of our own apps only.

    `sustained_per_s` is the highest rate at which 99 % were answered in time, null
    where there was none; `failed_per_s` the lowest above it at which they were not,
    null where no rate that the load generator reaches did harm.
    """

    stack: str
    scenario: str
    wait_ms: int
    places: int | None
    limited_by: str
    predicted_per_s: float | None
    cpu_us_per_request: float | None
    sustained_per_s: float | None
    failed_per_s: float | None
    steps: list[RateStep]
    lag_p99_ms: float | None
    argv: list[str]
    workers: int
    threads: int | None
    faults: list[Fact] = field(default_factory=list)
    conditions: Conditions = field(default_factory=Conditions)
    overloads: list[Overload] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        return not self.faults

    @property
    def task(self) -> TaskKey:
        return rate_key(self.stack, self.scenario, self.wait_ms, self.conditions)


def rate_key(
    stack: str, scenario: str, wait_ms: int, conditions: Conditions
) -> TaskKey:
    """Which task of a run a rate is."""
    what = [f"{scenario}-{wait_ms}ms"]
    if conditions.retries:
        what.append(f"{conditions.retries}-retries")
    if conditions.scenario:
        what.append(f"beside-{conditions.slow_clients}-{conditions.scenario}")
    return TaskKey(RATE, stack, "-".join(what))
