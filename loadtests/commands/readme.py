"""`make readme`: what the example found, in README.md; what the catalog has of each
server, in docs/servers.md, and of its faults, in docs/known-server-faults.md; what each
does with odd requests, in docs/behaviours.md; what machines hold, in docs/scale.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from loadtests import ROOT
from loadtests.commands import options, scale
from loadtests.commands.declarations import Command, Target
from loadtests.commands.example import EXAMPLE, OF_RATES, ExampleError
from loadtests.commands.statuses import Status
from loadtests.records.behaviours import BEHAVIOURS_FILE, load_behaviours
from loadtests.records.folder import read_beside
from loadtests.records.phase_map import PHASE_MAP_FILE, load_phase_map
from loadtests.records.run import Run, load_run
from loadtests.report.blocks import Source
from loadtests.report.charts import drawing
from loadtests.report.formats import (
    answers,
    behaviours,
    faults,
    markdown,
    readme,
    servers,
    sizing,
)

COMMAND = Command("show in README.md what the example found", place=110)
TARGETS = (
    Target(
        "readme",
        "show in README.md what the example found",
        place=110,
        words=("readme",),
    ),
)

STALE = "README.md is not what `make readme` writes from the example"

STALE_ANSWERS = "docs/answers.md is not what `make readme` writes from the example"
STALE_SIZING = "docs/sizing.html is not what `make readme` writes from the example"
STALE_SERVERS = "docs/servers.md is not what `make readme` writes from the catalog"
STALE_FAULTS = (
    "docs/known-server-faults.md is not what `make readme` writes from the catalog"
)
STALE_BEHAVIOURS = "docs/behaviours.md is not what `make readme` writes from the record"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.set_defaults(command=show_in_readme)


def show_in_readme(arguments: argparse.Namespace) -> Status:
    """Write what the example found into the README, or see that it is there."""
    options.only_in_a_checkout("README.md")
    renew(ROOT, check=arguments.check)
    renew_servers(ROOT, check=arguments.check)
    renew_behaviours(ROOT, check=arguments.check)
    renew_faults(ROOT, check=arguments.check)
    renew_answers(ROOT, check=arguments.check)
    renew_sizing(ROOT, check=arguments.check)
    scale.renew(ROOT, check=arguments.check)
    return Status.DONE


def renew_servers(root: Path, *, check: bool) -> None:
    path, measured = root / "docs/servers.md", root / EXAMPLE / PHASE_MAP_FILE
    page = servers.page(load_phase_map(measured) if measured.exists() else None)
    _renew(path, page, STALE_SERVERS, check=check)


def renew_behaviours(root: Path, *, check: bool) -> None:
    record = root / EXAMPLE / BEHAVIOURS_FILE
    if not record.exists():
        return
    page = behaviours.page(load_behaviours(record))
    _renew(root / "docs/behaviours.md", page, STALE_BEHAVIOURS, check=check)


def renew_faults(root: Path, *, check: bool) -> None:
    path = root / "docs/known-server-faults.md"
    _renew(path, faults.page(), STALE_FAULTS, check=check)


def renew_answers(root: Path, *, check: bool) -> None:
    folder, of_rates = root / EXAMPLE, root / OF_RATES
    rates = load_run(of_rates) if of_rates.exists() else None
    page = answers.page(load_run(folder), read_beside(folder), rates)
    _renew(root / "docs/answers.md", page, STALE_ANSWERS, check=check)
    if rates and check:
        _see_that_the_report_is_todays(rates, of_rates)


def renew_sizing(root: Path, *, check: bool) -> None:
    page = sizing.page(load_run(root / EXAMPLE))
    _renew(root / "docs/sizing.html", page, STALE_SIZING, check=check)


def _renew(path: Path, page: str, stale: str, *, check: bool) -> None:
    if not check:
        path.write_text(page, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != page:
        raise ExampleError(stale)


def renew(root: Path, *, check: bool) -> None:
    path, folder = root / "README.md", root / EXAMPLE
    text = path.read_text(encoding="utf-8")
    if not folder.exists():
        how = "make example RUN=reports/<run>"
        raise ExampleError(f"{EXAMPLE}/ is not there: {how} makes a run the example")
    run = load_run(folder)
    new = readme.renewed(text, readme.part(run, str(EXAMPLE)))
    if new is None:
        raise ExampleError(f"README.md lacks {readme.BEGIN} and {readme.END}")
    shown = drawing.capacity(run)
    if shown and not (folder / shown.file).exists():
        raise ExampleError(f"{EXAMPLE / shown.file} is not there: make report makes it")
    if not check:
        path.write_text(new, encoding="utf-8")
        return
    if new != text:
        raise ExampleError(STALE)
    _see_that_the_report_is_todays(run, folder)


def _see_that_the_report_is_todays(run: Run, folder: Path) -> None:
    """In Markdown: what differs there differs on the page too."""
    for name, text in markdown.render(Source(run, read_beside(folder))).items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            shown = Path("reports") / folder.name / name
            how = f"make report RUN={folder.name}"
            raise ExampleError(f"{shown} is stale: {how}")
