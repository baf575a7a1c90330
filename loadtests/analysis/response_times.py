"""Response times of healthy requests: percentiles with bounds, and distributions.

The one rule: an unanswered request is slower than every answered one. To leave it out
would be to praise a server for not answering.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from loadtests.analysis import intervals
from loadtests.records.cell import QUANTILES
from loadtests.records.samples import Sample


def percentiles(samples: Sequence[Sample]) -> dict[str, float | None]:
    """Response times by the names that they have in a Step, each with its interval."""
    times_ms = _in_order_ms(samples)
    found: dict[str, float | None] = {}
    for percent in (50, 90, 99):
        value = percentile(times_ms, percent / 100)
        within = intervals.of_percentile(times_ms, percent / 100)
        known = within if value is not None else None
        found[f"p{percent}_ms"] = value
        found[f"p{percent}_low_ms"] = _finite(known.low) if known else None
        found[f"p{percent}_high_ms"] = _finite(known.high) if known else None
    return found


def quantiles_ms(samples: Sequence[Sample]) -> list[float | None]:
    """Response times at QUANTILES; nothing where the outermost has too few beyond."""
    times_ms = _in_order_ms(samples)
    if not intervals.enough(len(times_ms), max(QUANTILES)):
        return []
    return [_finite(intervals.nearest_rank(times_ms, share)) for share in QUANTILES]


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value with at least that share at or below it (nearest rank).

    None where fewer than 10 values lie beyond it: a guess is not a figure. None also
    where it falls on infinity, which stands for a request that was not answered.
    """
    if not intervals.enough(len(ordered), share):
        return None
    return _finite(intervals.nearest_rank(ordered, share))


def _in_order_ms(samples: Sequence[Sample]) -> list[float]:
    return sorted(
        math.inf if s.fault else (s.ended_s - s.intended_s) * 1000 for s in samples
    )


def _finite(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
