"""`make load` as its user sees it: the announcement, the progress, the result."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from loadtests import UserError
from loadtests.catalog import profiles, scenarios, stacks
from loadtests.catalog.stacks import Stack
from loadtests.commands import options
from loadtests.commands.options import REPORTS
from loadtests.commands.statuses import Status
from loadtests.experiments import extras
from loadtests.experiments.costs import CostPlan
from loadtests.experiments.extras import Extra
from loadtests.experiments.run import (
    OVERHEAD_S,
    Order,
    begin_run,
    finish_run,
    measure_cells,
    resume_run,
)
from loadtests.experiments.trace import recorder
from loadtests.records.claims import adopt_claims
from loadtests.records.run import Run, load_run
from loadtests.report import reports
from loadtests.servers.processes import Guard, guarded

DEFAULT_PROFILE = "quick"


def add(parser: argparse.ArgumentParser) -> None:
    add_choice(parser)
    parser.set_defaults(command=measure)


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The options that are stored with a run, and read again to go on with it."""
    parser.add_argument("--profile", metavar="smoke|quick|full")
    options.add_stacks(parser)
    parser.add_argument("--scenarios", type=options.names, metavar="ID,ID")
    parser.add_argument("--repeats", type=options.count, metavar="COUNT")
    options.add_counts(parser)
    parser.add_argument("--seed", type=options.seed, metavar="NUMBER")
    parser.add_argument("--resume", metavar="RUN")


def measure(arguments: argparse.Namespace) -> Status:
    """Measure a profile, or go on with a stopped run."""
    if arguments.resume:
        _refuse_beside_resume(arguments)
        run, folder = resume_run(options.run_folder(arguments.resume, REPORTS))
        order = _order(_stored(run.run.argv), run.run.seed)
    else:
        seed = arguments.seed
        order = _order(arguments, random.randrange(10**6) if seed is None else seed)
        run, folder = begin_run(order, arguments.words, REPORTS)
    console = Console()
    _announce(console, order, folder)
    try:
        with guarded() as guard:
            run = _measure_all(console, order, run, folder, guard)
    except KeyboardInterrupt:
        _tell_how_to_go_on(console, order, load_run(folder), folder)
        raise
    _show(console, run, folder)
    counted = [cell.valid for cell in run.cells] + [one.valid for one in run.freeings]
    whole = all(counted) and not run.failures
    return Status.DONE if whole else Status.DOES_NOT_COUNT


def _refuse_beside_resume(arguments: argparse.Namespace) -> None:
    """What is measured was chosen when the run began."""
    choices = (
        "profile",
        "stacks",
        "scenarios",
        "repeats",
        "workers",
        "threads",
        "seed",
    )
    for name in choices:
        if getattr(arguments, name) not in (None, []):
            raise UserError(
                f"RESUME= goes on with what was ordered: leave {name.upper()}= out"
            )


def _stored(argv: Sequence[str]) -> argparse.Namespace:
    parser = options.Parser(prog="load")
    add_choice(parser)
    return parser.parse_args(argv[1:])


def _order(arguments: argparse.Namespace, seed: int) -> Order:
    profile = profiles.profile(arguments.profile or DEFAULT_PROFILE)
    chosen = map(stacks.find_measurable, arguments.stacks or profile.stacks)
    return Order(
        profile,
        stacks=_with_counts([*chosen], arguments.workers, arguments.threads),
        scenarios=[
            scenarios.scenario(name)
            for name in arguments.scenarios or profile.scenarios
        ],
        repeats=arguments.repeats or profile.repeats,
        seed=seed,
    )


def _with_counts(
    chosen: Sequence[Stack], workers: int | None, threads: int | None
) -> list[Stack]:
    """The stacks with other counts; threads for those that have any."""
    if threads and not any(stack.threads for stack in chosen):
        names = ", ".join(stack.id for stack in chosen)
        raise UserError(f"no threads to set in {names}: leave THREADS= out")
    return [
        stack.with_counts(workers, threads if stack.threads else None)
        for stack in chosen
    ]


