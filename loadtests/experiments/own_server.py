"""A server that is not one of the catalog: a command of the user's, or a URL.

The one rule: it is measured as it is. If a stack of the catalog was recognised in it,
the predictions are that stack's, with the counts that were seen. Else there are none.
"""

from __future__ import annotations

import dataclasses
from contextlib import AbstractContextManager
from pathlib import Path

from loadtests.catalog import stacks
from loadtests.catalog.stacks import HOST, Stack
from loadtests.catalog.stacks.unmodelled import unknown_stack
from loadtests.catalog.target import Target
from loadtests.clients.wire import Address
from loadtests.records.target import OtherTarget, OwnCommand
from loadtests.servers.processes import Guard
from loadtests.servers.reached import Served, reached
from loadtests.servers.server import free_port, running

COMMAND, URL = "command", "url"  # the ids of their stacks


def own_stack(other: OtherTarget | None, nofile: int | None = None) -> Stack | None:
    """The stack that stands for it; None where stacks of the catalog serve the app."""
    if other is None:
        return None
    if other.running:
        return unknown_stack(URL, (), other.app, workers=0)
    if other.command:
        return _of_command(other.app, other.command, nofile)
    return None


def _of_command(app: str, command: OwnCommand, nofile: int | None) -> Stack:
    argv = ("env", "PORT={port}", *map(_with_port_open, command.words))
    known = recognised_stack(command, nofile)
    if known is None:
        found = unknown_stack(COMMAND, argv, app, command.workers or 1)
        return found.with_counts(None, None, nofile)
    return dataclasses.replace(known, id=COMMAND, argv=argv, app=app)


def recognised_stack(command: OwnCommand, nofile: int | None) -> Stack | None:
    """The stack of the catalog that the command was recognised as, with its counts."""
    if not command.stack:
        return None
    known = stacks.find(command.stack)
    if own := command.own_descriptors:
        known = dataclasses.replace(known, own_descriptors=own, siblings_descriptors=0)
    counts = (command.threads, nofile, command.worker_connections, command.keepalive_s)
    return known.with_counts(command.workers or 1, *counts)


def _with_port_open(word: str) -> str:
    """The word for Stack.command, which fills in what stands in braces."""
    doubled = word.replace("{", "{{").replace("}", "}}")
    return doubled.replace("{{port}}", "{port}")


def address_of(other: OtherTarget | None) -> Address:
    """Where it takes connections, or is to: on a free port of this machine, unless it
    has one of its own."""
    if other and other.running:
        return other.running.address, other.running.port
    own = other.command.port if other and other.command else 0
    return HOST, own or free_port()


def serving(
    stack: Stack,
    other: OtherTarget | None,
    target: Target,
    guard: Guard,
    log: Path,
    address: Address,
) -> AbstractContextManager[Served]:
    """The stack for as long as the block runs, started there; or what runs already."""
    if other and other.running:
        return reached(stack, other.running, target)
    return running(stack, guard, log, port=address[1], target=target)
