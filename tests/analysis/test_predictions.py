"""Predictions: how a verdict on one is reached."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.analysis.predictions import (
    Prediction,
    predicted_to_degrade,
    verdict,
)
from tests import runs


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
def test_verdict_compares_with_the_steps_there_were(
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
    predicted: dict[str, Any] = {
        "predicted_out_by": 32,
        "predicted_degrades_at": low,
        "predicted_degrades_by": high,
        "predicted_because": "it holds a thread",
    }
    capacity = dataclasses.replace(cell.capacity, **predicted)
    assert verdict(dataclasses.replace(cell, capacity=capacity)) == says
    assert predicted_to_degrade(capacity) == Prediction(low, high)
    assert predicted_to_degrade(cell.capacity) is None
