"""`make example`: a run that is kept with the project, for README.md to show.

There are two: one of slow clients, and one of requests at a rate and nothing else.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from loadtests import ROOT, UserError
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.records.behaviours import BEHAVIOURS_FILE
from loadtests.records.folder import replacing
from loadtests.records.phase_map import PHASE_MAP_FILE
from loadtests.records.run import RUN_FILE, Run, load_run

COMMAND = Command("make a run the example", place=100)
TARGETS = (
    Target(
        "example",
        "keep a run with the project",
        place=100,
        words=("example",),
        positional=("RUN",),
    ),
)

EXAMPLE = Path("reports/example")  # as the README links to it
OF_RATES = Path("reports/example-rates")
KEPT = ("run.json", "report.html", "report.md", "charts", "claims.json", "traces.json")
# Of the servers, not of a run: what was there stays.
STAYS = (PHASE_MAP_FILE, BEHAVIOURS_FILE)
MOST_SAMPLES = 2_000_000  # bytes: raw samples of more are left out


class ExampleError(UserError):
    """An example that is not there, or a README that does not show it; one line."""


def add(parser: argparse.ArgumentParser) -> None:
    options.add_run(parser, "run")
    parser.set_defaults(command=keep)


def keep(arguments: argparse.Namespace) -> Status:
    """Make a run the example."""
    options.only_in_a_checkout("the example")
    run = options.run_folder(arguments.run)
    for path in take(run, ROOT / place(load_run(run))):
        print(path.relative_to(ROOT))
    return Status.DONE


def place(run: Run) -> Path:
    """Where that run is kept, from the top of the project."""
    return OF_RATES if run.rates and not run.cells else EXAMPLE


def take(run: Path, example: Path) -> list[Path]:
    """Copy what is kept of a run; what was the example before is gone but STAYS."""
    load_run(run)
    run = run.parent if run.name == RUN_FILE else run
    if run.resolve() == example.resolve():
        raise ExampleError(f"{run} is the example already")
    names = [name for name in KEPT if (run / name).exists()]
    samples = [p for p in (run / "samples").rglob("*") if p.is_file()]
    if samples and sum(p.stat().st_size for p in samples) <= MOST_SAMPLES:
        names.append("samples")
    elif samples:
        print("Without its samples, which are large.", file=sys.stderr)
    with replacing(example) as new:
        for name in names:
            copy = shutil.copytree if (run / name).is_dir() else shutil.copyfile
            copy(run / name, new / name)
        for name in (name for name in STAYS if (example / name).exists()):
            shutil.copyfile(example / name, new / name)
            names.append(name)
    return [example / name for name in names]
