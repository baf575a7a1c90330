"""`make load WITH=... SWEEP=...`: stacks with other options, and at several values."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from loadtests import UserError
from loadtests.catalog.stacks import Option, StackError, find_measurable
from loadtests.catalog.stacks.options import of_command_line, with_options

_FEWEST, _MOST = 2, 12  # values: a line needs two, and each is a cell a scenario
# What any stack may be swept over; the options of a server belong to its own stacks.
_COUNTS = ("workers", "threads")


def add_with(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("--with",), dest="options", default="", metavar="'--OPTION VALUE'"
    )


def add_sweep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sweep", default="", metavar="NAME=VALUE,VALUE")


def varied(arguments: argparse.Namespace, chosen: Sequence[str]) -> list[str]:
    """The ids of the chosen stacks with the options of WITH= and at the values of
    SWEEP=. UserError where a stack that was named cannot have them."""
    sweep = _swept(arguments.sweep)
    options = of_command_line(arguments.options)
    needs = "WITH=" if options else "SWEEP=" if sweep and _is_option(sweep) else ""
    if needs and not arguments.stacks:
        raise UserError(f"{needs} is about the options of a server: add STACKS=<id>")
    for count in _COUNTS:
        if getattr(arguments, count) and any(
            o.name == count for o in (*options, *sweep)
        ):
            raise UserError(f"{count.upper()}= and another {count}: leave one out")
    found = [_id(stack_id, options) for stack_id in chosen]
    if not sweep:
        return found
    can = [one for one in found if arguments.stacks or _can(one, sweep)]
    if not can:
        raise UserError(f"SWEEP={arguments.sweep}: {_why_not(found[0], sweep)}")
    return [_id(stack_id, [value]) for stack_id in can for value in sweep]


def _is_option(sweep: Sequence[Option]) -> bool:
    return sweep[0].name not in _COUNTS


def _swept(text: str) -> list[Option]:
    """One option at each of its values, the least first."""
    if not text:
        return []
    name, sign, values = text.partition("=")
    listed = [value.strip() for value in values.split(",")]
    if not sign or not all(re.fullmatch(r"[0-9]{1,8}", value) for value in listed):
        raise UserError(f"SWEEP={text}: say a name and numbers, as in threads=4,8,16")
    numbers = sorted({int(value) for value in listed})
    if not _FEWEST <= len(numbers) <= _MOST:
        raise UserError(f"SWEEP={text}: name {_FEWEST} to {_MOST} different numbers")
    return [of_command_line(f"--{name.removeprefix('--')}={n}")[0] for n in numbers]


def _id(stack_id: str, options: Sequence[Option]) -> str:
    if not options:
        return stack_id
    return with_options(find_measurable(stack_id), options).id


def _can(stack_id: str, sweep: Sequence[Option]) -> bool:
    why = _why_not(stack_id, sweep)
    if why:
        print(f"without {stack_id}: {why}")
    return not why


def _why_not(stack_id: str, sweep: Sequence[Option]) -> str:
    try:
        _id(stack_id, sweep[:1])
    except StackError as error:
        return str(error)
    return ""
