"""`make phases`: how long each server waits for a client that is slow."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, ROOT
from loadtests.analysis.phase_map import judged
from loadtests.analysis.predictions import REFUTED
from loadtests.catalog.stacks import HTTP1, Stack, find_measurable
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.progress import bar_in
from loadtests.commands.statuses import Status
from loadtests.experiments.lock import the_machine
from loadtests.experiments.machine import environment
from loadtests.experiments.phases import watch
from loadtests.records.phase_map import PHASE_MAP_FILE, PhaseMap, save_phase_map
from loadtests.report import phase_map
from loadtests.report.formats.terminal import rendered
from loadtests.servers import room
from loadtests.servers.processes import guarded

COMMAND = Command("watch how long each server waits for a slow client", place=125)
TARGETS = (
    Target(
        "phases",
        "how long does each server wait for a slow client?",
        place=85,
        words=("phases",),
        options=("STACKS", "OUT", "WAIT"),
    ),
)
WATCHED_S = 90.0  # longer than all default timeouts but 120 s of waitress


def add(parser: argparse.ArgumentParser) -> None:
    options.add_stacks(parser)
    parser.add_argument("--out", metavar="FOLDER", help="keep the result there too")
    options.add_wait(parser)
    parser.set_defaults(command=show_phases)


def show_phases(arguments: argparse.Namespace) -> Status:
    """Watch one connection for each stack and phase, all at once."""
    names = arguments.stacks or options.runnable(HTTP1)
    chosen = [find_measurable(name) for name in dict.fromkeys(names)]
    room.refuse_few_descriptors(max(stack.nofile for stack in chosen))
    console = Console()
    kept = options.kept_in(arguments)
    options.see_that_it_can_be_kept(*kept)
    with the_machine(f"{MAKE} phases", wait=arguments.wait):
        found = measured(chosen, WATCHED_S, console)
    for part in rendered([phase_map.table(found)]):
        console.print(part)
    console.print(f"{phase_map.LEGEND}\n\n{phase_map.summary(found)}", highlight=False)
    for folder in kept:
        path = save_phase_map(found, folder / PHASE_MAP_FILE)
        console.print(f"Saved as {options.shown(path)}", highlight=False)
    missed = any(one.verdict == REFUTED for one in judged(found))
    return Status.FAILED if missed else Status.DONE


def measured(chosen: Sequence[Stack], seconds: float, console: Console) -> PhaseMap:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    with (
        tempfile.TemporaryDirectory(prefix="phases-") as logs,
        guarded() as guard,
        bar_in(console) as progress,
    ):
        task = progress.add_task("watching", total=seconds)
        ended = watch(
            chosen,
            seconds,
            guard,
            Path(logs),
            lambda done_s: progress.update(task, completed=done_s),
        )
    return PhaseMap(made_at, environment(ROOT), seconds, ended)
