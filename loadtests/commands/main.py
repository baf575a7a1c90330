"""The command line behind the Makefile: a command for each of its targets."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from loadtests import UserError
from loadtests.catalog.names import unknown
from loadtests.commands import (
    bench,
    claims,
    compare,
    example,
    load,
    readme,
    report,
    serve,
    stacks,
    trace,
)
from loadtests.commands.options import Parser, in_words
from loadtests.commands.statuses import Status
from loadtests.commands.typed import from_make

# What each command does, and what adds its options; in the order of the help.
COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "serve": ("serve one app under one server", serve.add),
    "trace": ("draw the calls of one request", trace.add),
    "stacks": ("list the stacks and their predictions", stacks.add),
    "load": ("measure and report", load.add),
    "report": ("make a stored run's reports again", report.add),
    "compare": ("compare two stored runs", compare.add),
    "example": ("make a run the example", example.add),
    "readme": ("show in README.md what the example found", readme.add),
    "claims": ("decide what people claim, by running it", claims.add),
    "bench": ("compare the probe with hey and wrk", bench.add),
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
