"""The record of a rate: how many requests a second a stack sustains while they wait."""

from __future__ import annotations

from dataclasses import dataclass, field

from loadtests.records.facts import Fact
from loadtests.records.tasks import RATE, TaskKey


@dataclass(frozen=True)
class RateStep:
    """Requests at one rate. Of those that were due in the last `lasted_s` of the step,
    when whatever queues has had the time to grow: how many there were, how many were
    answered in time, and their response times, null over the deadline or of too few."""

    rate_per_s: float
    lasted_s: float
    attempted: int
    answered: int
    p50_ms: float | None
    p99_ms: float | None
    lost: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Overload:
    """What a stack does at so many times the rate that it sustains.

    `goodput_per_s` are the requests answered in time, at the end; `lost` are the
    others, by how. `recovered_s`: at half of the sustained rate, after so long all
    are answered again; null where that took over 15 s. `rss_mb` is the memory of the
    server at the end of the overload.
    """

    times: float
    rate_per_s: float
    goodput_per_s: float
    lost: dict[str, int]
    recovered_s: float | None
    rss_mb: float


@dataclass(frozen=True)
class Rate:
    """One stack under requests that each wait for `wait_ms`.

    `places` of `limited_by` are there for requests that wait, so that `predicted_per_s`
    is places / wait; or what the CPU time of a request, `cpu_us_per_request`, leaves,
    if that is less. `sustained_per_s` is the highest rate at which 99 % were answered
    in time, null where there was none; `failed_per_s` the lowest above it at which they
    were not, null where no rate that the load generator reaches did harm.
    """

    stack: str
    scenario: str
    wait_ms: int
    places: int
    limited_by: str
    predicted_per_s: float
    cpu_us_per_request: float
    sustained_per_s: float | None
    failed_per_s: float | None
    steps: list[RateStep]
    lag_p99_ms: float | None
    argv: list[str]
    workers: int
    threads: int | None
    faults: list[Fact] = field(default_factory=list)
    overloads: list[Overload] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        return not self.faults

    @property
    def task(self) -> TaskKey:
        return TaskKey(RATE, self.stack, f"{self.scenario}-{self.wait_ms}ms")
