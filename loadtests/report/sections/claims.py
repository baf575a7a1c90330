"""What people say, as the ledger beside a run has it: by verdict, and on what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
from loadtests.report.words import amount, listed, plain, when

TITLE = "What people say"
# In the order of a report: first what its reader may have believed.
HEADINGS = {
    REFUTED: "Refuted",
    ONLY_WITH: "Holds only with a condition",
    HOLDS: "Holds",
    UNTESTABLE: "Not testable there",
    ERROR: "Undecided: the evidence did not appear",
}


@dataclass(frozen=True)
class Said:
    """A claim as a reader meets it; `condition`: what it holds only with."""

    claim: str
    source: str
    verdict: str
    condition: str
    evidence: str
    command: str


@dataclass(frozen=True)
class Group:
    """The claims that met with one kind of verdict."""

    kind: str
    heading: str
    claims: Sequence[Said]


def groups(ledger: Ledger) -> list[Group]:
    """The claims by kind of verdict, in the ledger's order; no group is empty."""
    found = [
        Group(kind, heading, [_said(v) for v in ledger.verdicts if v.kind == kind])
        for kind, heading in HEADINGS.items()
    ]
    return [group for group in found if group.claims]


def _said(verdict: Verdict) -> Said:
    return Said(
        claim=plain(verdict.claim),
        source=plain(verdict.source),
        verdict=plain(verdict.verdict),
        condition=plain(verdict.verdict.removeprefix(verdict.kind)),
        evidence=plain(verdict.evidence),
        command=plain(verdict.command),
    )


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
        "python": f"Python {plain(made_on.python)}",
        "kernel": plain(made_on.kernel),
        "cpu": plain(made_on.cpu),
        "cpus": amount(made_on.cpus, "core"),
        "packages": ", ".join(
            f"{plain(name)} {plain(version)}"
            for name, version in made_on.packages.items()
            if run.environment.packages.get(name) != version
        ),
    }
    other = differing(made_on, run.environment)
    fields = [field for field, name in DECISIVE.items() if name in other]
    return ", ".join(told[field] for field in fields if told[field])
