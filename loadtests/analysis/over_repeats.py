"""The step at which something happened, over repeats that may differ."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from loadtests.report.words import count

NEVER = "not reached"


@dataclass(frozen=True)
class Reached:
    """The step at which each repeat reached something; None: it never did."""

    repeats: tuple[int | None, ...]

    @property
    def middle(self) -> int | None:
        number = middle(self.repeats, statistics.median_low)
        return None if number is None else int(number)

    @property
    def steps(self) -> list[int]:
        """The steps of those repeats that did reach it, in order."""
        return sorted(step for step in self.repeats if step is not None)

    @property
    def agreed(self) -> bool:
        return len(set(self.repeats)) == 1

    @property
    def number(self) -> str:
        """`32`; `8 to 16` where only some repeats reached it."""
        if len(self.steps) < len(self.repeats):
            return _span(self.steps)
        return count(self.middle or 0)

    @property
    def note(self) -> str:
        """What the number leaves out where the repeats differ, else nothing."""
        repeats = len(self.repeats)
        if self.agreed:
            return ""
        if len(self.steps) < repeats:
            return f" in {len(self.steps)} of {repeats} repeats"
        return f" ({_span(self.steps)} over {repeats} repeats)"

    def __str__(self) -> str:
        """`32`, `32 (16 to 64 over 3 repeats)` or `16 in 1 of 3 repeats`."""
        return self.number + self.note if self.steps else NEVER


def _span(steps: list[int]) -> str:
    first, last = count(steps[0]), count(steps[-1])
    return first if first == last else f"{first} to {last}"


def middle(
    values: Iterable[float | None], pick: Callable[[Iterable[float]], float]
) -> float | None:
    """The median, with None as the largest of all."""
    number = pick([math.inf if value is None else value for value in values])
    return number if math.isfinite(number) else None
