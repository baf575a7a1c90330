"""`make behaviours`: what each server does with the same odd requests."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, ROOT
from loadtests.analysis.behaviours import agreed, unexplained
from loadtests.catalog.behaviours import PARSERS
from loadtests.catalog.stacks import HTTP1, Stack, find_measurable
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.example import EXAMPLE
from loadtests.commands.progress import bar_in
from loadtests.commands.statuses import Status
from loadtests.experiments.behaviours.grid import observed, rows_of
from loadtests.experiments.lock import the_machine
from loadtests.experiments.machine import environment
from loadtests.records.behaviours import (
    BEHAVIOURS_FILE,
    Behaviours,
    load_behaviours,
    save_behaviours,
)
from loadtests.records.run import Environment
from loadtests.report import behaviours
from loadtests.report.formats.terminal import rendered
from loadtests.servers import room
from loadtests.servers.processes import guarded

COMMAND = Command("see what each server does with odd requests", place=126)
TARGETS = (
    Target(
        "behaviours",
        "what does each server do with odd requests? fail if that changed",
        place=86,
        words=("behaviours",),
        options=("STACKS", "OUT", "WAIT"),
    ),
)
RECORD = ROOT / EXAMPLE / BEHAVIOURS_FILE
_MOST_CHANGES = 40  # lines; the record has all


def add(parser: argparse.ArgumentParser) -> None:
    options.add_stacks(parser)
    parser.add_argument("--out", metavar="FOLDER", help="keep the result there too")
    options.add_wait(parser)
    parser.set_defaults(command=show_behaviours)


def show_behaviours(arguments: argparse.Namespace) -> Status:
    """FAILED where a server does not do what the record says of the same versions."""
    chosen = [
        find_measurable(name) for name in dict.fromkeys(arguments.stacks or HTTP1)
    ]
    base = load_behaviours(RECORD) if RECORD.exists() else None
    room.refuse_few_descriptors(max(stack.nofile for stack in chosen))
    console = Console()
    kept = options.kept_in(arguments)
    options.see_that_it_can_be_kept(*kept)
    with the_machine(f"{MAKE} behaviours", wait=arguments.wait):
        found = measured(chosen, console)
        if base and (changed := unexplained(base, found)):
            # Chance decides some: whether a response is cut when the server stops.
            again = [stack for stack in chosen if stack.id in changed]
            found = agreed(found, measured(again, console))
    for part in rendered([behaviours.table(found)]):
        console.print(part)
    for said in (behaviours.summary(found), *behaviours.where(found)):
        console.print(said, highlight=False, markup=False)
    for folder in kept:
        path = save_behaviours(found, folder / BEHAVIOURS_FILE)
        console.print(f"Saved as {options.shown(path)}", highlight=False)
    return compared(base, found, console)


def measured(chosen: Sequence[Stack], console: Console) -> Behaviours:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    total = sum(len(rows_of(stack)) for stack in chosen)
    with (
        tempfile.TemporaryDirectory(prefix="behaviours-") as folder,
        guarded() as guard,
        bar_in(console) as progress,
    ):
        task = progress.add_task("asking", total=total)
        found = observed(chosen, guard, Path(folder), lambda: progress.advance(task))
    return Behaviours(made_at, _on(), found)


def _on() -> Environment:
    """With the parsers that decide what a server does, besides its own package."""
    usual = environment(ROOT)
    names = {name for names in PARSERS.values() for name in names}
    parsers = {name: version(name) for name in sorted(names)}
    return dataclasses.replace(usual, packages={**usual.packages, **parsers})


def compared(base: Behaviours | None, found: Behaviours, console: Console) -> Status:
    """Say what is not as in the record; other versions are a reason, not a failure."""
    if base is None:
        console.print(f"There is no record to compare with: {options.shown(RECORD)}")
        return Status.DONE
    lines = behaviours.changed(base, found)
    if not lines:
        console.print("Everything is as in the record.", highlight=False)
    for line in lines[:_MOST_CHANGES]:
        console.print(line, highlight=False, markup=False)
    if len(lines) > _MOST_CHANGES:
        console.print(f"and {len(lines) - _MOST_CHANGES} more", highlight=False)
    return Status.FAILED if unexplained(base, found) else Status.DONE
