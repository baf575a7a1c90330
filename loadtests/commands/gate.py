"""`make gate`: measure, and fail where a limit is missed. For CI."""

from __future__ import annotations

import argparse
import os
import re
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtests import UserError
from loadtests.analysis import compare, gate
from loadtests.analysis.gate import AtLeast, Check, Limits
from loadtests.catalog import scenarios
from loadtests.catalog.names import unknown
from loadtests.catalog.rates import RATE_SCENARIOS, TOP_PER_S
from loadtests.commands import load, options, ordered
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.records.run import Run, load_run
from loadtests.report import gate as said
from loadtests.report import reports

COMMAND = Command("measure, and fail where a limit is missed", place=55)
TARGETS = (
    Target(
        "gate",
        "measure, and fail where a limit is missed (for CI)",
        place=55,
        words=("gate",),
        options=("FAIL_UNDER", "P99_UNDER", "AGAINST", "RUN", "JUNIT"),
        also="load",
    ),
)
VARIABLES = {
    "FAIL_UNDER": "'[<stack>:]<scenario>=<count>[/s] ...'",
    "P99_UNDER": "<n>ms",
    "AGAINST": "<run>",
    "JUNIT": "<file>",
}
JUNIT_FILE, MARKDOWN_FILE = "gate.xml", "gate.md"
_TABLE = "slowbench"  # [tool.slowbench] of a pyproject.toml
_KEYS = ("fail-under", "p99-under", "against")
_LIMIT = re.compile(r"(?:([^:=\s]+):)?([a-z-]+)=([0-9]{1,6})(/s)?")
_TIME = re.compile(r"([0-9]{1,5}(?:\.[0-9]+)?) ?(ms|s)")
_STATUSES = {
    gate.MET: Status.DONE,
    gate.MISSED: Status.FAILED,
    gate.UNKNOWN: Status.DOES_NOT_COUNT,
}


