"""Searches for where simulated stacks degrade and are out."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from loadtests.analysis.predictions import Prediction
from loadtests.analysis.search import Harm, Search, Tried, next_step

MOST_STEPS = 50  # where both predictions are wrong, and each by its own factor
MOST = 2000
NEVER = Prediction(None, None)


@dataclass(frozen=True)
class Simulated:
    """A stack that degrades with so many slow clients, and is out with so many."""

    degrades_at: int | None
    out_at: int | None

    def harm(self, slow_clients: int) -> Harm:
        if self.out_at is not None and slow_clients >= self.out_at:
            return Harm.OUT
        degraded = self.degrades_at is not None and slow_clients >= self.degrades_at
        return Harm.DEGRADED if degraded else Harm.NONE


def searched(search: Search, stack: Simulated) -> list[Tried]:
    """All steps of the search for that stack."""
    tried: list[Tried] = []
    while (ask := next_step(search, tried)) is not None:
        tried.append(Tried(ask, stack.harm(ask.slow_clients)))
        assert len(tried) <= MOST_STEPS, tried
    return tried


def least(tried: list[Tried], *harms: Harm) -> int | None:
    return min((t.ask.slow_clients for t in tried if t.harm in harms), default=None)


def degrades_at(tried: list[Tried]) -> int | None:
    return least(tried, Harm.DEGRADED, Harm.OUT)


def asked(tried: list[Tried]) -> list[int]:
    return [one.ask.slow_clients for one in tried]


def looking_for(degrades: Prediction, out: Prediction, frees: bool = True) -> Search:
    """As a cell looks: no further than four times what was predicted, or 64."""
    return Search(degrades, out, max(64, 4 * (out.high or 0)), frees)


def exactly(number: int) -> Prediction:
    return Prediction(number, number)


def alone(number: int, frees: bool = True) -> Search:
    """For a stack that is predicted to be out with the first harm."""
    return looking_for(exactly(number), exactly(number), frees)


COUNTS = st.integers(1, MOST)


@st.composite
def stacks(draw: st.DrawFn, most: int = 4 * MOST) -> Simulated:
    """Harmless, degraded only, or out at once or later."""
    degrades = draw(st.none() | st.integers(1, most))
    if degrades is None or draw(st.booleans()):
        return Simulated(degrades, draw(st.just(degrades)))
    return Simulated(degrades, draw(st.none() | st.integers(degrades, most)))


@st.composite
def ranges(draw: st.DrawFn) -> Prediction:
    low = draw(COUNTS)
    return Prediction(low, draw(st.integers(low, min(4 * low, MOST))))
