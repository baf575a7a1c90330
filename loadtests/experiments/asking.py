"""Asking at one rate after the other: the probe, steered by bursts."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from loadtests.analysis import rates
from loadtests.analysis.response_times import percentiles
from loadtests.catalog.rates import (
    OVERLOADS,
    STEP_S,
    TOP_PER_S,
    WATCHED_S,
)
from loadtests.experiments.generators import see_that_it_runs, tell
from loadtests.records.rate import Overload, RateStep
from loadtests.records.samples import NOT_SENT, RETRIES_FILE, Sample, SamplesTail
from loadtests.servers.processes import Group, wait_until

# At a tenth more than a stack sustains, waits grow by a tenth of the time that passes:
# for the first ten seconds all are answered within a deadline of one. So only what is
# due at the end of a step counts.
COUNTED_S, _LONGEST_S = 3.0, 20.0
_ENOUGH = 40  # requests that count
_STARTS_IN_S = 0.2
_GETS_OVER_IT_S = 15.0  # a rate that failed in the search, before the next is asked
_MOST_STEPS = 12
_A_FEW = 0.25  # of what failed: what a stack that has recovered answers whole


class Asking:
    """The probe, asking at one rate after the other; `samples` is where it records."""

    def __init__(
        self, probe: Group, samples: Path, deadline_s: float, retries: int = 0
    ) -> None:
        self._probe, self._deadline_s, self._retries = probe, deadline_s, retries
        self._tail = SamplesTail(samples)
        self._retried = SamplesTail(samples, RETRIES_FILE)

    def step(self, rate_per_s: float) -> RateStep:
        """Ask at that rate, for so long that a queue shows; what became of it."""
        lasts_s = step_s(rate_per_s)
        begins_s, ended = self._ask(rate_per_s, lasts_s)
        counts_s = counted_s(rate_per_s)
        counted = [s for s in ended if s.intended_s >= begins_s + lasts_s - counts_s]
        times = percentiles(counted)
        return RateStep(
            rate_per_s=round(rate_per_s, 2),
            lasted_s=counts_s,
            attempted=len(counted),
            answered=sum(not sample.fault for sample in counted),
            p50_ms=times["p50_ms"],
            p99_ms=times["p99_ms"],
            lost=dict(Counter(s.fault for s in counted if s.fault)),
            answered_again=self._answered_again(counted),
        )

    def _answered_again(self, counted: Sequence[Sample]) -> int:
        """How many of those that were lost were answered at a later try."""
        lost = {s.intended_s for s in counted if s.fault}
        if not lost or not self._retries:
            return 0

        def answered() -> set[float]:
            found = self._retried.so_far()
            return {s.intended_s for s in found if not s.fault} & lost

        def all_tried() -> bool:
            tries = Counter(s.intended_s for s in self._retried.so_far())
            left = lost - answered()
            return all(tries[intended_s] == self._retries for intended_s in left)

        wait_until(all_tried, self._retries * self._deadline_s + 1)
        return len(answered())

    def search(
        self, first: Sequence[float], named: Sequence[float], tell: Callable[[], None]
    ) -> list[RateStep]:
        """The steps to the highest rate that holds; or those that were named. After
        one that failed, the server gets over it first."""
        tried: list[RateStep] = []
        while (rate := _next(first, named, tried)) is not None:
            if (failed := rates.failed_at(tried)) and not rates.held(tried[-1]):
                self.recover(_A_FEW * failed, _GETS_OVER_IT_S)
            tried.append(self.step(rate))
            tell()
        return tried

    def overloads(
        self, sustained: float, rss_mb: Callable[[], float | None]
    ) -> list[Overload]:
        """More than is sustained, and then half of it until all is well; nothing if the
        load generator does not reach so much. More still only for a server that got
        over the first."""
        found: list[Overload] = []
        for times in OVERLOADS:
            reached = times * sustained * (1 + self._retries) <= TOP_PER_S
            well = not found or found[-1].recovered_s is not None
            if reached and well:
                found.append(self._overload(times, sustained, rss_mb))
        return found

    def _overload(
        self, times: float, sustained: float, rss_mb: Callable[[], float | None]
    ) -> Overload:
        step = self.step(times * sustained)
        taken_mb = rss_mb()  # now, and not once all is well
        return Overload(
            times=times,
            rate_per_s=step.rate_per_s,
            goodput_per_s=round(step.answered / step.lasted_s, 1),
            lost=step.lost,
            recovered_s=self.recover(sustained / 2, WATCHED_S),
            rss_mb=None if taken_mb is None else round(taken_mb, 1),
            watched_s=WATCHED_S,
        )

    def recover(self, rate_per_s: float, in_s: float) -> float | None:
        """Ask at that rate until a second's requests are all answered: how long it took
        until the first of them was due. None: longer than `in_s`."""
        began_s = time.monotonic()
        while time.monotonic() < began_s + in_s:
            begins_s, ended = self._ask(rate_per_s, max(1.0, 2 / rate_per_s))
            if ended and not any(sample.fault for sample in ended):
                return round(begins_s - began_s - _STARTS_IN_S, 1)
        return None

    def lag_p99_ms(self) -> float:
        """How late requests left."""
        lags = sorted(s.started_s - s.intended_s for s in self._tail.so_far())
        return round(1000 * lags[int(0.99 * (len(lags) - 1))], 3) if lags else math.inf

    def _ask(self, rate_per_s: float, lasts_s: float) -> tuple[float, Sequence[Sample]]:
        """When it began, and the requests of that burst, all ended."""
        begins_s = time.monotonic() + _STARTS_IN_S
        tell(self._probe, f"{begins_s} {rate_per_s} {lasts_s}")
        due = math.ceil(lasts_s * rate_per_s)

        def ended() -> list[Sample]:
            found = self._tail.so_far()
            return [s for s in found if s.intended_s >= begins_s]

        in_time_s = _STARTS_IN_S + lasts_s + 2 * self._deadline_s + 1
        probe = self._probe
        wait_until(lambda: probe.exited or len(ended()) >= due, in_time_s)
        see_that_it_runs(probe)
        return begins_s, [s for s in ended() if s.fault != NOT_SENT]


def _next(
    first: Sequence[float], named: Sequence[float], tried: Sequence[RateStep]
) -> float | None:
    if named:
        return named[len(tried)] if len(tried) < len(named) else None
    if len(tried) == _MOST_STEPS:
        return None
    return rates.next_rate(first, TOP_PER_S, tried)


def counted_s(rate_per_s: float) -> float:
    """For how long, at the end of a step at that rate, requests count."""
    return min(_LONGEST_S / 2, max(COUNTED_S, _ENOUGH / rate_per_s))


def step_s(rate_per_s: float) -> float:
    """How long a step at that rate lasts, if nothing more is asked for."""
    return min(_LONGEST_S, STEP_S - COUNTED_S + counted_s(rate_per_s))
