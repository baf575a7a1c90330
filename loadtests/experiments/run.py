"""A run: an order, the list of its tasks, and the one loop that measures them.

The run is saved after each task. What is missing is measured first; then what came out
void, or failed, is tried once more, when whatever disturbed it may be over.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from loadtests import ROOT, UserError
from loadtests.catalog import profiles, scenarios, stacks
from loadtests.catalog.profiles import Extras, Profile
from loadtests.catalog.scenarios import Scenario
from loadtests.catalog.stacks import Stack
from loadtests.catalog.target import RAW
from loadtests.clients.wire import WireError
from loadtests.experiments.cell import CellTask
from loadtests.experiments.costs import cost_tasks
from loadtests.experiments.holding import Holding
from loadtests.experiments.machine import environment
from loadtests.experiments.self_recovery import SelfRecoveryTask
from loadtests.experiments.task import Context, State, Task
from loadtests.experiments.trace.recorder import TracesTask
from loadtests.records.facts import NOT_MEASURED, fact
from loadtests.records.run import Method, Ordered, Run, RunInfo, load_run, save_run
from loadtests.servers.cores import core_shares
from loadtests.servers.processes import Guard


class LoadError(UserError):
    """A run that cannot be started or gone on with; one line."""


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

    def tasks(self) -> list[Task]:
        """Everything to be measured, cells first."""
        return [*self.cells(), *self.beside()]

    def cells(self) -> list[CellTask]:
        """The cells in the order in which they are measured.

        Repeats are shuffled, so that a slow drift of the machine falls on all stacks
        alike; a run without repeats keeps the order of the tables.
        """
        repeats = range(1, self.repeats + 1)
        found = [
            CellTask(Holding(stack, scenario, self.profile), repeat)
            for repeat, scenario, stack in itertools.product(
                repeats, self.scenarios, self.stacks
            )
        ]
        if self.repeats > 1:
            random.Random(self.seed).shuffle(found)
        return found

    def beside(self) -> list[Task]:
        """What the profile measures beside the cells: own timeouts, costs, traces."""
        traces = [TracesTask()] if self.profile.traces else []
        extras = self.profile.extras
        if not extras:
            return [*traces]
        repeats, each_s = extras.cost_repeats, extras.cost_s
        costs = cost_tasks(self.stacks, repeats, each_s, self.seed)
        return [*self._self_recoveries(extras), *costs, *traces]

    def _self_recoveries(self, extras: Extras) -> list[SelfRecoveryTask]:
        top = self.profile.levels[-1]
        watched = self.profile.freeing(extras.watch_s)
        return [
            SelfRecoveryTask(Holding(stack, scenario, watched))
            for scenario in self.scenarios
            # A handler ends by itself, whatever the timeouts are.
            if scenario.phase.client_is_slow
            for stack in self.stacks
            if 0 < (stack.predicted_out_by(scenario.id) or 0) <= top
        ]

    def recorded(self) -> Ordered:
        """The order as the run's record keeps it."""
        profile, extras = self.profile, self.profile.extras
        return Ordered(
            stacks=[stack.id for stack in self.stacks],
            scenarios=[scenario.id for scenario in self.scenarios],
            repeats=self.repeats,
            workers=self.workers,
            threads=self.threads,
            levels=list(profile.levels),
            second_tries=profile.second_tries,
            traces=profile.traces,
            **(dataclasses.asdict(extras) if extras else {}),
        )


def order_of(run: Run) -> Order:
    """What a stored run was asked to measure, with the values of its profile then."""
    ordered = run.ordered
    if ordered is None:
        raise LoadError(
            f"{run.run.id} was begun by an earlier version: start a new run instead"
        )
    extras = None
    if ordered.watch_s is not None:
        extras = Extras(ordered.watch_s, ordered.cost_repeats, ordered.cost_s)
    profile = dataclasses.replace(
        profiles.profile(run.run.profile),
        levels=tuple(ordered.levels),
        second_tries=ordered.second_tries,
        traces=ordered.traces,
        extras=extras,
        **{name: getattr(run.method, name) for name in PACE},
    )
    return Order(
        profile,
        counted(ordered.stacks, ordered.workers, ordered.threads),
        [scenarios.scenario(name) for name in ordered.scenarios],
        ordered.repeats,
        run.run.seed,
        ordered.workers,
        ordered.threads,
    )