def add(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("limits")
    group.add_argument(
        "--fail-under",
        action="append",
        default=[],
        metavar="[STACK:]SCENARIO=COUNT[/s]",
        help="so many slow clients must be held, or requests a second answered",
    )
    group.add_argument("--p99-under", default="", metavar="50ms")
    group.add_argument("--against", default="", metavar="RUN", help="not worse than it")
    group.add_argument("--run", default="", metavar="RUN", help="measure nothing")
    group.add_argument("--junit", default="", metavar="FILE")
    ordered.add_options(parser)
    parser.set_defaults(command=keep)


def keep(arguments: argparse.Namespace) -> Status:
    """Measure, or read a run; then judge it by its limits."""
    given = _given(arguments, Path(arguments.app_dir))
    limits = _limits(given)
    base = _run(given["against"]) if given["against"] else None
    if not limits.at_least and limits.p99_under_ms is None and base is None:
        raise UserError(
            "no limit is set: FAIL_UNDER='slow-read=100', P99_UNDER=50ms or "
            f"AGAINST=<run>, or [tool.{_TABLE}] in pyproject.toml"
        )
    return _judged(arguments, limits, base)


def _judged(arguments: argparse.Namespace, limits: Limits, base: Run | None) -> Status:
    began_s = time.monotonic()
    junit = options.page_at("JUNIT", arguments.junit) if arguments.junit else None
    folder = _measured(arguments, limits)
    run = load_run(folder)
    against = compare.compare(base, run) if base else []
    found = gate.checks(run, limits, against)
    _refuse_unmeasured(run, limits)
    _tell(found, folder, junit or folder / JUNIT_FILE, time.monotonic() - began_s)
    return _STATUSES[gate.verdict(found)]


def _measured(arguments: argparse.Namespace, limits: Limits) -> Path:
    """The folder of the run; what is measured are the scenarios that have a limit."""
    if arguments.run:
        return options.run_folder(arguments.run)
    if not arguments.scenarios and not arguments.resume:
        named = dict.fromkeys(one.scenario for one in limits.at_least)
        arguments.scenarios = list(named) or None
    if not arguments.resume:
        # What is asked is whether these rates hold, not which is the highest.
        per_s = {float(one.number) for one in limits.at_least if one.per_s}
        arguments.rates = sorted({*arguments.rates, *per_s})
    for one in limits.at_least:  # known now, and not after minutes of measuring
        if arguments.scenarios and one.scenario not in arguments.scenarios:
            raise UserError(f"FAIL_UNDER= has {one.scenario}, and SCENARIOS= has not")
        if arguments.stacks and one.stack and one.stack not in arguments.stacks:
            raise UserError(f"FAIL_UNDER= has {one.stack}, and STACKS= has not")
    return load.measured(arguments)[1]


def _given(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The limits as they were written; what was typed replaces what is in the file."""
    stored = _stored(folder / "pyproject.toml")
    typed = {
        "fail-under": [w for text in arguments.fail_under for w in options.names(text)],
        "p99-under": arguments.p99_under,
        "against": arguments.against,
    }
    return {key: typed[key] or stored.get(key, typed[key]) for key in _KEYS}


def _stored(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, say
        raise UserError(f"{path}: {error}") from None
    for name in ("tool", _TABLE):
        found = found.get(name, {})
        if not isinstance(found, dict):
            raise UserError(f"{path}: {name} is no table")
    for key, value in found.items():
        if key not in _KEYS:
            raise UserError(f"{path}: {unknown(f'key of [tool.{_TABLE}]', key, _KEYS)}")
        if not isinstance(value, list if key == "fail-under" else str):
            kind = "a list of texts" if key == "fail-under" else "a text"
            raise UserError(f"{path}: {key} of [tool.{_TABLE}] is {kind}")
    return dict(found)


def _limits(given: dict[str, Any]) -> Limits:
    at_least = tuple(_at_least(str(text)) for text in given["fail-under"])
    under = given["p99-under"]
    return Limits(at_least, _milliseconds(under) if under else None)


def _at_least(text: str) -> AtLeast:
    if not (found := _LIMIT.fullmatch(text)):
        raise UserError(
            f"FAIL_UNDER={text}: say it as slow-read=100 or backend-wait=80/s"
        )
    name, number, per_s = found[2], int(found[3]), bool(found[4])
    known = {**scenarios.SCENARIOS, **RATE_SCENARIOS}
    if name not in known:
        raise UserError(unknown("scenario", name, known))
    if per_s != (name in RATE_SCENARIOS):
        like = f"{name}={number}" if per_s else f"{name}={number}/s"
        raise UserError(f"FAIL_UNDER={text}: say it as {like}")
    if per_s and not 1 <= number <= TOP_PER_S:
        raise UserError(f"FAIL_UNDER={text}: a rate is from 1/s to {TOP_PER_S:,.0f}/s")
    return AtLeast(name, number, stack=found[1] or "")


def _milliseconds(text: str) -> float:
    if found := _TIME.fullmatch(text):
        return float(found[1]) * (1000 if found[2] == "s" else 1)
    raise UserError(f"P99_UNDER={text}: say it as 50ms")


def _run(name: str) -> Run:
    return load_run(options.run_folder(name))


def _refuse_unmeasured(run: Run, limits: Limits) -> None:
    if limits.p99_under_ms is not None and not run.cells:
        raise UserError("P99_UNDER= is beside slow clients, and this run has none")
    for one in gate.unmeasured(run, limits):
        what = f"{one.stack}:{one.scenario}" if one.stack else one.scenario
        raise UserError(f"{what} is not in run {run.run.id}: nothing says if it holds")


def _tell(found: Sequence[Check], folder: Path, junit: Path, lasted_s: float) -> None:
    """Into the run's folder, to the terminal, and to GitHub where it runs there."""
    markdown = said.markdown(found)
    reports.write_text(folder / MARKDOWN_FILE, markdown)
    reports.write_text(junit, said.junit(found, lasted_s))
    console = Console(highlight=False)
    console.print(said.table(found))
    console.print(f"\n[bold]{said.title(found)}.[/]")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print("\n".join(said.workflow_commands(found)))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown)
