"""The task of a rate: how many requests a second a stack sustains while they wait.

An open workload: requests are due at the rate, whatever became of the earlier ones. A
rate above what the stack sustains makes a queue that grows, and shows within seconds.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.analysis import rates
from loadtests.analysis.health import void_lag_ms
from loadtests.catalog import scenarios
from loadtests.catalog.profiles import Profile
from loadtests.catalog.rates import OVERLOADS, TOP_PER_S, WATCHED_S, RateScenario
from loadtests.catalog.stacks import Stack
from loadtests.clients.targets import as_option, target_of
from loadtests.clients.wire import Address
from loadtests.experiments.asking import Asking, step_s
from loadtests.experiments.costs import HELLO, apart, cost_of_request
from loadtests.experiments.generators import (
    await_ready_line,
    booting,
    bring,
    locust_argv,
)
from loadtests.experiments.holding import Holding, slow_argv
from loadtests.experiments.own_server import address_of, serving
from loadtests.experiments.task import (
    Context,
    State,
    has_failed,
    with_failure,
    without_failure,
)
from loadtests.experiments.your_app import BESIDE
from loadtests.records.facts import LEFT_LATE, MISSING, Fact, fact
from loadtests.records.rate import Conditions, Overload, Rate, RateStep, rate_key
from loadtests.records.run import Run
from loadtests.records.target import OtherTarget
from loadtests.records.tasks import TaskKey
from loadtests.servers.cores import core_shares
from loadtests.servers.processes import Group, wait_until
from loadtests.servers.reached import Served
from loadtests.servers.server import Server
from loadtests.servers.usage import usage

_COST_S = 1.0
_USUAL_STEPS = 3


@dataclass(frozen=True)
class RateTask:
    """One stack under requests that each wait for so long."""

    stack: Stack
    scenario: RateScenario
    wait_ms: int
    profile: Profile
    conditions: Conditions = field(default_factory=Conditions)
    other: OtherTarget | None = None  # None: our own apps

    @property
    def key(self) -> TaskKey:
        names = self.stack.id, self.scenario.id
        return rate_key(*names, self.wait_ms, self.conditions)

    @property
    def wait_s(self) -> float:
        return self.wait_ms / 1000

    @property
    def places(self) -> int:
        """How many requests can wait at a time, beside what slow clients hold."""
        beside = self.conditions
        if not beside.scenario:
            return self.scenario.places(self.stack)
        return self.scenario.places_beside(
            self.stack, beside.scenario, beside.slow_clients
        )

    @property
    def lasts_s(self) -> float:
        asked = self.conditions.rates_per_s
        if asked:
            return _COST_S + sum(step_s(r) + self.profile.deadline_s for r in asked)
        rate = min(TOP_PER_S, self.places / self.wait_s)
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
        address, log = address_of(self.other), context.log(self, "server")
        log.unlink(missing_ok=True)
        argv = self._probe_argv(address, samples)
        app = self.scenario.apps.get(self.stack.interface, self.stack.app)
        stack = dataclasses.replace(self.stack, app=app)
        target = target_of(self.other, str(context.folder / BESIDE))
        with (
            booting(context.guard, argv, context.log(self, "probe")) as probe,
            self._slow_clients(address, samples, context) as slow_clients,
            serving(stack, self.other, target, context.guard, log, address) as server,
            apart(server),
        ):
            for group in (probe, *slow_clients):
                await_ready_line(group)
                group.pin(core_shares()[0])
            asking = Asking(probe, samples, context.method.deadline_s)
            found = self._found(server, asking, slow_clients, context)
        return self._with(without_failure(run, self.key), found)

    @contextlib.contextmanager
    def _slow_clients(
        self, address: Address, samples: Path, context: Context
    ) -> Iterator[Sequence[Group]]:
        """The generator of those that are held meanwhile, if there are some."""
        if not self.conditions.scenario:
            yield []
            return
        does = scenarios.scenario(self.conditions.scenario)
        holding = Holding(self.stack, does, self.profile, other=self.other)
        argv = slow_argv(holding, address, samples)
        with booting(context.guard, argv, context.log(self, "slow")) as group:
            yield [group]

    def _found(
        self,
        server: Served,
        asking: Asking,
        slow_clients: Sequence[Group],
        context: Context,
    ) -> Rate:
        """Predict, search, overload; and whether the generators did their part."""
        cpu_us = self._cpu_us(server)
        predicted = self._predicted(cpu_us)
        faults = [f for group in slow_clients if (f := self._held(group))]
        began_s = time.monotonic()
        tried = asking.search(
            predicted or 1 / self.wait_s,  # one place, to begin with
            self.conditions.rates_per_s,
            lambda: context.tell(self, time.monotonic() - began_s),
        )
        found = self._rate(predicted, cpu_us, tried)
        overloads = self._overloads(found, asking, server)
        limit_ms, lag_ms = void_lag_ms(context.method), asking.lag_p99_ms()
        if lag_ms > limit_ms:
            faults.append(fact(LEFT_LATE, lag_p99_ms=lag_ms, limit_ms=limit_ms))
        return dataclasses.replace(
            found, lag_p99_ms=lag_ms, faults=faults, overloads=overloads
        )

    def _held(self, group: Group) -> Fact | None:
        """Let the slow clients come, until they hold what they hold; what is wrong if
        some are missing."""
        wanted = self.conditions.slow_clients
        present = bring(group, wanted, self.profile.arrive_per_s, wait_until)
        time.sleep(self.stack.held_under(self.conditions.scenario).begins_after_s)
        missing = fact(MISSING, present=present, wanted=wanted)
        return None if present == wanted else missing

    def _cpu_us(self, server: Served) -> float | None:
        """What a quick request costs, on a connection of its own as those of the probe;
        None for an app of the user's, where only the places are known."""
        if self.other or not isinstance(server, Server):
            return None
        return cost_of_request(server, HELLO, kept_alive=False, lasts_s=_COST_S).cpu_us

    def _predicted(self, cpu_us: float | None) -> float | None:
        """Places by Little's law, or CPU; None for a server that is not known."""
        if self.stack.unmodelled:
            return None
        cores = min(len(core_shares()[1]), self.stack.workers)
        return rates.predicted(self.places, self.wait_s, (cpu_us or 0) / 1e6, cores)

    def _overloads(self, rate: Rate, asking: Asking, server: Served) -> list[Overload]:
        """More than the stack sustains, and then half of it; nothing if the load
        generator does not reach so much, or if rates were named."""
        sustained, named = rate.sustained_per_s, self.conditions.rates_per_s
        watched_s = WATCHED_S[bool(self.conditions.retries)]
        return [
            asking.overload(times, sustained, watched_s, lambda: usage(server).rss_mb)
            for times in OVERLOADS
            if sustained and not named and times * sustained <= TOP_PER_S
        ]

    def _rate(
        self, predicted: float | None, cpu_us: float | None, tried: list[RateStep]
    ) -> Rate:
        known = predicted is not None
        by_places = known and math.isclose(predicted or 0, self.places / self.wait_s)
        limit = self.scenario.limited_by(self.stack) if by_places else rates.CPU
        return Rate(
            stack=self.stack.id,
            scenario=self.scenario.id,
            wait_ms=self.wait_ms,
            places=self.places if known else None,
            limited_by=limit if known else "",
            predicted_per_s=_rounded(predicted),
            cpu_us_per_request=_rounded(cpu_us),
            sustained_per_s=rates.sustained(tried),
            failed_per_s=rates.failed_at(tried),
            steps=sorted(tried, key=lambda step: step.rate_per_s),
            lag_p99_ms=None,
            argv=self.stack.command(8000),
            workers=self.stack.workers,
            threads=self.stack.threads,
            conditions=self.conditions,
        )

    def _probe_argv(self, address: Address, samples: Path) -> list[str]:
        return [
            *locust_argv("probe.py", address[1], samples, host=address[0]),
            *("--bursts", "--users", "1", "--retries", str(self.conditions.retries)),
            *("--deadline-s", str(self.profile.deadline_s)),
            *self._asked(),
        ]

    def _asked(self) -> list[str]:
        """The request that waits; an app of the user's is asked what they named."""
        if other := self.other:
            waits = dataclasses.replace(other, healthy=other.wait, sha256="")
            return as_option(dataclasses.replace(waits, status=200))
        request = self.scenario.request(self.wait_ms)
        return ["--ask", f"{request.method} {request.target}"]

    def failed(self, run: Run, context: Context, reason: Fact) -> Run:
        return with_failure(self._with(run), self.key, reason)

    def _with(self, run: Run, *found: Rate) -> Run:
        others = [one for one in run.rates if one.task != self.key]
        return dataclasses.replace(run, rates=[*others, *found])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
