"""`make trace` as its user sees it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from loadtests.experiments.trace.collect import choose, watch
from loadtests.experiments.trace.picture import show
from loadtests.experiments.trace.visit import Visit
from loadtests.servers.processes import guarded


def run(visit: Visit, names: Sequence[str], console: Console) -> None:
    """Make one visit to each of two stacks, one after the other; draw both calls."""
    chosen = choose(names)
    with guarded() as guard, tempfile.TemporaryDirectory() as folder:
        left, right = (
            watch(stack, visit, guard, Path(folder) / stack.id) for stack in chosen
        )
    show(left, right, console)
