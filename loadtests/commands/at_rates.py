"""The options of `make load` about rates, and what does not go with them."""

from __future__ import annotations

import argparse
import re
from typing import Any

from loadtests import UserError
from loadtests.catalog import scenarios
from loadtests.catalog.phases import Phase
from loadtests.catalog.rates import RATE_SCENARIOS, TOP_PER_S, RateScenario
from loadtests.commands import options, your_app
from loadtests.experiments.order import Order
from loadtests.experiments.trying_out import ASKED, LEAST_WAIT_S, Waits
from loadtests.records.rate import Conditions
from loadtests.records.target import OtherTarget

YOURS = "backend-wait"  # what an app of the user's can be asked: its WAIT=
MOST_OF_DEADLINE = 0.9  # for a request that waits for a place too
WAIT_MS = 100  # of a backend, if nothing else is said
# An answer must come within the deadline, a second.
_one_wait = options.number("a wait in ms", 5, 900)
_BESIDE = re.compile(r"([a-z-]+)=([0-9]{1,5})")
_MOST_BESIDE = 2000

# What stands for these options where a command has none of them.
NOT_ASKED: dict[str, Any] = {"wait_ms": [], "rates": [], "retries": None, "beside": ""}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wait-ms", type=_waits, default=[], metavar="MS,MS")
    parser.add_argument("--rates", type=_rates, default=[], metavar="RATE,RATE")
    retries = options.number("a count of retries", 1, 3)
    parser.add_argument("--retries", type=retries, metavar="COUNT")
    parser.add_argument("--beside", default="", metavar="SCENARIO=COUNT")


def _waits(text: str) -> list[int]:
    return sorted({_one_wait(word) for word in options.names(text)})


def _rates(text: str) -> list[float]:
    one = options.number("a rate, requests a second,", 1, int(TOP_PER_S))
    return sorted({float(one(word)) for word in options.names(text)})


def chosen(arguments: argparse.Namespace) -> list[RateScenario]:
    """The scenarios of a rate that were named; UserError if there are none, and yet
    something is said about rates."""
    names = arguments.scenarios or ()
    found = [one for one in RATE_SCENARIOS.values() if one.id in names]
    given = [name.upper() for name in NOT_ASKED if getattr(arguments, name)]
    if given and not found:
        known = ", ".join(RATE_SCENARIOS)
        raise UserError(f"{given[0]}= is for scenarios of a rate: SCENARIOS={known}")
    return found


def see_that_they_fit(
    arguments: argparse.Namespace, found: list[RateScenario], other: OtherTarget
) -> None:
    """UserError for a rate that nothing of the user's app is for."""
    for one in found:
        if one.id != YOURS:
            raise UserError(f"{one.id} is for the apps of this project: take {YOURS}")
    if not other.wait:
        raise UserError(f"{YOURS} asks for the request that waits: add WAIT=/<path>")
    if arguments.beside:
        beside = scenarios.scenario(_beside(arguments.beside, found)[0])
        if left_out := your_app.possible([beside], other)[1]:
            raise UserError(f"BESIDE={arguments.beside}: {left_out[0]}")
    if arguments.wait_ms:
        raise UserError("WAIT_MS= is for the apps of this project: leave it out")


def see_that_places_are_left(order: Order) -> None:
    """UserError if the slow clients hold all that requests would wait in."""
    for task in order.at_rates():
        if task.places == 0:
            beside = f"{task.conditions.scenario}={task.conditions.slow_clients}"
            raise UserError(
                f"BESIDE={beside}: so many stop {task.stack.id}, as is predicted: name "
                "fewer, or leave it out of STACKS="
            )


def waits(order: Order) -> Waits:
    """How long the waiting request of the user's app may take."""
    slow = any(one.phase is Phase.HANDLER_WAITS for one in order.scenarios)
    late_s = MOST_OF_DEADLINE * order.profile.deadline_s
    least_s = 0.0 if order.rates and not slow else LEAST_WAIT_S
    return Waits(least_s, late_s, 1 + ASKED) if order.rates else Waits(least_s)


def conditions(arguments: argparse.Namespace, found: list[RateScenario]) -> Conditions:
    """What the options say of how rates are asked."""
    beside, number = _beside(arguments.beside, found)
    return Conditions(arguments.rates, arguments.retries or 0, beside, number)


def _beside(text: str, found: list[RateScenario]) -> tuple[str, int]:
    """The scenario of the slow clients that are held meanwhile, and how many."""
    if not text:
        return "", 0
    if not (said := _BESIDE.fullmatch(text)) or not 1 <= int(said[2]) <= _MOST_BESIDE:
        raise UserError(
            f"BESIDE={text}: say a scenario and a number up to {_MOST_BESIDE:,}, as in "
            "slow-body=8"
        )
    if own := [one.id for one in found if one.apps]:
        raise UserError(
            f"BESIDE= does not go with {own[0]}: its app has no uploads or downloads"
        )
    beside = scenarios.scenario(said[1])
    if beside.by_link:
        raise UserError(f"BESIDE={text}: no link is slow there, take slow-read")
    return beside.id, int(said[2])
