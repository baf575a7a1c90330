"""A step made by hand, of which tests change one thing at a time."""

from __future__ import annotations

import dataclasses

from loadtests.records.cell import Step

STEP = Step(
    slow_clients=4,
    attempted=150,
    answered=150,
    p50_ms=2.0,
    p90_ms=4.0,
    p99_ms=None,
    p50_low_ms=1.5,
    p50_high_ms=2.5,
    p90_low_ms=3.0,
    p90_high_ms=5.0,
)


def but(**given: float | None) -> Step:
    """STEP with other values in some fields."""
    return dataclasses.replace(STEP, **given)  # type: ignore[arg-type]
