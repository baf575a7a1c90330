"""Rounds of an instrument, for tests of what compares instruments."""

from __future__ import annotations

from loadtests.analysis.agreement import Round


def of(*medians_ms: float, count: int = 200) -> list[Round]:
    """Rounds in which every request took the same time."""
    return [Round([median] * count, count, 200.0) for median in medians_ms]
