"""`make stacks`: the stacks, and after how many slow clients each should be out."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.table import Table

from loadtests.catalog import scenarios, stacks
from loadtests.catalog.stacks import Stack
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status

COMMAND = Command("list the stacks and their predictions", place=30)
TARGETS = (
    Target(
        "stacks", "list the stacks and their predictions", place=30, words=("stacks",)
    ),
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=show)


def show(_: argparse.Namespace) -> Status:
    """The stacks, and after how many slow clients each is predicted to be out."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stack", no_wrap=True)
    for name in ("workers x threads", *scenarios.SCENARIOS):
        table.add_column(name.replace("-", "-\n"), justify="right", max_width=9)
    for stack in stacks.HTTP1.values():
        predicted = [_predicted(stack, name) for name in scenarios.SCENARIOS]
        table.add_row(stack.id, f"{stack.workers} x {stack.threads or 1}", *predicted)
    console = Console(highlight=False)
    console.print(table)
    console.print("\nHow many slow clients are predicted to take it out.")
    console.print(f"Over HTTP/2, to be served, not measured: {', '.join(stacks.HTTP2)}")
    return Status.DONE


def _predicted(stack: Stack, scenario: str) -> str:
    low, high = stack.predicted_out_at(scenario), stack.predicted_out_by(scenario)
    return str(low) if low == high else f"{low}-{high}"
