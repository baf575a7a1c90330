"""Blocks of a kind of their own: capacities, histories, advice and claims.

A page has a special form for each; Markdown renders them as plain tables and charts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.report.charts.history import Strip
from loadtests.report.prose import Prose
from loadtests.report.words import NOTHING


@dataclass(frozen=True)
class Entry:
    """What was found of one stack under one scenario: `out at`, `2`, `predicted 2`.

    `state` is one of out, degraded, unharmed, void and absent. `spread` are the other
    steps that repeats found, `part` in how many of them it happened at all.
    `ran_out` says what ran out, `first` where it degraded before it was out. `many`: it
    held so many that a reader need not be warned.
    """

    state: str
    verb: str = ""
    number: str = NOTHING
    spread: str = ""
    part: str = ""
    predicted: str = ""
    missed: bool = False
    ran_out: str = ""
    first: str = ""
    many: bool = False

    @property
    def said(self) -> str:
        return f"{self.verb} {self.number} {self.part}".strip()


@dataclass(frozen=True)
class Matrix:
    """A row for each stack; `rows` are in the order of `scenarios`."""

    scenarios: list[str]
    rows: dict[str, list[Entry]]
    title: str = ""


@dataclass(frozen=True)
class Histories:
    """Histories of cells, by scenario, and how to read them. A format without room for
    them says where they are."""

    lead: Prose
    strips: Mapping[str, Sequence[Strip]]


@dataclass(frozen=True)
class Stand:
    """A figure that speaks for or against some stacks."""

    figure: str
    stacks: Sequence[str]


@dataclass(frozen=True)
class Start:
    """How to start a stack, which of its options decide about slow clients, and its own
    figure where it stands among others."""

    stack: str
    command: str
    options: str
    own: str = ""

    @property
    def said(self) -> str:
        return f"{self.stack} ({self.own})" if self.own else self.stack


@dataclass(frozen=True)
class Advised:
    """A situation, the scenarios that are its evidence, and how the stacks stand."""

    name: str
    evidence: Sequence[str]
    supported: Stand | None
    against: Stand | None
    start: Start | None


@dataclass(frozen=True)
class Advice:
    """What a run supports, situation by situation."""

    title: str
    given: Sequence[Advised]


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
class Claims:
    """Claims that met with one kind of verdict."""

    title: str
    claims: Sequence[Said]
