"""The task of a rate: how many requests a second a stack sustains while they wait.

An open workload: requests are due at the rate, whatever became of the earlier ones. A
rate above what the stack sustains makes a queue that grows, and shows within seconds.
"""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass
from pathlib import Path

from loadtests.analysis import rates
from loadtests.analysis.health import void_lag_ms
from loadtests.catalog.profiles import Profile
from loadtests.catalog.rates import OVERLOADS, TOP_PER_S, RateScenario
from loadtests.catalog.stacks import Stack
from loadtests.experiments.asking import Asking, step_s
from loadtests.experiments.costs import HELLO, apart, cost_of_request
from loadtests.experiments.generators import (
    await_ready_line,
    booting,
    locust_argv,
)
from loadtests.experiments.task import (
    Context,
    State,
    has_failed,
    with_failure,
    without_failure,
)
from loadtests.records.facts import LEFT_LATE, Fact, fact
from loadtests.records.rate import Overload, Rate, RateStep
from loadtests.records.run import Run
from loadtests.records.samples import SamplesTail
from loadtests.records.tasks import RATE, TaskKey
from loadtests.servers.cores import core_shares
from loadtests.servers.server import Server, free_port, running
from loadtests.servers.usage import usage

_MOST_STEPS = 12
_COST_S = 1.0
_A_FEW = 0.25  # of what was predicted: what a stack that has recovered answers whole
_USUAL_STEPS = 3


@dataclass(frozen=True)
class RateTask:
    """One stack under requests that each wait for so long."""

    stack: Stack
    scenario: RateScenario
    wait_ms: int
    profile: Profile

    @property
    def key(self) -> TaskKey:
        return TaskKey(RATE, self.stack.id, f"{self.scenario.id}-{self.wait_ms}ms")

    @property
    def wait_s(self) -> float:
        return self.wait_ms / 1000

    @property
    def lasts_s(self) -> float:
        rate = min(TOP_PER_S, self.scenario.places(self.stack) / self.wait_s)
        overloads_s = sum(
            step_s(times * rate) + 2 for times in OVERLOADS if times * rate <= TOP_PER_S
        )
        steps_s = _USUAL_STEPS * (step_s(rate) + self.profile.deadline_s)
        return _COST_S + steps_s + overloads_s

    def state(self, run: Run, folder: Path) -> State:
        valid = [one.valid for one in run.rates if one.task == self.key]
        if any(valid):
            return State.DONE
        return State.VOID if valid or has_failed(run, self.key) else State.MISSING

    def measured(self, run: Run, context: Context) -> Run:
        samples = context.folder / "samples" / self.key.name
        samples.mkdir(parents=True, exist_ok=True)
        port, log = free_port(), context.log(self, "server")
        log.unlink(missing_ok=True)
        argv = self._probe_argv(port, samples)
        app = self.scenario.apps.get(self.stack.interface, self.stack.app)
        stack = dataclasses.replace(self.stack, app=app)
        with (
            booting(context.guard, argv, context.log(self, "probe")) as probe,
            running(stack, context.guard, log, port=port) as server,
            apart(server),
        ):
            await_ready_line(probe)
            probe.pin(core_shares()[0])
            asking = Asking(probe, SamplesTail(samples), context.method.deadline_s)
            found = self._found(server, asking, context)
        return self._with(without_failure(run, self.key), found)

    def _found(self, server: Server, asking: Asking, context: Context) -> Rate:
        """Predict, search, overload; and whether requests left in time."""
        cpu_us = _cpu_us(server)
        cores = min(len(core_shares()[1]), self.stack.workers)
        places = self.scenario.places(self.stack)
        predicted = rates.predicted(places, self.wait_s, cpu_us / 1e6, cores)
        tried = self._search(predicted, asking, context)
        found = self._rate(predicted, cpu_us, tried)
        overloads = self._overloads(found.sustained_per_s, asking, server)
        limit_ms, lag_ms = void_lag_ms(context.method), asking.lag_p99_ms()
        late = fact(LEFT_LATE, lag_p99_ms=lag_ms, limit_ms=limit_ms)
        faults = [late] if lag_ms > limit_ms else []
        return dataclasses.replace(
            found, lag_p99_ms=lag_ms, faults=faults, overloads=overloads
        )

    def _search(
        self, predicted: float, asking: Asking, context: Context
    ) -> list[RateStep]:
        tried: list[RateStep] = []
        began_s = time.monotonic()
        while len(tried) < _MOST_STEPS:
            rate = rates.next_rate(predicted, TOP_PER_S, tried)
            if rate is None:
                break
            tried.append(asking.step(rate))
            context.tell(self, time.monotonic() - began_s)
            if not rates.held(tried[-1]):
                asking.recover(min(TOP_PER_S, _A_FEW * predicted))
        return tried

    def _overloads(
        self, sustained: float | None, asking: Asking, server: Server
    ) -> list[Overload]:
        """More than the stack sustains, and then half of it; nothing where the load
        generator does not reach so much."""
        found: list[Overload] = []
        for times in OVERLOADS:
            if sustained is None or times * sustained > TOP_PER_S:
                break
            step = asking.step(times * sustained)
            rss_mb = usage(server).rss_mb
            found.append(
                Overload(
                    times=times,
                    rate_per_s=step.rate_per_s,
                    goodput_per_s=round(step.answered / step.lasted_s, 1),
                    lost=step.lost,
                    recovered_s=asking.recover(sustained / 2),
                    rss_mb=round(rss_mb, 1),
                )
            )
        return found

    def _rate(self, predicted: float, cpu_us: float, tried: list[RateStep]) -> Rate:
        places = self.scenario.places(self.stack)
        by_places = math.isclose(predicted, places / self.wait_s)
        return Rate(
            stack=self.stack.id,
            scenario=self.scenario.id,
            wait_ms=self.wait_ms,
            places=places,
            limited_by=self.scenario.limited_by(self.stack) if by_places else rates.CPU,
            predicted_per_s=round(predicted, 1),
            cpu_us_per_request=round(cpu_us, 1),
            sustained_per_s=rates.sustained(tried),
            failed_per_s=rates.failed_at(tried),
            steps=sorted(tried, key=lambda step: step.rate_per_s),
            lag_p99_ms=None,
            argv=self.stack.command(8000),
            workers=self.stack.workers,
            threads=self.stack.threads,
        )

    def _probe_argv(self, port: int, samples: Path) -> list[str]:
        request = self.scenario.request(self.wait_ms)
        return [
            *locust_argv("probe.py", port, samples),
            *("--bursts", "--users", "1"),
            *("--deadline-s", str(self.profile.deadline_s)),
            *("--ask", f"{request.method} {request.target}"),
        ]

    def failed(self, run: Run, context: Context, reason: Fact) -> Run:
        return with_failure(self._with(run), self.key, reason)

    def _with(self, run: Run, *found: Rate) -> Run:
        others = [one for one in run.rates if one.task != self.key]
        return dataclasses.replace(run, rates=[*others, *found])


def _cpu_us(server: Server) -> float:
    """What a quick request costs, on a connection of its own as those of the probe."""
    return cost_of_request(server, HELLO, kept_alive=False, lasts_s=_COST_S).cpu_us
