"""`make fleet-worker`: holds slow clients for a run on another machine."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from loadtests import MAKE
from loadtests.catalog.stacks import HOST
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.experiments.generators import booting, worker_argv
from loadtests.servers.processes import guarded

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
_AFTER_A_FAILURE_S = 3.0


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
        for number in itertools.count():
            log = Path(name) / f"{number}.log"
            with booting(guard, worker_argv(host), log, pipes=False) as group:
                if group.process.wait():
                    print(group.last_words(), file=sys.stderr)
                    time.sleep(_AFTER_A_FAILURE_S)
            log.unlink(missing_ok=True)
    raise AssertionError("it works until Ctrl-C")
