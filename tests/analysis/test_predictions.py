"""Predictions: how a verdict on one is reached."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.analysis.predictions import (
    UNPREDICTED,
    Prediction,
    near,
    predicted_out,
    predicted_to_degrade,
    verdict,
)
from tests import runs
from tests.analysis.pairs import found


@pytest.mark.parametrize(
    ("low", "high", "answered", "says"),
    [
        (2, None, {0: 150, 2: 0}, "confirmed"),
        (3, None, {0: 150, 2: 150, 4: 0}, "confirmed"),
        (2, None, {0: 150, 2: 150, 4: 0}, "refuted"),
        (4, None, {0: 150, 2: 0, 4: 0}, "refuted"),
        (16, 32, {0: 150, 16: 80, 32: 0}, "confirmed"),
        (16, 32, {0: 150, 16: 0, 32: 0}, "confirmed"),
        (16, 30, {0: 150, 16: 80, 32: 0}, "confirmed"),
        (16, 32, {0: 150, 15: 0, 32: 0}, "refuted"),
        (16, 32, {0: 150, 16: 80, 32: 80, 64: 0}, "refuted"),
        (2000, None, {0: 150, 512: 150}, "not tested"),
        (2000, None, {0: 150, 512: 0}, "refuted"),
        (None, None, {0: 150, 512: 150}, "confirmed"),
        (None, None, {0: 150, 512: 0}, "refuted"),
    ],
)
def test_verdict_on_a_staircase_compares_with_the_steps_there_were(
    low: int | None, high: int | None, answered: dict[int, int], says: str
) -> None:
    cell = runs.cell(answered=answered, predicted=low)
    capacity = dataclasses.replace(cell.capacity, predicted_out_by=high)
    assert verdict(dataclasses.replace(cell, capacity=capacity)) == says


@pytest.mark.parametrize(
    ("low", "high", "answered", "says"),
    [
        (8, 15, {0: 150, 8: 150, 15: 80, 32: 0}, "confirmed"),
        (8, 15, {0: 150, 8: 80, 15: 80, 32: 0}, "confirmed"),
        (8, 15, {0: 150, 4: 80, 15: 80, 32: 0}, "refuted"),
        (8, 15, {0: 150, 8: 150, 15: 150, 16: 80, 32: 0}, "refuted"),
        (None, None, {0: 150, 32: 0}, "refuted"),
        (2000, 2000, {0: 150, 32: 0}, "refuted"),
    ],
)
def test_verdict_is_on_the_first_harm_too_where_that_was_predicted(
    low: int | None, high: int | None, answered: dict[int, int], says: str
) -> None:
    cell = runs.cell(answered=answered, predicted=16)
    given: dict[str, Any] = {
        "predicted_out_by": 32,
        "predicted_degrades_at": low,
        "predicted_degrades_by": high,
        "predicted_because": "it holds a thread",
    }
    capacity = dataclasses.replace(cell.capacity, **given)
    assert verdict(dataclasses.replace(cell, capacity=capacity)) == says
    assert predicted_to_degrade(capacity) == Prediction(low, high)
    assert predicted_to_degrade(cell.capacity) is None


@pytest.mark.parametrize(
    ("at", "says"),
    [
        *((7, "confirmed"), (8, "confirmed"), (9, "confirmed")),
        *((6, "refuted"), (10, "refuted"), (None, "refuted")),
    ],
)
def test_search_confirms_a_number_within_one_client(at: int | None, says: str) -> None:
    cell = found(4, 7, at or 64, degrades=at, out=at, **predicted(8, 8))
    assert verdict(cell) == says


@pytest.mark.parametrize(
    ("at", "says"),
    [(950, "confirmed"), (1050, "confirmed"), (949, "refuted"), (1051, "refuted")],
)
def test_search_confirms_a_number_within_a_twentieth(at: int, says: str) -> None:
    assert verdict(found(500, at, degrades=at, out=at, **predicted(1000, 1000))) == says


@pytest.mark.parametrize(
    ("at", "says"),
    [
        *((7, "confirmed"), (8, "confirmed"), (12, "confirmed"), (16, "confirmed")),
        *((6, "refuted"), (17, "refuted")),
    ],
)
def test_search_confirms_any_number_in_a_range(at: int, says: str) -> None:
    given = predicted(8, 15, 16, 20)
    assert verdict(found(4, at, 20, degrades=at, out=20, **given)) == says


@pytest.mark.parametrize(
    ("out", "at", "says"),
    [
        ((16, 16), 16, "confirmed"),
        ((16, 16), 18, "refuted"),
        ((16, 16), None, "refuted"),
        ((16, 33), 33, "confirmed"),
        ((None, None), None, "confirmed"),
        ((None, None), 18, "confirmed"),  # of that nothing was predicted
    ],
)
def test_out_decides_too_where_a_number_is_predicted(
    out: tuple[int | None, int | None], at: int | None, says: str
) -> None:
    cell = found(4, 8, 16, 33, at or 64, degrades=8, out=at, **predicted(8, 8, *out))
    assert verdict(cell) == says


def test_out_alone_decides_where_nobody_predicted_the_first_harm() -> None:
    given = predicted(8, 8) | {"predicted_because": ""}
    assert verdict(found(4, 8, degrades=4, out=8, **given)) == "confirmed"
    assert verdict(found(4, 12, degrades=4, out=12, **given)) == "refuted"


@pytest.mark.parametrize(
    ("predicted_supply", "evidence", "says"),
    [
        ("threads", "threads", "confirmed"),
        ("threads", None, "confirmed"),
        ("threads", "descriptors", "refuted"),
        ("", "descriptors", "confirmed"),
    ],
)
def test_prediction_that_names_the_wrong_supply_is_refuted(
    predicted_supply: str, evidence: str | None, says: str
) -> None:
    cell = found(4, 7, 8, degrades=8, out=8, **predicted(8, 8))
    capacity = dataclasses.replace(
        cell.capacity, predicted_ran_out=predicted_supply, ran_out=evidence
    )
    assert verdict(dataclasses.replace(cell, capacity=capacity)) == says


def test_search_that_ends_without_harm_refutes_unless_it_could_not_go_so_high() -> None:
    assert verdict(found(4, 7, 64, degrades=None, **predicted(8, 8))) == "refuted"
    far = predicted(12_000, 12_000)
    assert verdict(found(4, 10_000, degrades=None, **far)) == "not tested"


def predicted(
    low: int, high: int, out: int | None = -1, out_by: int | None = -1
) -> dict[str, Any]:
    """Fields of a capacity: out where it degrades unless that is given."""
    return {
        "predicted_degrades_at": low,
        "predicted_degrades_by": high,
        "predicted_out_at": low if out == -1 else out,
        "predicted_out_by": high if out_by == -1 else out_by,
        "predicted_because": "it holds a thread",
    }


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        *((0, 0, True), (8, 9, True), (8, 10, False), (62, 64, False)),
        *((65, 68, True), (1000, 1050, True), (1000, 1060, False)),
    ],
)
def test_near_counts_are_those_that_a_search_cannot_tell_apart(
    one: int, other: int, are: bool
) -> None:
    assert near(one, other) is near(other, one) is are


def test_stack_that_was_predicted_to_hold_is_as_predicted_where_it_does() -> None:
    never = Prediction(None, None)
    assert never.side(None) == 0
    assert never.side(5) == -1


def test_what_nobody_predicted_is_neither_confirmed_nor_refuted() -> None:
    cell = runs.cell(answered={0: 150, 4: 0})
    capacity = dataclasses.replace(cell.capacity, unpredicted=True)
    assert predicted_out(capacity) is predicted_to_degrade(capacity) is None
    assert verdict(dataclasses.replace(cell, capacity=capacity)) == UNPREDICTED


def test_search_that_ends_below_one_of_two_predictions_did_not_test_it() -> None:
    """Though the other is confirmed."""
    cell = found(63, 64, degrades=64, **predicted(64, 64, 2000, 2000))
    assert verdict(cell) == "not tested"
