"""`make fleet-worker`: holds slow clients for a run on another machine."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, ROOT
from loadtests.catalog.stacks import HOST
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.experiments.generators import worker_argv
from loadtests.servers.processes import guarded, started, wait_until

COMMAND = Command("hold slow clients for a run on another machine", place=55)
TARGETS = (
    Target(
        "fleet-worker",
        "hold slow clients for a run on another machine",
        place=55,
        words=("fleet-worker",),
        options=("MASTER",),
    ),
)
VARIABLES = {"MASTER": "<host>"}
_A_DAY_S = 86_400.0


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--master", default=HOST, metavar="HOST")
    parser.set_defaults(command=work)


def work(arguments: argparse.Namespace) -> Status:
    """Be there for one cell after the other, until Ctrl-C."""
    host = arguments.master
    console = Console()
    console.print(
        f"Holding slow clients for {MAKE} load FLEET= on {host}, cell after cell. "
        "Ctrl-C ends it.",
        highlight=False,
    )
    with guarded() as guard, tempfile.TemporaryDirectory() as name:
        log = Path(name) / "log"
        while True:
            argv = worker_argv(host)
            with started(guard, argv, log, cwd=ROOT) as group:
                wait_until(lambda group=group: group.exited, _A_DAY_S)  # type: ignore[misc]
                if group.process.returncode:
                    print(group.last_words(), file=sys.stderr)
