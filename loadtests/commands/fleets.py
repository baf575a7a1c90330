"""The options of `make load` that let slow clients come from other machines."""

from __future__ import annotations

import argparse
import socket
from typing import Any

from rich.console import Console

from loadtests import MAKE, UserError
from loadtests.commands import options
from loadtests.experiments.generators import MASTER_PORT
from loadtests.records.run import Fleet

NOT_ASKED: dict[str, Any] = {"fleet": None, "bind": ""}
OPEN = (
    "With BIND= the servers of this run listen on all addresses of this machine. "
    "Locust's connection to its workers is neither authenticated nor encrypted: "
    "whoever reaches {} port {} can join. Do this in a network of your own."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("slow clients on other machines")
    group.add_argument("--fleet", type=options.count, metavar="COUNT")
    group.add_argument("--bind", default="", metavar="ADDRESS")


def chosen(arguments: argparse.Namespace) -> Fleet:
    """The fleet that is asked for; UserError for an address that is not ours."""
    if not arguments.fleet and not arguments.bind:
        return Fleet()
    if not (arguments.fleet and arguments.bind):
        raise UserError(
            "FLEET=<how many machines> and BIND=<the address at which they reach this "
            "one> go together"
        )
    see_that_it_is_ours(arguments.bind)
    return Fleet(arguments.fleet, arguments.bind)


def see_that_it_is_ours(address: str) -> None:
    """An IPv4 address of this machine, or UserError."""
    with socket.socket() as trial:
        try:
            socket.inet_pton(socket.AF_INET, address)
            trial.bind((address, 0))
        except OSError:
            raise UserError(
                f"BIND={address} is no IPv4 address of this machine: ip address "
                "lists those it has"
            ) from None


def tell(console: Console, fleet: Fleet) -> None:
    """Whom the run waits for, and who else may come."""
    if not fleet.workers:
        return
    worker = f"{MAKE} fleet-worker MASTER={fleet.bind}"
    lines = [f"On each of {fleet.workers} machines: {worker}"]
    if fleet.is_elsewhere:
        lines.append(OPEN.format(fleet.bind, MASTER_PORT))
    for line in lines:
        console.print(line, highlight=False)
