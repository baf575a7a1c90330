"""The step at which something happened, over repeats that may differ.

The one rule: of two middle values the less flattering one counts, which is the smaller
number of slow clients.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reached:
    """The step at which each repeat reached something; None: it never did.

    That is larger than any number: the repeat would have reached it further up. With
    `none_is_least` it is smaller: a repeat that did not even hold the baseline.
    """

    repeats: tuple[int | None, ...]
    none_is_least: bool = False

    @property
    def middle(self) -> int | None:
        never = -math.inf if self.none_is_least else math.inf
        known = [never if step is None else step for step in self.repeats]
        found = statistics.median_low(known)
        return int(found) if math.isfinite(found) else None

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
