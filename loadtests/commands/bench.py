"""`make bench` as its user sees it."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, ROOT
from loadtests.analysis.agreement import PROBE, DrivenPair, Row, apart, rows
from loadtests.catalog.stacks import Stack, find_measurable
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.experiments.agreement.driving import drive, wrk_is_installed
from loadtests.experiments.agreement.rounds import RATE_PER_S, ROUND_S, play
from loadtests.experiments.agreement.tools import COUNTS, Tool, installed
from loadtests.experiments.lock import the_machine
from loadtests.experiments.machine import environment
from loadtests.report import agreement
from loadtests.servers import room
from loadtests.servers.cores import core_shares
from loadtests.servers.processes import Guard, guarded

COMMAND = Command("compare the probe and the driver with hey and wrk", place=130)
TARGETS = (
    Target(
        "bench",
        "compare the probe and the driver with hey and wrk",
        place=90,
        words=("bench",),
        options=("STACKS", "ROUNDS", "WAIT"),
    ),
)
VARIABLES = {"ROUNDS": "<count>"}

STACKS = ("wsgi-gunicorn-gthread", "asgi-uvicorn")


def add(parser: argparse.ArgumentParser) -> None:
    options.add_stacks(parser)
    parser.add_argument("--rounds", type=options.rounds, default=6, metavar="COUNT")
    options.add_wait(parser)
    parser.set_defaults(command=compare_probe)


def compare_probe(arguments: argparse.Namespace) -> Status:
    """Compare the probe with other load tools."""
    # A wrong name is an error at once, not after the wait.
    chosen = _chosen(arguments.stacks)
    room.refuse_few_descriptors(max(stack.nofile for stack in chosen))
    with the_machine(f"{MAKE} bench", wait=arguments.wait):
        return run(arguments.stacks, arguments.rounds, Console())


def _chosen(names: Sequence[str]) -> list[Stack]:
    return [find_measurable(name) for name in dict.fromkeys(names or STACKS)]


def run(names: Sequence[str], rounds: int, console: Console) -> Status:
    """Compare the probe with each tool that is installed; FAILED if they disagree."""
    stacks, tools = _chosen(names), installed()
    console.print(_heading(rounds), highlight=False)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, guarded() as guard:
        found = {
            stack.id: _rows(stack, tools, rounds, guard, Path(folder), console)
            for stack in stacks
        }
    counts = {name: COUNTS[name] for name in (PROBE, *(tool.name for tool in tools))}
    console.print(agreement.notes(counts), highlight=False)
    console.print(agreement.verdict(found), highlight=False, soft_wrap=not tools)
    if tools:
        _compare_driver(stacks, rounds, console)
    return Status.FAILED if any(map(apart, found.values())) else Status.DONE


def _compare_driver(stacks: Sequence[Stack], rounds: int, console: Console) -> None:
    """What a request costs a busy server, by our driver and by wrk where it is."""
    if not wrk_is_installed():
        console.print(f"\n{agreement.NO_WRK}", style="yellow", highlight=False)
        return
    pairs: list[DrivenPair] = []
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        guarded() as guard,
        console.status("") as status,
    ):
        for stack in stacks:

            def tell(what: str, name: str = stack.id) -> None:
                status.update(f"{name}: {what}")

            pairs += drive(stack, rounds, guard, Path(folder), tell)
    console.print(agreement.driving(pairs), highlight=False)


def _heading(rounds: int) -> str:
    machine = environment(ROOT)
    ours, servers = core_shares()
    return (
        f"{machine.cpu}, {machine.kernel}, Python {machine.python}; server on "
        f"{_cores(servers)}, instruments in turns on {_cores(ours)}; {RATE_PER_S} "
        f"requests a second, each on a new connection, in {rounds} rounds of "
        f"{ROUND_S} s\n"
    )


def _cores(cores: frozenset[int]) -> str:
    listed = ", ".join(map(str, sorted(cores)))
    return f"core {listed}" if len(cores) == 1 else f"cores {listed}"


def _rows(
    stack: Stack,
    tools: Sequence[Tool],
    rounds: int,
    guard: Guard,
    folder: Path,
    console: Console,
) -> list[Row]:
    with console.status("") as status:
        here = folder / stack.id
        here.mkdir()
        found = rows(
            play(
                stack,
                tools,
                rounds,
                guard,
                here,
                lambda what: status.update(f"{stack.id}: {what}"),
            )
        )
    console.print(agreement.table(stack.id, found, RATE_PER_S), highlight=False)
    return found
