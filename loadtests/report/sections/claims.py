"""What people say, as the ledger beside a run has it: by verdict, and on what."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.records.claims import (
    DECISIVE,
    ERROR,
    HOLDS,
    ONLY_WITH,
    REFUTED,
    UNTESTABLE,
    Ledger,
    Verdict,
    differing,
)
from loadtests.records.run import Environment, Run
from loadtests.report.blocks import Block, Section, Source, Text
from loadtests.report.prose import prose
from loadtests.report.special_blocks import Claims, Said
from loadtests.report.words import amount, listed, when

TITLE = "What people say"
# In the order of a report: first what its reader may have believed.
HEADINGS = {
    REFUTED: "Refuted",
    ONLY_WITH: "Holds only with a condition",
    HOLDS: "Holds",
    UNTESTABLE: "Not testable there",
    ERROR: "Undecided: the evidence did not appear",
}


def blocks(source: Source) -> Sequence[Block]:
    ledger = source.beside.ledger
    if ledger is None:
        return []
    return [Text(prose("{}", lead(ledger, source.run))), *groups(ledger)]


def groups(ledger: Ledger) -> list[Claims]:
    """The claims by kind of verdict, in the ledger's order; no group is empty."""
    found = [
        Claims(heading, [_said(v) for v in ledger.verdicts if v.kind == kind])
        for kind, heading in HEADINGS.items()
    ]
    return [group for group in found if group.claims]


def _said(verdict: Verdict) -> Said:
    return Said(
        claim=verdict.claim,
        source=verdict.source,
        verdict=words(verdict),
        condition=verdict.condition,
        evidence=verdict.evidence,
        command=verdict.command,
    )


def words(verdict: Verdict) -> str:
    """`refuted`, or `holds only with luck`."""
    return f"{verdict.kind} {verdict.condition}".strip()


def lead(ledger: Ledger, run: Run) -> str:
    """How many claims, when they were tried and on what, as far as the run does not
    say that itself."""
    tried = f"{amount(len(ledger.verdicts), 'claim')}, tried on {when(ledger.made_at)}"
    other = differing(ledger.environment, run.environment)
    if not other:
        return f"{tried}, on the machine and with the versions of this run."
    names = listed([f"another {name}" for name in other])
    told = _on(ledger.environment, run)
    return f"{tried}, with {names} than this run{f': {told}' if told else ''}."


def _on(made_on: Environment, run: Run) -> str:
    """What the ledger was made on, in what it differs from the run."""
    told = {
        "python": f"Python {made_on.python}",
        "kernel": made_on.kernel,
        "cpu": made_on.cpu,
        "cpus": amount(made_on.cpus, "core"),
        "packages": ", ".join(
            f"{name} {version}"
            for name, version in made_on.packages.items()
            if run.environment.packages.get(name) != version
        ),
    }
    other = differing(made_on, run.environment)
    fields = [field for field, name in DECISIVE.items() if name in other]
    return ", ".join(told[field] for field in fields if told[field])


SECTION = Section("claims", TITLE, blocks)
