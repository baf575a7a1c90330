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
from loadtests.catalog.profiles import PROFILES, Profile
from loadtests.catalog.rates import RATE_SCENARIOS
from loadtests.catalog.scenarios import Scenario
from loadtests.commands import (
    at_rates,
    fleets,
    named,
    networks,
    options,
    own_server,
    unserved,
    varied,
    your_app,
)
from loadtests.experiments.order import Order, counted
from loadtests.experiments.own_server import own_stack
from loadtests.experiments.trying_out import tried_out
from loadtests.experiments.your_app import Seen, can_run, nothing_seen
from loadtests.records.target import OtherTarget
from loadtests.servers.processes import guarded

DEFAULT_PROFILE = "quick"
# What helps as well where a process may open too few files.
OTHER_LIMIT = ", or begin a run with a smaller NOFILE= or other STACKS="


@dataclass(frozen=True)
class Asked:
    """What to measure, and what is left out, a line each; and of an app of the user's,
    what was seen of it."""

    order: Order
    seen: Seen | None = None
    left_out: Sequence[str] = ()


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", metavar="|".join(PROFILES))
    at_rates.add_options(parser)
    fleets.add_options(parser)
    networks.add_options(parser)
    parser.add_argument("--repeats", type=options.count, metavar="COUNT")
    parser.add_argument("--seed", type=options.seed, metavar="NUMBER")
    parser.add_argument("--resume", metavar="RUN")
    varied.add_sweep(parser)
    add_what_is_measured(parser)


# What stands for the options above where a command has only those below.
NOT_ASKED: dict[str, Any] = {
    **at_rates.NOT_ASKED,
    **fleets.NOT_ASKED,
    **networks.NOT_ASKED,
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
        *at_rates.NOT_ASKED,
        *fleets.NOT_ASKED,
        *networks.NOT_ASKED,
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
    found = _asked(arguments, reports)
    unserved.see_that_beside_is_served(found.order)
    at_rates.see_that_places_are_left(found.order)
    networks.see_that_it_fits(found.order)
    return found


def _asked(arguments: argparse.Namespace, reports: Path) -> Asked:
    profile = profiles.profile(arguments.profile or DEFAULT_PROFILE)
    if arguments.app:
        return _of_another_app(arguments, profile, reports)
    if arguments.cmd or arguments.url:
        return _of_own_server(arguments, profile)
    names = arguments.scenarios or profile.scenarios
    chosen = arguments.stacks or options.runnable(profile.stacks)
    order = _order(arguments, profile, chosen, _slow(names))
    return Asked(order, left_out=unserved.told(order))


def _slow(names: Sequence[str]) -> list[Scenario]:
    """The scenarios of slow clients; UserError for what is no scenario at all."""
    known = {**scenarios.SCENARIOS, **RATE_SCENARIOS}
    if strange := [name for name in names if name not in known]:
        raise UserError(unknown("scenario", strange[0], known))
    return [scenarios.scenario(name) for name in names if name not in RATE_SCENARIOS]


def _order(
    arguments: argparse.Namespace,
    profile: Profile,
    stacks: Sequence[str],
    found: list[Scenario],
) -> Order:
    workers = arguments.workers or profile.workers or None
    threads = arguments.threads
    nofile = arguments.nofile or profile.nofile
    rates = at_rates.chosen(arguments)
    ours = not (arguments.app or arguments.cmd or arguments.url)
    return Order(
        networks.paced(profile, arguments.network),
        counted(varied.varied(arguments, stacks), workers, threads, nofile),
        found,
        arguments.repeats or profile.repeats,
        random.randrange(10**6) if arguments.seed is None else arguments.seed,
        workers,
        threads,
        nofile,
        rates=rates,
        wait_ms=(arguments.wait_ms or [at_rates.WAIT_MS]) if rates and ours else [],
        conditions=at_rates.conditions(arguments, rates),
        fleet=fleets.chosen(arguments),
        network_kbit=arguments.network or 0,
    )


def _possible(
    arguments: argparse.Namespace, profile: Profile, other: OtherTarget
) -> tuple[list[Scenario], list[str]]:
    """The scenarios for which there is a request, and a line for each of the others."""
    names = arguments.scenarios or your_app.usual(profile.scenarios)
    found, left_out = your_app.possible(_slow(names), other)
    if rates := at_rates.chosen(arguments):
        at_rates.see_that_they_fit(arguments, rates, other)
    elif not found:
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
        for line in asked.left_out:
            console.print(line, highlight=False, soft_wrap=True)
        return asked
    _tell(console, order.other, asked.seen, asked.left_out)
    folder = reports / your_app.FOLDER
    profile, stack = order.profile, order.stacks[0]
    waits = at_rates.waits(order)
    with guarded() as guard:
        other = tried_out(order.other, stack, profile.deadline_s, folder, guard, waits)
    seen = asked.seen
    if other.command:
        other, seen = own_server.with_versions(other, folder)
        own_server.tell_command(console, other.command)
    profile = profiles.paced(profile, other.healthy_ms / 1000)
    order = as_seen(dataclasses.replace(order, profile=profile), other)
    at_rates.see_that_places_are_left(order)  # of a server that is recognised now
    return dataclasses.replace(asked, order=order, seen=seen)


def _tell(
    console: Console, other: OtherTarget, seen: Seen, left_out: Sequence[str]
) -> None:
    if own_stack(other):
        own_server.tell(console, other, left_out)
    else:
        your_app.tell(console, other, seen, left_out)
