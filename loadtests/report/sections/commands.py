"""The command line of each stack, of the run, and of a run that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from loadtests.catalog.profiles import PROFILES
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Commands, Section, Source

TITLE = "Commands"


def blocks(source: Source) -> Sequence[Block]:
    return [Commands(commands(source.run), again(source.run))]


def commands(run: Run) -> dict[str, str]:
    """The command of each stack, and how what stands in front of it is configured."""
    listing: dict[str, str] = {}
    for cell in sorted(run.cells, key=lambda cell: cell.stack):
        listing[cell.stack] = shlex.join(cell.argv)
        if cell.front:
            name = f"{cell.stack}: {cell.front.program}"
            listing[name] = cell.front.config.rstrip()
    asked = ["python", "-m", "loadtests", *run.run.argv]
    return {**listing, "this run": shlex.join(asked)}


def again(run: Run) -> str:
    """What measures the same once more, in the same order."""
    words = [f"PROFILE={run.run.profile}", *_chosen(run), f"SEED={run.run.seed}"]
    return " ".join(["make", "load", *map(shlex.quote, words)])


def _chosen(run: Run) -> Iterator[str]:
    """What was ordered beside the profile; of a run of format 1 that is not known."""
    ordered, profile = run.ordered, PROFILES.get(run.run.profile)
    if ordered is None:
        return
    if not profile or tuple(ordered.stacks) != profile.stacks:
        yield f"STACKS={','.join(ordered.stacks)}"
    if not profile or tuple(ordered.scenarios) != profile.scenarios:
        yield f"SCENARIOS={','.join(ordered.scenarios)}"
    if not profile or ordered.repeats != profile.repeats:
        yield f"REPEATS={ordered.repeats}"
    if ordered.workers:
        yield f"WORKERS={ordered.workers}"
    if ordered.threads:
        yield f"THREADS={ordered.threads}"
    if ordered.nofile:
        yield f"NOFILE={ordered.nofile}"


SECTION = Section("commands", TITLE, blocks)
