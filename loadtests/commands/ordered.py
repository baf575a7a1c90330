"""What `make load` is asked to measure: its options, made an order."""

from __future__ import annotations

import argparse
import dataclasses
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtests import UserError
from loadtests.catalog import profiles, scenarios
from loadtests.catalog.names import unknown
from loadtests.catalog.profiles import Profile
from loadtests.catalog.rates import RATE_SCENARIOS
from loadtests.catalog.scenarios import Scenario
from loadtests.commands import named, options, own_server, varied, your_app
from loadtests.experiments.order import Order, counted
from loadtests.experiments.own_server import own_stack
from loadtests.experiments.trying_out import tried_out
from loadtests.experiments.your_app import Seen, can_run, nothing_seen
from loadtests.records.target import OtherTarget
from loadtests.servers.processes import guarded

DEFAULT_PROFILE = "quick"
_WAIT_MS = 100  # of a backend, if nothing else is said
# An answer must come within the deadline, a second.
_one_wait = options.number("a wait in ms", 5, 900)


@dataclass(frozen=True)
class Asked:
    """What to measure; and of an app of the user's, what was seen of it and what is
    left out, a line each."""

    order: Order
    seen: Seen | None = None
    left_out: Sequence[str] = ()


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", metavar="smoke|quick|full")
    parser.add_argument("--wait-ms", type=_waits, default=[], metavar="MS,MS")
    parser.add_argument("--repeats", type=options.count, metavar="COUNT")
    parser.add_argument("--seed", type=options.seed, metavar="NUMBER")
    parser.add_argument("--resume", metavar="RUN")
    varied.add_sweep(parser)
    add_what_is_measured(parser)


# What stands for the options above where a command has only those below.
NOT_ASKED: dict[str, Any] = {
    "wait_ms": [],
    "repeats": None,
    "seed": None,
    "resume": "",
    "sweep": "",
}


def add_what_is_measured(parser: argparse.ArgumentParser) -> None:
    """The options that name a server, its counts, and what slow clients do."""
    options.add_stacks(parser)
    parser.add_argument("--scenarios", type=options.names, metavar="ID,ID")
    options.add_counts(parser)
    parser.add_argument("--nofile", type=options.descriptors, metavar="COUNT")
    options.add_wait(parser)
    varied.add_with(parser)
    named.add_options(parser)


def _waits(text: str) -> list[int]:
    return sorted({_one_wait(word) for word in options.names(text)})


def refuse_beside_resume(arguments: argparse.Namespace) -> None:
    """What is measured was chosen when the run began."""
    choices = (
        "profile",
        "stacks",
        "scenarios",
        "repeats",
        "workers",
        "threads",
        "nofile",
        "seed",
        "sweep",
        *named.KINDS,
    )
    typed = {name: getattr(arguments, name) for name in choices}
    typed["with"] = arguments.options
    for name, value in typed.items():
        if value not in (None, [], ""):
            raise UserError(
                f"RESUME= goes on with what was ordered: leave {name.upper()}= out"
            )


def asked(arguments: argparse.Namespace, reports: Path) -> Asked:
    """The order; an app of the user's is looked at, and not yet served."""
    named.see_that_they_go_together(arguments)
    profile = profiles.profile(arguments.profile or DEFAULT_PROFILE)
    _see_that_rates_fit(arguments)
    if arguments.app:
        return _of_another_app(arguments, profile, reports)
    if arguments.cmd or arguments.url:
        return _of_own_server(arguments, profile)
    names = arguments.scenarios or profile.scenarios
    slow = [name for name in names if name not in RATE_SCENARIOS]
    found = [_scenario(name) for name in slow]
    at_rates = [RATE_SCENARIOS[n] for n in names if n in RATE_SCENARIOS]
    chosen = arguments.stacks or options.runnable(profile.stacks)
    order = _order(arguments, profile, chosen, found)
    wait_ms = (arguments.wait_ms or [_WAIT_MS]) if at_rates else []
    return Asked(dataclasses.replace(order, rates=at_rates, wait_ms=wait_ms))


