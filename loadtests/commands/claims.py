"""`make claims` as its user sees it: each verdict as it falls, and the ledger saved."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from loadtests import MAKE, ROOT
from loadtests.catalog.stacks import HTTP1
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.experiments.claims import (
    beyond,
    buffering,
    cost,
    hung_workers,
    interface,
    limits,
    running_out,
    serving,
    streaming,
    waiting,
)
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import Claim, choose, decide
from loadtests.experiments.lock import the_machine
from loadtests.experiments.machine import environment
from loadtests.records.claims import (
    CLAIMS_FILE,
    ERROR,
    HOLDS,
    KINDS,
    ONLY_WITH,
    REFUTED,
    UNTESTABLE,
    Ledger,
    Verdict,
    save_claims,
)
from loadtests.report.sections.claims import words
from loadtests.servers import room
from loadtests.servers.processes import guarded

COMMAND = Command("decide what people claim, by running it", place=120)
TARGETS = (
    Target(
        "claims",
        "decide what people say of WSGI and ASGI, by running it",
        place=80,
        words=("claims",),
        options=("ONLY", "WAIT"),
    ),
)
VARIABLES = {"ONLY": "<id>,<id>"}

# Imported, they have registered their claims, in this order.
FILES = (
    *(interface, streaming, beyond, serving, limits, running_out),
    *(waiting, hung_workers, buffering, cost),
)
LEDGER = options.REPORTS / CLAIMS_FILE
STYLES = {
    HOLDS: "green",
    ONLY_WITH: "yellow",
    REFUTED: "red",
    UNTESTABLE: "dim",
    ERROR: "bold red",
}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", type=options.names, default=[], metavar="ID,ID")
    options.add_wait(parser)
    parser.set_defaults(command=decide_claims)


def decide_claims(arguments: argparse.Namespace) -> Status:
    """Decide each claim by running it."""
    choose(arguments.only)  # a wrong name is an error at once, not after the wait
    room.refuse_few_descriptors(max(stack.nofile for stack in HTTP1.values()))
    if not arguments.only:
        options.see_that_it_can_be_kept(LEDGER.parent)
    with the_machine(f"{MAKE} claims", wait=arguments.wait):
        return run(arguments.only, Console())


def run(names: Sequence[str], console: Console) -> Status:
    """Decide the claims of those ids, or all; FAILED if one has no evidence.

    The whole ledger is saved, with what it was run on; a part of it is only shown.
    """
    claims = choose(names)
    began_s, made_at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    found = environment(ROOT)
    console.print(_heading(found.python, found.cpus, found.packages), highlight=False)
    with tempfile.TemporaryDirectory(prefix="claims-") as logs, guarded() as guard:
        lab = Lab(guard, Path(logs))
        try:
            verdicts = _tell(console, claims, decide(claims, lab))
        finally:
            lab.close()
    console.print(_summary(verdicts, time.monotonic() - began_s), highlight=False)
    shown = options.shown(LEDGER)
    if names:
        console.print(f"A part of the ledger: {shown} is as it was", highlight=False)
    else:
        save_claims(Ledger(made_at, found, verdicts), LEDGER)
        console.print(f"Saved as {shown}; {MAKE} report shows it", highlight=False)
    failed = any(verdict.kind == ERROR for verdict in verdicts)
    return Status.FAILED if failed else Status.DONE


def _heading(python: str, cpus: int, packages: dict[str, str]) -> str:
    names = (
        *("gunicorn", "gevent", "uvicorn", "httptools", "h11", "uvloop", "a2wsgi"),
        *("hypercorn", "granian", "waitress"),
    )
    versions = ", ".join(f"{name} {packages[name]}" for name in names)
    return f"Python {python}, {cpus} CPUs; {versions}; one worker everywhere\n"


def _tell(
    console: Console, claims: Sequence[Claim], found: Iterable[Verdict]
) -> list[Verdict]:
    """Show each verdict as soon as it is there, and meanwhile what is being tried."""
    verdicts: list[Verdict] = []
    with console.status("") as status:
        following = iter(claims)
        status.update(_trying(next(following, None)))
        for verdict in found:
            verdicts.append(verdict)
            console.print(entry(verdict))
            status.update(_trying(next(following, None)))
    return verdicts


def _trying(claim: Claim | None) -> str:
    return f"trying: {escape(claim.text)}" if claim else "stopping the servers"


def entry(verdict: Verdict) -> Group:
    """One claim of the ledger: what is said, the verdict, what decides it."""
    said = Text.assemble((verdict.claim, "bold"), (f"  ({verdict.source})", "dim"))
    rest = Text.assemble(
        (f"{words(verdict)}\n", STYLES[verdict.kind]),
        f"{verdict.evidence}\n",
        (f"{verdict.command}\n", "dim"),
    )
    return Group(said, Padding(rest, (0, 0, 0, 2), expand=False))


def _summary(verdicts: Sequence[Verdict], took_s: float) -> str:
    counts = Counter(verdict.kind for verdict in verdicts)
    shown = ", ".join(f"{counts[k]} {k}" for k in (*KINDS, ERROR) if counts[k])
    claims = "1 claim" if len(verdicts) == 1 else f"{len(verdicts)} claims"
    return f"{claims} in {took_s:.0f} s: {shown}"
