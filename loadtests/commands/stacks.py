"""`make stacks`: the stacks, and after how many slow clients each should be out."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from loadtests import MAKE
from loadtests.analysis.predictions import Prediction
from loadtests.catalog import scenarios, stacks
from loadtests.catalog.stacks import Front, Stack
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.report import phase_map
from loadtests.report.said import prediction, supply
from loadtests.report.words import NOTHING
from loadtests.servers.programs import lacks, version_of

COMMAND = Command("list the stacks and their predictions", place=30)
TARGETS = (
    Target(
        "stacks",
        "list the stacks and their predictions, or all about one",
        place=30,
        words=("stacks",),
        positional=("STACK",),
    ),
)
PORT = 8000  # of make serve, if nothing else is said
_WIDEST = 1000  # more than the table needs
WHAT = (
    "How many slow clients are predicted to take it out, with 2 workers, 8 threads "
    "each and 1,024 descriptors each, and with the limits of connections in the "
    "commands, 512 for nginx. daphne and waitress have one process, and waitress 16 "
    "threads. 2008+ is the low end of a range, and a dash means no number."
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", nargs="?", metavar="ID", help="all about one stack")
    parser.set_defaults(command=show)


def show(arguments: argparse.Namespace) -> Status:
    """All stacks with their predictions; or of one what it holds, and why."""
    console = Console(highlight=False)
    if arguments.stack:
        _show_one(stacks.find(arguments.stack), console)
    else:
        _show_all(console)
    return Status.DONE


def _show_all(console: Console) -> None:
    rows = {
        stack.id: [_from(stack, name) for name in scenarios.usual()]
        for stack in stacks.HTTP1.values()
    }
    wide = console.options.update(max_width=_WIDEST)
    for table in (_table(rows), _table(rows, broken=True)):
        if Measurement.get(console, wide, table).maximum <= console.width:
            console.print(table)
            break
    else:
        for stack_id, predicted in rows.items():
            pairs = zip(scenarios.usual(), predicted, strict=True)
            console.print(f"[bold]{stack_id}[/bold]")
            console.print("  " + ", ".join(f"{name} {out}" for name, out in pairs))
    console.print(f"\n{WHAT}")
    console.print(f"Commands, versions and reasons: {MAKE} stacks STACK=<id>")
    console.print(f"Over HTTP/2, to be served, not measured: {', '.join(stacks.HTTP2)}")
    for stack in stacks.STACKS.values():
        if missing := _missing(stack):
            console.print(f"{stack.id} cannot run here: {missing}")


def _table(rows: Mapping[str, list[str]], *, broken: bool = False) -> Table:
    """A row for each stack; `broken`: long names take two lines."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stack", no_wrap=True)
    for name in scenarios.usual():
        table.add_column(name.replace("-", "-\n"), justify="right", no_wrap=True)
    for stack_id, predicted in rows.items():
        name = stack_id.replace("-nginx", "\n  -nginx") if broken else stack_id
        table.add_row(name, *predicted)
    return table


def _show_one(stack: Stack, console: Console) -> None:
    console.print(
        f"[bold]{stack.id}[/bold]: {', '.join(map(_versioned, stack.packages))}"
        + (f", behind {_front(stack.front)}" if stack.front else "")
    )
    port = PORT + bool(stack.front)
    console.print(f"\n  $ {shlex.join(stack.command(port))}\n", soft_wrap=True)
    if stack.front:
        config = stack.front_config(PORT, port)
        console.print(f"{stack.front.program}:\n\n{config}", markup=False)
    if missing := _missing(stack):
        console.print(f"It cannot run here: {missing}\n")
    if stack.deploy:
        console.print(f"{stack.deploy}\n")
    if stack.unmodelled:
        why = f"what {stack.unmodelled} changes is not known"
        console.print(f"Nothing is predicted: {why}.\n", markup=False)
    for name in scenarios.usual() if stack.holds and not stack.unmodelled else ():
        console.print(f"[bold]{name}[/bold]: {_predicted(stack, name)}")
        console.print(f"  {stack.predicted_because(name)}.\n")
    for phase, ends in stack.ends.items():
        if what := phase_map.HEADINGS.get(phase):
            console.print(f"{what}: ended after {ends.after_s:g} s ({ends.option}).")
    for known in stack.deviations:
        names = ", ".join(known.exchanges)
        answer = f"answers {known.status} to" if known.status else "deviates at"
        console.print(f"It {answer} {names}: {known.because}.", markup=False)


def _predicted(stack: Stack, name: str) -> str:
    """`degrades at 8 to 16, out at 16, limited by its threads`."""
    first = Prediction(
        stack.predicted_degrades_at(name), stack.predicted_degrades_by(name)
    )
    last = Prediction(stack.predicted_out_at(name), stack.predicted_out_by(name))
    if first.never:
        return "degrades at no number"
    limit = supply(stack.id, stack.predicted_ran_out(name))
    return (
        f"degrades at {prediction(first)}, out at {prediction(last)}, "
        f"limited by its {limit}"
    )


def _missing(stack: Stack) -> str:
    """What is not installed here, and what installs it."""
    missing = [package for package in stack.packages if not _version(package)]
    install = f"make install installs {', '.join(missing)}" if missing else ""
    return "; ".join(filter(None, (install, lacks(stack))))


def _front(front: Front) -> str:
    return f"{front.program} {version_of(front.program)}".strip()


def _versioned(package: str) -> str:
    return f"{package} {_version(package)}".strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _from(stack: Stack, scenario: str) -> str:
    low, high = stack.predicted_out_at(scenario), stack.predicted_out_by(scenario)
    if low is None:
        return NOTHING
    return str(low) if low == high else f"{low}+"
