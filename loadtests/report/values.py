"""What may stand in a cell of a table: a value of some kind, and how it is written.

A value keeps its figures, so that no format reads them back from what is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from loadtests.analysis.intervals import Interval
from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.over_repeats import Reached
from loadtests.analysis.predictions import Prediction
from loadtests.records.cell import Step
from loadtests.report import said
from loadtests.report.words import NOTHING, count, figure, percent


@dataclass(frozen=True)
class Value:
    """Anything in a table; a `strong` value stands out. The `note` comes after it, in
    small letters where there is room for them."""

    strong: bool = field(default=False, kw_only=True)
    note: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Name(Value):
    """A name or a few words; a doubtful one has a question mark."""

    text: str
    doubtful: bool = False


@dataclass(frozen=True)
class Code(Value):
    """What a reader may type."""

    text: str


@dataclass(frozen=True)
class Count(Value):
    """A number of things; None: nothing to count."""

    number: int | None


@dataclass(frozen=True)
class Figure(Value):
    """A measured figure, between which values it lies, and how many times another."""

    value: float | None
    within: Interval | None = None
    times: float | None = None


@dataclass(frozen=True)
class Share(Value):
    """A part of a whole, in percent."""

    part: int
    whole: int


@dataclass(frozen=True)
class Answered(Value):
    """The share of healthy requests answered at a step."""

    step: Step


@dataclass(frozen=True)
class Percentile(Value):
    """A response time at a step; late: over the deadline."""

    step: Step
    percent: int
    deadline_s: float


@dataclass(frozen=True)
class Seconds(Value):
    """How long something took; None: not within the time watched."""

    lasted_s: float | None
    watched_s: float
    digits: int = 1
    never: str = "never within"
    at_once: str = ""  # how 0 is written, if not as a figure


@dataclass(frozen=True)
class At(Value):
    """The step at which something happened."""

    reached: Reached


@dataclass(frozen=True)
class Predicted(Value):
    """What was predicted; None: nothing."""

    made: Prediction | None


@dataclass(frozen=True)
class Judged(Value):
    """The verdict on a prediction."""

    outcome: Outcome


def written(value: Value) -> str:
    """The one way in which a value of each kind is written, with its note."""
    note = f" ({value.note})" if value.note else ""
    return f"{WRITERS[type(value)](value)}{note}"


def without_note(value: Value) -> str:
    """The value alone, where its note stands elsewhere."""
    return WRITERS[type(value)](value)


def bare(value: Value) -> str:
    """A figure without its interval; every other value as it is."""
    return figure(value.value) if isinstance(value, Figure) else written(value)


def _figure(value: Figure) -> str:
    within = value.within
    between = f" ({figure(within.low)} to {figure(within.high)})" if within else ""
    times = f", x {value.times:.1f}" if value.times else ""
    return f"{figure(value.value)}{between}{times}"


def _seconds(value: Seconds) -> str:
    if value.lasted_s is None:
        return f"{value.never} {value.watched_s:g} s"
    if value.at_once and not value.lasted_s:
        return value.at_once
    return f"{value.lasted_s:.{value.digits}f} s"


WRITERS: dict[type[Value], Callable[[Any], str]] = {
    Name: lambda v: f"{v.text} ?" if v.doubtful else v.text,
    Code: lambda v: v.text,
    Count: lambda v: NOTHING if v.number is None else count(v.number),
    Figure: _figure,
    Share: lambda v: percent(v.part, v.whole),
    Answered: lambda v: said.share_within(v.step),
    Percentile: lambda v: said.time(v.step, v.percent, v.deadline_s),
    Seconds: _seconds,
    At: lambda v: said.reached(v.reached),
    Predicted: lambda v: said.prediction(v.made),
    Judged: lambda v: said.verdict(v.outcome),
}
