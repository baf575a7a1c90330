"""What a run is asked to measure, and the list of its tasks."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from loadtests import UserError
from loadtests.analysis.predictions import resolution
from loadtests.catalog import profiles, scenarios, stacks
from loadtests.catalog.profiles import Extras, Profile
from loadtests.catalog.rates import RateScenario, rate_scenario
from loadtests.catalog.scenarios import Scenario
from loadtests.catalog.stacks import ALL_ADDRESSES, Stack
from loadtests.experiments.cell import CellTask, search_of
from loadtests.experiments.costs import RAW, CostTask, cost_tasks
from loadtests.experiments.holding import Holding
from loadtests.experiments.own_server import own_stack
from loadtests.experiments.rate import RateTask
from loadtests.experiments.self_recovery import SelfRecoveryTask
from loadtests.experiments.task import Task
from loadtests.experiments.trace.recorder import TracesTask
from loadtests.experiments.your_app import served
from loadtests.records import ranges
from loadtests.records.rate import Conditions
from loadtests.records.run import Fleet, Ordered, Run
from loadtests.records.target import OtherTarget
from loadtests.servers.programs import lacks, may_open

# Of a sweep: starts of each server, and seconds for each request.
_COST_REPEATS, _COST_S = 3, 0.5
_UNKNOWN_WAIT_S = 0.1  # of an app that was not tried out yet
_BESIDE = 200  # files that a generator opens beside its sockets: modules, logs


@dataclass(frozen=True)
class Order:
    """What a run is asked to measure; counts are None where each stack has its own."""

    profile: Profile
    stacks: Sequence[Stack]
    scenarios: Sequence[Scenario]
    repeats: int
    seed: int
    workers: int | None = None
    threads: int | None = None
    nofile: int | None = None
    other: OtherTarget | None = None  # what is served; None: our own apps
    rates: Sequence[RateScenario] = ()
    wait_ms: Sequence[int] = ()
    conditions: Conditions = field(default_factory=Conditions)  # of the rates
    fleet: Fleet = field(default_factory=Fleet)
    network_kbit: int = 0  # of the link of slow-link

    def tasks(self) -> list[Task]:
        """Everything to be measured, cells first."""
        return [*self.cells(), *self.at_rates(), *self.beside()]

    def at_rates(self) -> list[RateTask]:
        """Each stack at a rate, for each wait; an app of the user's has its own."""
        waits_ms, other = self.wait_ms, self.other
        if other:
            waits_ms = [max(1, round(1000 * (other.wait_s or _UNKNOWN_WAIT_S)))]
        how = (self.profile, self.conditions, other)
        return [
            RateTask(served(stack, other), scenario, wait_ms, *how)
            for scenario, wait_ms, stack in itertools.product(
                self.rates, waits_ms, self.stacks
            )
            if scenario.fits(stack)
        ]

    def cells(self) -> list[CellTask]:
        """The cells in the order in which they are measured.

        Repeats are shuffled, so that a slow drift of the machine falls on all stacks
        alike; a run without repeats keeps the order of the tables.
        """
        repeats = range(1, self.repeats + 1)
        found = [
            CellTask(self._holding(stack, scenario), repeat)
            for repeat, scenario, stack in itertools.product(
                repeats, self.scenarios, self.stacks
            )
            if stack.serves(scenario.id)
        ]
        if self.repeats > 1:
            random.Random(self.seed).shuffle(found)
        return found

    def _holding(self, stack: Stack, scenario: Scenario) -> Holding:
        """The stack, as it serves the app to where the slow clients are."""
        its = served(stack, self.other)
        if self.fleet.is_elsewhere:
            its = dataclasses.replace(its, host=ALL_ADDRESSES)
        whence = (self.fleet, self.network_kbit if scenario.by_link else 0)
        return Holding(its, scenario, self.profile, True, self.other, *whence)

    def beside(self) -> list[Task]:
        """What the profile measures beside the cells: own timeouts, costs, traces."""
        # What a request costs, and its calls, are those of our own apps.
        ours = self.other is None
        traces = [TracesTask()] if self.profile.traces and ours else []
        extras = self.profile.extras
        if not extras:
            return [*self._costs_of_sweep(), *traces]
        repeats, each_s = extras.cost_repeats, extras.cost_s
        costs = cost_tasks(self.stacks, repeats, each_s, self.seed) if ours else []
        return [*self._self_recoveries(extras), *costs, *traces]

    def _costs_of_sweep(self) -> list[CostTask]:
        """What a request costs at each value of a sweep, by the app alone."""
        bases = Counter(stack.base for stack in self.stacks if stack.options)
        swept = [stack for stack in self.stacks if bases[stack.base] > 1]
        if self.other is not None:
            return []
        tasks = cost_tasks(swept, _COST_REPEATS, _COST_S, self.seed)
        return [task for task in tasks if task.app == RAW]

    def _self_recoveries(self, extras: Extras) -> list[SelfRecoveryTask]:
        return [
            SelfRecoveryTask(replace(holding, comes_back=False), extras.watch_s)
            for scenario in self.scenarios
            # A handler ends by itself, whatever the timeouts are.
            if scenario.phase.client_is_slow
            for holding in (self._holding(stack, scenario) for stack in self.stacks)
            if 0 < (holding.stack.predicted_out_by(scenario.id) or 0) <= extras.up_to
        ]

    @property
    def descriptors(self) -> int:
        """How many files a process of this run opens at the most."""
        return descriptors_of(self.stacks, self.cells())

    def recorded(self) -> Ordered:
        """The order as the run's record keeps it."""
        profile, extras = self.profile, self.profile.extras
        return Ordered(
            stacks=[stack.id for stack in self.stacks],
            scenarios=[scenario.id for scenario in self.scenarios],
            repeats=self.repeats,
            workers=self.workers,
            threads=self.threads,
            nofile=self.nofile,
            rates=[scenario.id for scenario in self.rates],
            wait_ms=list(self.wait_ms),
            conditions=self.conditions,
            fleet=self.fleet,
            network_kbit=self.network_kbit,
            second_tries=profile.second_tries,
            traces=profile.traces,
            **(dataclasses.asdict(extras) if extras else {}),
        )


