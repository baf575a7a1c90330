"""`make validate` as its user sees it: predictions first, then each measurement."""

from __future__ import annotations

import argparse
import random
import shutil
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, UserError
from loadtests.analysis.validation import Checked, checked, passes, tally
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.options import REPORTS
from loadtests.commands.progress import Bar, bar_in, expected_s
from loadtests.commands.statuses import Status
from loadtests.experiments.lock import the_machine
from loadtests.experiments.order import descriptors_of
from loadtests.experiments.task import State
from loadtests.experiments.validation import begin, drawn, go_on, resume
from loadtests.records.validation import (
    PREDICTIONS_FILE,
    VALIDATION_FILE,
    Validation,
    load_validation,
)
from loadtests.report import reports
from loadtests.report import validation as report
from loadtests.servers import room
from loadtests.servers.processes import guarded

COMMAND = Command("test the predictions at counts drawn at random", place=60)
TARGETS = (
    Target(
        "validate",
        "predict at random counts, then measure",
        place=55,
        words=("validate",),
        options=("N", "SEED", "RESUME", "OUT", "WAIT"),
    ),
)
VARIABLES = {"N": "<count>", "OUT": "<folder>"}

DRAWS = 30
KEPT = (PREDICTIONS_FILE, VALIDATION_FILE, report.FILE)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--n", type=options.count, metavar="COUNT")
    parser.add_argument("--seed", type=options.seed, metavar="NUMBER")
    parser.add_argument(
        "--resume", metavar="RUN", help="go on with a validation, or show it again"
    )
    parser.add_argument("--out", metavar="FOLDER", help="keep the result there too")
    options.add_wait(parser)
    parser.set_defaults(command=validate)


def validate(arguments: argparse.Namespace) -> Status:
    """Predict at random counts, measure, and compare: FAILED if too many miss."""
    if arguments.resume:
        if arguments.n is not None or arguments.seed is not None:
            raise UserError("RESUME= goes on with what was drawn: leave N= and SEED=")
        folder = _folder(arguments.resume)
        predictions, validation = load_validation(folder)
        if validation.run.run.complete:
            return _show(Console(), folder, arguments.out)
        number, seed = len(predictions.draws), predictions.seed
    else:
        number, seed = arguments.n or DRAWS, arguments.seed
        seed = random.randrange(10**6) if seed is None else seed
    _refuse_few_descriptors(number, seed)
    with the_machine(f"{MAKE} validate", wait=arguments.wait):
        if arguments.resume:
            validation = resume(folder)
        else:
            validation, folder = begin(number, seed, arguments.words, REPORTS)
        console = Console()
        try:
            _measure(console, validation, folder)
        except KeyboardInterrupt:
            console.print(f"\nTo go on: {MAKE} validate RESUME={folder.name}")
            raise
        except (UserError, OSError, MemoryError) as error:
            how = f"{MAKE} validate RESUME={folder.name}"
            raise options.with_a_way_on(error, how) from None
        return _show(console, folder, arguments.out)


def _refuse_few_descriptors(number: int, seed: int) -> None:
    cells = drawn(number, seed)
    stacks = [cell.holding.stack for cell in cells]
    room.refuse_few_descriptors(descriptors_of(stacks, cells))


def _folder(text: str) -> Path:
    """The folder of a validation that was named so; UserError lists those there are."""
    for folder in (REPORTS / text, Path(text)):
        if (folder / VALIDATION_FILE).is_file():
            return folder.resolve()
    found = sorted(path.parent.name for path in REPORTS.glob(f"*/{VALIDATION_FILE}"))
    listed = f"there are {', '.join(found)}" if found else f"{MAKE} validate makes one"
    raise UserError(f"no validation {text!r}: {listed}")


def _measure(console: Console, validation: Validation, folder: Path) -> None:
    predictions, _ = load_validation(folder)
    tasks = drawn(len(predictions.draws), predictions.seed)
    missing = [
        task for task in tasks if task.state(validation.run, folder) is State.MISSING
    ]
    total_s = sum(map(expected_s, missing))
    console.print(
        f"[bold]validate[/]: {len(tasks)} draws of seed {predictions.seed}, about "
        f"{total_s / 60:.1f} minutes.\n"
        f"Predictions: {options.shown(folder / PREDICTIONS_FILE)}\n"
        f"SHA-256:     {validation.sha256}\n",
        highlight=False,
        soft_wrap=True,
    )
    with guarded() as guard, bar_in(console) as progress:
        bar = Bar(progress, progress.add_task("starting", total=total_s))
        for task, grown in go_on(validation, tasks, folder, guard, bar.tell):
            bar.finished(task)
            one = _of(checked(predictions, grown), task.repeat)
            console.print(report.line(one), highlight=False, soft_wrap=True)


def _of(found: list[Checked], number: int) -> Checked:
    return next(one for one in found if one.draw.number == number)


def _show(console: Console, folder: Path, out: str | None) -> Status:
    """Both files are read again: what is judged is what was predicted before."""
    predictions, validation = load_validation(folder)
    page = reports.write_text(
        folder / report.FILE, report.page(predictions, validation)
    )
    console.print()
    console.print(report.shown(predictions, validation))
    console.print(f"\nReport: {options.shown(page)}", highlight=False, soft_wrap=True)
    if out:
        _keep(folder, Path(out))
    found = checked(predictions, validation)
    if not tally(found)[1]:
        return Status.DOES_NOT_COUNT
    return Status.DONE if passes(found) else Status.FAILED


def _keep(folder: Path, out: Path) -> None:
    """Copy what is kept with the project: no samples, no logs."""
    if out.resolve() == folder.resolve():
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            shutil.copyfile(folder / name, out / name)
    except OSError as error:
        raise UserError(f"OUT={out}: {error.strerror}") from None