def _announce(console: Console, order: Order, folder: Path) -> None:
    plans = order.plans()
    beside = extras.planned(order)
    minutes = sum(map(_expected_s, (*plans, *beside))) / 60
    sizes = {
        "stack": len(order.stacks),
        "scenario": len(order.scenarios),
        "repeat": order.repeats,
    }
    factors = " x ".join(_counted(number, word) for word, number in sizes.items())
    more = f"own timeouts and costs: {len(beside)} more; " if beside else ""
    console.print(
        f"[bold]{order.profile.id}[/]: {factors} = {_counted(len(plans), 'cell')}, "
        f"{more}about {minutes:.1f} minutes.\n"
        f"Saved after every cell in {options.shown(folder)}\n",
        highlight=False,
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _measure_all(
    console: Console, order: Order, run: Run, folder: Path, guard: Guard
) -> Run:
    plans, beside = order.plans(), extras.planned(order)
    done = {cell.key for cell in run.cells}
    left = [plan for plan in plans if plan.key not in done]
    expected_s = sum(map(_expected_s, (*left, *extras.missing(beside, run))))
    with _progress(console) as progress:
        bar = Bar(progress, progress.add_task("starting", total=expected_s))
        began_s, measured_s = time.monotonic(), 0.0
        for plan, grown in measure_cells(run, folder, plans, guard, bar.tell):
            run = grown
            measured_s += plan.lasts_s
            bar.finished(plan)
            console.print(reports.cell_line(run.cells[-1]), highlight=False)
        took_s = time.monotonic() - began_s
        for extra, grown in extras.go_on(run, folder, beside, guard, bar.tell):
            run = grown
            bar.finished(extra)
            console.print(reports.extra_line(run, extra.name), highlight=False)
    _tell_overhead(console, measured_s, took_s)
    if order.profile.traces:
        recorder.record(folder, guard, console)
    return finish_run(run, folder)


def _expected_s(plan: Extra) -> float:
    return plan.lasts_s + OVERHEAD_S


class Bar:
    """How much of the run is done, in expected seconds."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress, self.task = progress, task
        self.finished_s = 0.0

    def tell(self, plan: Extra, seconds: float) -> None:
        what = plan.app if isinstance(plan, CostPlan) else plan.scenario.id
        label = f"{plan.stack.id} {what}"
        done_s = self.finished_s + seconds
        self.progress.update(self.task, description=label, completed=done_s)

    def finished(self, plan: Extra) -> None:
        """A second try is more than was expected."""
        self.finished_s += _expected_s(plan)
        total_s = max(self.progress.tasks[0].total or 0.0, self.finished_s)
        self.progress.update(self.task, completed=self.finished_s, total=total_s)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _tell_overhead(console: Console, measured_s: float, took_s: float) -> None:
    if measured_s:
        in_minutes = took_s >= 100
        took, measured, rest = (
            f"{seconds / 60:.1f}" if in_minutes else f"{seconds:.0f}"
            for seconds in (took_s, measured_s, took_s - measured_s)
        )
        console.print(
            f"\nTook {took} {'minutes' if in_minutes else 'seconds'}: {measured} "
            f"measured, {rest} starting and stopping servers and load generators.\n",
            highlight=False,
        )


def _tell_how_to_go_on(console: Console, order: Order, run: Run, folder: Path) -> None:
    go_on = f"To go on: make load RESUME={folder.name}"
    if not run.cells:
        before = "\nStopped before the first cell was measured: there is no report."
        console.print(f"{before} {go_on}", highlight=False)
        return
    _show(console, run, folder)
    cells = f"{len(run.cells)} of {len(order.plans())} cells"
    console.print(f"\nStopped after {cells}. {go_on}", highlight=False)


def _show(console: Console, run: Run, folder: Path) -> None:
    missing = adopt_claims(run.environment, folder, REPORTS)
    written = reports.write(run, folder)
    console.print(reports.table(run))
    console.print("\nReport:", highlight=False)
    for path in written:
        if path.suffix != ".svg":
            console.print(f"  {options.shown(path)}", highlight=False)
    if missing:
        console.print(f"\n{missing}", highlight=False, markup=False)