def descriptors_of(stacks: Iterable[Stack], cells: Iterable[CellTask]) -> int:
    """How many files a process opens at the most, if the stacks do as predicted: the
    generator, or a server whose limit cannot be raised."""
    most = [0, *(s.nofile for s in stacks if not may_open(s.nofile))]
    for holding in (cell.holding for cell in cells):
        if holding.fleet.workers:  # their machines have limits of their own
            continue
        search = search_of(holding)
        top = min(search.top, (search.out.high if search.out else None) or search.top)
        each = top // holding.processes
        most.append(each + resolution(each) + _BESIDE)
    return max(most)


def order_of(run: Run) -> Order:
    """What a stored run was asked to measure, with the values of its profile then."""
    ordered = run.ordered
    if ordered is None:
        raise UserError(
            f"{run.run.id} was begun by an earlier version: start a new run instead"
        )
    ranges.orderable(run, ordered)
    if beside := ordered.conditions.scenario:
        scenarios.scenario(beside)  # a name of files, too
    extras = None
    if ordered.watch_s is not None:
        extras = Extras(
            ordered.watch_s, ordered.cost_repeats, ordered.cost_s, ordered.up_to
        )
    profile = dataclasses.replace(
        profiles.profile(run.run.profile),
        second_tries=ordered.second_tries,
        traces=ordered.traces,
        extras=extras,
        **{name: getattr(run.method, name) for name in PACE},
    )
    return Order(
        profile,
        _stacks(ordered, run.target),
        [scenarios.scenario(name) for name in ordered.scenarios],
        ordered.repeats,
        run.run.seed,
        ordered.workers,
        ordered.threads,
        ordered.nofile,
        run.target,
        [rate_scenario(name) for name in ordered.rates],
        ordered.wait_ms,
        ordered.conditions,
        ordered.fleet,
        ordered.network_kbit,
    )


def _stacks(ordered: Ordered, other: OtherTarget | None) -> list[Stack]:
    """Those of the catalog, or what stands for a server of the user's."""
    if own := own_stack(other, ordered.nofile):
        return [own]
    return counted(ordered.stacks, ordered.workers, ordered.threads, ordered.nofile)


def counted(
    names: Sequence[str],
    workers: int | None,
    threads: int | None,
    nofile: int | None = None,
) -> list[Stack]:
    """The stacks of these ids, with other counts where some are asked for.

    `threads` are for those that have threads. Raises UserError if none has, or if one
    cannot run here.
    """
    found = [stacks.find_measurable(name) for name in names]
    for stack in found:
        if why := lacks(stack):
            raise UserError(f"{stack.id} cannot run here: {why}")
    if threads and not any(stack.threads for stack in found):
        listed = ", ".join(names)
        raise UserError(f"no threads to set in {listed}: leave THREADS= out")
    return [
        stack.with_counts(workers, threads if stack.threads else None, nofile)
        for stack in found
    ]


# What a profile and the method of a run both have, by the same names.
PACE = (
    *("rate_per_s", "deadline_s", "arrive_per_s", "settle_s"),
    *("hold_s", "long_hold_s", "release_s", "gap_s"),
)
