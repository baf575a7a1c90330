"""What was predicted of a cell, and whether the measurement agrees.

The one rule: a search finds the number, so a prediction is a number that can be wrong.
It is confirmed within one client up to 64, and within 5 % above. Where clients fall
unevenly a range is predicted, and its ends have the same tolerance. A prediction that
names the wrong supply is refuted even where its number fits.

Format 1 climbed a fixed staircase, which knew only its own steps. There the first step
at or above a predicted number confirms it, and so does any step within a range.
"""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.records.cell import Capacity, Cell

CONFIRMED = "confirmed"
REFUTED = "refuted"
BEYOND = "not tested"  # the prediction lies above the last step
UNPREDICTED = "not predicted"  # the server is not known: there is nothing to judge
PARTLY = "partly"  # the repeats of one cell disagree

EXACT_UP_TO = 64
RESOLUTION = 0.05


def resolution(slow_clients: int) -> int:
    """How exact a count is: to one client up to 64, to 5 % above."""
    if slow_clients <= EXACT_UP_TO:
        return 1
    return max(1, int(slow_clients * RESOLUTION))


def near(one: int, other: int) -> bool:
    """Whether two counts are the same, as exactly as counts are known."""
    return abs(one - other) <= resolution(max(one, other))


@dataclass(frozen=True)
class Prediction:
    """From `low` to `high` slow clients; None: never."""

    low: int | None
    high: int | None

    @property
    def never(self) -> bool:
        return self.low is None or self.high is None

    @property
    def uneven(self) -> bool:
        """A range: how clients fall among the workers is chance."""
        return self.low != self.high

    def side(self, at: int | None) -> int:
        """0 where `at` is as predicted; -1 below the prediction, 1 above. None, of `at`
        or of a bound, is above every number."""
        if self.low is None or self.high is None:
            return 0 if at is None else -1
        if at is None or at > self.high + resolution(self.high):
            return 1
        return -1 if at < self.low - resolution(self.low) else 0


def predicted_out(capacity: Capacity) -> Prediction | None:
    """Where the stack was predicted to be out; None: nobody predicted that."""
    if capacity.unpredicted:
        return None
    low = capacity.predicted_out_at
    return Prediction(low, capacity.predicted_out_by or low)


def predicted_to_degrade(capacity: Capacity) -> Prediction | None:
    """Where the stack was predicted to degrade; None: nobody predicted that."""
    if not capacity.predicted_because:
        return None
    return Prediction(capacity.predicted_degrades_at, capacity.predicted_degrades_by)


def searched(cell: Cell) -> bool:
    """Whether its steps were searched for; in format 1 they were a fixed staircase."""
    return any(step.arrival for step in cell.steps)


def verdict(cell: Cell) -> str:
    """Whether the stack degraded, and was out, where that was predicted, and whether
    the predicted supply ran out.

    A prediction above the last step was not tested, unless the stack was harmed before.
    """
    if another_ran_out(cell.capacity):
        return REFUTED
    verdicts = set(_verdicts(cell))
    return next((v for v in (REFUTED, BEYOND, CONFIRMED) if v in verdicts), UNPREDICTED)


def another_ran_out(capacity: Capacity) -> bool:
    """Whether evidence names another supply than was predicted to run out. Without
    evidence, or without such a prediction, the numbers decide."""
    named = capacity.predicted_ran_out and capacity.ran_out
    return bool(named) and capacity.ran_out != capacity.predicted_ran_out


def _verdicts(cell: Cell) -> list[str]:
    found, was_searched = cell.capacity, searched(cell)
    judged = _found if was_searched else _climbed
    out, first_harm = predicted_out(found), predicted_to_degrade(found)
    if out is None:
        return []
    if first_harm is None:
        return [judged(cell, out, found.out_at)]
    of_harm = judged(cell, first_harm, found.degrades_at)
    if was_searched and out.never:
        return [of_harm]  # such a search looks only once above where it degrades
    return [of_harm, judged(cell, out, found.out_at)]


def _found(cell: Cell, predicted: Prediction, at: int | None) -> str:
    """What a search says. One that could not go as high as predicted tested nothing:
    no search goes above what one generator can hold."""
    if at is None and not predicted.never and _first_step_from(predicted, cell) is None:
        return BEYOND
    return REFUTED if predicted.side(at) else CONFIRMED


def _climbed(cell: Cell, predicted: Prediction, at: int | None) -> str:
    """What a fixed staircase says."""
    low, high = predicted.low, predicted.high
    if low is None or high is None:
        return CONFIRMED if at is None else REFUTED
    last = _first_step_from(predicted, cell)
    if at is None:
        return BEYOND if last is None else REFUTED
    return CONFIRMED if low <= at <= (last or high) else REFUTED


def _first_step_from(predicted: Prediction, cell: Cell) -> int | None:
    """The first step at or above all that was predicted."""
    high = predicted.high or 0
    above = [s.slow_clients for s in cell.steps if s.slow_clients >= high]
    return min(above, default=None)
