"""Which rate to try next, and what the rates that were tried say of the prediction.

The one rule: what was predicted is tried first. A little below it must hold, a little
above it must not; where that is wrong, the search doubles or bisects. Pure functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from loadtests.analysis.predictions import BEYOND, CONFIRMED, REFUTED, UNPREDICTED
from loadtests.analysis.search import DEGRADED_UNDER
from loadtests.records.rate import Rate, RateStep

CPU = "CPU time"
WITHIN = 0.10
# Tried first, as parts of the prediction: well below it, and then the two rates that
# decide. Nearer to it, chance would: workers do not get exactly equal shares.
_FIRST = (0.5, 1 - WITHIN, 1 + WITHIN)
_EXACT = 1.23  # times: the search ends where what failed is at most this above
_PLATEAU = 0.8  # of the sustained rate: goodput under that is a cliff


def predicted(
    places: int, limited_by: str, wait_s: float, cpu_s: float, cores: int
) -> tuple[float, str]:
    """Requests a second, and what limits them: the places by Little's law, or the CPU
    if that allows less."""
    by_places, by_cpu = places / wait_s, cores / cpu_s if cpu_s else math.inf
    return (by_cpu, CPU) if by_cpu < by_places else (by_places, limited_by)


def held(step: RateStep) -> bool:
    return step.answered >= DEGRADED_UNDER * step.attempted


def sustained(tried: Sequence[RateStep]) -> float | None:
    """The highest rate that held below the lowest that did not."""
    failed = failed_at(tried)
    below = [s.rate_per_s for s in tried if held(s)]
    return max((r for r in below if failed is None or r < failed), default=None)


def failed_at(tried: Sequence[RateStep]) -> float | None:
    return min((s.rate_per_s for s in tried if not held(s)), default=None)


def first_rates(predicted_per_s: float | None, wait_s: float) -> list[float]:
    """What to try before doubling and bisecting: around the prediction. Where there is
    none, two places, of which any server has more."""
    if predicted_per_s is None:
        return [2 / wait_s]
    return [part * predicted_per_s for part in _FIRST]


def next_rate(
    first: Sequence[float], top_per_s: float, tried: Sequence[RateStep]
) -> float | None:
    """The rate to try; None when the answer is known as exactly as it is wanted."""
    most, least = sustained(tried), failed_at(tried)
    for wanted in first:
        rate = round(min(wanted, top_per_s), 2)  # as it is recorded
        unknown = (most is None or rate > most) and (least is None or rate < least)
        if unknown and rate not in [step.rate_per_s for step in tried]:
            return rate
    if least is None:
        return None if (most or 0) >= top_per_s else min(2 * (most or 1.0), top_per_s)
    if most is None:
        return least / 2 if least > 1 else None
    return None if least <= _EXACT * most else round(math.sqrt(most * least), 2)


def with_steps(rate: Rate, tried: Sequence[RateStep]) -> Rate:
    """What was predicted, with what was found."""
    return replace(
        rate,
        sustained_per_s=sustained(tried),
        failed_per_s=failed_at(tried),
        steps=sorted(tried, key=lambda step: step.rate_per_s),
    )


def found(rate: Rate) -> float | None:
    """The sustained rate, between what held and what did not."""
    if rate.sustained_per_s is None or rate.failed_per_s is None:
        return None
    return math.sqrt(rate.sustained_per_s * rate.failed_per_s)


def has_a_cliff(rate: Rate) -> bool | None:
    """Whether overload takes goodput below most of what is sustained; None: no overload
    was tried."""
    if not rate.overloads or rate.sustained_per_s is None:
        return None
    least = min(one.goodput_per_s for one in rate.overloads)
    return least < _PLATEAU * rate.sustained_per_s


def drains_in_s(times: float, lasted_s: float) -> float:
    """How long a queue needs, at half of what was sustained, if it grew for so long at
    so many times that, and everything in it is worked off. A tenth more than was
    sustained is what is worked off, as is predicted."""
    worked_off = 1 / (1 - WITHIN)
    return (times - worked_off) * lasted_s / (worked_off - 0.5)


def verdict(rate: Rate) -> str:
    """Confirmed within 10 %; not tested where the generator ends below that, or where
    the rates that were named leave it open."""
    predicted = rate.predicted_per_s
    if predicted is None:
        return UNPREDICTED
    low, high = (1 - WITHIN) * predicted, (1 + WITHIN) * predicted
    sustained, failed = rate.sustained_per_s or 0.0, rate.failed_per_s or math.inf
    if rate.conditions.rates_per_s:
        if sustained > high or failed < low:
            return REFUTED
        return CONFIRMED if low <= sustained and failed <= high else BEYOND
    if rate.failed_per_s is None:
        return BEYOND if sustained < high else REFUTED
    at = found(rate)
    return CONFIRMED if at is not None and low <= at <= high else REFUTED
