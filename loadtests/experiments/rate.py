"""The task of a rate: how many requests a second a stack sustains while they wait.

An open workload: requests are due at the rate, whatever became of the earlier ones. A
rate above what the stack sustains makes a queue that grows, and shows within seconds.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.analysis import rates
from loadtests.analysis.health import void_lag_ms
from loadtests.catalog import scenarios
from loadtests.catalog.profiles import Profile
from loadtests.catalog.rates import (
    OVERLOADS,
    TOP_PER_S,
    RateScenario,
)
from loadtests.catalog.stacks import Stack, Supply
from loadtests.clients.targets import as_option, target_of
from loadtests.clients.wire import Address
from loadtests.experiments.asking import Asking, step_s
from loadtests.experiments.costs import HELLO, apart, cost_of_request
from loadtests.experiments.generators import (
    await_ready_line,
    booting,
    ended_first,
    locust_argv,
)
from loadtests.experiments.hold import beside_it, missing
from loadtests.experiments.holding import Holding
from loadtests.experiments.own_server import address_of, serving
from loadtests.experiments.task import (
    Context,
    State,
)
from loadtests.experiments.your_app import BESIDE
from loadtests.records.facts import LEFT_LATE, Fact, fact
from loadtests.records.rate import Conditions, Overload, Rate, rate_key
from loadtests.records.run import Run
from loadtests.records.target import OtherTarget
from loadtests.records.tasks import TaskKey
from loadtests.servers.cores import core_shares
from loadtests.servers.reached import Served
from loadtests.servers.server import Server
from loadtests.servers.usage import usage

_COST_S = 1.0
_STEPS, _STEPS_FROM_NOTHING = 3, 8  # to the rate: around a prediction, or without one
_SOME = 40  # places, to say how long a rate takes of which nothing is predicted


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
    def places(self) -> int | None:
        """How many requests can wait at a time, beside what slow clients hold. None:
        nobody knows, of the server or of how a handler of the user's waits there."""
        beside = self.conditions
        if self.stack.unmodelled or (self.other and not self._waits_in_a_thread):
            return None
        if not beside.scenario:
            return self.scenario.places(self.stack)
        return self.scenario.places_beside(
            self.stack, beside.scenario, beside.slow_clients
        )

    @property
    def _waits_in_a_thread(self) -> bool:
        """Whether a handler has a thread or a worker for itself, however it waits."""
        limited_by = self.scenario.limited_by(self.stack)
        return limited_by in (Supply.THREADS, Supply.WORKERS)

    @property
    def lasts_s(self) -> float:
        asked = self.conditions.rates_per_s
        if asked:
            return _COST_S + sum(step_s(r) + self.profile.deadline_s for r in asked)
        rate = min(TOP_PER_S, (self.places or _SOME) / self.wait_s)
        overloads_s = sum(
            step_s(times * rate) + rates.drains_in_s(times, step_s(times * rate))
            for times in OVERLOADS
            if times * rate <= TOP_PER_S
        )
        steps = _STEPS if self.places else _STEPS_FROM_NOTHING
        steps_s = steps * (step_s(rate) + self.profile.deadline_s)
        return _COST_S + steps_s + overloads_s

    def state(self, run: Run, folder: Path) -> State:
        valid = [one.valid for one in run.rates if one.task == self.key]
        if any(valid):
            return State.DONE
        return State.VOID if valid else State.MISSING

    def measured(self, run: Run, context: Context) -> Run:
        samples = context.folder / "samples" / self.key.name
        samples.mkdir(parents=True, exist_ok=True)
        address, log = address_of(self.other), context.log(self, "server")
        log.unlink(missing_ok=True)
        slow_log = context.log(self, "slow")
        argv = self._probe_argv(address, samples)
        app = self.scenario.apps.get(self.stack.interface, self.stack.app)
        stack = dataclasses.replace(self.stack, app=app)
        target = target_of(self.other, str(context.folder / BESIDE))
        beside, number = self._beside(), self.conditions.slow_clients
        ours, theirs = core_shares()  # before our own part of them is less
        with (
            booting(context.guard, argv, context.log(self, "probe")) as probe,
            beside_it(
                beside, address, samples, context.guard, slow_log
            ) as slow_clients,
            serving(stack, self.other, target, context.guard, log, address) as server,
            apart(server),
            ended_first([probe, *slow_clients]),
        ):
            for group in (probe, *slow_clients):
                await_ready_line(group)
                group.pin(ours)
            deadline_s, retries = context.method.deadline_s, self.conditions.retries
            asking = Asking(probe, samples, deadline_s, retries)
            # Before slow clients are there, so that their work is not in it.
            predicted = self._predicted(self._cpu_us(server), len(theirs))
            they = [missing(beside, g, number) for g in slow_clients if beside]
            found = self._found(predicted, server, asking, context)
        faults = [*filter(None, they), *found.faults]
        return self._with(run, dataclasses.replace(found, faults=faults))

    def _beside(self) -> Holding | None:
        """The slow clients that are held meanwhile, if there are some."""
        if not self.conditions.scenario:
            return None
        does = scenarios.scenario(self.conditions.scenario)
        return Holding(self.stack, does, self.profile, other=self.other)

    def _found(
        self,
        predicted: Rate,
        server: Served,
        asking: Asking,
        context: Context,
    ) -> Rate:
        """Search, overload; and whether requests left in time."""

        def rss_mb() -> float | None:
            return usage(server).rss_mb if server.members() else None

        began_s = time.monotonic()
        tried = asking.search(
            rates.first_rates(predicted.predicted_per_s, self.wait_s),
            self.conditions.rates_per_s,
            lambda: context.tell(self, time.monotonic() - began_s),
        )
        found = rates.with_steps(predicted, tried)
        overloads: list[Overload] = []
        if found.sustained_per_s and not self.conditions.rates_per_s:
            overloads = asking.overloads(found.sustained_per_s, rss_mb)
        limit_ms, lag_ms = void_lag_ms(context.method), asking.lag_p99_ms()
        late = fact(LEFT_LATE, lag_p99_ms=lag_ms, limit_ms=limit_ms)
        faults = [late] if lag_ms > limit_ms else []
        return dataclasses.replace(
            found, lag_p99_ms=lag_ms, faults=faults, overloads=overloads
        )

    def _cpu_us(self, server: Served) -> float | None:
        """What a quick request costs, on a connection of its own as those of the probe;
        None for an app of the user's, where only the places are known."""
        if self.other or not isinstance(server, Server):
            return None
        return cost_of_request(server, HELLO, kept_alive=False, lasts_s=_COST_S).cpu_us

    def _predicted(self, cpu_us: float | None, cores: int) -> Rate:
        """The record before anything was asked: by the places, or by the CPU."""
        per_s, limited_by, places = None, "", self.places
        if places is not None:
            per_s, limited_by = rates.predicted(
                places,
                self.scenario.limited_by(self.stack),
                self.wait_s,
                (cpu_us or 0) / 1e6,
                min(cores, self.stack.workers),
            )
        return Rate(
            stack=self.stack.id,
            scenario=self.scenario.id,
            wait_ms=self.wait_ms,
            places=places,
            limited_by=limited_by,
            predicted_per_s=None if per_s is None else round(per_s, 1),
            cpu_us_per_request=None if cpu_us is None else round(cpu_us, 1),
            sustained_per_s=None,
            failed_per_s=None,
            steps=[],
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
            return as_option(dataclasses.replace(waits, status=other.wait_status))
        request = self.scenario.request(self.wait_ms)
        return ["--ask", f"{request.method} {request.target}"]

    def failed(self, run: Run, context: Context, reason: Fact) -> Run:
        """A rate that says nothing, as a void cell does, and why."""
        void = dataclasses.replace(self._predicted(None, 1), faults=[reason])
        return self._with(run, void)

    def _with(self, run: Run, *found: Rate) -> Run:
        others = [one for one in run.rates if one.task != self.key]
        return dataclasses.replace(run, rates=[*others, *found])
