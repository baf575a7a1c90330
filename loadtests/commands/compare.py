"""`make compare`: two stored runs, cell by cell."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, UserError
from loadtests.analysis import compare
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.records.run import load_run
from loadtests.report import reports
from loadtests.report.formats import comparison
from loadtests.report.formats.compared import Compared

COMMAND = Command("compare two stored runs", place=70)
TARGETS = (
    Target(
        "compare",
        "compare two runs, cell by cell; fail where NEW is worse",
        place=70,
        words=("compare",),
        positional=("BASE", "NEW"),
        options=("THRESHOLD", "MARKDOWN", "PAGE"),
    ),
)
VARIABLES = {
    "BASE": "<run>",
    "NEW": "<run>",
    "THRESHOLD": "<percent>",
    "PAGE": "<file>",
}


def add(parser: argparse.ArgumentParser) -> None:
    options.add_run(parser, "base", default="")
    options.add_run(parser, "new")
    parser.add_argument(
        "--threshold", type=options.percent, default=25, metavar="PERCENT"
    )
    parser.add_argument("--markdown", action="store_true", help="for a pull request")
    parser.add_argument("--page", metavar="FILE", help="write a page with all figures")
    parser.set_defaults(command=compare_runs)


def compare_runs(arguments: argparse.Namespace) -> Status:
    """Compare two stored runs: FAILED if a cell is worse, NOT_DONE if none compares."""
    if not arguments.base:
        found = options.runs()
        listed = options.listed(found)
        how = f"say with what: {MAKE} compare BASE=<run>; {listed}"
        raise UserError(how if found else options.NO_RUN)
    base, new = (
        load_run(options.run_folder(r)) for r in (arguments.base, arguments.new)
    )
    threshold = arguments.threshold / 100
    found_differences = compare.compare(base, new, threshold)
    compared = Compared(base, new, found_differences, threshold)
    if arguments.markdown:
        print(comparison.markdown(compared), end="")
    else:
        Console().print(comparison.table(compared))
    if arguments.page:
        path = _written(options.page_at("PAGE", arguments.page), compared)
        print(f"Page: {path}", file=sys.stderr if arguments.markdown else sys.stdout)
    return Status(compare.status(found_differences))


def _written(path: Path, compared: Compared) -> Path:
    from loadtests.report.formats import comparison_page

    try:
        return reports.write_text(path, comparison_page.page(compared))
    except OSError as error:
        raise UserError(f"PAGE={path}: cannot be written: {error.strerror}") from None
