"""`make load` as its user sees it: the announcement, the progress, the result."""

from __future__ import annotations

import argparse
import random
import time
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
from loadtests.catalog import profiles, scenarios
from loadtests.experiments.run import (
    Order,
    begin_run,
    counted,
    finish_run,
    go_on,
    order_of,
    resume_run,
)
from loadtests.experiments.task import State, Task
from loadtests.records.claims import adopt_claims
from loadtests.records.run import TRACES, Run, load_run
from loadtests.report import reports
from loadtests.servers.processes import Guard, guarded

REPORTS = ROOT / "reports"
# What a task takes beyond its measured window, for the time left: servers and Locust
# start together, and all is stopped and seen to be gone.
OVERHEAD_S = 3.0
VOID_STATUS = 3


def run_load(arguments: argparse.Namespace, words: list[str]) -> int:
    """Measure a profile, or go on with a stopped run; 3 if something does not count.

    `words` are the command line, stored with the run.
    """
    if arguments.resume:
        run, folder = resume_run(arguments.resume, REPORTS)
        order = order_of(run)
    else:
        order = _order(arguments)
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
    counting = [c.valid for c in run.cells] + [s.valid for s in run.self_recoveries]
    return 0 if all(counting) and not run.failures else VOID_STATUS


def _order(arguments: argparse.Namespace) -> Order:
    profile = profiles.profile(arguments.profile)
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    names = arguments.scenarios or profile.scenarios
    return Order(
        profile,
        counted(arguments.stacks or profile.stacks, None, None),
        [scenarios.scenario(name) for name in names],
        arguments.repeats or profile.repeats,
        seed,
    )


def _announce(console: Console, order: Order, folder: Path) -> None:
    cells, beside = order.cells(), order.beside()
    minutes = sum(map(_expected_s, (*cells, *beside))) / 60
    sizes = {
        "stack": len(order.stacks),
        "scenario": len(order.scenarios),
        "repeat": order.repeats,
    }
    factors = " x ".join(_counted(number, word) for word, number in sizes.items())
    own = [task for task in beside if task.key.kind != TRACES]
    more = f"own timeouts and costs: {len(own)} more; " if own else ""
    console.print(
        f"[bold]{order.profile.id}[/]: {factors} = {_counted(len(cells), 'cell')}, "
        f"{more}about {minutes:.1f} minutes.\n"
        f"Saved after every cell in {folder.relative_to(ROOT)}\n",
        highlight=False,
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _measure_all(
    console: Console, order: Order, run: Run, folder: Path, guard: Guard
) -> Run:
    missing = [t for t in order.tasks() if t.state(run, folder) is State.MISSING]
    expected_s = sum(map(_expected_s, missing))
    with _progress(console) as progress:
        bar = Bar(progress, progress.add_task("starting", total=expected_s))
        began_s, measured_s = time.monotonic(), 0.0
        for task, grown in go_on(run, folder, order, guard, bar.tell):
            run = grown
            measured_s += task.lasts_s
            bar.finished(task)
            console.print(reports.task_line(run, task.key), highlight=False)
        took_s = time.monotonic() - began_s
    _tell_overhead(console, measured_s, took_s)
    return finish_run(run, folder)


def _expected_s(task: Task) -> float:
    return task.lasts_s + OVERHEAD_S


class Bar:
    """How much of the run is done, in expected seconds."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress, self.task = progress, task
        self.finished_s = 0.0

    def tell(self, task: Task, seconds: float) -> None:
        label = f"{task.key.stack} {task.key.what}"
        done_s = self.finished_s + seconds
        self.progress.update(self.task, description=label, completed=done_s)

    def finished(self, task: Task) -> None:
        """A second try is more than was expected."""
        self.finished_s += _expected_s(task)
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
    cells = f"{len(run.cells)} of {len(order.cells())} cells"
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
