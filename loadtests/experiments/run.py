"""A run: which cells, in which order, measured one by one, saved after each."""

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
from loadtests.analysis.cell import Subject, analyse_cell, failed_cell
from loadtests.catalog.contract import HEALTHY
from loadtests.catalog.profiles import Profile
from loadtests.catalog.scenarios import Scenario
from loadtests.catalog.stacks import Stack
from loadtests.experiments.cell import Plan, measure_cell
from loadtests.experiments.machine import environment
from loadtests.records.run import (
    Capacity,
    Cell,
    Method,
    Run,
    RunInfo,
    load_run,
    save_run,
)
from loadtests.servers.cores import core_shares
from loadtests.servers.processes import Guard, ProcessError

# What a cell takes beyond its measured window, for the time left: servers and Locust
# start together, and all is stopped and seen to be gone.
OVERHEAD_S = 3.0


class LoadError(UserError):
    """A run that cannot be started or gone on with; one line."""


@dataclass(frozen=True)
class Order:
    """What a run is asked to measure."""

    profile: Profile
    stacks: Sequence[Stack]
    scenarios: Sequence[Scenario]
    repeats: int
    seed: int

    def plans(self) -> list[Plan]:
        """The cells in the order in which they are measured.

        Repeats are shuffled, so that a slow drift of the machine falls on all stacks
        alike; a run without repeats keeps the order of the tables.
        """
        repeats = range(1, self.repeats + 1)
        plans = [
            Plan(stack, scenario, repeat, self.profile)
            for repeat, scenario, stack in itertools.product(
                repeats, self.scenarios, self.stacks
            )
        ]
        if self.repeats > 1:
            random.Random(self.seed).shuffle(plans)
        return plans


def begin_run(order: Order, argv: Sequence[str], reports: Path) -> tuple[Run, Path]:
    """A new run without cells, and its folder.

    `reports/latest` leads there once the first cell is saved.
    """
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
    run = Run(info, method_of(order.profile), environment(ROOT), cells=[])
    folder = reports / run_id
    save_run(run, folder)
    return run, folder


def resume_run(folder: Path) -> tuple[Run, Path]:
    """A run that was stopped, to go on with. LoadError where that would mix figures of
    two machines or versions, or there is nothing left to do."""
    folder = folder.resolve()
    run = load_run(folder)
    run_id = run.run.id
    if run.run.complete:
        raise LoadError(f"{run_id} is complete: make report RUN={folder} shows it")
    now = environment(ROOT)
    for name in ("python", "kernel", "cpu", "cpus", "packages"):
        if getattr(now, name) != getattr(run.environment, name):
            raise LoadError(
                f"{run_id} was measured with another {name}; start a new run instead"
            )
    return run, folder


def measure_cells(
    run: Run,
    folder: Path,
    plans: Sequence[Plan],
    guard: Guard,
    tell: Callable[[Plan, float], None],
) -> Iterator[tuple[Plan, Run]]:
    """Measure what is missing; yields the run, already saved, after every cell.

    A cell that came out void is measured once more at the end, when whatever disturbed
    the generator may be over; it then says so among its warnings.
    """
    done = {cell.key for cell in run.cells}
    for plan in plans:
        if plan.key not in done:
            run = _with_cell(run, _measure(plan, folder, guard, tell, run.method))
            save_run(run, folder)
            if len(run.cells) == 1:
                _point_latest(folder.parent, folder.name)
            yield plan, run
    void = {cell.key: cell for cell in run.cells if not cell.valid}
    for plan in plans:
        if plan.key in void and plan.profile.second_tries:
            cell = _measure(plan, folder, guard, tell, run.method)
            first = (
                f"second try; the first was void: {'; '.join(void[plan.key].warnings)}"
            )
            cell = dataclasses.replace(cell, warnings=[*cell.warnings, first])
            run = _with_cell(run, cell)
            save_run(run, folder)
            yield plan, run


def finish_run(run: Run, folder: Path) -> Run:
    """The run, marked as complete and saved."""
    run = dataclasses.replace(run, run=dataclasses.replace(run.run, complete=True))
    save_run(run, folder)
    return run


def _with_cell(run: Run, cell: Cell) -> Run:
    """The run with this cell last, in place of an earlier one of the same key."""
    others = [other for other in run.cells if other.key != cell.key]
    return dataclasses.replace(run, cells=[*others, cell])


def _measure(
    plan: Plan,
    folder: Path,
    guard: Guard,
    tell: Callable[[Plan, float], None],
    method: Method,
) -> Cell:
    try:
        recording = measure_cell(plan, folder, guard, lambda s: tell(plan, s))
    except ProcessError as error:
        return failed_cell(subject_of(plan), str(error))
    return analyse_cell(subject_of(plan), recording, method)


def subject_of(plan: Plan) -> Subject:
    """What is known of a cell before it starts."""
    return Subject(
        stack=plan.stack.id,
        scenario=plan.scenario.id,
        repeat=plan.repeat,
        argv=plan.stack.command(port=8000),
        workers=plan.stack.workers,
        threads=plan.stack.threads,
        predicted=predicted(plan.stack, plan.scenario),
    )


def predicted(stack: Stack, scenario: Scenario) -> Capacity:
    """What is predicted of a cell, with the reason; what is measured is still open."""
    holds = stack.holds[scenario.id]
    return Capacity(
        predicted_out_at=stack.predicted_out_at(scenario.id),
        degrades_at=None,
        out_at=None,
        held=None,
        predicted_out_by=stack.predicted_out_by(scenario.id),
        predicted_degrades_at=stack.predicted_degrades_at(scenario.id),
        predicted_degrades_by=stack.predicted_degrades_by(scenario.id),
        predicted_because=f"a slow client holds {holds.what}: {holds.because}",
    )


def method_of(profile: Profile) -> Method:
    """How a profile's cells are measured, for the record."""
    return Method(
        rate_per_s=profile.rate_per_s,
        deadline_s=profile.deadline_s,
        settle_s=profile.settle_s,
        hold_s=profile.hold_s,
        release_s=profile.release_s,
        healthy_request=f"{HEALTHY.request.method} {HEALTHY.request.target}",
        cores=_cores(),
    )


def _cores() -> str:
    """Who runs on which cores."""
    generators, server = core_shares()
    if generators & server:
        return "server and load generator share the only core"
    ours, theirs = (", ".join(map(str, sorted(some))) for some in (generators, server))
    return f"the server has core {theirs}, the load generator core {ours}"


def _point_latest(reports: Path, run_id: str) -> None:
    partial = reports / f".latest.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()
    partial.symlink_to(run_id)
    partial.replace(reports / "latest")
