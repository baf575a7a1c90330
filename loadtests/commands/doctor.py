"""`make doctor`: what stops a server, why, and whether the smallest change helps.

First the server is measured as it is. What was short of `NEED=` is explained from
evidence. For each cause the smallest change is tried that the catalog knows, and what
was short is measured again.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, UserError
from loadtests.analysis import diagnosis
from loadtests.analysis.diagnosis import (
    Examined,
)
from loadtests.catalog.profiles import DOCTOR
from loadtests.commands import load, options, ordered, prescribed
from loadtests.commands.declarations import Command, Target
from loadtests.commands.options import REPORTS
from loadtests.commands.ordered import Asked
from loadtests.commands.statuses import Status
from loadtests.experiments.cell import MOST_SLOW_CLIENTS
from loadtests.experiments.lock import the_machine
from loadtests.experiments.run import point_latest
from loadtests.records.run import Run
from loadtests.records.threads import Look, load_threads
from loadtests.report import doctor as page
from loadtests.report import doctor_lines as lines
from loadtests.report import reports
from loadtests.servers import room

COMMAND = Command("find what stops a server, and try a change", place=57)
TARGETS = (
    Target(
        "doctor",
        "find what stops your server, and try the smallest change",
        place=57,
        words=("doctor",),
        options=("NEED",),
        also="load",
        without=(
            "PROFILE",
            "WAIT_MS",
            "RATES",
            "RETRIES",
            "BESIDE",
            "REPEATS",
            "SWEEP",
            "SEED",
            "RESUME",
            "FLEET",
            "BIND",
            "NETWORK",
        ),
    ),
)
VARIABLES = {"NEED": "<count>"}
NEED = 100
_FAR = 4  # times the need: what holds so many is not looked at any further
_needed = options.number("a number of slow clients", 1, 5000)


def add(parser: argparse.ArgumentParser) -> None:
    what = "so many slow clients must be held under each scenario"
    parser.add_argument(
        *("--need",), type=_needed, default=NEED, metavar="COUNT", help=what
    )
    ordered.add_what_is_measured(parser)
    parser.set_defaults(command=examine, profile=DOCTOR.id, **ordered.NOT_ASKED)


def examine(arguments: argparse.Namespace) -> Status:
    """Measure, explain, try a change, and show all of it on one page."""
    return _status(examined(arguments))


def examined(arguments: argparse.Namespace) -> Examined:
    """The same; what was found."""
    asked = of_one_server(arguments)
    room.refuse_few_descriptors(asked.order.descriptors, ordered.OTHER_LIMIT)
    with the_machine(f"{MAKE} doctor", wait=arguments.wait):
        return _examine(asked, arguments)


def of_one_server(arguments: argparse.Namespace) -> Asked:
    """What to look at: the app, the command or the URL that was named, or one stack."""
    own = arguments.app or arguments.cmd or arguments.url
    if len(arguments.stacks) > 1 or not (own or arguments.stacks):
        raise UserError(
            f"{MAKE} doctor looks at one server: name APP=, CMD= or URL=, or one of "
            "this project with STACKS=<id>"
        )
    asked = ordered.asked(arguments, REPORTS)
    if asked.order.rates:
        raise UserError("the doctor looks at slow clients: leave rates out")
    need = arguments.need
    most = max(need, min(_FAR * need, MOST_SLOW_CLIENTS))
    profile = dataclasses.replace(asked.order.profile, need=need, most=most)
    order = dataclasses.replace(asked.order, profile=profile)
    asked = dataclasses.replace(asked, order=order)
    if arguments.app and not arguments.stacks and len(order.stacks) > 1:
        line = f"under {order.stacks[0].id}: STACKS= names another of its servers"
        only = dataclasses.replace(order, stacks=order.stacks[:1])
        return dataclasses.replace(asked, order=only, left_out=[*asked.left_out, line])
    return asked


def _examine(asked: Asked, arguments: argparse.Namespace) -> Examined:
    console, need = Console(), arguments.need
    asked = ordered.tried(asked, console, REPORTS)
    run, folder = load.measured_whole(console, asked, arguments.words, prescribed.ANEW)
    found = diagnosis.examined(run.cells, _looks(run, folder), need)
    reports.write(run, folder)
    console.print(lines.told(found), highlight=False)
    paths = _write(found, run, folder)  # whatever becomes of the changes
    if found.findings:
        found = prescribed.with_trials(console, found, asked, run, arguments)
        point_latest(REPORTS, folder.name)  # and not to the last change
        paths = _write(found, run, folder)
    console.print(lines.told_at_last(found), highlight=False)
    for path in paths:
        console.print(f"  {options.shown(path)}", highlight=False)
    return found


def _write(found: Examined, run: Run, folder: Path) -> list[Path]:
    return [
        reports.write_text(folder / page.PAGE, page.page(found, run)),
        reports.write_text(folder / page.MARKDOWN, page.in_markdown(found, run)),
    ]


def _status(found: Examined) -> Status:
    if found.findings:
        return Status.FAILED
    return Status.DOES_NOT_COUNT if found.unclear else Status.DONE


def _looks(run: Run, folder: Path) -> dict[str, list[Look]]:
    names = (cell.task.name for cell in run.cells)
    return {name: load_threads(folder / "samples" / name) for name in names}
