"""`make report`: a stored run's reports again."""

from __future__ import annotations

import argparse
import webbrowser

from rich.console import Console

from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.options import REPORTS
from loadtests.commands.statuses import Status
from loadtests.records.claims import adopt_claims
from loadtests.records.run import load_run
from loadtests.report import reports

COMMAND = Command("make a stored run's reports again", place=60)
TARGETS = (
    Target(
        "report",
        "make a stored run's reports again",
        place=60,
        words=("report",),
        positional=("RUN",),
        options=("OPEN", "MARKDOWN"),
    ),
)
VARIABLES = {"OPEN": "1"}


def add(parser: argparse.ArgumentParser) -> None:
    options.add_run(parser, "run")
    parser.add_argument("--markdown", action="store_true", help="for a pull request")
    parser.add_argument("--open", action="store_true", help="show it in a browser")
    parser.set_defaults(command=make_report)


def make_report(arguments: argparse.Namespace) -> Status:
    """Write a stored run's reports again, from its folder and the last ledger."""
    folder = options.run_folder(arguments.run)
    run = load_run(folder)
    if arguments.markdown:
        print(reports.summary(run), end="")
        return Status.DONE
    missing = adopt_claims(run.environment, folder, REPORTS)
    for path in reports.write(run, folder):
        print(options.shown(path))
    Console().print(reports.table(run))
    if missing:
        print(f"\n{missing}")
    if arguments.open:
        webbrowser.open((folder / reports.PAGE).resolve().as_uri())
    return Status.DONE
