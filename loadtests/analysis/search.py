"""Which step to take next, to find where a stack degrades and where it is out.

The one rule: what was predicted is tried first. The baseline, half of the predicted
number, one below it, and the number itself decide most cells. Where the prediction is
wrong the search goes on, by doubling and then by bisection. Where nothing was predicted
it begins so.

Where clients fall unevenly among workers, a range is predicted, and the exact number is
chance: with other clients, or the same that come again, it is another one. Such a range
is only climbed, in a few steps. Pure functions of what was tried.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from loadtests.analysis.predictions import Prediction
from loadtests.analysis.predictions import resolution as resolution

DEGRADED_UNDER = 0.99
OUT_UNDER = 0.01
_STEPS_IN_A_RANGE = 3
_FAR = 1.5  # times what was predicted; from there on only the order of size matters


class Harm(Enum):
    """What a number of slow clients does to healthy requests."""

    NONE = "none"
    DEGRADED = "degraded"
    OUT = "out"


def harm_of(share: float) -> Harm:
    """What it means that this share of healthy requests was answered, 0 to 1."""
    if share < OUT_UNDER:
        return Harm.OUT
    return Harm.DEGRADED if share < DEGRADED_UNDER else Harm.NONE


@dataclass(frozen=True)
class Search:
    """What is known before the first step.

    `degrades` and `out` are None where nothing was predicted. No step is above `top`.
    `frees`: slow clients that leave free what they held, so that a smaller step can
    follow a larger one; without that a search only climbs. With `unsure`, what was
    predicted is of a handler that nobody has read: it climbs there by doubling, so that
    far less is found too. `need`: a number that is tried on that way.
    """

    degrades: Prediction | None
    out: Prediction | None
    top: int
    frees: bool = True
    unsure: bool = False
    need: int = 0


@dataclass(frozen=True)
class Ask:
    """The step to take: that many slow clients, held for long or only to decide."""

    slow_clients: int
    long: bool = False


@dataclass(frozen=True)
class Tried:
    """A step that was taken, and what it did."""

    ask: Ask
    harm: Harm


def next_step(search: Search, tried: Sequence[Tried]) -> Ask | None:
    """The step to take after these, None: all is known that this search can find."""
    if not tried:
        return Ask(0, long=True)
    found = {one.ask.slow_clients: one.harm for one in tried}
    if found[0] is not Harm.NONE:
        return None
    harmed = {n: harm is not Harm.NONE for n, harm in found.items()}
    candidates = _to_degrade(search, harmed)
    step = _edge(search, search.degrades, harmed, candidates)
    if step is not None:
        return Ask(step, long=step == _least(search.degrades) - 1)
    out = {n: harm is Harm.OUT for n, harm in found.items()}
    candidates = _to_be_out(search, harmed)
    if (step := _edge(search, search.out, out, candidates)) is not None:
        return Ask(step)
    return _last_looks(search, tried, found)


def _least(predicted: Prediction | None) -> int:
    """The least that was predicted; 0 where nothing was."""
    return (predicted.low or 0) if predicted else 0


def _most(predicted: Prediction | None) -> int:
    return (predicted.high or 0) if predicted else 0


def held_below(slow_clients: int, tried: Sequence[Tried]) -> int:
    """The largest step under that number that did no harm."""
    return max(
        one.ask.slow_clients
        for one in tried
        if one.harm is Harm.NONE and one.ask.slow_clients < slow_clients
    )


def _to_degrade(search: Search, harmed: dict[int, bool]) -> Iterator[int]:
    """What to try, in this order, before and after the prediction has failed."""
    predicted = search.degrades
    if predicted is None:
        yield from _on(search, None, harmed)
        return
    low = predicted.low
    yield from _doubled(search, predicted)
    if low is not None and low > search.top:
        yield search.top  # where that is held, the prediction is not tested
    if low is None:
        # Nothing was predicted to do harm: the largest step can best be wrong.
        yield from (search.top // 2, search.top)
    else:
        # Harm at one below may be of any number back to the step before. A search that
        # only climbs cannot look there, so that step is near.
        yield low // 2 if search.frees else low - 1 - resolution(low)
        yield low - 1
    yield from _climb(predicted)
    yield from _on(search, predicted, harmed)


def _to_be_out(search: Search, harmed: dict[int, bool]) -> Iterator[int]:
    """Where that was predicted and on from there; else once, a little above where the
    stack degrades, so that it is seen what happens there."""
    if search.out is None:
        yield from _on(search, None, harmed)
    elif search.out.high is not None:
        yield from _doubled(search, search.out)
        yield from _climb(search.out)
        yield from _on(search, search.out, harmed)
    else:
        first = min((n for n, is_harmed in harmed.items() if is_harmed), default=0)
        yield max(first, _most(search.degrades)) * 11 // 10


def _doubled(search: Search, predicted: Prediction) -> list[int]:
    """On the way to what was predicted of a handler that nobody has read."""
    if not search.unsure:
        return []
    below = (predicted.low or search.top).bit_length()
    return sorted({search.need, *(2**n for n in range(below))})


def _climb(predicted: Prediction) -> Iterator[int]:
    """From the least to the most that is predicted; often these are one number."""
    if predicted.low is not None and predicted.high is not None:
        rise = _rise(predicted)
        first, last = predicted.low - 1 + rise, predicted.high - rise // 2
        yield from range(first, last, rise)
        yield predicted.high


def _rise(predicted: Prediction) -> int:
    """How far apart the steps are in a predicted range."""
    low, high = predicted.low or 0, predicted.high or 0
    return max(resolution(low), math.ceil((high - low) / _STEPS_IN_A_RANGE))


def _on(
    search: Search, predicted: Prediction | None, harmed: dict[int, bool]
) -> Iterator[int]:
    """Beyond all that was tried, by doubling. A search that only climbs cannot go back
    to where it was overtaken, so near the prediction its steps are small."""
    step, far = max(harmed), _FAR * _most(predicted)
    while step < search.top:
        small = not search.frees and step < far
        step = min(step + resolution(step) if small else 2 * step or 1, search.top)
        yield step


def _edge(
    search: Search,
    predicted: Prediction | None,
    beyond: dict[int, bool],
    candidates: Iterator[int],
) -> int | None:
    """The next step on the way to the least number that is beyond an edge; None where
    that is known as exactly as it can be. `beyond`: of each number tried, if it is."""
    above = min((n for n, is_beyond in beyond.items() if is_beyond), default=None)
    under = max(n for n in beyond if above is None or n < above)
    if above is not None and above - under <= _exact(predicted, under, above):
        return None
    # Where leaving frees nothing, nothing below the largest step can be tried any more.
    least = under if search.frees else max(beyond)
    inside = range(least + 1, above or search.top + 1)
    candidate = next((n for n in candidates if n in inside), None)
    if candidate is None and above is not None and inside:
        return inside[(len(inside) - 1) // 2]
    return candidate


def _exact(predicted: Prediction | None, under: int, above: int) -> int:
    """How near the numbers on both sides of an edge must be."""
    low, high = _least(predicted), _most(predicted)
    if predicted and low < above <= high:
        return _rise(predicted)
    return resolution(under + 1)


def _last_looks(
    search: Search, tried: Sequence[Tried], found: dict[int, Harm]
) -> Ask | None:
    """A long look at the most that is held, and then back to where it is worst: what
    follows is that all leave, and that the stack recovers from what they did.

    Where clients fall unevenly, the long look at one below the range is enough.
    """
    harmed = [n for n, harm in found.items() if harm is not Harm.NONE]
    if not search.frees or not harmed:
        return None
    held = max((n for n in found if n < min(harmed)), default=0)
    uneven = search.degrades is not None and search.degrades.uneven
    seen = {one.ask.slow_clients for one in tried if one.ask.long}
    if held not in seen and not (uneven and seen - {0, *harmed}):
        return Ask(held, long=True)
    if tried[-1].harm is not Harm.NONE:
        return None
    out = [n for n in harmed if found[n] is Harm.OUT]
    return Ask(min(out or harmed))


def memory_for(slow_clients: int, taken_mb: Sequence[tuple[int, float]]) -> float:
    """How much more memory so many take, if each takes what it took at the last step.

    `taken_mb` is what was taken at each step, by slow clients, the first without any.
    """
    if len(taken_mb) < 2 or taken_mb[-1][0] == 0:
        return 0.0
    (_, idle_mb), (there, now_mb) = taken_mb[0], taken_mb[-1]
    return max(0.0, now_mb - idle_mb) / there * (slow_clients - there)
