"""`make load` as its user sees it: the announcement, the progress, the result."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, UserError
from loadtests.commands import fleets, networks, options, ordered
from loadtests.commands.declarations import Command, Target
from loadtests.commands.options import REPORTS
from loadtests.commands.progress import (
    Bar,
    announce,
    bar_in,
    counted,
    expected_s,
    tell_overhead,
)
from loadtests.commands.resolving import allowing, see_that_it_is_allowed
from loadtests.commands.statuses import Status
from loadtests.experiments.lock import the_machine
from loadtests.experiments.order import Order, order_of
from loadtests.experiments.run import (
    begin_run,
    finish_run,
    go_on,
    resume_run,
)
from loadtests.experiments.task import State
from loadtests.records.claims import adopt_claims
from loadtests.records.run import Run, load_run
from loadtests.report import reports
from loadtests.servers import room
from loadtests.servers.processes import Guard, guarded

COMMAND = Command("measure and report", place=50)
TARGETS = (
    Target(
        "load",
        "measure and report",
        place=50,
        words=("load",),
        options=(
            "PROFILE",
            "STACKS",
            "SCENARIOS",
            "WAIT_MS",
            "RATES",
            "RETRIES",
            "BESIDE",
            "REPEATS",
            "WORKERS",
            "THREADS",
            "NOFILE",
            "WITH",
            "SWEEP",
            "SEED",
            "RESUME",
            "WAIT",
            "APP",
            "CMD",
            "URL",
            "APP_DIR",
            "APP_PYTHON",
            "INTERFACE",
            "HEALTHY",
            "UPLOAD",
            "DOWNLOAD",
            "HEADERS",
            "PID",
            "ALLOW_REMOTE",
            "FLEET",
            "BIND",
            "NETWORK",
        ),
    ),
)
VARIABLES = {
    "APP": "<module>:<attribute>",
    "CMD": "'<command>'",
    "URL": "http://<host>:<port>",
    "APP_DIR": "<folder>",
    "APP_PYTHON": "<python>",
    "INTERFACE": "wsgi|asgi",
    "HEALTHY": "/<path>",
    "UPLOAD": "'POST /<path>'",
    "DOWNLOAD": "/<path>",
    "HEADERS": "'<name>: <value>'|@<file>",
    "PID": "<number>",
    "ALLOW_REMOTE": "<host>",
    "PROFILE": "smoke|quick|full|c10k|c50k",
    "FLEET": "<count>",
    "BIND": "<address>",
    "NETWORK": "<rate>",
    "SCENARIOS": "<id>,<id>",
    "WAIT_MS": "<n>,<n>",
    "RATES": "<n>,<n>",
    "RETRIES": "<count>",
    "BESIDE": "<scenario>=<count>",
    "REPEATS": "<count>",
    "NOFILE": "<count>",
    "WITH": "'--<option> <value>'",
    "SWEEP": "threads|workers|<option>=<n>,<n>",
}


def add(parser: argparse.ArgumentParser) -> None:
    ordered.add_options(parser)
    parser.set_defaults(command=measure)


def measure(arguments: argparse.Namespace) -> Status:
    """Measure a profile, or go on with a stopped run."""
    return measured(arguments)[0]


def measured(arguments: argparse.Namespace) -> tuple[Status, Path]:
    """The same, and the folder of the run."""
    if arguments.resume:
        ordered.refuse_beside_resume(arguments)
        asked = ordered.Asked(order_of(_resumed(arguments)[0]))
        see_that_it_is_allowed(asked.order.other, arguments.allow_remote)
    else:
        asked = ordered.asked(arguments, REPORTS)
    order = asked.order
    room.refuse_few_descriptors(order.descriptors, ordered.OTHER_LIMIT)
    networks.see_that_it_may_be(order.network_kbit)
    # A wrong word is an error at once, not after the wait.
    with the_machine(f"{MAKE} load {order.profile.id}", wait=arguments.wait):
        networks.see_that_it_leads(order.network_kbit)  # beside nobody's measurement
        return _measure(asked, arguments)


def _resumed(arguments: argparse.Namespace) -> tuple[Run, Path]:
    return resume_run(options.run_folder(arguments.resume, REPORTS))


def _measure(
    asked: ordered.Asked, arguments: argparse.Namespace
) -> tuple[Status, Path]:
    console = Console()
    if arguments.resume:
        run, folder = _resumed(arguments)  # as it is after the wait
        run = _measured_from(console, asked.order, run, folder)
    else:
        asked = ordered.tried(asked, console, REPORTS)
        run, folder = measured_whole(console, asked, arguments.words)
    _show(console, run, folder)
    return (Status.DONE if run.whole else Status.DOES_NOT_COUNT), folder


def measured_whole(
    console: Console, asked: ordered.Asked, words: Sequence[str], way_on: str = ""
) -> tuple[Run, Path]:
    """A new run of what was asked, measured to its end; its reports are not made.
    `way_on` is what to do if it is stopped, where that is not to resume it."""
    run, folder = begin_run(asked.order, words, REPORTS, asked.seen)
    return _measured_from(console, asked.order, run, folder, way_on), folder


def _measured_from(
    console: Console, order: Order, run: Run, folder: Path, way_on: str = ""
) -> Run:
    """The run with what was still missing in it."""
    announce(console, order, folder)
    fleets.tell(console, order.fleet)
    networks.tell(console, order.network_kbit)
    how = way_on or f"{MAKE} load RESUME={folder.name}{allowing(order.other)}"
    try:
        with guarded() as guard:
            return _measure_all(console, order, run, folder, guard)
    except KeyboardInterrupt:
        _tell_how_to_go_on(console, order, load_run(folder), folder, how)
        raise
    except (UserError, OSError, MemoryError) as error:
        raise options.with_a_way_on(error, how) from None


def _measure_all(
    console: Console, order: Order, run: Run, folder: Path, guard: Guard
) -> Run:
    missing = [t for t in order.tasks() if t.state(run, folder) is State.MISSING]
    total_s = sum(map(expected_s, missing))
    with bar_in(console) as progress:
        bar = Bar(progress, progress.add_task("starting", total=total_s))
        began_s, ended_s, measured_s = time.monotonic(), 0.0, 0.0
        for task, grown in go_on(run, folder, order, guard, bar.tell):
            run = grown
            so_far_s = time.monotonic() - began_s
            measured_s += min(task.lasts_s, so_far_s - ended_s)  # less if it failed
            ended_s = so_far_s
            bar.finished(task)
            console.print(
                reports.task_line(run, task.key), highlight=False, soft_wrap=True
            )
        took_s = time.monotonic() - began_s
    tell_overhead(console, measured_s, took_s)
    return finish_run(run, folder)


def _tell_how_to_go_on(
    console: Console, order: Order, run: Run, folder: Path, how: str
) -> None:
    if run.run.complete:
        _tell_how_to_report(console, folder)
        return
    if not run.cells and not run.rates:
        stopped = "Stopped before anything was measured: there is no report."
    else:
        _show(console, run, folder)
        done = len(run.cells) + len(run.rates)
        every = len(order.cells()) + len(order.at_rates())
        stopped = f"Stopped after {done} of {counted(every, 'measurement')}."
    console.print(f"\n{stopped} To go on: {how}", highlight=False)


def _tell_how_to_report(console: Console, folder: Path) -> None:
    how = f"{MAKE} report RUN={folder.name}"
    console.print(f"\nStopped while the report was made: {how}", highlight=False)


def _show(console: Console, run: Run, folder: Path) -> None:
    try:
        _write_and_show(console, run, folder)
    except KeyboardInterrupt:
        _tell_how_to_report(console, folder)
        raise
    except (UserError, OSError, MemoryError) as error:
        how = f"{MAKE} report RUN={folder.name}"
        raise options.with_a_way_on(error, how) from None


def _write_and_show(console: Console, run: Run, folder: Path) -> None:
    # The claims are about servers of our own environment.
    ours = run.target is None
    missing = adopt_claims(run.environment, folder, REPORTS) if ours else ""
    written = reports.write(run, folder)
    console.print(reports.table(run))
    console.print("\nReport:", highlight=False)
    for path in written:
        if path.suffix != ".svg":
            console.print(f"  {options.shown(path)}", highlight=False)
    if missing:
        console.print(f"\n{missing}", highlight=False, markup=False)
