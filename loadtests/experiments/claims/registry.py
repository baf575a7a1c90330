"""The registry of claims, and the runner; `loadtests.records.claims` is the record."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests import UserError
from loadtests.catalog.names import unknown
from loadtests.experiments.claims.lab import Lab, Wait
from loadtests.records.claims import (
    ERROR,
    HOLDS,
    KINDS,
    ONLY_WITH,
    REFUTED,
    UNTESTABLE,
    Verdict,
)


class ClaimError(UserError):
    """Claims that cannot be run as asked; one line."""


class NoEvidence(Exception):
    """What should decide a claim did not show; says what was seen instead."""


@dataclass(frozen=True)
class Finding:
    """What one claim's run found: a kind of verdict, its condition, what decides it."""

    kind: str
    evidence: str
    condition: str = ""


@dataclass(frozen=True)
class Claim:
    """A claim as people say it, where it is said, and the program that decides it.

    `wait` is what takes long in it, begun before the first claim is decided.
    """

    id: str
    text: str
    source: str
    decide: Callable[[Lab], Finding]
    wait: Wait[Any] | None = None


CLAIMS: dict[str, Claim] = {}


def claim(
    source: str, wait: Wait[Any] | None = None
) -> Callable[[Callable[[Lab], Finding]], Claim]:
    """Register a function: its docstring is the claim, its name the id."""

    def enter(decide: Callable[[Lab], Finding]) -> Claim:
        name = decide.__name__.replace("_", "-")
        text = " ".join((inspect.getdoc(decide) or "").split())
        CLAIMS[name] = Claim(name, text, source, decide, wait)
        return CLAIMS[name]

    return enter


def holds(evidence: str) -> Finding:
    return Finding(HOLDS, evidence)


def holds_only_with(condition: str, evidence: str) -> Finding:
    return Finding(ONLY_WITH, evidence, condition)


def refuted(evidence: str) -> Finding:
    return Finding(REFUTED, evidence)


def not_testable(evidence: str) -> Finding:
    return Finding(UNTESTABLE, evidence)


def need(shown: bool, otherwise: str) -> None:
    """What must have shown for a verdict to be given at all."""
    if not shown:
        raise NoEvidence(otherwise)


def either(names: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`: a condition that each of them fulfils."""
    *some, last = names
    return " or ".join([*filter(None, [", ".join(some)]), last])


def choose(names: Sequence[str]) -> list[Claim]:
    """The claims of those ids, all of them when none is named."""
    for name in names:
        if name not in CLAIMS:
            raise ClaimError(unknown("claim", name, CLAIMS))
    return [CLAIMS[name] for name in dict.fromkeys(names or CLAIMS)]


def decide(claims: Sequence[Claim], lab: Lab) -> Iterator[Verdict]:
    """The verdicts, each as soon as it is there."""
    for one in claims:
        if one.wait:
            # What cannot be begun now fails once more in the claim, and is recorded.
            with contextlib.suppress(Exception):
                lab.begin(one.wait)
    for one in claims:
        finding = _run(one, lab)
        yield Verdict(
            id=one.id,
            claim=one.text,
            source=one.source,
            kind=finding.kind,
            condition=finding.condition,
            evidence=finding.evidence,
            command=f"make claims ONLY={one.id}",
        )


def _run(one: Claim, lab: Lab) -> Finding:
    # The edge: whatever stops one claim is recorded as its error, and the next is run.
    try:
        finding = one.decide(lab)
        need(bool(finding.evidence), "a verdict without evidence")
        need(finding.kind in KINDS, f"no such verdict: {finding.kind!r}")
    except NoEvidence as error:
        return Finding(ERROR, str(error))
    except Exception as error:
        return Finding(ERROR, f"{type(error).__name__}: {error}")
    return finding
