"""The step at which something happened, over repeats that may differ."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass


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


def middle(
    values: Iterable[float | None], pick: Callable[[Iterable[float]], float]
) -> float | None:
    """The median, with None as the largest of all."""
    number = pick([math.inf if value is None else value for value in values])
    return number if math.isfinite(number) else None
