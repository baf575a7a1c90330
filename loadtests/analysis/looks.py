"""Looks at a step: parts of its holding, and whether two of them agree."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.analysis.search import Harm, harm_of

RISING = 0.1


@dataclass(frozen=True)
class Look:
    """What a part of the holding showed; `share` of its requests were answered."""

    from_s: float
    to_s: float
    share: float

    @property
    def harm(self) -> Harm:
        return harm_of(self.share)

    def agrees(self, before: Look) -> bool:
        """Whether it shows what the one before did; a share that still rises is of a
        server that has not yet got over the arrival."""
        return self.harm is before.harm and self.share - before.share < RISING
