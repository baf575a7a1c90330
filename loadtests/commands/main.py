"""The command line behind the Makefile: a command for each of its targets."""

from __future__ import annotations

import argparse
import signal
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.table import Table

from loadtests.analysis import compare
from loadtests.catalog import scenarios, stacks
from loadtests.catalog.scenarios import ScenarioError
from loadtests.catalog.stacks import Stack, StackError
from loadtests.commands import example
from loadtests.commands.load import REPORTS, run_load
from loadtests.commands.serve import serve
from loadtests.experiments.claims.registry import ClaimError
from loadtests.experiments.run import LoadError
from loadtests.experiments.trace import TracedClient, TraceError
from loadtests.records.claims import adopt_claims
from loadtests.records.run import RUN_FILE, ResultError, load_run
from loadtests.report import reports
from loadtests.servers.processes import ProcessError

_COUNT_LIMIT = 1000
_MOST_ROUNDS = 12
_ERRORS = (
    *(StackError, ScenarioError, LoadError),
    *(ResultError, ProcessError, TraceError, ClaimError, example.ExampleError),
)


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
    except _ERRORS as error:
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
    _add_trace(commands.add_parser("trace", help="draw the calls of one request"))
    listing = commands.add_parser("stacks", help="list the stacks and predictions")
    listing.set_defaults(command=show_stacks)
    _add_load(commands.add_parser("load", help="measure and report"))
    again = commands.add_parser("report", help="make a stored run's reports again")
    again.add_argument("run", type=Path, help="the run's folder")
    again.add_argument("--markdown", action="store_true", help="for a pull request")
    again.add_argument("--open", action="store_true", help="show it in a browser")
    again.set_defaults(command=make_report)
    _add_compare(commands.add_parser("compare", help="compare two stored runs"))
    example.add_keep(commands.add_parser("example", help="make a run the example"))
    example.add_readme(commands.add_parser("readme", help="show it in the README"))
    claims = commands.add_parser("claims", help="decide what people claim, by running")
    claims.add_argument("--only", type=_names, default=[], metavar="ID,ID")
    claims.set_defaults(command=decide_claims)
    bench = commands.add_parser("bench", help="compare the probe with hey and wrk")
    bench.add_argument("--stacks", type=_names, default=[], metavar="ID,ID")
    bench.add_argument("--rounds", type=_rounds, default=6)
    bench.set_defaults(command=compare_probe)
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
    parser.add_argument("--trace", action="store_true", help="print every call")
    parser.set_defaults(command=serve)


def _add_trace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--request", default="", metavar="'METHOD /path?query'")
    parser.add_argument("--body", default="", metavar="TEXT|@FILE")
    parser.add_argument("--slow", default="", metavar="body|read")
    parser.add_argument("--leave", default="", metavar="150ms|2000B")
    parser.add_argument("--stacks", type=_names, default=[], metavar="ID,ID")
    parser.set_defaults(command=trace)


def _add_load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="quick", metavar="smoke|quick|full")
    parser.add_argument("--stacks", type=_names, metavar="ID,ID")
    parser.add_argument("--scenarios", type=_names, metavar="ID,ID")
    parser.add_argument("--repeats", type=_count)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--resume", metavar="RUN")
    parser.set_defaults(command=measure)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    for name in ("base", "new"):
        parser.add_argument(name, type=Path, help=f"the {name} run's folder")
    parser.add_argument("--threshold", type=_count, default=25, metavar="PERCENT")
    parser.add_argument("--markdown", action="store_true", help="for a pull request")
    parser.set_defaults(command=compare_runs)


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


def _rounds(text: str) -> int:
    """The probes of all rounds load Locust beforehand, and at the same time."""
    if _count(text) > _MOST_ROUNDS:
        raise argparse.ArgumentTypeError(f"{text!r} is over {_MOST_ROUNDS} rounds")
    return int(text)


def _names(text: str) -> list[str]:
    return [name for name in text.replace(",", " ").split() if name]


def trace(arguments: argparse.Namespace, _: list[str]) -> int:
    """Make one request to both apps and draw the calls on both sides."""
    from loadtests.commands.trace import run

    words = (arguments.request, arguments.body, arguments.slow, arguments.leave)
    run(TracedClient.parse(*words), arguments.stacks, Console())
    return 0


def show_stacks(_: argparse.Namespace, __: list[str]) -> int:
    """The stacks, and after how many slow clients each is predicted to be out."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stack", no_wrap=True)
    for name in ("workers x threads", *scenarios.SCENARIOS):
        table.add_column(name.replace("-", "-\n"), justify="right", max_width=9)
    for stack in stacks.HTTP1.values():
        predicted = [_predicted(stack, name) for name in scenarios.SCENARIOS]
        table.add_row(stack.id, f"{stack.workers} x {stack.threads or 1}", *predicted)
    console = Console(highlight=False)
    console.print(table)
    console.print("\nHow many slow clients are predicted to take it out; -: none here.")
    console.print(f"Over HTTP/2, to be served, not measured: {', '.join(stacks.HTTP2)}")
    return 0


def _predicted(stack: Stack, scenario: str) -> str:
    low, high = stack.predicted_out_at(scenario), stack.predicted_out_by(scenario)
    if low is None:
        return "-"
    return str(low) if low == high else f"{low}-{high}"


def make_report(arguments: argparse.Namespace, _: list[str]) -> int:
    """Write a stored run's reports again, from its folder and the last ledger."""
    folder = arguments.run
    run = load_run(folder)
    folder = folder.parent if folder.name == RUN_FILE else folder
    if arguments.markdown:
        print(reports.summary(run), end="")
        return 0
    missing = adopt_claims(run.environment, folder, REPORTS)
    for path in reports.write(run, folder):
        print(path)
    Console().print(reports.table(run))
    if missing:
        print(f"\n{missing}")
    if arguments.open:
        webbrowser.open((folder / reports.PAGE).resolve().as_uri())
    return 0


def compare_runs(arguments: argparse.Namespace, _: list[str]) -> int:
    """Compare two stored runs; the exit status is that of `compare.status`."""
    from loadtests.report.formats import comparison

    base, new = load_run(arguments.base), load_run(arguments.new)
    threshold = arguments.threshold / 100
    found = compare.compare(base, new, threshold)
    compared = comparison.Compared(base, new, found, threshold)
    if arguments.markdown:
        print(comparison.markdown(compared), end="")
    else:
        Console().print(comparison.table(compared))
    return compare.status(found)


def decide_claims(arguments: argparse.Namespace, _: list[str]) -> int:
    """Decide each claim by running it; 1 if the evidence for one did not appear."""
    from loadtests.commands.claims import run

    return run(arguments.only, Console())


def compare_probe(arguments: argparse.Namespace, _: list[str]) -> int:
    """Compare the probe with other load tools; 1 where they do not agree."""
    from loadtests.commands.bench import run

    return run(arguments.stacks, arguments.rounds, Console())


def measure(arguments: argparse.Namespace, words: list[str]) -> int:
    """Measure and report; the exit status is that of `run_load`."""
    return run_load(arguments, words, _parser().parse_args)