def _see_that_rates_fit(arguments: argparse.Namespace) -> None:
    """UserError for a wait without a rate, and for rates of an app that is not ours."""
    at_rates = RATE_SCENARIOS.keys() & set(arguments.scenarios or ())
    if arguments.wait_ms and not at_rates:
        known = ", ".join(RATE_SCENARIOS)
        raise UserError(f"WAIT_MS= is for scenarios of a rate: SCENARIOS={known}")
    if at_rates and (arguments.app or arguments.cmd or arguments.url):
        named = ", ".join(sorted(at_rates))
        raise UserError(
            f"{named}: rates are measured for the apps of this project only"
        )


def _scenario(name: str) -> Scenario:
    known = {**scenarios.SCENARIOS, **RATE_SCENARIOS}
    if name not in known:
        raise UserError(unknown("scenario", name, known))
    return scenarios.scenario(name)


def _order(
    arguments: argparse.Namespace,
    profile: Profile,
    stacks: Sequence[str],
    found: list[Scenario],
) -> Order:
    workers, threads = arguments.workers, arguments.threads
    nofile = arguments.nofile or profile.nofile
    return Order(
        profile,
        counted(varied.varied(arguments, stacks), workers, threads, nofile),
        found,
        arguments.repeats or profile.repeats,
        random.randrange(10**6) if arguments.seed is None else arguments.seed,
        workers,
        threads,
        nofile,
    )


def _possible(
    arguments: argparse.Namespace, profile: Profile, other: OtherTarget
) -> tuple[list[Scenario], list[str]]:
    """The scenarios for which there is a request, and a line for each of the others."""
    names = arguments.scenarios or your_app.usual(profile.scenarios)
    wanted = [scenarios.scenario(name) for name in names]
    found, left_out = your_app.possible(wanted, other)
    if not found:
        raise UserError(f"nothing to measure: {left_out[0]}")
    return found, left_out


def _of_another_app(
    arguments: argparse.Namespace, profile: Profile, reports: Path
) -> Asked:
    """All stacks that its interpreter has, unless some are named."""
    other, seen = your_app.seen_of(arguments, reports)
    stacks, without = can_run(arguments.stacks, seen, other.python)
    found, left_out = _possible(arguments, profile, other)
    order = _order(arguments, profile, [stack.id for stack in stacks], found)
    order = dataclasses.replace(order, other=other)
    return Asked(order, seen, [*without, *left_out])


def _of_own_server(arguments: argparse.Namespace, profile: Profile) -> Asked:
    """What the user starts or has started; what it is, is seen when it is tried."""
    other = own_server.own_server(arguments)
    found, left_out = _possible(arguments, profile, other)
    order = _order(arguments, profile, [], found)
    return Asked(as_seen(order, other), nothing_seen(other), left_out)


def as_seen(order: Order, other: OtherTarget) -> Order:
    """The order with the stack that stands for a server of the user's, if it is one."""
    own = own_stack(other, order.nofile)
    chosen = [own] if own else order.stacks
    return dataclasses.replace(order, other=other, stacks=chosen)


def tried(asked: Asked, console: Console, reports: Path) -> Asked:
    """The same, once an app of the user's has answered. UserError where it does not."""
    order = asked.order
    if order.other is None or asked.seen is None:
        return asked
    _tell(console, order.other, asked.seen, asked.left_out)
    folder = reports / your_app.FOLDER
    with guarded() as guard:
        other = tried_out(
            order.other, order.stacks[0], order.profile.deadline_s, folder, guard
        )
    seen = asked.seen
    if other.command:
        other, seen = own_server.with_versions(other, folder)
        own_server.tell_command(console, other.command)
    profile = profiles.paced(order.profile, other.healthy_ms / 1000)
    order = as_seen(dataclasses.replace(order, profile=profile), other)
    return dataclasses.replace(asked, order=order, seen=seen)


def _tell(
    console: Console, other: OtherTarget, seen: Seen, left_out: Sequence[str]
) -> None:
    if own_stack(other):
        own_server.tell(console, other, left_out)
    else:
        your_app.tell(console, other, seen, left_out)
