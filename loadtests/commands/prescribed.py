"""The changes that a doctor tries: which ones, and how they are measured."""

from __future__ import annotations

import argparse
import dataclasses
import re
import shlex
from collections.abc import Sequence

from rich.console import Console

from loadtests import UserError
from loadtests.analysis.diagnosis import (
    HANDLER_THREADS,
    IN_THE_APP,
    Examined,
    Finding,
    Mended,
    Trial,
)
from loadtests.catalog import remedies, scenarios
from loadtests.catalog.recognised import server_in
from loadtests.catalog.remedies import Remedy
from loadtests.catalog.stacks import Stack
from loadtests.commands import load, ordered
from loadtests.commands.options import REPORTS
from loadtests.commands.ordered import Asked
from loadtests.experiments.own_server import recognised_stack
from loadtests.experiments.your_app import nothing_seen, served
from loadtests.records.run import Run
from loadtests.records.target import OwnCommand
from loadtests.report import doctor_lines as lines
from loadtests.report import reports
from loadtests.report.words import listed

_MOST_TRIALS = 2  # a doctor has five minutes
_PLAIN = re.compile(r"[\w@%+=:,./{}-]+", re.ASCII)
RUNNING = (
    "No change was tried, because a server that runs already is measured as it is. "
    "Name its command in CMD= to have one tried."
)
SCRIPT = (
    "No change was tried, because the command starts its server itself. Name the "
    "server's own command in CMD= to have one tried."
)
ANEW = "run the same command again, because the doctor begins anew"
NOTHING_KNOWN = "No change is known for {}, where {} was found."
ENOUGH_TRIED = "No change was tried for {}, because two were tried before."


def with_trials(
    console: Console,
    found: Examined,
    asked: Asked,
    run: Run,
    arguments: argparse.Namespace,
) -> Examined:
    """What was found, with the changes that were tried. The first that helps ends the
    search for its cause."""
    by_cause: dict[str, list[Finding]] = {}
    for one in found.findings:
        if one.cause not in IN_THE_APP:
            by_cause.setdefault(one.cause, []).append(one)
    if by_cause and (why := untried(asked)):
        return dataclasses.replace(found, untried=(why,))
    for cause, short in by_cause.items():
        found = _for_cause(console, found, cause, short, asked, run, arguments)
    return found


def _for_cause(
    console: Console,
    found: Examined,
    cause: str,
    short: Sequence[Finding],
    asked: Asked,
    run: Run,
    arguments: argparse.Namespace,
) -> Examined:
    """The same with the changes for one cause."""
    names = listed([one.scenario for one in short])
    possible = _remedies(short, asked, found.need)
    if not possible:
        return _without(found, NOTHING_KNOWN.format(names, cause))
    for remedy in possible:
        if len(found.trials) == _MOST_TRIALS:
            return _without(found, ENOUGH_TRIED.format(names))
        try:
            trial = _tried(console, remedy, short, asked, run, arguments)
        except UserError as error:  # the server does not start with it, say
            change = lines.change(remedy)
            found = _without(found, f"{change} could not be tried: {error}")
            continue
        found = dataclasses.replace(found, trials=(*found.trials, trial))
        console.print(lines.told_of(trial, found.need), highlight=False)
        if trial.helps(found.need):
            break
    return found


def _without(found: Examined, why: str) -> Examined:
    return dataclasses.replace(found, untried=(*found.untried, why))


def untried(asked: Asked) -> str:
    """Why no change can be tried; empty if one can."""
    other = asked.order.other
    if other and other.running:
        return RUNNING
    if other and other.command and not server_in(other.command.words)[0]:
        return SCRIPT
    return ""


def _remedies(short: Sequence[Finding], asked: Asked, need: int) -> list[Remedy]:
    """For one cause: what mends the worst of its scenarios."""
    worst = short[0]
    stack = _known(asked)
    if stack is None:
        return []
    if worst.cause == HANDLER_THREADS:
        return remedies.more_workers(stack, worst.number, need)
    return remedies.remedies(stack, worst.scenario, worst.cause, need)


def _known(asked: Asked) -> Stack | None:
    """The stack of the catalog that is measured, as it serves the app."""
    order = asked.order
    if order.other and order.other.command:
        known = recognised_stack(order.other.command, order.nofile)
        return served(known, order.other) if known else None
    return served(order.stacks[0], order.other)


def _tried(
    console: Console,
    remedy: Remedy,
    short: Sequence[Finding],
    asked: Asked,
    run: Run,
    arguments: argparse.Namespace,
) -> Trial:
    """The scenarios that were short, measured with the change."""
    names = [one.scenario for one in short]
    console.print(f"\n[bold]Trying {lines.change(remedy)}[/]\n", highlight=False)
    new = _tried_out(changed(asked, remedy, names), console)
    after, folder = load.measured_whole(console, new, arguments.words, ANEW)
    reports.write(after, folder)
    by_scenario = {cell.scenario: cell for cell in after.cells}
    return Trial(
        lines.change(remedy),
        command(new, remedy),
        tuple(
            Mended(cell, by_scenario[cell.scenario])
            for cell in run.cells
            if cell.scenario in by_scenario
        ),
    )


def changed(asked: Asked, remedy: Remedy, names: Sequence[str]) -> Asked:
    """The order of the same, with the change and under these scenarios alone."""
    profile = asked.order.profile
    order = dataclasses.replace(
        asked.order,
        profile=dataclasses.replace(profile, most=profile.need),  # enough is enough
        scenarios=[scenarios.scenario(name) for name in names],
        nofile=remedy.nofile or asked.order.nofile,
    )
    if order.other is None or order.other.command is None:
        return dataclasses.replace(
            asked, order=dataclasses.replace(order, stacks=[remedy.stack]), left_out=[]
        )
    old = order.other.command
    words = remedies.in_command(old.words, server_in(old.words)[1], remedy.options)
    other = dataclasses.replace(
        order.other,
        app=_typed(words),
        command=OwnCommand(words, old.variables),
    )
    return Asked(ordered.as_seen(order, other), nothing_seen(other))


def _tried_out(asked: Asked, console: Console) -> Asked:
    """The same, once it has answered. How long its download is and its handler waits is
    known from the first time."""
    known = asked.order.other
    if known is None:
        return asked
    shorter = dataclasses.replace(known, download="", wait="")
    order = dataclasses.replace(asked.order, other=shorter)
    asked = ordered.tried(dataclasses.replace(asked, order=order), console, REPORTS)
    tried = asked.order.other or known
    measured = ("download", "download_bytes", "wait", "wait_s")
    again = {name: getattr(known, name) for name in measured}
    other = dataclasses.replace(tried, **again)
    # As many healthy requests as before, or the two could not be compared.
    order = dataclasses.replace(asked.order, profile=order.profile)
    return dataclasses.replace(asked, order=ordered.as_seen(order, other))


def command(asked: Asked, remedy: Remedy) -> str:
    """The whole command, with a limit of descriptors where that is the change."""
    other = asked.order.other
    if other and other.command:
        command = other.app
    else:
        command = _typed(served(asked.order.stacks[0], other).command(8000))
    return f"{lines.change(remedy)}; {command}" if remedy.nofile else command


def _typed(words: Sequence[str]) -> str:
    """A command as it is typed: what stands for the port needs no quotes."""
    return " ".join(
        word if _PLAIN.fullmatch(word) else shlex.quote(word) for word in words
    )
