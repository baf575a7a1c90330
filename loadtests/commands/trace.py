"""`make trace` as its user sees it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from loadtests.experiments.trace.client import TracedClient
from loadtests.experiments.trace.collect import choose, watch
from loadtests.report.trace_picture import show
from loadtests.servers.processes import guarded


def run(client: TracedClient, names: Sequence[str], console: Console) -> None:
    """Ask each of two stacks once, one after the other; draw both calls."""
    chosen = choose(names)
    with guarded() as guard, tempfile.TemporaryDirectory() as folder:
        left, right = (
            watch(stack, client, guard, Path(folder) / stack.id) for stack in chosen
        )
    show(left, right, console)
