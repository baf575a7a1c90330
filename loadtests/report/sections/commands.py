"""The command line of each stack, of the run, and of a run that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from loadtests.records.run import Run
from loadtests.report.blocks import Block, Commands, Section, Source

TITLE = "Commands"


def blocks(source: Source) -> Sequence[Block]:
    return [Commands(commands(source.run), again(source.run))]


def commands(run: Run) -> dict[str, str]:
    listing = {cell.stack: cell.argv for cell in run.cells}
    ordered = {**dict(sorted(listing.items())), "this run": run.run.argv}
    return {name: shlex.join(argv) for name, argv in ordered.items()}


def again(run: Run) -> str:
    """What measures the same once more, in the same order."""
    words = run.run.argv
    if "load" not in words or _has(words, "--resume"):
        return f"make load PROFILE={run.run.profile}"
    asked = words[words.index("load") + 1 :]
    seed = [] if _has(asked, "--seed") else ["--seed", str(run.run.seed)]
    return shlex.join(["python", "-m", "loadtests", "load", *asked, *seed])


def _has(words: Sequence[str], option: str) -> bool:
    """Whether an option is given, as `--seed 3` or as `--seed=3`."""
    return any(word.partition("=")[0] == option for word in words)


SECTION = Section("commands", TITLE, blocks)
