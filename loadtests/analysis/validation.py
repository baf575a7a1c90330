"""How many predictions of a validation the measurement confirms.

The one rule: a void cell says nothing of a prediction, for or against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import counts
from loadtests.analysis.predictions import CONFIRMED, verdict
from loadtests.records.cell import Cell
from loadtests.records.validation import Draw, Predictions, Validation

VOID = "void"
MISSING = "not measured"
PASSES_FROM = 0.9  # of the predictions that a cell decides


@dataclass(frozen=True)
class Checked:
    """A draw, and what was measured of it, if that was done."""

    draw: Draw
    cell: Cell | None

    @property
    def verdict(self) -> str:
        """That of every report on the prediction, else VOID or MISSING."""
        if self.cell is None:
            return MISSING
        return verdict(self.cell) if counts(self.cell) else VOID

    @property
    def decided(self) -> bool:
        return self.verdict not in (VOID, MISSING)

    @property
    def missed(self) -> bool:
        return self.decided and self.verdict != CONFIRMED


def checked(predictions: Predictions, validation: Validation) -> list[Checked]:
    """Each draw with its cell, in the order of the draws."""
    cells = {cell.repeat: cell for cell in validation.run.cells}
    return [Checked(draw, cells.get(draw.number)) for draw in predictions.draws]


def tally(found: Sequence[Checked]) -> tuple[int, int]:
    """How many predictions were confirmed, and how many a cell decides."""
    decided = [one for one in found if one.decided]
    return sum(not one.missed for one in decided), len(decided)


def passes(found: Sequence[Checked]) -> bool:
    """Whether enough of the predictions were confirmed, and one was at all."""
    confirmed, decided = tally(found)
    return decided > 0 and confirmed >= PASSES_FROM * decided
