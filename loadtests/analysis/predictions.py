"""What was predicted of a cell, and whether the measurement agrees.

The one rule: a staircase knows only its own steps. The first step at or above a
predicted number confirms the prediction, and so does any step within a predicted range.
"""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.records.cell import Capacity, Cell

CONFIRMED = "confirmed"
REFUTED = "refuted"
BEYOND = "not tested"  # the prediction lies above the last step
PARTLY = "partly"  # the repeats of one cell disagree


@dataclass(frozen=True)
class Prediction:
    """From `low` to `high` slow clients; None: never."""

    low: int | None
    high: int | None

    @property
    def never(self) -> bool:
        return self.low is None or self.high is None


def predicted_out(capacity: Capacity) -> Prediction:
    """Where the stack was predicted to be out."""
    low = capacity.predicted_out_at
    return Prediction(low, capacity.predicted_out_by or low)


def predicted_to_degrade(capacity: Capacity) -> Prediction | None:
    """Where the stack was predicted to degrade; None: nobody predicted that."""
    if not capacity.predicted_because:
        return None
    return Prediction(capacity.predicted_degrades_at, capacity.predicted_degrades_by)


def verdict(cell: Cell) -> str:
    """Whether the stack degraded, and was out, where that was predicted.

    A prediction above the last step was not tested, unless the stack was harmed before.
    """
    found = cell.capacity
    verdicts = {_judged(cell, predicted_out(found), found.out_at)}
    if first_harm := predicted_to_degrade(found):
        verdicts.add(_judged(cell, first_harm, found.degrades_at))
    return next(v for v in (REFUTED, BEYOND, CONFIRMED) if v in verdicts)


def _judged(cell: Cell, predicted: Prediction, at: int | None) -> str:
    low, high = predicted.low, predicted.high
    if low is None or high is None:
        return CONFIRMED if at is None else REFUTED
    last = _first_step_from(high, cell)
    if at is None:
        return BEYOND if last is None else REFUTED
    return CONFIRMED if low <= at <= (last or high) else REFUTED


def _first_step_from(level: int, cell: Cell) -> int | None:
    above = [s.slow_clients for s in cell.steps if s.slow_clients >= level]
    return min(above, default=None)