def counted(
    names: Sequence[str], workers: int | None, threads: int | None
) -> list[Stack]:
    """The stacks of these ids, with other counts where some are asked for.

    `threads` are for those that have threads. Raises UserError if none has.
    """
    found = [stacks.find_measurable(name) for name in names]
    if threads and not any(stack.threads for stack in found):
        listed = ", ".join(names)
        raise UserError(f"no threads to set in {listed}: leave THREADS= out")
    return [
        stack.with_counts(workers, threads if stack.threads else None)
        for stack in found
    ]


# What a profile and the method of a run both have, by the same names.
PACE = ("rate_per_s", "deadline_s", "settle_s", "hold_s", "release_s")


def method_of(profile: Profile) -> Method:
    """How a profile's cells are measured, for the record."""
    return Method(
        **{name: getattr(profile, name) for name in PACE},
        healthy_request=RAW.name,
        cores=_cores(),
    )


def _cores() -> str:
    """Who runs on which cores."""
    generators, server = core_shares()
    if generators & server:
        return "server and load generator share the only core"
    ours, theirs = (", ".join(map(str, sorted(some))) for some in (generators, server))
    return f"the server has core {theirs}, the load generator core {ours}"


def begin_run(order: Order, argv: Sequence[str], reports: Path) -> tuple[Run, Path]:
    """A new run without cells, and its folder."""
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%d-%H%M%S}-{order.profile.id}"
    info = RunInfo(
        id=run_id,
        started_at=now.isoformat(timespec="seconds"),
        profile=order.profile.id,
        seed=order.seed,
        complete=False,
        argv=list(argv),
    )
    method, machine = method_of(order.profile), environment(ROOT)
    run = Run(info, method, machine, cells=[], ordered=order.recorded())
    folder = reports / run_id
    save_run(run, folder)
    return run, folder


def resume_run(folder: Path) -> tuple[Run, Path]:
    """A run that was stopped, to go on with. LoadError where that would mix figures of
    two machines or versions, or there is nothing left to do."""
    folder = folder.resolve()
    run = load_run(folder)
    run_id = run.run.id
    tasks = order_of(run).tasks()
    if run.run.complete and all(t.state(run, folder) is State.DONE for t in tasks):
        raise LoadError(f"{run_id} is complete: make report RUN={folder} shows it")
    now = environment(ROOT)
    for name in ("python", "kernel", "cpu", "cpus", "packages"):
        if getattr(now, name) != getattr(run.environment, name):
            raise LoadError(
                f"{run_id} was measured with another {name}; start a new run instead"
            )
    return run, folder


def go_on(
    run: Run,
    folder: Path,
    order: Order,
    guard: Guard,
    tell: Callable[[Task, float], None],
) -> Iterator[tuple[Task, Run]]:
    """Measure what is missing, then once more what does not count.

    Yields each task with the run as it then is; the run is already saved, and
    `latest` leads to it.
    """
    context = Context(folder, guard, run.method, tell)
    tasks = order.tasks()
    states = [State.MISSING, *([State.VOID] if order.profile.second_tries else [])]
    for wanted in states:
        # Which are void is seen once all that was missing has been measured.
        for task in [task for task in tasks if task.state(run, folder) is wanted]:
            tell(task, 0.0)
            run = _measured(task, run, context)
            save_run(run, folder)
            _point_latest(folder.parent, folder.name)
            yield task, run


def _measured(task: Task, run: Run, context: Context) -> Run:
    try:
        return task.measured(run, context)
    except (UserError, WireError) as error:
        return task.failed(run, context, fact(NOT_MEASURED, words=str(error)))


def finish_run(run: Run, folder: Path) -> Run:
    """The run, marked as complete and saved."""
    run = dataclasses.replace(run, run=dataclasses.replace(run.run, complete=True))
    save_run(run, folder)
    return run


def _point_latest(reports: Path, run_id: str) -> None:
    partial = reports / f".latest.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()
    partial.symlink_to(run_id)
    partial.replace(reports / "latest")
