"""The command line behind the Makefile: a command for each of its targets."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn, TextIO

from loadtests import CHECKOUT, UserError, __version__
from loadtests.catalog.names import unknown
from loadtests.commands import declarations
from loadtests.commands.options import Parser, in_a_line, in_words
from loadtests.commands.statuses import Status
from loadtests.commands.typed import as_words, from_make
from loadtests.report.words import plain
from loadtests.servers import room
from loadtests.servers.signals import hearing

# What each command does, in the order of the help.
COMMANDS: dict[str, str] = {
    name: command.what for name, command in declarations.commands()
}


class Stopped(KeyboardInterrupt):
    """SIGTERM or SIGHUP, like Ctrl-C: what runs is stopped, what is known is kept."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. Errors are one line on standard error."""
    words = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup sets it
        signal.signal(signal.SIGHUP, _stop)
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        _write_what_can_be(stream)
    try:
        room.refuse_small_address_space()
        arguments = _parsed(words)
        command: Callable[[argparse.Namespace], Status] = arguments.command
        with hearing(os.getppid()):
            status = command(arguments)
        sys.stdout.flush()
        return status
    except MemoryError as error:
        what_next = getattr(error, "__notes__", ())
        return _refused("; ".join(["there is not enough memory here", *what_next]))
    except UserError as error:
        return _refused(str(error))
    except BrokenPipeError:
        _write_no_more()
        return Status.FAILED
    except OSError as error:
        # A full or read-only disk, a folder that is a file: what is stored stays whole.
        if not error.filename:
            _write_no_more()  # it may be our output that there is no room for
        return _refused(in_a_line(error))
    except Stopped:
        return Status.TERMINATED
    except KeyboardInterrupt:
        return Status.INTERRUPTED


def _refused(why: str) -> Status:
    """Say why, in one line whatever is in the name of a file."""
    print(f"error: {plain(why)}", file=sys.stderr)
    return Status.NOT_DONE


def _write_no_more() -> None:
    """As rich does it: what is left to write goes nowhere when Python ends."""
    with contextlib.suppress(io.UnsupportedOperation):  # of an output that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_what_is_closed() -> None:
    """Where the caller has closed one (`<&-`, `>&-`), the next file that we open would
    have its number, and programs that we start would take that file for it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The number is the lowest that is free.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _write_what_can_be(stream: TextIO | None) -> None:
    """A terminal of another encoding than UTF-8 gets a mark for what it cannot show,
    and not an error after all has been measured."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped


def _parsed(words: list[str]) -> argparse.Namespace:
    """The command line; with `make <target>`, what was typed after make.

    `words` of the result is the command line that does the same without make.
    """
    make = words[:1] == ["make"]
    words = from_make(words[1], os.environ) if make else as_words(words)
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        raise UserError(unknown("command", words[0], COMMANDS))
    if not words:
        words = ["--help"]
    for word in words:
        # argparse would leave that value out, and not call it wrong.
        if re.fullmatch("--[a-z0-9-]+=--", word):
            raise UserError(f"{word}: -- is no value")
    try:
        asked = words[0]
        return _parser(asked).parse_args(words, argparse.Namespace(words=words))
    except argparse.ArgumentError as error:
        raise UserError(in_words(error, make=make)) from None


def adds_options(name: str) -> Callable[[argparse.ArgumentParser], None]:
    """What adds the options of a command to a parser."""
    found: Callable[[argparse.ArgumentParser], None]
    found = import_module(f"{__package__}.{name.replace('-', '_')}").add
    return found


def _parser(asked: str) -> Parser:
    """The parser; of all commands, only the one that is asked for is imported."""
    prog = "python -m loadtests" if CHECKOUT else "slowbench"
    parser = Parser(prog=prog, description=__doc__)
    parser.add_argument(
        "--version", action="version", version=f"slowbench {__version__}"
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, what in COMMANDS.items():
        parser_of_it = commands.add_parser(name, help=what, description=what)
        if name == asked:
            adds_options(name)(parser_of_it)
    return parser
