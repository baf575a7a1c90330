"""The command line behind the Makefile: a command for each of its targets."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

from loadtests import UserError
from loadtests.catalog.names import unknown
from loadtests.commands import declarations
from loadtests.commands.options import Parser, in_words
from loadtests.commands.statuses import Status
from loadtests.commands.typed import from_make

# What each command does, and what adds its options; in the order of the help.
COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    name: (command.what, import_module(f"{__package__}.{name}").add)
    for name, command in declarations.commands()
}


class Stopped(KeyboardInterrupt):
    """SIGTERM, taken like Ctrl-C: what runs is stopped and what is known is kept."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. Errors are one line on standard error."""
    words = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    try:
        arguments = _parsed(words)
        command: Callable[[argparse.Namespace], Status] = arguments.command
        status = command(arguments)
        sys.stdout.flush()
        return status
    except UserError as error:
        print(f"error: {' '.join(str(error).splitlines())}", file=sys.stderr)
        return Status.NOT_DONE
    except BrokenPipeError:
        # As rich does it. What is left to write goes nowhere when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.FAILED
    except Stopped:
        return Status.TERMINATED
    except KeyboardInterrupt:
        return Status.INTERRUPTED


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped


def _parsed(words: list[str]) -> argparse.Namespace:
    """The command line; with `make <target>`, what was typed after make.

    `words` of the result is the command line that does the same without make.
    """
    make = words[:1] == ["make"]
    if make:
        words = from_make(words[1], os.environ)
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        raise UserError(unknown("command", words[0], COMMANDS))
    try:
        return _parser().parse_args(words, argparse.Namespace(words=words))
    except argparse.ArgumentError as error:
        raise UserError(in_words(error, make=make)) from None


def _parser() -> Parser:
    parser = Parser(prog="python -m loadtests", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, (what, add) in COMMANDS.items():
        add(commands.add_parser(name, help=what, description=what))
    return parser
