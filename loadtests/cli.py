"""The command line behind the Makefile: serve, stacks, load, report."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.table import Table

from loadtests import results, scenarios, stacks
from loadtests.load import LoadError
from loadtests.processes import Guard, ProcessError, guarded
from loadtests.results import ResultError
from loadtests.scenarios import ScenarioError
from loadtests.server import running
from loadtests.stacks import Stack, StackError

_COUNT_LIMIT = 1000


class Stopped(KeyboardInterrupt):
    """SIGTERM, taken like Ctrl-C: what runs is stopped and what is known is kept."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. Errors are one line on standard error."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser().parse_args(words)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    command: Callable[[argparse.Namespace, list[str]], int] = arguments.command
    try:
        return command(arguments, words)
    except (StackError, ScenarioError, LoadError, ResultError, ProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Stopped:
        return 128 + signal.SIGTERM
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_serve(commands.add_parser("serve", help="serve one app under one server"))
    listing = commands.add_parser("stacks", help="list the stacks and predictions")
    listing.set_defaults(command=show_stacks)
    _add_load(commands.add_parser("load", help="measure and report"))
    again = commands.add_parser("report", help="make a stored run's reports again")
    again.add_argument("run", type=Path, help="the run's folder")
    again.set_defaults(command=make_report)
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--stack", metavar="ID")
    which.add_argument("--interface", choices=("wsgi", "asgi"))
    parser.add_argument("--server", metavar="gunicorn|uvicorn")
    parser.add_argument("--worker", metavar="CLASS")
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--workers", type=_count)
    parser.add_argument("--threads", type=_count)
    parser.set_defaults(command=serve)


def _add_load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="quick", metavar="smoke|quick|full")
    parser.add_argument("--stacks", type=_names, metavar="ID,ID")
    parser.add_argument("--scenarios", type=_names, metavar="ID,ID")
    parser.add_argument("--repeats", type=_count)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--resume", metavar="RUN")
    parser.set_defaults(command=measure)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _COUNT_LIMIT:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a count, 1 to {_COUNT_LIMIT}"
        )
    return int(text)


def _names(text: str) -> list[str]:
    return [name for name in text.replace(",", " ").split() if name]


def serve(arguments: argparse.Namespace, _: list[str]) -> int:
    """Serve in the foreground until Ctrl-C, or until the server ends by itself."""
    if arguments.stack:
        stack = stacks.find(arguments.stack)
    else:
        stack = stacks.choose(arguments.interface, arguments.server, arguments.worker)
    stack = stack.with_counts(arguments.workers, arguments.threads)
    command = shlex.join(stack.command(arguments.port))
    print(f"{stack.id}\n\n  $ {command}\n", flush=True)
    with guarded() as guard:
        return _serve(stack, guard, arguments.port)


def _serve(stack: Stack, guard: Guard, port: int) -> int:
    with running(stack, guard, log=None, port=port) as server:
        print(f"\nServing {stack.app} on {server.url}, Ctrl-C stops it. Try:\n")
        for words in (
            f"'{server.url}/hello?name=Ada'",
            f"-N '{server.url}/stream?chunks=3&size=20&interval_ms=500'",
            f"--data-binary @README.md {server.url}/upload",
        ):
            print(f"  curl {words}")
        print(flush=True)
        try:
            while not server.group.exited:
                time.sleep(0.2)
        except KeyboardInterrupt:
            print("\nStopping.", flush=True)
            return 0
    print(f"error: {stack.id} ended by itself", file=sys.stderr)
    return 1


def show_stacks(_: argparse.Namespace, __: list[str]) -> int:
    """The stacks, and after how many slow clients each is predicted to be out."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("stack", "workers", "threads", *scenarios.SCENARIOS):
        table.add_column(heading, justify="left" if heading == "stack" else "right")
    for stack in stacks.STACKS.values():
        predicted = [stack.predicted_out_at(name) for name in scenarios.SCENARIOS]
        cells = [stack.workers, stack.threads, *predicted]
        table.add_row(stack.id, *("-" if cell is None else str(cell) for cell in cells))
    console = Console()
    console.print(table)
    console.print("\nA number is the slow clients that are predicted to take it out.")
    return 0


def make_report(arguments: argparse.Namespace, _: list[str]) -> int:
    """Write a stored run's reports again, from the run alone."""
    from loadtests import report  # Altair alone takes half a second to import

    folder = arguments.run
    run = results.load(folder)
    folder = folder.parent if folder.name == results.RUN_FILE else folder
    for path in report.write(run, folder):
        print(path)
    Console().print(report.table(run))
    return 0


def measure(arguments: argparse.Namespace, words: list[str]) -> int:
    """Measure and report; the exit status is that of `run_load`."""
    from loadtests.progress import run_load  # as above

    return run_load(arguments, words, _parser().parse_args)
