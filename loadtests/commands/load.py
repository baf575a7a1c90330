"""`make load` as its user sees it: the announcement, the progress, the result."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from loadtests import ROOT
from loadtests.catalog import profiles, scenarios, stacks
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

REPORTS = ROOT / "reports"
VOID_STATUS = 3


def run_load(
    arguments: argparse.Namespace,
    words: list[str],
    parse: Callable[[Sequence[str]], argparse.Namespace],
) -> int:
    """Measure a profile, or go on with a stopped run; 3 if something does not count.

    `words` are the command line, stored with the run; `parse` reads it again when the
    run is gone on with.
    """
    if arguments.resume:
        run, folder = resume_run(arguments.resume, REPORTS)
        order = _order(parse(run.run.argv), run.run.seed)
    else:
        seed = arguments.seed
        order = _order(arguments, random.randrange(10**6) if seed is None else seed)
        run, folder = begin_run(order, words, REPORTS)
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
    return 0 if all(counted) and not run.failures else VOID_STATUS


def _order(arguments: argparse.Namespace, seed: int) -> Order:
    profile = profiles.profile(arguments.profile)
    return Order(
        profile,
        stacks=[
            stacks.find_measurable(name) for name in arguments.stacks or profile.stacks
        ],
        scenarios=[
            scenarios.scenario(name)
            for name in arguments.scenarios or profile.scenarios
        ],
        repeats=arguments.repeats or profile.repeats,
        seed=seed,
    )


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
        f"Saved after every cell in {folder.relative_to(ROOT)}\n",
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
        more = 100 * (took_s - measured_s) / measured_s
        console.print(
            f"\nMeasured {measured_s:.0f} s in {took_s:.0f} s; starting and stopping "
            f"took {more:.0f} % more than the measured windows.\n",
            highlight=False,
        )


def _tell_how_to_go_on(console: Console, order: Order, run: Run, folder: Path) -> None:
    cells = f"{len(run.cells)} of {len(order.plans())} cells"
    if run.cells:
        _show(console, run, folder)
    console.print(
        f"\nStopped after {cells}. To go on: make load RESUME={run.run.id}",
        highlight=False,
    )


def _show(console: Console, run: Run, folder: Path) -> None:
    missing = adopt_claims(run.environment, folder, REPORTS)
    written = reports.write(run, folder)
    console.print(reports.table(run))
    console.print("\nReport:", highlight=False)
    for path in written:
        if path.suffix != ".svg":
            console.print(f"  {path.relative_to(ROOT)}", highlight=False)
    if missing:
        console.print(f"\n{missing}", highlight=False, markup=False)
