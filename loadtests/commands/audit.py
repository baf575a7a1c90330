"""`make audit`: which installed packages a file of advisories is about.

Nobody is asked, so that it works without a network."""

from __future__ import annotations

import argparse
from importlib.metadata import distributions
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, UserError
from loadtests.analysis.advisories import affected, undecided
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.records.advisories import load_advisories
from loadtests.report import audit as report

COMMAND = Command("find installed packages that have advisories", place=80)
TARGETS = (
    Target(
        "audit",
        "find installed packages that have advisories; fail if one has",
        place=95,
        words=("audit",),
        options=("ADVISORIES",),
    ),
)
VARIABLES = {"ADVISORIES": "<file>"}
NO_FILE = (
    "which packages have advisories is not known here, and nobody is asked: get a file "
    "of advisories in the OSV format, such as the zip of all of PyPI that OSV "
    f"publishes, then {MAKE} audit ADVISORIES=<file>"
)


def add(parser: argparse.ArgumentParser) -> None:
    what = "of the OSV format: a file, a folder or a zip"
    parser.add_argument("--advisories", metavar="FILE", help=what)
    parser.set_defaults(command=audit)


def audit(arguments: argparse.Namespace) -> Status:
    """Compare what is installed with advisories: FAILED if a package is affected, or
    may be."""
    if not arguments.advisories:
        raise UserError(NO_FILE)
    advisories = load_advisories(Path(arguments.advisories))
    packages = _installed()
    found, unknown = affected(advisories, packages), undecided(advisories, packages)
    shown = report.shown(found, unknown, len(packages), len(advisories))
    Console().print(shown, highlight=False)
    return Status.FAILED if found or unknown else Status.DONE


def _installed() -> dict[str, str]:
    """The version of each package that this Python imports: the first that it finds."""
    found: dict[str, str] = {}
    for one in distributions():
        found.setdefault(one.name, one.version)
    return found
