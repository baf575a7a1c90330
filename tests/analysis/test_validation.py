"""How many predictions of a validation are confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.analysis.predictions import CONFIRMED, REFUTED, verdict
from loadtests.analysis.validation import (
    MISSING,
    VOID,
    Checked,
    checked,
    passes,
    tally,
)
from tests.validations import draw, measured, stored


def one(number: int, predicted: int, at: int, *, valid: bool = True) -> Checked:
    drawn = draw(number, predicted)
    return Checked(drawn, measured(drawn, at, valid=valid))


def test_verdict_is_that_of_every_report() -> None:
    right, wrong = one(1, 10, 10), one(2, 10, 40)
    for found in (right, wrong):
        assert found.cell is not None
        assert found.verdict == verdict(found.cell)
    assert (right.verdict, wrong.verdict) == (CONFIRMED, REFUTED)
    assert (right.missed, wrong.missed) == (False, True)


def test_void_and_missing_cells_decide_nothing() -> None:
    void, missing = one(1, 10, 40, valid=False), Checked(draw(2, 10), None)
    assert (void.verdict, missing.verdict) == (VOID, MISSING)
    assert not any(o.decided or o.missed for o in (void, missing))
    assert tally([void, missing, one(3, 10, 10)]) == (1, 1)


@pytest.mark.parametrize(
    ("right", "wrong", "is_enough"),
    [(9, 1, True), (10, 0, True), (8, 1, False), (1, 0, True), (0, 0, False)],
)
def test_nine_of_ten_are_enough(right: int, wrong: int, is_enough: bool) -> None:
    found = [one(n, 10, 10) for n in range(right)]
    found += [one(n, 10, 40) for n in range(wrong)]
    assert passes(found) is is_enough


def test_draws_are_checked_in_their_order(tmp_path: Path) -> None:
    draws = [draw(n, 10 * n) for n in (1, 2, 3)]
    cells = [measured(draws[2], 30), measured(draws[0], 10)]
    found = checked(*stored(draws, cells, tmp_path))
    assert [o.draw.number for o in found] == [1, 2, 3]
    assert [o.verdict for o in found] == [CONFIRMED, MISSING, CONFIRMED]
