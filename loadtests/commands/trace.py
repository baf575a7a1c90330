"""`make trace` as its user sees it."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.experiments.trace.client import TracedClient
from loadtests.experiments.trace.collect import choose, watch
from loadtests.report.trace_picture import show
from loadtests.servers import room
from loadtests.servers.processes import guarded

COMMAND = Command("draw the calls of one request", place=20)
TARGETS = (
    Target(
        "trace",
        "draw the calls of one request, WSGI beside ASGI",
        place=20,
        words=("trace",),
        options=("REQUEST", "BODY", "SLOW", "LEAVE", "STACKS"),
    ),
)
VARIABLES = {
    "REQUEST": "'GET /hello'",
    "BODY": "<text>|@<file>",
    "SLOW": "body|read",
    "LEAVE": "150ms|2000B",
}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--request", default="", metavar="'METHOD /path?query'")
    parser.add_argument("--body", default="", metavar="TEXT|@FILE")
    parser.add_argument("--slow", default="", metavar="body|read")
    parser.add_argument("--leave", default="", metavar="150ms|2000B")
    options.add_stacks(parser)
    parser.set_defaults(command=trace)


def trace(arguments: argparse.Namespace) -> Status:
    """Make one request to both apps and draw the calls on both sides."""
    words = (arguments.request, arguments.body, arguments.slow, arguments.leave)
    run(TracedClient.parse(*words), arguments.stacks, Console())
    return Status.DONE


def run(client: TracedClient, names: Sequence[str], console: Console) -> None:
    """Ask each of two stacks once, one after the other; draw both calls."""
    chosen = choose(names)
    room.refuse_few_descriptors(max(stack.nofile for stack in chosen))
    with guarded() as guard, tempfile.TemporaryDirectory() as folder:
        left, right = (
            watch(stack, client, guard, Path(folder) / stack.id) for stack in chosen
        )
    show(left, right, console)
